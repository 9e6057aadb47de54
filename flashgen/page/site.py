"""A built sale: its files, what they hold and how they are served; and the record that a build keeps of it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from flashgen.errors import Refused
from flashgen.layout import build_record_key
from flashgen.page.host.entry import HostEntry
from flashgen.store import Headers
from flashgen.typed_json import JsonReader, Line, Whole
from flashgen.unlock.pointer import Pointer, parse

MAX_RECORD_BYTES = 256 * 1024 * 1024

_LIST_FOLDER = re.compile("/page/[0-9]+/")


class Role(StrEnum):
    """What a file is for. It decides when the file is uploaded."""

    ASSET = "asset"
    FORM = "form"
    """A page that the order gate fills in: private, and named by its content like an asset."""
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

    @property
    def page_depth(self) -> int:
        """How many folders below the sale's folder it is: 0 for the page at the sale's own address.

        Further pages of a sale page's list count as the sale page: they link to the same pages.
        """
        return _LIST_FOLDER.sub("/", self.key).count("/") - 1

    @classmethod
    def of(cls, key: str, role: Role, body: bytes, headers: Headers) -> SiteFile:
        """The file at `key` that holds `body`."""
        return cls(key, role, digest(body), len(body), headers)


@dataclass(frozen=True, slots=True)
class Site:
    """The files of one sale, sorted by key, with their bodies under `folder`.

    `entry` is what the host's root says of it; `origins` are the order servers that its pages accept.
    """

    sale: str
    folder: Path
    files: tuple[SiteFile, ...]
    entry: HostEntry
    origins: tuple[str, ...] = ()

    def body(self, file: SiteFile) -> bytes:
        """A file's bytes. Raises Refused if the file was changed or removed after the build."""
        path = self.folder / file.key
        try:
            body = path.read_bytes()
        except FileNotFoundError:
            body = b""
        if digest(body) != file.sha256:
            raise Refused(f"{path} is not what was built: changed or removed since", f"flashgen build {self.sale}")
        return body

    def having(self, role: Role) -> tuple[SiteFile, ...]:
        """The files with this role."""
        return tuple(file for file in self.files if file.role is role)

    def with_page_cache(self, cache_control: str) -> Site:
        """The same site with this Cache-Control on its pages. It depends on the target, which a build does not know."""
        return replace(self, files=tuple(_cached(file, cache_control) for file in self.files))

    @property
    def is_multilingual(self) -> bool:
        """Whether pages lie in folders of languages: `night/de/lamp/index.html`."""
        return any(file.page_depth > 1 for file in self.having(Role.PAGE))

    @property
    def pointer_file(self) -> SiteFile:
        """The file of the pointer; a site has exactly one."""
        (file,) = self.having(Role.POINTER)
        return file

    @property
    def pointer(self) -> Pointer:
        """The `scheduled` pointer of the build, for a store that has none yet."""
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
    """The path of a build's record of a sale: private, never pushed."""
    return folder / build_record_key(sale)


def render_record(site: Site, inputs: dict[str, Any]) -> bytes:
    """The record of a build: its files and its inputs. It holds no times: the same input gives the same bytes."""
    rows = {
        file.key: [file.role.value, file.sha256, file.body_bytes, file.headers.content_type, file.headers.cache_control]
        for file in site.files
    }
    entry = site.entry.to_json()
    record = {"sale": site.sale, "origins": site.origins, "inputs": inputs, "host": entry, "files": rows}
    return (json.dumps(record, indent=0, ensure_ascii=False) + "\n").encode()


def read_record(folder: Path, sale: str) -> tuple[Site, dict[str, Any]] | None:
    """The Site of the last build and its inputs; None if there is no record, or a damaged one."""
    path = record_path(folder, sale)
    try:
        record = _READER.read(path.read_bytes(), str(path), "")
    except (OSError, Refused):
        return None
    files = tuple(row.file(key) for key, row in record.files.items())
    return Site(record.sale, folder, files, record.host, record.origins), record.inputs


class _FileRow(NamedTuple):
    role: Role
    sha256: Line
    body_bytes: Whole
    content_type: Line
    cache_control: Line

    def file(self, key: str) -> SiteFile:
        headers = Headers(self.content_type, self.cache_control)
        return SiteFile(key, self.role, self.sha256, self.body_bytes, headers)


@dataclass(frozen=True, slots=True)
class _Record:
    """As `render_record` writes it."""

    sale: Line
    origins: tuple[Line, ...]
    inputs: dict[str, Any]
    host: HostEntry
    files: dict[Line, _FileRow]


_READER = JsonReader(_Record, "a build's record", MAX_RECORD_BYTES)
