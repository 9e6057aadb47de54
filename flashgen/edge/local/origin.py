"""A store as an origin: keys in, answers out, as S3 behind a CDN that may read but not list."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from flashgen.edge.rules.compression import gzipped, is_compressible
from flashgen.errors import NoAnswer, StoreError
from flashgen.layout import PRIVATE_FOLDER
from flashgen.store.protocol import Store, Stored

#: Seconds since the epoch.
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class OriginAnswer:
    """The origin's answer at `fetched_at` (seconds since the epoch).

    Only a 200 has more than a status. `gzip_body` is empty where the body is not worth compressing.
    """

    status: int
    fetched_at: float
    body: bytes = b""
    gzip_body: bytes = b""
    content_type: str = ""
    cache_control: str = ""
    etag: str = ""


class StoreOrigin:
    """Reads a store in threads, so that the event loop never waits, and counts what it was asked."""

    def __init__(self, store: Store, clock: Clock = time.time) -> None:
        self._store, self._clock = store, clock
        self.requests = 0
        #: Of keys that are there; strangers who invent keys must not fill the memory.
        self.requests_by_key: Counter[str] = Counter()

    async def fetch(self, key: str, known: OriginAnswer | None = None) -> OriginAnswer:
        """Ask for an object. Where it is still `known`, that answer comes back with the new time.

        The status is 403 for what is missing or private, as from S3 for a reader who may not list; 502 when the store
        fails, 503 when it does not answer. Never raises `StoreError`.
        """
        self.requests += 1
        answer = await asyncio.to_thread(self._answer, key, known)
        if answer.status == 200:
            self.requests_by_key[key] += 1
        return answer

    def _answer(self, key: str, known: OriginAnswer | None) -> OriginAnswer:
        # A folder store may lie on a file system that ignores case.
        if key.partition("/")[0].lower() == PRIVATE_FOLDER:
            return OriginAnswer(403, self._clock())
        try:
            stored = self._store.get(key)
        except NoAnswer:
            return OriginAnswer(503, self._clock())
        except StoreError:
            return OriginAnswer(502, self._clock())
        if stored is None:
            return OriginAnswer(403, self._clock())
        fields = (stored.etag, stored.headers.content_type, stored.headers.cache_control)
        if known and (known.etag, known.content_type, known.cache_control) == fields:
            return replace(known, fetched_at=self._clock())
        return _found(stored, self._clock())


def _found(stored: Stored, fetched_at: float) -> OriginAnswer:
    content_type = stored.headers.content_type
    return OriginAnswer(
        200,
        fetched_at,
        stored.body,
        gzipped(stored.body) if is_compressible(content_type, len(stored.body)) else b"",
        content_type,
        stored.headers.cache_control,
        stored.etag,
    )
