"""What is examined. The command line fills it in; checks only read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from flashgen.aws.distribution import DistributionFacts
from flashgen.aws.identity import Identity
from flashgen.errors import FlashgenError, InvalidInput, NoAnswer
from flashgen.page.headers import PAGE_CACHE
from flashgen.page.site import Site, read_record
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.store import Store
from flashgen.store.protocol import Cdn
from flashgen.store.s3.bucket import Bucket
from flashgen.unlock.pointer import Pointer, parse, pointer_key
from flashgen.unlock.state import State
from flashgen.unlock.token import parse_keys

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class DoctorContext:
    """One target of one project, and the sales to look at.

    `bucket`, `identity`, `distribution` (with its id) and `cdn` are None, or empty, where the target has no such thing.
    `secret` gives the secret's text, `secret_source` says where that is. `page_cache` is the Cache-Control of pages in
    this target. `clock` is seconds since the epoch.
    """

    root: Path
    build_folder: Path
    sale_paths: tuple[Path, ...]
    store: Store
    secret: Callable[[], str]
    secret_source: str
    nonce: str
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    url: str | None = None
    bucket: Bucket | None = None
    identity: Callable[[], Identity] | None = None
    distribution: Callable[[], DistributionFacts] | None = None
    distribution_id: str = ""
    cdn: Cdn | None = None
    freeze_before: timedelta = timedelta(minutes=30)
    freeze_after: timedelta = timedelta(hours=2)
    page_cache: str = PAGE_CACHE

    @property
    def now(self) -> datetime:
        """This machine's time, aware and in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """The sales that can be read; what is wrong with the others, their own check says."""
        return tuple(header for path in self.sale_paths if (header := _header(path)))

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The signing keys, newest first. Raises Refused when there are none."""
        return parse_keys(self.secret())

    def site(self, sale: str) -> Site | None:
        """The last build of a sale, as it would be pushed to this target."""
        record = read_record(self.build_folder, sale)
        return record[0].with_page_cache(self.page_cache) if record else None

    @cached_property
    def pointers(self) -> Mapping[str, Pointer]:
        """Those of the sales, by id, as they were first looked at; what is wrong with them, their own check says."""
        found = {}
        for header in self.headers:
            try:
                if pointer := stored_pointer(self.store, header):
                    found[header.id] = pointer
            except NoAnswer:
                break  # one time-out is enough
            except FlashgenError:
                continue
        return found

    def is_open(self, header: Header) -> bool:
        """Whether pages send buyers to the order servers: now, or without anybody's doing."""
        pointer = self.pointers.get(header.id)
        return pointer is not None and pointer.state.state is State.LIVE and self.now < pointer.state.ends_at

    def is_urgent(self, header: Header) -> bool:
        """Whether shoppers need the sale now, or within a day."""
        pointer = self.pointers.get(header.id)
        if pointer and pointer.state.state is not State.SCHEDULED:
            return pointer.state.state is State.LIVE
        return header.starts_at - timedelta(days=1) <= self.now < header.ends_at


def stored_pointer(store: Store, header: Header) -> Pointer | None:
    """What the store has, if it is not a forward. Raises Refused if it is no pointer, or `StoreError`."""
    key = pointer_key(header.id, header.unlock.version)
    stored = store.get(key)
    found = parse(stored.body, key) if stored else None
    return found if isinstance(found, Pointer) else None


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return urlsplit(url).hostname in LOOPBACK


def _header(path: Path) -> Header | None:
    try:
        return load_header(path)
    except InvalidInput:
        return None
