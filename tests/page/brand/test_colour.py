"""Contrast as WCAG defines it, and the nearest colour that passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.page.brand.colour import BLACK, TEXT_CONTRAST_MIN, WHITE, Colour, contrast
from flashgen.page.brand.palette import low_contrasts, palettes
from flashgen.sale.brand.settings import BrandColours

COLOURS = st.builds(Colour, *[st.integers(0, 255)] * 3)

PAIRS = (
    ("text", "background"),
    ("text", "surface"),
    ("text", "sunken"),
    ("text", "tint"),
    ("muted", "background"),
    ("muted", "surface"),
    ("muted", "sunken"),
    ("accent", "background"),
    ("accent", "surface"),
    ("on_accent", "accent"),
    ("on_accent", "accent_strong"),
    ("accent_strong", "tint"),
    ("accent_strong", "background"),
)
"""What docs/brand.md says of the properties: a text, and what it is on."""


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    """#767676 is known as the lightest grey that passes on white."""
    assert ratio == pytest.approx(contrast(Colour.of(one), Colour.of(other)), abs=0.005)


@given(COLOURS, COLOURS)
def test_the_nearest_colour_passes(colour: Colour, background: Colour) -> None:
    """White or black can be read on any background, so there always is one."""
    near = colour.nearest(lambda one: contrast(one, background) >= TEXT_CONTRAST_MIN)
    assert near
    assert contrast(near, background) >= TEXT_CONTRAST_MIN


def test_the_nearest_colour_keeps_its_hue() -> None:
    """A light green becomes a dark green, not a grey."""
    near = Colour.of("#8fd3ae").nearest(lambda one: contrast(one, WHITE) >= TEXT_CONTRAST_MIN)
    assert near
    assert near.green > max(near.red, near.blue) + 20


def test_a_colour_that_passes_is_its_own_nearest() -> None:
    """Nothing is changed without need."""
    assert BLACK == BLACK.nearest(lambda one: contrast(one, WHITE) >= TEXT_CONTRAST_MIN)


@given(st.dictionaries(st.sampled_from(["accent", "background", "text"]), COLOURS))
def test_every_pair_of_a_palette_can_be_read(written: dict[str, Colour]) -> None:
    """In light and dark, whatever is written: or the written colour is reported."""
    colours = BrandColours.model_validate({key: str(colour) for key, colour in written.items()})
    reported = {pair.scheme for pair in low_contrasts(colours)}
    for scheme, palette in zip(("light", "dark"), palettes(colours), strict=True):
        if scheme not in reported:
            ratios = {pair: contrast(getattr(palette, pair[0]), getattr(palette, pair[1])) for pair in PAIRS}
            assert {} == {pair: ratio for pair, ratio in ratios.items() if ratio < TEXT_CONTRAST_MIN}


@given(COLOURS, COLOURS, COLOURS)
def test_dark_colours_that_are_written_are_checked_too(accent: Colour, text: Colour, night: Colour) -> None:
    """Each that cannot be read is reported, and no other."""
    data = {"accent": {"light": "#000000", "dark": str(accent)}, "text": {"light": "#000000", "dark": str(text)}}
    colours = BrandColours.model_validate({**data, "background": {"light": "#ffffff", "dark": str(night)}})
    wrong = {key for key, one in (("accent", accent), ("text", text)) if contrast(one, night) < TEXT_CONTRAST_MIN}
    assert wrong == {pair.key for pair in low_contrasts(colours)}
