"""Draws the picture that messengers and networks show with a link: 1200 × 630 pixels, a picture beside a few words.

Drawing and encoding take tens of milliseconds, so results are cached by their inputs, as other pictures are.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import PIL
from PIL import Image, ImageDraw, ImageFilter

from flashgen.files import replace_file
from flashgen.page.pictures import card_text
from flashgen.page.pictures.card_text import TextBox, draw_text, is_drawable
from flashgen.sale.transliteration import slugified

WIDTH, HEIGHT = 1200, 630
"""Pixels. What https://ogp.me and the networks' guides agree on; smaller ones are shown as a thumbnail."""

_QUALITY = 84
_TEXT_WIDTH = 640
_MARGIN = 64
_GAP = 6
_TALLEST, _WIDEST = 0.55, 1.9
"""Shapes (width by height) of pictures that are cut to fill their place. Others, and cut-outs, are shown whole."""

_CODE = repr((PIL.__version__, [Path(str(file)).read_bytes() for file in (__file__, card_text.__file__)])).encode()
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class CardLook:
    """Colours as `#rrggbb`: of the ground, of text on it, of lesser text, and of what stands out.

    `font` is a font file's bytes; None for Inter. `logo` is a picture's bytes, if there is one.
    """

    ground: str = "#fbf9f6"
    text: str = "#15110e"
    muted: str = "#655c54"
    accent: str = "#cf3508"
    font: bytes | None = None
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class CardContent:
    """What a card shows: up to four `pictures`, each a file's bytes, a small line above the `heading`, and a `note`."""

    pictures: tuple[bytes, ...]
    kicker: str
    heading: str
    note: str


@dataclass(frozen=True, slots=True)
class SocialCard:
    """A finished card: its name as an asset, and the file in the cache that holds it.

    `is_drawn` says that it was not there before.
    """

    name: str
    cached: Path
    is_drawn: bool = field(default=False, compare=False)

    def body(self) -> bytes:
        """The JPEG's bytes."""
        return self.cached.read_bytes()[_DIGEST_LENGTH:]


def make_card(stem: str, content: CardContent, look: CardLook, cache: Path) -> SocialCard | None:
    """Draw a card, or take it from the folder `cache`. None if there is neither a picture nor a text to be drawn."""
    words = (content.kicker, content.heading, content.note)
    has_text = is_drawable("".join(words), look.font)
    if not has_text and not content.pictures:
        return None
    digests = [hashlib.sha256(each).hexdigest() for each in (*content.pictures, look.font or b"", look.logo or b"")]
    colours = [value for value in asdict(look).values() if isinstance(value, str)]
    key = hashlib.sha256(_CODE + json.dumps([words, colours, digests]).encode()).hexdigest()
    path = cache / f"{key}.jpg"
    digest = _cached_digest(path)
    is_drawn = digest is None
    if digest is None:
        body = _encoded(_drawn(content, look, has_text=has_text))
        digest = hashlib.sha256(body).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, digest.encode() + body)
    return SocialCard(f"{slugified(stem)[:80].strip('-') or 'card'}-card.{digest[:12]}.jpg", path, is_drawn)


