"""What a viewer sees of a shared cache in front of an origin: one table, which every edge has to satisfy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NEW = b"new"
PAGE_CACHE = "public, max-age=60, s-maxage=86400, stale-while-revalidate=60, stale-if-error=86400"
POINTER_CACHE = "public, max-age=0, s-maxage=1, must-revalidate"


@dataclass(frozen=True, slots=True)
class Get:
    """One request, and what of its answer matters.

    `path` is inside the case's folder, or from the root with a leading `/`. `{etag}` in `sends` is the object's.
    `has` are header fields, None for one that must not be there; `local` those of the local edge alone.
    `asked` counts the requests that have reached the origin by then, in the whole case.
    """

    path: str = "page.html"
    method: str = "GET"
    sends: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    body: bytes | None = None
    has: Mapping[str, str | None] = field(default_factory=dict)
    local: Mapping[str, str | None] = field(default_factory=dict)
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many requests at the same time, all answered with `body`."""

    viewers: int
    body: bytes
    asked: int
    path: str = "page.html"


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes. Behind a real cache it is slept."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Put:
    """The object is written, with the case's headers."""

    body: bytes
    path: str = "page.html"


@dataclass(frozen=True, slots=True)
class Fail:
    """The origin fails from now on, or works again."""

    fails: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """Soon the origin has been asked so often: what happens in the background."""

    times: int


Step = Get | Crowd | Wait | Put | Fail | Asked


@dataclass(frozen=True, slots=True)
class Case:
    """A name, the Cache-Control of what the steps put, and the steps. `differs` says why a step has `local` fields."""

    name: str
    cache_control: str
    steps: tuple[Step, ...]
    differs: str = ""


OLD = b"old, and long enough for a range"
PUT = Put(OLD)

FRESHNESS = (
    Case(
        "miss, then hit with age",
        "public, s-maxage=60",
        (
            PUT,
            Get(body=OLD, asked=1, local={"x-cache": "Miss from flashgen", "age": None}),
            Wait(1.1),
            Get(body=OLD, asked=1, has={"age": "1"}, local={"x-cache": "Hit from flashgen"}),
        ),
        "X-Cache is in the words of CloudFront; Varnish sends Age with a miss too",
    ),
    Case(
        "query is outside the key",
        "public, s-maxage=60",
        (PUT, Get("page.html?a", asked=1), Get("page.html?b", asked=1), Get("page.html", asked=1)),
    ),
    Case(
        "what a viewer says does not reach the origin",
        "public, s-maxage=60",
        (
            PUT,
            Get(asked=1),
            Get(sends={"Cache-Control": "no-cache", "Pragma": "no-cache"}, asked=1),
            Get(sends={"Cookie": "id=1", "Authorization": "Basic eDp5"}, asked=1),
        ),
    ),
    Case("max-age alone is for the edge too", "public, max-age=60", (PUT, Get(asked=1), Get(asked=1))),
    Case(
        "s-maxage counts more than max-age",
        "public, max-age=60, s-maxage=1",
        (PUT, Get(body=OLD, asked=1), Put(NEW), Get(body=OLD, asked=1), Wait(1.1), Get(body=NEW, asked=2)),
    ),
    Case("an origin that says nothing is kept for a day", "", (PUT, Get(), Wait(1.1), Get(body=OLD, asked=1))),
    Case(
        "unchanged at expiry is fresh again",
        "public, max-age=0, s-maxage=1",
        (
            PUT,
            Get(asked=1),
            Wait(1.1),
            Get(body=OLD, asked=2, local={"x-cache": "RefreshHit from flashgen"}),
            Get(body=OLD, asked=2, has={"cache-control": "public, max-age=0, s-maxage=1"}),
            Wait(1.1),
            Get(body=OLD, asked=3),
        ),
        "X-Cache is in the words of CloudFront",
    ),
    Case(
        "max-age=0 is kept for a second",
        "public, max-age=0",
        (PUT, Get(asked=1), Get(asked=1), Wait(1.1), Get(asked=2)),
    ),
    Case("private is not kept", "private, max-age=60", (PUT, Get(asked=1), Get(asked=2))),
)

COLLAPSING = (
    Case("a crowd finds nothing kept", POINTER_CACHE, (PUT, Crowd(50, OLD, asked=1))),
    Case(
        "a crowd at expiry",
        POINTER_CACHE,
        (PUT, Get(asked=1), Put(NEW), Wait(1.1), Crowd(50, NEW, asked=2)),
    ),
    Case("a crowd at what is not kept", "no-store", (PUT, Crowd(8, OLD, asked=8))),
)

STALENESS = (
    Case(
        "stale while revalidating",
        "public, s-maxage=1, stale-while-revalidate=30",
        (PUT, Get(), Put(NEW), Wait(1.2), Get(body=OLD), Asked(2), Get(body=NEW, asked=2)),
    ),
    Case(
        "too stale to serve while revalidating",
        "public, s-maxage=1, stale-while-revalidate=1",
        (PUT, Get(), Put(NEW), Wait(2.2), Get(body=NEW, asked=2)),
    ),
    Case(
        "stale if the origin fails",
        "public, s-maxage=1, stale-if-error=30",
        (PUT, Get(), Fail(), Wait(1.1), Get(body=OLD), Get(body=OLD), Fail(False), Put(NEW), Wait(1.1), Get(body=NEW)),
    ),
    Case(
        "too stale to serve if the origin fails",
        "public, s-maxage=1, stale-if-error=1",
        (PUT, Get(), Fail(), Wait(2.2), Get(status=502)),
    ),
    Case(
        "must-revalidate is never stale",
        "public, s-maxage=1, must-revalidate, stale-while-revalidate=30, stale-if-error=30",
        (PUT, Get(), Put(NEW), Wait(1.1), Get(body=NEW, asked=2), Fail(), Wait(1.1), Get(status=502)),
    ),
)

