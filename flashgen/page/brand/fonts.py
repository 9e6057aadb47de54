"""A brand's fonts: read, reduced to the characters of the pages, and written as woff2."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.brand.fallback_metrics import LOCAL_FONTS, FallbackMetrics, fallback_metrics
from flashgen.page.brand.logo import read_brand_file
from flashgen.page.pictures.image_file import BadImage

FONTS = (".woff2", ".woff", ".ttf", ".otf")
FILE_BYTES_MAX = 32 * 1024 * 1024
_KEPT_FEATURES = ("tnum", "lnum", "pnum", "onum")
"""Of digits, which themes ask for; the features that a text needs are kept anyway."""

_KEPT_NAMES = (0, 1, 2, 13, 14)
"""Copyright, names and licence."""

_NO_EMBEDDING = 0x0002
"""OS/2.fsType: the licence forbids embedding."""


@dataclass(frozen=True)
class BrandFont:
    """One file of a family. `lightest` and `heaviest` differ in a variable font."""

    file: Path
    whole: bytes
    asset: Asset
    lightest: int
    heaviest: int
    is_italic: bool
    is_serif: bool
    fallbacks: Mapping[str, FallbackMetrics]
    lacks: tuple[str, ...]
    """The characters that pages show and it does not have, sorted."""
    forbids_embedding: bool

    @cached_property
    def truetype(self) -> bytes:
        """The whole font, uncompressed, as drawing libraries read it."""
        font = TTFont(io.BytesIO(self.whole), recalcTimestamp=False)
        font.flavor = None
        body = io.BytesIO()
        font.save(body)
        return body.getvalue()

    @property
    def css_weight(self) -> str:
        """The value of `font-weight`: one, or a range."""
        return f"{self.lightest}" if self.lightest == self.heaviest else f"{self.lightest} {self.heaviest}"

    def distance(self, weight: int) -> int:
        """How far its weights are from one; slanted ones are the farthest."""
        return max(self.lightest - weight, weight - self.heaviest, 0) + (1000 if self.is_italic else 0)


def read_font(path: Path, root: Path, characters: Iterable[str], counts: Mapping[str, int]) -> BrandFont:
    """A font, with only `characters`. `counts` are of the texts' own characters.

    Raises BadImage if the file is missing, outside `root`, or no font.
    """
    if path.suffix.lower() not in FONTS:
        raise BadImage(f"`{path.name}` must be one of {', '.join(FONTS)}", "convert it")
    whole = read_brand_file(path, root, FILE_BYTES_MAX)
    try:
        font = TTFont(io.BytesIO(whole), recalcTimestamp=False)
        names = font.getBestCmap() or {}
        lightest, heaviest = _weights(font)
        fallbacks = {local: fallback_metrics(font, local, counts) for local in LOCAL_FONTS}
        windows = font["OS/2"]
        made = BrandFont(
            path,
            whole,
            fingerprinted(f"{path.stem}.woff2", _reduced(whole, characters)),
            lightest,
            heaviest,
            is_italic=bool(windows.fsSelection & 1),
            is_serif=windows.panose.bFamilyType == 2 and 2 <= windows.panose.bSerifStyle <= 10,
            fallbacks=fallbacks,
            lacks=tuple(sorted(one for one in counts if ord(one) not in names)),
            forbids_embedding=windows.fsType & 0xF == _NO_EMBEDDING,
        )
    except (TTLibError, KeyError, ValueError, AssertionError, OSError, EOFError) as error:
        raise BadImage(f"`{path.name}` is not a font that can be read", "export it again, as .woff2 or .ttf") from error
    return made


def _weights(font: TTFont) -> tuple[int, int]:
    axes = [axis for axis in font["fvar"].axes if axis.axisTag == "wght"] if "fvar" in font else []
    if axes:
        return round(axes[0].minValue), round(axes[0].maxValue)
    weight = font["OS/2"].usWeightClass
    return weight, weight


def _reduced(whole: bytes, characters: Iterable[str]) -> bytes:
    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = [*options.layout_features, *_KEPT_FEATURES]
    options.name_IDs = list(_KEPT_NAMES)
    options.recalc_timestamp = False
    font = subset.load_font(io.BytesIO(whole), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(map(ord, characters)))
    cutter.subset(font)
    body = io.BytesIO()
    subset.save_font(font, body, options)
    return body.getvalue()
