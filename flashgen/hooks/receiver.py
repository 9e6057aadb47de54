"""A hook that can be sent to: its URL and keys are read from where they are kept, and checked."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flashgen.addresses import SecretUrl
from flashgen.document.wording import InvalidValue
from flashgen.errors import Refused
from flashgen.hooks.event import HookEvent
from flashgen.hooks.settings import TEST, Hook, HookFormat, checked_url, is_source

KEY_BYTES = range(24, 65)
"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, symmetric signatures."""

_PREFIX = "whsec_"
MAKE_A_KEY = 'make one with `echo "whsec_$(openssl rand -base64 32)"`'

ReadSecret = Callable[[str], str]
"""From `env:NAME` and the like to its text. Raises FlashgenError."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is told, and how. `url` is empty for a `command`, which runs in `folder`; `keys` sign, newest first.

    Picklable. What may be secret is not in its repr.
    """

    name: str
    events: tuple[str, ...]
    folder: Path
    url: SecretUrl = field(default_factory=lambda: SecretUrl(""))
    command: tuple[str, ...] = field(default=(), repr=False)
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    is_slack: bool = False

    def takes(self, event: HookEvent) -> bool:
        """Whether it wants to be told of it."""
        return event.type in self.events or event.type == TEST


def open_receiver(hook: Hook, folder: Path, read: ReadSecret) -> Receiver:
    """Raises FlashgenError if what it needs cannot be read, or is not what it has to be. No message shows it."""
    return Receiver(
        name=hook.name,
        events=hook.events,
        folder=folder,
        url=_url(hook, read),
        command=hook.command,
        keys=parse_webhook_keys(hook.name, read(hook.secret)) if hook.secret else (),
        is_slack=hook.format is HookFormat.SLACK,
    )


def parse_webhook_keys(name: str, text: str) -> tuple[bytes, ...]:
    """The keys in a secret's text, newest first: base64 of 24 to 64 bytes, with or without `whsec_` before it."""
    keys = tuple(_key(name, word) for word in text.replace(",", " ").split())
    if not keys:
        raise Refused(f"hook {name}: its secret is empty", MAKE_A_KEY)
    return keys


def _key(name: str, word: str) -> bytes:
    text = word.removeprefix(_PREFIX)
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        # Its cause would quote the secret.
        raise Refused(f"hook {name}: its secret is not base64, as Standard Webhooks has it", MAKE_A_KEY) from None
    if len(key) not in KEY_BYTES:
        raise Refused(f"hook {name}: its secret has {len(key)} bytes, and must have 24 to 64", MAKE_A_KEY)
    return key


def _url(hook: Hook, read: ReadSecret) -> SecretUrl:
    written = hook.url.reveal() if hook.url else ""
    if not is_source(written):
        return SecretUrl(written)
    text = read(written).strip()
    try:
        if is_source(text):
            raise InvalidValue("must be an https URL")
        return SecretUrl(checked_url(text))
    except InvalidValue as invalid:
        raise Refused(f"hook {hook.name}: {written} {invalid.message}", "put the whole URL there") from None
