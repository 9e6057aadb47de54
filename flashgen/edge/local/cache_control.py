"""The Cache-Control of a response, as a shared cache reads it (RFC 9111, 5.2.2; RFC 5861)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: RFC 9111, 1.2.2: what a cache takes a greater number of seconds for.
LONGEST_SECONDS = 2**31

_DIRECTIVE = re.compile(r"([\w!#$%&'*+.^`|~-]+)(?:=(\"[^\"]*\"|[^\s,]*))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CacheControl:
    """The directives that matter to a shared cache. Times are in seconds; None is "not said"."""

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
        """Whether a shared cache that never asks again before each use has to leave the response alone."""
        return self.no_store or self.no_cache or self.private

    @property
    def shared_seconds(self) -> int | None:
        """How long a shared cache may serve it unasked: `s-maxage` before `max-age`; None if neither is said."""
        return self.max_age if self.s_maxage is None else self.s_maxage


def parse(text: str) -> CacheControl:
    """Read a header's value; anything is readable.

    Of a directive that is given twice the first counts, and a time that is no number is 0: both make a response
    stale rather than fresh (RFC 9111, 4.2.1). `private="x"` and `no-cache="x"` count as if they named no fields.
    """
    said = _directives(text)
    return CacheControl(
        max_age=_seconds(said, "max-age"),
        s_maxage=_seconds(said, "s-maxage"),
        no_store="no-store" in said,
        no_cache="no-cache" in said,
        private="private" in said,
        must_revalidate="must-revalidate" in said or "proxy-revalidate" in said,
        stale_while_revalidate=_seconds(said, "stale-while-revalidate") or 0,
        stale_if_error=_seconds(said, "stale-if-error") or 0,
    )


def _directives(text: str) -> Mapping[str, str]:
    said: dict[str, str] = {}
    for name, value in _DIRECTIVE.findall(text):
        said.setdefault(name.lower(), value.strip('"'))
    return said


def _seconds(said: Mapping[str, str], name: str) -> int | None:
    if name not in said:
        return None
    digits = said[name]
    if not (digits.isascii() and digits.isdigit()):
        return 0
    return LONGEST_SECONDS if len(digits) > 10 else min(int(digits), LONGEST_SECONDS)
