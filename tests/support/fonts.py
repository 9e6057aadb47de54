"""A small font, made for tests."""

from __future__ import annotations

import io
import string

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

LETTERS = string.ascii_letters + string.digits + " .,:;!?–−€/%-'"


def truetype(letters: str = LETTERS, weight: int = 400, advance: int = 600) -> bytes:
    """A font of 1,000 units in which each of `letters` is a box, as wide as `advance`. The same bytes each time."""
    names = {ord(letter): f"u{ord(letter):04x}" for letter in letters}
    glyphs = [".notdef", *names.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap(names)
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for point in ((50, 700), (advance - 50, 700), (advance - 50, 0)):
        pen.lineTo(point)
    pen.closePath()
    box = pen.glyph()
    builder.setupGlyf(dict.fromkeys(glyphs, box))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (advance, 50)))
    builder.setupHorizontalHeader(ascent=900, descent=-300)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=900, sTypoDescender=-300, usWeightClass=weight)
    builder.setupPost()
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    body = io.BytesIO()
    builder.save(body)
    return body.getvalue()
