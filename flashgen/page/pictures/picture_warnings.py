"""Warns of pictures that are valid and yet show badly: animated, small, of unlike sizes, or on the web."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flashgen.document.wording import counted
from flashgen.errors import Problem
from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import fetch_hint, image_places, is_below
from flashgen.sale.load import Loaded

SMALL_WIDTH = 800
"""Pixels. A card is up to 400 CSS pixels wide and a hero more, on screens of two pixels for each of CSS."""

WILD_FACTOR = 4
"""Among pictures of one sale, a side this many times as long as another's is rarely meant."""

_NAMES_MAX = 3


def picture_warnings(loaded: Loaded, pictures: Mapping[str, Picture]) -> Iterator[Problem]:
    """One problem for each kind, at the first picture that has it. Keys of `pictures` are names in the YAML."""
    places = image_places(loaded)
    if missing := [name for name in places if name not in pictures]:
        count = f"{len(missing):,} of {counted(len(places), 'image')}"
        message = f"{count} are on the web, and left out until they are fetched"
        yield loaded.problem(places[missing[0]], message, fetch_hint(loaded))
    if below := [name for name, picture in pictures.items() if is_below(loaded, name, picture)]:
        message = f"{_subject(below)} taken from the folder `{pictures[below[0]].file.parent.name}`"
        yield _problem(loaded, below[0], message, "no other file beside the YAML has this name")
    animated = [name for name, picture in pictures.items() if picture.frames > 1]
    small = [name for name, picture in pictures.items() if picture.width < SMALL_WIDTH]
    if animated:
        which = f"of its {pictures[animated[0]].frames:,} frames" if len(animated) == 1 else "frame of each"
        message = f"{_subject(animated)} animated: pages show only the first {which}"
        yield _problem(loaded, animated[0], message, "save the frame that shoppers should see as a picture of its own")
    if small:
        size = _size(pictures[small[0]])
        message = f"{_subject(small)} less than {SMALL_WIDTH} pixels wide, and blurred on sharp screens: {size}"
        yield _problem(loaded, small[0], message, "export it larger; about 1,440 pixels are best")
    yield from _sizes_apart(loaded, pictures)


def _sizes_apart(loaded: Loaded, pictures: Mapping[str, Picture]) -> Iterator[Problem]:
    """The smallest and the largest picture, if one of their sides differs by WILD_FACTOR."""
    for side in ("width", "height"):
        by_size = sorted(pictures, key=lambda name: (int(getattr(pictures[name], side)), name))
        if not by_size:
            return
        least, most = by_size[0], by_size[-1]
        if getattr(pictures[most], side) >= WILD_FACTOR * getattr(pictures[least], side):
            message = (
                f"images differ much in size: `{least}` has {_size(pictures[least])}, `{most}` {_size(pictures[most])}"
            )
            yield _problem(loaded, least, message, "export all of a sale in the same size and shape")
            return


def _problem(loaded: Loaded, name: str, message: str, hint: str) -> Problem:
    return loaded.problem(image_places(loaded)[name], message, hint)


def _subject(names: Sequence[str]) -> str:
    """Such as "image `a.gif` is", "images `a.gif`, `b.gif`, `c.gif` and 4 more are"."""
    if len(names) == 1:
        return f"image `{names[0]}` is"
    shown = ", ".join(f"`{name}`" for name in names[:_NAMES_MAX])
    more = f" and {len(names) - _NAMES_MAX:,} more" if len(names) > _NAMES_MAX else ""
    return f"images {shown}{more} are"


def _size(picture: Picture) -> str:
    return f"{picture.width:,} × {picture.height:,} pixels"
