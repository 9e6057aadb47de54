"""Cards: drawn once, readable where the font has the letters, and without words where it has not."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from flashgen.page.pictures import social_card
from flashgen.page.pictures.card_text import TextBox, draw_text, is_drawable
from flashgen.page.pictures.social_card import HEIGHT, WIDTH, CardContent, CardLook, SocialCard, make_card

RED = (210, 30, 40)


def picture(colour: tuple[int, int, int] = RED, size: tuple[int, int] = (300, 300)) -> bytes:
    """A JPEG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


CONTENT = CardContent((picture(),), "Night", "Lamp", "€19.90")


def drawn(card: SocialCard | None) -> Image.Image:
    """The card's picture."""
    assert card is not None
    image = Image.open(io.BytesIO(card.body()))
    assert ("JPEG", (WIDTH, HEIGHT)) == (image.format, image.size)
    return image.convert("RGB")


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    """Whether a pixel has a colour, as far as JPEG keeps it."""
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 12 for one, other in zip(pixel, colour, strict=True))


def has_words(card: Image.Image, look: CardLook = CardLook()) -> bool:  # noqa: B008  frozen
    """Whether something dark is on the ground at the left."""
    left = card.crop((64, 64, 600, 566)).convert("L")
    return min(left.tobytes()) < 60


def test_a_card_has_the_picture_beside_the_words(tmp_path: Path) -> None:
    """On the ground of the look."""
    card = drawn(make_card("lamp", CONTENT, CardLook(ground="#00ff00"), tmp_path))
    assert near(card.getpixel((10, 10)), (0, 255, 0))
    assert near(card.getpixel((900, 300)), RED)
    assert has_words(card)


def test_a_card_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By words, pictures and look; a damaged one is drawn again."""
    first = make_card("lamp", CONTENT, CardLook(), tmp_path)
    calls: list[CardContent] = []
    original = social_card._drawn

    def counting(content: CardContent, look: CardLook, *, has_text: bool) -> Image.Image:
        calls.append(content)
        return original(content, look, has_text=has_text)

    monkeypatch.setattr(social_card, "_drawn", counting)
    assert first == make_card("lamp", CONTENT, CardLook(), tmp_path)
    assert [] == calls
    others = [
        make_card("lamp", replace(CONTENT, note="€18.90"), CardLook(), tmp_path),
        make_card("lamp", replace(CONTENT, pictures=(picture((0, 0, 255)),)), CardLook(), tmp_path),
        make_card("lamp", CONTENT, CardLook(accent="#0000ff"), tmp_path),
    ]
    assert 3 == len(calls)
    assert 4 == len({one.name for one in (first, *others) if one})
    assert first is not None
    first.cached.write_bytes(first.cached.read_bytes()[:-1])
    again = make_card("lamp", CONTENT, CardLook(), tmp_path)
    assert again is not None
    assert first.name == again.name
    assert 4 == len(calls)
    drawn(again)


@pytest.mark.parametrize("name", ["青いシャツ", "مصباح", "קפה", "หมวก", "टोपी"])
def test_letters_that_the_font_lacks_leave_the_picture_alone(tmp_path: Path, name: str) -> None:
    """In the middle, whole, without boxes for missing letters."""
    content = replace(CONTENT, heading=name)
    card = drawn(make_card("lamp", content, CardLook(), tmp_path))
    assert near(card.getpixel((WIDTH // 2, HEIGHT // 2)), RED)
    assert not has_words(card)
    assert None is make_card("lamp", replace(content, pictures=()), CardLook(), tmp_path)


def test_a_card_without_pictures_has_words_alone(tmp_path: Path) -> None:
    """Over the whole width."""
    card = drawn(make_card("sale", replace(CONTENT, pictures=(), heading="Night " * 6), CardLook(), tmp_path))
    assert min(card.crop((660, 64, 1136, 500)).convert("L").tobytes()) < 60


@pytest.mark.parametrize(
    ("count", "places"),
    [(1, [(900, 100)]), (2, [(900, 100), (900, 500)]), (4, [(700, 100), (1100, 100), (700, 500), (1100, 500)])],
)
def test_pictures_share_their_place(tmp_path: Path, count: int, places: list[tuple[int, int]]) -> None:
    """One, two above each other, or four."""
    colours = [RED, (20, 120, 200), (20, 160, 60), (240, 200, 30)]
    content = replace(CONTENT, pictures=tuple(picture(colour) for colour in colours[:count]))
    card = drawn(make_card("sale", content, CardLook(), tmp_path))
    assert all(near(card.getpixel(place), colour) for place, colour in zip(places, colours, strict=False))


def test_a_long_picture_is_shown_whole(tmp_path: Path) -> None:
    """On white, because cutting it would show anything."""
    card = drawn(make_card("tie", replace(CONTENT, pictures=(picture(size=(100, 900)),)), CardLook(), tmp_path))
    assert near(card.getpixel((660, 300)), (255, 255, 255))
    assert near(card.getpixel((920, 300)), RED)


@pytest.mark.parametrize("size", [(1000, 800), (700, 1000)])
def test_a_picture_is_cut_and_not_stretched(tmp_path: Path, size: tuple[int, int]) -> None:
    """A strip at each edge is outside of what the place shows; a circle in the middle stays one."""
    image = Image.new("RGB", size, RED)
    draw, (width, height) = ImageDraw.Draw(image), size
    strip = 60
    if width > height:
        draw.rectangle((0, 0, strip, height), "#0000ff")
        draw.rectangle((width - strip, 0, width, height), "#0000ff")
    else:
        draw.rectangle((0, 0, width, strip), "#0000ff")
        draw.rectangle((0, height - strip, width, height), "#0000ff")
    draw.ellipse((width // 2 - 200, height // 2 - 200, width // 2 + 200, height // 2 + 200), "#ffffff")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    card = drawn(make_card("lamp", replace(CONTENT, pictures=(buffer.getvalue(),)), CardLook(), tmp_path))
    assert all(near(card.getpixel(place), RED) for place in ((648, 315), (1192, 315), (920, 8), (920, 622)))
    across = sum(near(card.getpixel((x, 315)), (255, 255, 255)) for x in range(640, WIDTH))
    down = sum(near(card.getpixel((920, y)), (255, 255, 255)) for y in range(HEIGHT))
    assert abs(across - down) < 8


def test_european_names_and_prices_can_be_drawn() -> None:
    """Pillow's own font has none of these."""
    assert is_drawable("Größe «œuvre» Żółć Ωμέγα Пальто 1.249,00 € £5 ₴ ₽ 10\u202f%", None)
    assert not is_drawable("e\N{COMBINING CEDILLA}\N{COMBINING ACUTE ACCENT}\N{COMBINING RING BELOW}", None)


@pytest.mark.parametrize("text", ["Handgewebte Decke mit Fransen, extra groß, in Petrol " * 4, "W" * 200, "i"])
def test_words_stay_in_their_room(text: str) -> None:
    """They become smaller, then are cut; a word that is too long is cut too."""
    card = Image.new("L", (700, 500))
    height = draw_text(
        ImageDraw.Draw(card), text, TextBox(50, 50, 500, 300), "#ffffff", None, (80, 60, 40), most_lines=5
    )
    left, top, right, bottom = card.getbbox() or (0, 0, 0, 0)
    assert 45 <= left
    assert right <= 555
    assert 50 <= top
    assert bottom <= 352
    assert height <= 300
