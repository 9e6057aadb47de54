"""What a command takes from its surroundings: the clock, fresh names, who acts, a sale's pointer in the target."""

from __future__ import annotations

import getpass
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from types import FrameType

from flashgen.cli.session import Session
from flashgen.errors import AccessDenied, Refused, StoreError
from flashgen.layout import SCRATCH_FOLDER
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.store import Store
from flashgen.store.conditions import chosen_server, require_conditions
from flashgen.typed_json import UnreadableObject
from flashgen.unlock.pointer import pointer_headers, pointer_key, version_of
from flashgen.unlock.pointer_file import NotPushed, PointerFile, PointerLost, StoredPointer
from flashgen.unlock.pointer_writer import Actor, OrderUrls, PointerWriter
from flashgen.unlock.token import TokenSigner, parse_keys

_VERSION_LENGTH = 10
_VERSION_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without 0, 1, l and o, which people mistake for one another: 32 letters, 5 random bits each."""


def now() -> datetime:
    """This machine's clock, aware and in UTC."""
    return datetime.now(UTC)


def whole_second(instant: datetime) -> datetime:
    """What of an instant the pointer can hold."""
    return instant.replace(microsecond=0)


def new_nonce() -> str:
    """A fresh name for a revision or a token: 72 random bits, 12 URL-safe characters."""
    return secrets.token_urlsafe(9)


def new_version() -> str:
    """A random version for a pointer's file name: 50 bits."""
    return "".join(secrets.choice(_VERSION_LETTERS) for _ in range(_VERSION_LENGTH))


MAX_NAME = 200
"""A longer name of an operator is cut, and what cannot be printed is left out: the journal takes neither."""


def operator() -> str:
    """Who acts, for the journal: FLASHGEN_WHO where it is set (in CI, say), else user@host.

    In a container the user may have a number and no name (OpenShift gives each project its own).
    """
    name = os.environ.get("FLASHGEN_WHO") or f"{_user()}@{socket.gethostname()}"
    return "".join(each for each in name if each.isprintable())[:MAX_NAME]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # which of them depends on Python's version
        return f"uid {os.getuid()}"


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as Ctrl-C does, so that a command leaves everything in order."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def open_header(session: Session, sale: str) -> Header:
    """All of a sale but its products: what sale time needs, whatever state the products are in."""
    return load_header(session.project.sale_path(sale))


def pointer_file(store: Store, header: Header) -> PointerFile:
    """The pointer that the YAML names."""
    return PointerFile(store, header.id, pointer_key(header.id, header.unlock.version))


def this_actor() -> Actor:
    """This process, on behalf of `operator`."""
    return Actor(operator(), now, new_nonce, time.sleep)


def pointer_writer(session: Session, header: Header) -> PointerWriter:
    """What it takes to change a sale's pointer in the chosen target.

    The secret is read when a token has to be signed, and once.
    """

    @cache
    def signer() -> TokenSigner:
        if header.order is None:
            raise Refused(
                f"{header.id} has no `order` section: there is nowhere to send buyers to",
                "add `order: {servers: [...]}` to its YAML, push, then try again",
            )
        return TokenSigner(parse_keys(session.project.secret(session.target_name)))

    return PointerWriter(
        pointer_file(session.store, header),
        this_actor(),
        pointer_headers(header.unlock.edge_ttl_seconds),
        OrderUrls(header.order_origins, signer),
    )


def read_pointer(file: PointerFile) -> StoredPointer:
    """The pointer. Where there is none under the YAML's version, says which version was pushed instead.

    Raises NotPushed when none was, PointerLost when this one was pushed and is gone.
    """
    try:
        return file.read()
    except NotPushed as missing:
        from flashgen.release.manifest import read_manifest

        pushed = read_manifest(file.store, file.sale).manifest.pointer
        if pushed is None:
            raise
        if pushed.key == file.key:
            raise PointerLost(file.sale, file.key, file.store.url) from missing
        version = version_of(pushed.key)
        raise Refused(
            f"the YAML of {file.sale} names {file.key}, and what was pushed is {pushed.key}",
            f"push the new version ({file.sale} must be scheduled), or put `version: {version}` back into the YAML",
        ) from missing


def check_conditions(session: Session, sales: Iterable[str]) -> None:
    """Raise StoreError if the target's store ignores the conditions of writes: two operators at once would both win.

    The push that tried a server has left it in the manifest of its sale. Another server, such as one with a copy of the
    bucket, is tried here on a private object. Who may not write that gets a warning.
    """
    store = session.store
    server = chosen_server(store)
    if not server or any(_conditions_at(store, sale) == server for sale in sales):
        return
    try:
        require_conditions(store, f"{SCRATCH_FOLDER}{new_nonce()}", time.sleep)
    except AccessDenied as denied:
        session.warn(f"whether {server} honours conditional writes was not tried: {denied.message}", denied.hint)


def _conditions_at(store: Store, sale: str) -> str:
    from flashgen.release.manifest import read_manifest

    with suppress(StoreError, UnreadableObject):  # a transition needs no manifest: then they are tried
        return read_manifest(store, sale).manifest.conditions_at
    return ""
