"""The pointer as polling pages get it, against the store's. Pure: nothing is requested here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flashgen import cache_control
from flashgen.errors import Refused
from flashgen.finding import Finding, Level
from flashgen.hint import Hint, command_line
from flashgen.store import Stored
from flashgen.unlock.pointer import Forward, parse
from flashgen.verify.model import EdgeConfig
from flashgen.verify.viewer import PublicResponse

#: An edge keeps it for 1 or 2 s, and each tier of edges adds as much.
MOST_AGE_SECONDS = 5

#: `x-now` counts milliseconds and is cut: later than that it has to differ.
TICK_SECONDS = 0.002


def pointer_findings(
    key: str, stored: Stored, polls: Sequence[PublicResponse], edge: EdgeConfig
) -> tuple[Finding, ...]:
    """One PASS, or each fault. `polls` are one or more answers in order, each to another random query."""
    last = polls[-1]
    if last.status != 200:
        hint = Hint(command_line(f"plan {key.partition('/')[0]} --refresh"), " tells whether the store has it")
        return (Finding(Level.FAIL, "status", f"expected 200, found {last.status}", hint),)
    faults = (
        *_body(key, stored, last),
        *_age(last),
        *_browser_copy(last),
        *_content_type(stored, last),
        *_clock(polls),
        *_cache_key(stored, polls, edge),
    )
    bad = any(fault.level is Level.FAIL for fault in faults)
    return faults if bad else (Finding(Level.PASS, "pointer", described(key, last.body)), *faults)


def described(key: str, body: bytes) -> str:
    """A pointer in a few words, without its token."""
    try:
        pointer = parse(body, key)
    except Refused:
        return f"{len(body):,} bytes that are no pointer"
    if isinstance(pointer, Forward):
        return f"revision {pointer.revision} (forward)"
    return f"revision {pointer.revision} ({pointer.state.state.value})"


def _body(key: str, stored: Stored, seen: PublicResponse) -> Iterator[Finding]:
    if seen.body != stored.body:
        message = f"expected {described(key, stored.body)}, found {described(key, seen.body)}"
        hint = "the edge must keep `*/unlock.*.js` for 2 s at most, and must not rewrite it"
        yield Finding(Level.FAIL, "body", message, hint)


def _age(seen: PublicResponse) -> Iterator[Finding]:
    age = seen.age_seconds
    if age is not None and age > MOST_AGE_SECONDS:
        message = f"Age {age:,} s: go-live would be seen that late"
        yield Finding(Level.FAIL, "age", message, "let the edge keep `*/unlock.*.js` for 1 s, or as its s-maxage says")


def _browser_copy(seen: PublicResponse) -> Iterator[Finding]:
    text = seen.fields.get("cache-control", "")
    parsed = cache_control.parse(text)
    if not (parsed.no_store or parsed.no_cache or parsed.max_age == 0):
        message = (
            f"browsers may keep it: found Cache-Control `{text}`" if text else "browsers may keep it: no Cache-Control"
        )
        yield Finding(Level.FAIL, "cache-control", message, "let the edge send `no-store` with `*/unlock.*.js`")


def _content_type(stored: Stored, seen: PublicResponse) -> Iterator[Finding]:
    found = seen.fields.get("content-type", "")
    kind = stored.headers.content_type.partition(";")[0]
    if found.partition(";")[0].strip().lower() != kind:
        message = f"expected {kind}, found {found or 'none'}"
        yield Finding(Level.FAIL, "content-type", message, "let the store's Content-Type through")


def _clock(polls: Sequence[PublicResponse]) -> Iterator[Finding]:
    first, last = polls[0], polls[-1]
    text = last.fields.get("x-now", "")
    if not text:
        hint = "let the edge add `x-now`, its time in milliseconds, to each answer of `*/unlock.*.js`"
        yield Finding(Level.WARN, "x-now", "not there: countdowns are right to 0.6 s instead of 0.15 s", hint)
    elif not (text.isascii() and text.isdigit()):
        yield Finding(Level.FAIL, "x-now", f"expected milliseconds, found {text}", "mend the function that adds it")
    elif first.fields.get("x-now") == text and first.answered_at + TICK_SECONDS <= last.asked_at:
        hint = "add it on the way to the viewer (viewer-response), not on the way into the cache"
        yield Finding(Level.FAIL, "x-now", "the same in several answers: it is kept with the copy", hint)


def _cache_key(stored: Stored, polls: Sequence[PublicResponse], edge: EdgeConfig) -> Iterator[Finding]:
    """Where nothing is kept (`edge_ttl_seconds: 0`), each poll reaches the store, as it was asked for."""
    x_caches = [poll.fields.get("x-cache", "").lower() for poll in polls]
    is_kept = not cache_control.parse(stored.headers.cache_control).forbids_keeping
    at_once = polls[-1].answered_at - polls[0].asked_at < 1
    if is_kept and at_once and len(polls) > 2 and all("miss" in x_cache for x_cache in x_caches):
        hint = "leave the query out of the cache key of `*/unlock.*.js`, and let its s-maxage count"
        message = f"{len(polls)} of {len(polls)} polls within a second reached the store: so would a crowd's"
        yield Finding(edge.duty, "x-cache", message, hint)
