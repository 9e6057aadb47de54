"""What is looked at through the public URL, and what was found there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flashgen.edge.target import INDEX
from flashgen.edge.viewer import Seen
from flashgen.finding import Finding, Level
from flashgen.release.manifest import Published


@dataclass(frozen=True, slots=True)
class Front:
    """The edge as it was set up. `distribution` is CloudFront's id; empty for any other edge, or none."""

    is_https: bool
    distribution: str = ""

    @property
    def duty(self) -> Level:
        """How bad it is when the edge leaves out what no store does: compression, security headers, `/x` to `/x/`.

        FAIL where flashgen's own distribution was to do it. Elsewhere people may have chosen otherwise: WARN.
        """
        return Level.FAIL if self.distribution else Level.WARN


@dataclass(frozen=True, slots=True)
class Expected:
    """An object that shoppers are to get, as the manifest has it. `origins` are the order servers that pages ask."""

    key: str
    published: Published
    origins: tuple[str, ...] = ()

    @property
    def is_page(self) -> bool:
        """Whether it is an HTML page."""
        return self.key.endswith(f"/{INDEX}")

    @property
    def sale(self) -> str:
        """The sale's id."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Observed:
    """A line of the report. `age` (seconds) and `x_cache` are what the edge said of its copy, if it did."""

    path: str
    finding: Finding
    age: int | None = None
    x_cache: str = ""


def public_path(key: str) -> str:
    """The path that a shopper's browser asks for: `/sale/lamp/` for `sale/lamp/index.html`."""
    folder, _, name = key.rpartition("/")
    return f"/{quote(folder)}/" if name == INDEX else f"/{quote(key)}"


def observed(path: str, seen: Seen, finding: Finding) -> Observed:
    """A finding about a response."""
    return Observed(path, finding, age_of(seen), seen.fields.get("x-cache", ""))


def age_of(seen: Seen) -> int | None:
    """How many seconds ago the origin was asked, as the edge says; None if it does not."""
    text = seen.fields.get("age", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
