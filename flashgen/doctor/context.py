"""What is examined. The command fills it in; checks only read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from flashgen.aws.distribution import DistributionConfig
from flashgen.aws.identity import Identity
from flashgen.errors import FlashgenError, InvalidInput, NoAnswer
from flashgen.hooks.receiver import Receiver
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


@dataclass(frozen=True)
class DoctorContext:
    """One target of one project, and the sales to examine.

    `bucket`, `identity`, `distribution` (with its id) and `cdn` are None, or empty, where the target has no such thing.
    `secret` gives the secret's text, `secret_source` says where that is, `pass_keys` gives those of passes.
    `page_cache` is the Cache-Control of pages in this target, `storage` the URL of the gate's storage or empty,
    `site_url` what they name as their address, `trusted_themes` as in flashgen.yaml. `hooks` opens each by its name,
    and may raise FlashgenError. `clock` is seconds since the epoch.
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
    pass_keys: Callable[[], tuple[str, ...]] = tuple
    url: str | None = None
    storage: str = field(default="", repr=False)
    bucket: Bucket | None = None
    identity: Callable[[], Identity] | None = None
    distribution: Callable[[], DistributionConfig] | None = None
    distribution_id: str = ""
    cdn: Cdn | None = None
    freeze_before: timedelta = timedelta(minutes=30)
    freeze_after: timedelta = timedelta(hours=2)
    page_cache: str = PAGE_CACHE
    site_url: str = ""
    trusted_themes: bool = False
    hooks: Mapping[str, Callable[[], Receiver]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """This machine's time, aware and in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """The sales that can be read. What is wrong with the others, their own check reports."""
        found: list[Header] = []
        for path in self.sale_paths:
            with suppress(InvalidInput):
                found.append(load_header(path))
        return tuple(found)

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
        """The sales' pointers by id, read once. What is wrong with them, their own check reports."""
        found = {}
        for header in self.headers:
            key = pointer_key(header.id, header.unlock.version)
            try:
                stored = self.store.get(key)
                pointer = parse(stored.body, key) if stored else None
            except NoAnswer:
                break  # one time-out is enough
            except FlashgenError:
                continue
            if isinstance(pointer, Pointer):
                found[header.id] = pointer
        return found

    def is_open(self, header: Header) -> bool:
        """Whether pages send buyers to the order servers, now or at `opens_at` without any further command."""
        pointer = self.pointers.get(header.id)
        return pointer is not None and pointer.state.state is State.LIVE and self.now < pointer.state.ends_at

    def is_urgent(self, header: Header) -> bool:
        """Whether shoppers need the sale now, or within a day."""
        pointer = self.pointers.get(header.id)
        if pointer and pointer.state.state is not State.SCHEDULED:
            return pointer.state.state is State.LIVE
        return header.starts_at - timedelta(days=1) <= self.now < header.ends_at
