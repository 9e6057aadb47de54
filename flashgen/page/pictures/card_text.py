"""Words on a card: which fonts can draw them, and how they are broken into lines."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from fontTools.ttLib import TTFont
from PIL import ImageDraw, ImageFont

_SPACES = re.compile(r"\s+")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffdf]")
_PIECE = re.compile(rf"{_WIDE.pattern}|(?:(?!{_WIDE.pattern})\S)+")
_LINE_HEIGHT = 1.18
_BOLD_FROM = 32  # pixels
_OPTICAL_SIZE, _REGULAR, _BOLD = 32, 400, 700  # Inter's axes
_SHAPED = frozenset({"R", "AL", "AN"})


@dataclass(frozen=True, slots=True)
class TextBox:
    """Room for text, in pixels: its left edge, its top (or bottom), and its size."""

    left: int
    edge: int
    width: int
    height: int


def is_drawable(text: str, font: bytes | None) -> bool:
    """Whether a font has a glyph for every character, and putting one after another is right.

    It is not for scripts that are written from right to left, or whose marks and letters join.
    """
    known = _characters(font)
    return all(
        each.isspace() or (ord(each) in known and not _is_shaped(each)) for each in unicodedata.normalize("NFC", text)
    )


def _is_shaped(each: str) -> bool:
    return unicodedata.bidirectional(each) in _SHAPED or unicodedata.category(each).startswith("M")


def draw_text(
    draw: ImageDraw.ImageDraw,
    text: str,
    room: TextBox,
    colour: str,
    font: bytes | None,
    sizes: Sequence[int],
    *,
    most_lines: int = 1,
    bottom: bool = False,
) -> int:
    """Draw in the first of `sizes` (pixels, from the largest) that fits, cut in the last; returns the height.

    With `bottom` the room's edge is that of the last line.
    """
    text = unicodedata.normalize("NFC", text)
    for size in sizes:
        face = _face(font, size, size >= _BOLD_FROM)
        lines = list(_lines(text, face, room.width))
        height = round(len(lines) * size * _LINE_HEIGHT)
        if (
            len(lines) <= most_lines
            and height <= room.height
            and all(face.getlength(one) <= room.width for one in lines)
        ):
            break
    else:
        lines = _cut(lines, min(most_lines, max(1, int(room.height / (size * _LINE_HEIGHT)))), face, room.width)
        height = round(len(lines) * size * _LINE_HEIGHT)
    top = room.edge - height if bottom else room.edge
    for place, line in enumerate(lines):
        draw.text((room.left, top + place * size * _LINE_HEIGHT), line, colour, face, anchor="la")
    return height


def _lines(text: str, face: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """Break at spaces, and beside ideographs."""
    line = ""
    end = 0
    for piece in _PIECE.finditer(text):
        gap = " " if line and _SPACES.match(text[end : piece.start()]) else ""
        end = piece.end()
        if line and face.getlength(line + gap + piece[0]) > width:
            yield line
            line, gap = "", ""
        line += gap + piece[0]
    if line:
        yield line


def _cut(lines: Sequence[str], most: int, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The first lines, and an ellipsis (three points, which every font has) where something is left out."""
    kept = list(lines[:most])
    for place, line in enumerate(kept):
        is_cut = place == most - 1 and len(lines) > most
        while line and face.getlength(line + ("..." if is_cut else "")) > width:
            line, is_cut = line[:-1].rstrip(), True
        kept[place] = line + ("..." if is_cut else "")
    return kept


@lru_cache(maxsize=32)
def _face(font: bytes | None, size: int, is_bold: bool) -> ImageFont.FreeTypeFont:
    """The basic layout, because the other one depends on a library of the machine."""
    body = font if font is not None else _own_font()
    face = ImageFont.truetype(io.BytesIO(body), size, layout_engine=ImageFont.Layout.BASIC)
    if font is None:
        face.set_variation_by_axes([_OPTICAL_SIZE, _BOLD if is_bold else _REGULAR])
    return face


@lru_cache(maxsize=4)
def _characters(font: bytes | None) -> frozenset[int]:
    with TTFont(io.BytesIO(font if font is not None else _own_font())) as face:
        return frozenset(face.getBestCmap() or ())


@lru_cache(maxsize=1)
def _own_font() -> bytes:
    """Inter, for Latin, Greek and Cyrillic: Pillow's own font has neither `€` nor `é`."""
    return (files("fontpkg_inter") / "files" / "Inter[opsz,wght].ttf").read_bytes()
