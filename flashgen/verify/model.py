"""The edge, an object that is expected there, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flashgen.edge.rules.behaviour import FONTS, matches
from flashgen.edge.rules.paths import INDEX
from flashgen.finding import Finding, Level
from flashgen.release.manifest import Published
from flashgen.verify.viewer import PublicResponse


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """The edge as it was set up: its public `url`, and CloudFront's id, empty for any other edge, or none."""

    url: str
    distribution: str = ""

    @property
    def is_https(self) -> bool:
        """Whether pages come over https."""
        return self.origin.startswith("https:")

    @property
    def origin(self) -> str:
        """That of pages: `https://host[:port]`."""
        parts = urlsplit(self.url.lower())
        return f"{parts.scheme}://{parts.netloc}"

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
        return self.key == INDEX or self.key.endswith(f"/{INDEX}")

    @property
    def is_font(self) -> bool:
        """Whether it is a font, which pages of other origins may use."""
        return matches(FONTS.pattern, self.key)

    @property
    def sale(self) -> str:
        """The sale's id."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Observed:
    """A line of the report. `age` (seconds) and `x_cache` are what the edge sent about its copy, if anything."""

    path: str
    finding: Finding
    age: int | None = None
    x_cache: str = ""


def observed(path: str, seen: PublicResponse, finding: Finding) -> Observed:
    """A finding about a response."""
    return Observed(path, finding, seen.age_seconds, seen.fields.get("x-cache", ""))
