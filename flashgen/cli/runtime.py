"""A hand on a sale's pointer: who acts, in which store, with which secret, by which clock."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from datetime import UTC, datetime

from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.unlock.control import Control, NotPushed, PointerLost, StoredPointer
from flashgen.unlock.pointer import pointer_headers, pointer_key, version_of
from flashgen.unlock.state import SaleState
from flashgen.unlock.token import TokenSigner, claims_of, parse_keys


def now() -> datetime:
    """This machine's clock, aware and in UTC."""
    return datetime.now(UTC)


def whole_second(instant: datetime) -> datetime:
    """What of an instant the pointer can hold."""
    return instant.replace(microsecond=0)


def new_nonce() -> str:
    """A fresh name for a revision or a token: 72 random bits, 12 URL-safe characters."""
    return secrets.token_urlsafe(9)


def operator() -> str:
    """Who acts, for the journal: FLASHGEN_WHO where it is set (in CI, say), else user@host."""
    return os.environ.get("FLASHGEN_WHO") or f"{getpass.getuser()}@{socket.gethostname()}"


def open_header(session: Session, sale: str) -> Header:
    """All of a sale but its products: what sale time needs, whatever state the products are in."""
    return load_header(session.project.sale_path(sale))


def open_control(session: Session, header: Header) -> Control:
    """A hand on a sale's pointer in the chosen target. The secret is read only if a token has to be signed."""

    def sign(state: SaleState) -> str:
        if header.order is None:
            raise Refused(
                f"{header.id} has no `order` section: there is nowhere to send buyers to",
                "add `order: {servers: [...]}` to its YAML, push, then try again",
            )
        signer = TokenSigner(parse_keys(session.project.secret(session.target_name)))
        return f"/o/{signer.sign(claims_of(header.id, state))}"

    return Control(
        store=session.project.store(session.target_name),
        sale=header.id,
        key=pointer_key(header.id, header.unlock.version),
        headers=pointer_headers(header.unlock.edge_ttl_seconds),
        who=operator(),
        now=now,
        new_nonce=new_nonce,
        sleep=time.sleep,
        origins=header.order_origins,
        sign=sign,
    )


def read_pointer(control: Control) -> StoredPointer:
    """The pointer. Where there is none under the YAML's version, says which version was pushed instead.

    Raises NotPushed when none was, PointerLost when this one was pushed and is gone.
    """
    try:
        return control.read()
    except NotPushed as missing:
        from flashgen.release.manifest import read_manifest

        pushed = read_manifest(control.store, control.sale).manifest.pointer
        if pushed is None:
            raise
        if pushed.key == control.key:
            raise PointerLost(control.sale, control.key, control.store.url) from missing
        version = version_of(pushed.key)
        raise Refused(
            f"the YAML of {control.sale} names {control.key}, and what was pushed is {pushed.key}",
            f"push the new version ({control.sale} must be scheduled), or put `version: {version}` back into the YAML",
        ) from missing
