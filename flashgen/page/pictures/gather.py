"""Makes the pictures of a sale, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from flashgen.document.builder import KeyPath
from flashgen.errors import InvalidInput, Problem
from flashgen.hint import Hint, command_line
from flashgen.page.pictures.encode import Picture, make_picture
from flashgen.page.pictures.image_file import IN_ANOTHER_CASE, BadImage, MissingImage, NotFetched, find_image
from flashgen.page.workers import spread
from flashgen.sale.load import Loaded
from flashgen.sale.product import Product

MOST_NAMES = 20
"""Of missing images, in a message."""

Report = Callable[[str, int, int], None]
"""Takes what is made (`pictures`, `cards`), how many of it are made, and how many there are."""


def no_report(what: str, done: int, total: int) -> None:
    """For a caller that shows no progress."""


def gather_pictures(loaded: Loaded, root: Path, jobs: int, report: Report = no_report) -> dict[str, Picture]:
    """The pictures by their names in the YAML, in the order in which those stand there.

    Images of the web that were not fetched are left out if a feed names them: an export of a shop has no others.
    `jobs` limits the processes; `report` is told before the first and after each. Raises InvalidInput with a problem
    for each file that cannot be used, and one for all that are missing.
    """
    folder, cache = loaded.inputs[0].parent, root / ".flashgen" / "cache" / "images"

    def make(name: str) -> Picture | BadImage:
        try:
            return make_picture(find_image(folder, name, root), root, cache)
        except BadImage as bad:
            return bad

    places = image_places(loaded)
    made: dict[str, Picture | BadImage] = {}
    if places:
        report("pictures", 0, len(places))
    for name, one in zip(places, spread(make, [*places], jobs), strict=True):
        made[name] = one
        report("pictures", len(made), len(places))
    bad = {name: one for name, one in made.items() if isinstance(one, BadImage)}
    missing = {name: one for name, one in bad.items() if isinstance(one, MissingImage)}
    problems = [
        loaded.problem(places[name], one.message, one.hint or fetch_hint(loaded))
        for name, one in bad.items()
        if not (isinstance(one, NotFetched) and loaded.understanding) and (len(missing) < 2 or name not in missing)
    ]
    if len(missing) > 1:
        problems.insert(0, _missing(loaded, missing, places))
    if problems:
        raise InvalidInput(problems)
    return {name: picture for name, picture in made.items() if isinstance(picture, Picture)}


def _missing(loaded: Loaded, missing: Mapping[str, MissingImage], places: Mapping[str, KeyPath]) -> Problem:
    """One problem for all images without a file, where the first is named."""
    first, names = next(iter(missing)), [*missing]
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMES]) + (" …" if len(names) > MOST_NAMES else "")
    guesses = [name for name in names if missing[name].hint.startswith("did you mean")]
    guess = next((name for name in guesses if IN_ANOTHER_CASE in missing[name].hint), "".join(guesses[:1]))
    hint = f"put the files into {loaded.inputs[0].parent}, or correct their names"
    hint += f"; for `{guess}`, {missing[guess].hint}" if guess else ""
    return loaded.problem(places[first], f"{len(missing):,} images do not exist: {shown}", hint)


def fetch_hint(loaded: Loaded) -> Hint:
    """The command that brings in images of the web."""
    return command_line(f"fetch-images {loaded.sale.id}")


def image_places(loaded: Loaded) -> dict[str, KeyPath]:
    """Every image's name, and where it is first written."""
    places: dict[str, KeyPath] = {}
    for index, product in enumerate(loaded.sale.products):
        for name, place in product.image_places.items():
            places.setdefault(name, ("products", index, *place))
    return places


def is_below(loaded: Loaded, name: str, picture: Picture) -> bool:
    """Whether a picture was found in a folder that its name does not say."""
    return "/" not in name and picture.file.parent != loaded.inputs[0].parent


def pictures_of(product: Product, pictures: Mapping[str, Picture]) -> tuple[Picture, ...]:
    """A product's pictures in their order. Keys of `pictures` are names in the YAML; one that is left out has none."""
    return tuple(pictures[name] for name in product.image_places if name in pictures)
