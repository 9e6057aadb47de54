"""What flashgen.yaml says under `hooks:`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from flashgen.addresses import SecretUrl
from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted, suggestion
from flashgen.sale.order import secret_url

EVENT_TYPES = (
    *("sale.live", "sale.paused", "sale.resumed", "sale.sold-out", "sale.ended", "sale.rolled-back"),
    *("sku.closed", "sku.sold-out", "sku.resumed"),
    "order.paid-late",
    *("problem", "problem.solved"),
)
TEST = "test"
"""Of `flashgen hooks test`: every hook gets it, whatever its `events` are."""

_SOURCE = re.compile(r"(env|file|ssm|secretsmanager):\S+")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_URL_HINT = "such as https://ops.example.com/flashgen; or where the URL is kept, such as env:HOOK_URL"
MAX_WORDS = 64


class HookFormat(StrEnum):
    """What a webhook's body is."""

    STANDARD = "standard"
    """The event as JSON, signed."""
    SLACK = "slack"
    """One sentence, as Slack's incoming webhooks take it, and others that do as Slack does."""


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise InvalidValue(f"must be 1 to 32 of a-z, 0-9 and hyphens, found {quoted(text)}", "such as ops-channel")
    return text


def is_source(text: str) -> bool:
    """Whether a text says where a secret is kept, as `secret:` does: `env:NAME`, `file:PATH` and so on."""
    return bool(_SOURCE.fullmatch(text))


def checked_url(text: object) -> str:
    """An https URL (http on this machine), or where it is kept. No message shows it: many such URLs are secrets."""
    if isinstance(text, str) and is_source(text):
        return text
    try:
        return secret_url(text)
    except InvalidValue as invalid:
        raise InvalidValue(invalid.message, _URL_HINT, is_secret=True) from None


def _source(text: str) -> str:
    if not is_source(text):
        raise InvalidValue(
            "must say where the secret is kept, not be the secret: env:NAME, file:PATH, ssm:NAME or secretsmanager:NAME"
        )
    return text


def _format(value: object) -> HookFormat:
    try:
        return HookFormat(str(value))
    except ValueError:
        raise InvalidValue(f"must be standard or slack, found {quoted(value)}") from None


def _event(text: str) -> str:
    if text not in EVENT_TYPES:
        raise InvalidValue(f"must be the name of an event, found {quoted(text)}", suggestion(text, EVENT_TYPES))
    return text


class Hook(Model):
    """One receiver: a URL or a command, which events it gets, and where the secret is that signs them."""

    name: Annotated[str, AfterValidator(_name)] = Field(examples=["ops"])
    url: Annotated[SecretUrl, BeforeValidator(checked_url)] | None = None
    command: tuple[str, ...] = ()
    events: tuple[Annotated[str, AfterValidator(_event)], ...] = EVENT_TYPES
    secret: Annotated[str, AfterValidator(_source)] | None = None
    format: Annotated[HookFormat, BeforeValidator(_format)] = HookFormat.STANDARD

    @field_validator("command", "events", mode="before")
    @classmethod
    def _lists(cls, value: object) -> object:
        if isinstance(value, str):
            raise InvalidValue(f"must be a list, found {quoted(value)}", f"write it as [{', '.join(value.split())}]")
        if isinstance(value, list) and not 1 <= len(value) <= MAX_WORDS:
            raise InvalidValue(f"must have 1 to {MAX_WORDS} words, found {len(value)}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Hook:
        if bool(self.url) == bool(self.command):
            raise InvalidValue("must have either `url` or `command`", "a webhook has a `url`, a program a `command`")
        is_signed = bool(self.url) and self.format is HookFormat.STANDARD
        if is_signed and not self.secret:
            raise InvalidValue(
                "must have a `secret`, which signs what is sent to its `url`",
                'add `secret: env:HOOK_SECRET`; make one with `echo "whsec_$(openssl rand -base64 32)"`',
            )
        if self.secret and not is_signed:
            raise InvalidValue("must have no `secret`: only a webhook is signed, and not one for Slack", "delete it")
        if self.command and self.format is not HookFormat.STANDARD:
            raise InvalidValue("must have no `format`: a command gets the event as JSON", "delete it")
        return self


def distinct_names(hooks: tuple[Hook, ...]) -> tuple[Hook, ...]:
    """Checked: warnings name a hook."""
    names = [hook.name for hook in hooks]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise InvalidValue(f"must have names of their own, found {twice} twice", "rename one of them")
    return hooks
