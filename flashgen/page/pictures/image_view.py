"""A picture as a template sees it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flashgen.page.pictures.encode import Picture


@dataclass(frozen=True, slots=True)
class SourceView:
    """A `<source>`: its media type, and a srcset of URLs relative to the page."""

    type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class ImageView:
    """`src` is the fallback, relative to the page; `width` and `height` are in pixels; `sources` has the best first.

    `shape` is `square`, `wide` or `tall`. What is nearly square may be cropped to a square, and what is wide or tall to
    4:3 or 3:4, unless it is `elongated`: too much would be lost.
    """

    src: str
    width: int
    height: int
    sources: tuple[SourceView, ...]

    @property
    def shape(self) -> str:
        """By width and height: wide from 4:3 on, tall from 3:4 on."""
        if 3 * self.width >= 4 * self.height:
            return "wide"
        return "tall" if 4 * self.width <= 3 * self.height else "square"

    @property
    def elongated(self) -> bool:
        """Whether one side is at least twice as long as the other."""
        return max(self.width, self.height) >= 2 * min(self.width, self.height)


def image_view(picture: Picture, folder: str) -> ImageView:
    """The view of a picture whose files are in `folder`, a URL relative to the page."""
    fallback = picture.fallback
    sources = tuple(
        SourceView(f"image/{kind.lower()}", ", ".join(f"{folder}{one.asset.name} {one.width}w" for one in renditions))
        for kind, renditions in groupby(picture.modern, key=lambda one: one.format)
    )
    return ImageView(folder + fallback.asset.name, fallback.width, fallback.height, sources)