def _cached_digest(path: Path) -> str | None:
    """The digest of a card in the cache; None if it is not there, or damaged."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    digest = kept[:_DIGEST_LENGTH]
    same = hashlib.sha256(kept[_DIGEST_LENGTH:]).hexdigest().encode() == digest
    return digest.decode() if same else None


def _encoded(card: Image.Image) -> bytes:
    buffer = io.BytesIO()
    card.save(buffer, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return buffer.getvalue()


def _drawn(content: CardContent, look: CardLook, *, has_text: bool) -> Image.Image:
    pictures = [_opened(body) for body in content.pictures]
    card = Image.new("RGB", (WIDTH, HEIGHT), look.ground)
    if not has_text:
        _cover_all(card, pictures)
        return card
    if pictures:
        _tile(card, pictures, (_TEXT_WIDTH, 0, WIDTH, HEIGHT))
    _write(card, content, look, _TEXT_WIDTH if pictures else WIDTH)
    return card


def _opened(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    image.draft("RGB", (WIDTH, HEIGHT))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _tile(card: Image.Image, pictures: Sequence[Image.Image], box: tuple[int, int, int, int]) -> None:
    """One picture fills the box; two or three are one above the other, four are two by two."""
    columns = 2 if len(pictures) >= 4 else 1
    rows = min(2, len(pictures)) if columns == 1 else 2
    left, top, right, bottom = box
    width, height = (right - left - _GAP * (columns - 1)) // columns, (bottom - top - _GAP * (rows - 1)) // rows
    for place, picture in enumerate(pictures[: rows * columns]):
        x, y = left + (place % columns) * (width + _GAP), top + (place // columns) * (height + _GAP)
        card.paste(_fitted(picture, width, height), (x, y))


def _fitted(picture: Image.Image, width: int, height: int) -> Image.Image:
    """A picture in a place of that size: cut to fill it, or whole on white with air around it."""
    shape = picture.width / picture.height
    if picture.mode == "RGB" and _TALLEST <= shape <= _WIDEST:
        # Only the part that is shown is scaled: that is most of the time that a card takes.
        scale = max(width / picture.width, height / picture.height)
        left, top = (picture.width - width / scale) / 2, (picture.height - height / scale) / 2
        box = (max(0.0, left), max(0.0, top), picture.width - max(0.0, left), picture.height - max(0.0, top))
        return picture.resize((width, height), Image.Resampling.BICUBIC, box)
    place = Image.new("RGB", (width, height), "#ffffff")
    _paste_whole(place, picture, round(min(width, height) * 0.06))
    return place


def _paste_whole(place: Image.Image, picture: Image.Image, air: int) -> None:
    scale = min((place.width - 2 * air) / picture.width, (place.height - 2 * air) / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    small = picture.resize(size, Image.Resampling.LANCZOS)
    corner = ((place.width - size[0]) // 2, (place.height - size[1]) // 2)
    place.paste(small, corner, small if small.mode == "RGBA" else None)


def _cover_all(card: Image.Image, pictures: Sequence[Image.Image]) -> None:
    """A card without words: the pictures side by side, whole; behind photos, a blurred and paler copy of the first."""
    first = pictures[0]
    if first.mode == "RGB":
        small = first.resize((WIDTH // 10, HEIGHT // 10), Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(5))
        pale = Image.blend(small, Image.new("RGB", small.size, card.getpixel((0, 0))), 0.45)
        card.paste(pale.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    shown = pictures[:3]
    width = (WIDTH - 40 * (len(shown) + 1)) // len(shown)
    for place, picture in enumerate(shown):
        room = Image.new("RGBA", (width, HEIGHT - 80))
        _paste_whole(room, picture.convert("RGBA"), 0)
        card.paste(room, (40 + place * (width + 40), 40), room)


def _write(card: Image.Image, content: CardContent, look: CardLook, width: int) -> None:
    """From the top: an accent, the logo or the small line; the heading in the middle; the note at the bottom."""
    draw = ImageDraw.Draw(card)
    column = width - 2 * _MARGIN
    top = _MARGIN
    if look.logo:
        logo = _opened(look.logo).convert("RGBA")
        logo.thumbnail((column // 2, 72), Image.Resampling.LANCZOS)
        card.paste(logo, (_MARGIN, _MARGIN), logo)
        top += logo.height + 24
    else:
        draw.rectangle((_MARGIN, _MARGIN, _MARGIN + 71, _MARGIN + 7), look.accent)
        top += 32
    if content.kicker:
        top += draw_text(draw, content.kicker, TextBox(_MARGIN, top, column, 40), look.muted, look.font, (28,)) + 12
    note_height = 0
    if content.note:
        room = TextBox(_MARGIN, HEIGHT - _MARGIN, column, 64)
        note_height = draw_text(draw, content.note, room, look.accent, look.font, (56, 48, 40, 32), bottom=True) + 24
    room = TextBox(_MARGIN, top, column, HEIGHT - _MARGIN - note_height - top)
    draw_text(draw, content.heading, room, look.text, look.font, (88, 76, 66, 58, 50, 44, 38), most_lines=5)
