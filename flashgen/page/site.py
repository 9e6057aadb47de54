"""A built sale: which files there are, what they hold and how they are to be served."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from flashgen.errors import Refused
from flashgen.layout import build_record_key
from flashgen.store import Headers
from flashgen.unlock.pointer import Pointer, parse


class Role(StrEnum):
    """What a file is for, which decides when it is uploaded."""

    ASSET = "asset"
    FORM = "form"
    """A page of the order gate, which fills it in: private, and named by its content like an asset."""
    POINTER = "pointer"
    GATE = "gate"
    """gate.json, which names the forms and the pointer: private."""
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class SiteFile:
    """One object of the site. `sha256` is the hex digest of its body, `body_bytes` the size."""

    key: str
    role: Role
    sha256: str
    body_bytes: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class Site:
    """The files of one sale, sorted by key, with their bodies under `folder`.

    `origins` are the order servers that its pages accept.
    """

    sale: str
    folder: Path
    files: tuple[SiteFile, ...]
    origins: tuple[str, ...] = ()

    def body(self, file: SiteFile) -> bytes:
        """A file's bytes. Raises Refused if they are no longer those that were built."""
        path = self.folder / file.key
        try:
            body = path.read_bytes()
        except FileNotFoundError:
            body = b""
        if digest(body) != file.sha256:
            raise Refused(f"{path} is not what was built: changed or removed since", f"flashgen build {self.sale}")
        return body

    def having(self, role: Role) -> tuple[SiteFile, ...]:
        """The files of one role."""
        return tuple(file for file in self.files if file.role is role)

    def with_page_cache(self, cache_control: str) -> Site:
        """The same site, whose pages say this of caching: how long they last is a target's, and a build knows none."""
        return replace(self, files=tuple(_cached(file, cache_control) for file in self.files))

    @property
    def pointer_file(self) -> SiteFile:
        """The one file with the role of pointer."""
        (file,) = self.having(Role.POINTER)
        return file

    @property
    def pointer(self) -> Pointer:
        """The `scheduled` pointer as it was built: what a store gets that has none yet."""
        pointer = parse(self.body(self.pointer_file), self.pointer_file.key)
        assert isinstance(pointer, Pointer)  # noqa: S101  a build never writes a forward
        return pointer


def _cached(file: SiteFile, cache_control: str) -> SiteFile:
    if file.role is not Role.PAGE:
        return file
    return replace(file, headers=replace(file.headers, cache_control=cache_control))


def digest(body: bytes) -> str:
    """The hex SHA-256 of a body."""
    return hashlib.sha256(body).hexdigest()


def record_path(folder: Path, sale: str) -> Path:
    """Where a build's record of a sale lies: private, never pushed."""
    return folder / build_record_key(sale)


def render_record(site: Site, inputs: dict[str, Any]) -> bytes:
    """The record of a build: its files, and from what they were made. Holds no times: same input, same bytes."""
    rows = {
        file.key: [file.role.value, file.sha256, file.body_bytes, file.headers.content_type, file.headers.cache_control]
        for file in site.files
    }
    facts = {"sale": site.sale, "origins": site.origins, "inputs": inputs, "files": rows}
    return (json.dumps(facts, indent=0, ensure_ascii=False) + "\n").encode()


def read_record(folder: Path, sale: str) -> tuple[Site, dict[str, Any]] | None:
    """The Site of the last build and its inputs; None when there is none, or it is of no use."""
    try:
        record = json.loads(record_path(folder, sale).read_bytes())
        files = tuple(
            SiteFile(key, Role(role), sha256, body_bytes, Headers(content_type, cache_control))
            for key, (role, sha256, body_bytes, content_type, cache_control) in record["files"].items()
        )
        return Site(record["sale"], folder, files, tuple(record["origins"])), record["inputs"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
