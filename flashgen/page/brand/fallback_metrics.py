"""How a system's font is stretched to take the place of a brand's until that is there, so that no line moves.

A browser scales the widths of a local font by `size-adjust`, and takes the heights from the other descriptors
(CSS Fonts 5, "Font metrics override descriptors").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fontTools.ttLib import TTFont

_FIRST = 32
_ARIAL = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556),
    *(556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667),
    *(556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556),
    *(556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722),
    *(500, 500, 500, 334, 260, 334, 584),
)
_ROBOTO = (
    *(248, 258, 320, 616, 562, 732, 622, 175, 342, 348, 431, 567, 197, 276, 264, 413, 562, 562, 562, 562, 562, 562),
    *(562, 562, 562, 562, 242, 211, 508, 549, 523, 473, 898, 652, 623, 651, 656, 568, 553, 681, 713, 272, 552, 627),
    *(539, 873, 713, 688, 631, 688, 616, 594, 597, 648, 637, 887, 627, 601, 599, 265, 411, 265, 418, 451, 309, 544),
    *(562, 523, 564, 530, 348, 562, 551, 243, 239, 507, 243, 877, 552, 570, 562, 568, 339, 516, 327, 551, 484, 751),
    *(496, 473, 496, 338, 244, 338, 680),
)

LOCAL_FONTS = {"Arial": ("Arial", "Liberation Sans", "Arimo"), "Roboto": ("Roboto",)}
"""What systems have: Windows, macOS and iOS Arial, Linux one as wide, Android Roboto."""

_WIDTHS = {"Arial": _ARIAL, "Roboto": _ROBOTO}
"""Advances from U+0020 on, in thousandths of the size; read from the `hmtx` tables of Arimo 1.33 and Roboto 3."""


@dataclass(frozen=True, slots=True)
class FallbackMetrics:
    """In percent, as css writes them."""

    size_adjust: float
    ascent_override: float
    descent_override: float
    line_gap_override: float


def fallback_metrics(font: TTFont, local: str, counts: Mapping[str, int]) -> FallbackMetrics:
    """What makes a local font as wide and high as `font`. `counts` says how often each character is in the texts."""
    per_em = font["head"].unitsPerEm
    names, advances = font.getBestCmap(), font["hmtx"]
    mine = theirs = 0.0
    for character, count in counts.items():
        index = ord(character) - _FIRST
        if 0 <= index < len(_ARIAL) and ord(character) in names:
            mine += count * advances[names[ord(character)]][0] / per_em
            theirs += count * _WIDTHS[local][index] / 1000
    scale = mine / theirs if mine and theirs else 1.0
    ascent, descent, gap = (value / per_em / scale * 100 for value in _vertical(font))
    return FallbackMetrics(scale * 100, ascent, descent, gap)


def _vertical(font: TTFont) -> tuple[int, int, int]:
    """Ascent, descent and line gap, which browsers take from OS/2 only if it says so (OpenType, USE_TYPO_METRICS)."""
    windows, horizontal = font["OS/2"], font["hhea"]
    if windows.fsSelection & 1 << 7 or not (horizontal.ascent or horizontal.descent):
        return windows.sTypoAscender, abs(windows.sTypoDescender), windows.sTypoLineGap
    return horizontal.ascent, abs(horizontal.descent), horizontal.lineGap