ERRORS = (
    Case(
        "missing for about a second",
        "public, s-maxage=60",
        (Get(status=404, asked=1), PUT, Get(status=404, asked=1), Wait(1.1), Get(body=OLD, asked=2)),
    ),
    Case("nothing kept, and the origin fails", PAGE_CACHE, (PUT, Fail(), Get(status=502))),
    Case("private folder", PAGE_CACHE, (Get("/_flashgen/sale/manifest.json", status=404),)),
    Case("methods", PAGE_CACHE, (PUT, Get(method="POST", status=405, has={"allow": "GET, HEAD"}, asked=0))),
)

POINTERS = (
    Case(
        "pointer",
        POINTER_CACHE,
        (
            Put(OLD, "unlock.7k2mq9xw4t.js"),
            Get("unlock.7k2mq9xw4t.js?1", body=OLD, asked=1, has={"cache-control": "no-store"}),
            Get("unlock.7k2mq9xw4t.js?2", body=OLD, asked=1, local={"x-now": "…"}),
            Put(NEW, "unlock.7k2mq9xw4t.js"),
            Wait(1.1),
            Get("unlock.7k2mq9xw4t.js?3", body=NEW, asked=2, has={"cache-control": "no-store"}),
        ),
        "x-now is added by a function of the distribution: without it pages read Date and Age, which both have",
    ),
    Case(
        "pointer is kept for 2 s at most",
        "public, s-maxage=60",
        (
            Put(OLD, "unlock.7k2mq9xw4t.js"),
            Get("unlock.7k2mq9xw4t.js", body=OLD),
            Put(NEW, "unlock.7k2mq9xw4t.js"),
            Wait(2.1),
            Get("unlock.7k2mq9xw4t.js", body=NEW, asked=2),
        ),
    ),
    Case(
        "pointer with edge_ttl_seconds 0",
        "no-store",
        (
            Put(OLD, "unlock.7k2mq9xw4t.js"),
            Get("unlock.7k2mq9xw4t.js?1", body=OLD, asked=1),
            Put(NEW, "unlock.7k2mq9xw4t.js"),
            Get("unlock.7k2mq9xw4t.js?2", body=NEW, asked=2),
        ),
    ),
)

MESSAGES = (
    Case(
        "not modified",
        PAGE_CACHE,
        (
            PUT,
            Get(asked=1),
            Get(sends={"If-None-Match": "{etag}"}, status=304, body=b"", has={"cache-control": PAGE_CACHE}, asked=1),
            Get(sends={"If-None-Match": "W/{etag}"}, status=304, body=b"", asked=1),
            Get(sends={"If-None-Match": '"other"'}, body=OLD, asked=1),
        ),
    ),
    Case(
        "head",
        PAGE_CACHE,
        (
            PUT,
            Get(method="HEAD", body=b"", has={"content-length": str(len(OLD))}, asked=1),
            Get(body=OLD, asked=1),
            Get(method="HEAD", body=b"", has={"content-length": str(len(OLD))}, asked=1),
        ),
    ),
    Case(
        "index documents",
        PAGE_CACHE,
        (Put(OLD, "index.html"), Get("", body=OLD, asked=1), Get("index.html", body=OLD, asked=1)),
    ),
    Case(
        "folders without their slash",
        PAGE_CACHE,
        (
            Get("shirt", status=302, has={"location": "shirt/"}, asked=0),
            Get("shirt?from=mail&x=a.b/c", status=302, has={"location": "shirt/?from=mail&x=a.b/c"}, asked=0),
        ),
    ),
    Case(
        "range",
        PAGE_CACHE,
        (
            PUT,
            Get(asked=1),
            Get(
                sends={"Range": "bytes=5-7"},
                status=206,
                body=OLD[5:8],
                has={"content-range": f"bytes 5-7/{len(OLD)}", "content-length": "3"},
            ),
            Get(sends={"Range": "bytes=30-"}, status=206, body=OLD[30:]),
            Get(sends={"Range": "bytes=-4"}, status=206, body=OLD[-4:]),
            Get(sends={"Range": "bytes=0-999"}, status=206, body=OLD),
            Get(sends={"Range": "bytes=999-"}, status=416, has={"content-range": f"bytes */{len(OLD)}"}),
            Get(sends={"Range": "bytes=5-7", "If-Range": '"other"'}, body=OLD),
            Get(sends={"Range": "bytes=5-7", "If-Range": "{etag}"}, status=206, body=OLD[5:8], asked=1),
        ),
    ),
    Case(
        "gzip",
        PAGE_CACHE,
        (
            Put(OLD * 100),
            Get(
                sends={"Accept-Encoding": "gzip"}, has={"content-encoding": "gzip", "vary": "Accept-Encoding"}, asked=1
            ),
            Get(body=OLD * 100, has={"content-encoding": None, "vary": "Accept-Encoding"}, asked=1),
            Get(sends={"Accept-Encoding": "gzip;q=0"}, has={"content-encoding": None}, asked=1),
            Get(sends={"Accept-Encoding": "gzip", "If-None-Match": "W/{etag}"}, status=304, asked=1),
        ),
    ),
    Case(
        "too short for gzip",
        PAGE_CACHE,
        (PUT, Get(sends={"Accept-Encoding": "gzip"}, body=OLD, has={"content-encoding": None, "vary": None})),
    ),
)

CASES = (*FRESHNESS, *COLLAPSING, *STALENESS, *ERRORS, *POINTERS, *MESSAGES)
