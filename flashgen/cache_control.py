"""The one reader of Cache-Control: its grammar, and what it means to a shared cache (RFC 9111, 5.2.2; RFC 5861)."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: RFC 9111, 1.2.2: what a cache takes a greater number of seconds for.
LONGEST_SECONDS = 2**31

#: Up to the next comma that is in no quoted string.
_DIRECTIVE = re.compile(r'((?:"[^"]*"|[^,])*),')


@dataclass(frozen=True, slots=True)
class CacheControl:
    """The directives that matter to a shared cache. Times are in seconds; None is "not given"."""

    max_age: int | None = None
    s_maxage: int | None = None
    no_store: bool = False
    no_cache: bool = False
    private: bool = False
    must_revalidate: bool = False
    stale_while_revalidate: int = 0
    stale_if_error: int = 0

    @property
    def forbids_keeping(self) -> bool:
        """Whether a shared cache that does not revalidate before each use must not keep the response."""
        return self.no_store or self.no_cache or self.private

    @property
    def shared_seconds(self) -> int | None:
        """How long a response is fresh in a shared cache: `s-maxage` before `max-age`; None without both."""
        return self.max_age if self.s_maxage is None else self.s_maxage


def directives(text: str) -> tuple[tuple[str, str], ...]:
    """Each directive in its order: the name in lower case, and the value as written (empty without one).

    Nothing is checked: what stands between two commas is a directive, if only an empty one.
    """
    parts = (part.strip(" \t").partition("=") for part in _DIRECTIVE.findall(f"{text},"))
    return tuple((name.lower(), value) for name, _, value in parts)


def parse(text: str) -> CacheControl:
    """Read a header's value. Never raises.

    Of a directive that is given twice the first counts, and a time that is no number is 0: both make a response
    stale rather than fresh (RFC 9111, 4.2.1). `private="x"` and `no-cache="x"` count as if they named no fields.
    """
    given: dict[str, str] = {}
    for name, value in directives(text):
        given.setdefault(name.strip(), value)
    return CacheControl(
        max_age=_seconds(given.get("max-age")),
        s_maxage=_seconds(given.get("s-maxage")),
        no_store="no-store" in given,
        no_cache="no-cache" in given,
        private="private" in given,
        must_revalidate="must-revalidate" in given or "proxy-revalidate" in given,
        stale_while_revalidate=_seconds(given.get("stale-while-revalidate")) or 0,
        stale_if_error=_seconds(given.get("stale-if-error")) or 0,
    )


def _seconds(value: str | None) -> int | None:
    if value is None:
        return None
    digits = value.strip('"')
    if not (digits.isascii() and digits.isdigit()):
        return 0
    return LONGEST_SECONDS if len(digits) > 10 else min(int(digits), LONGEST_SECONDS)
