"""What pages are made of besides the sale itself: a theme, its assets, the product images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flashgen.errors import InvalidInput
from flashgen.page.assets import Asset, make_assets
from flashgen.page.images import BadImage
from flashgen.page.pictures import Picture, make_picture
from flashgen.page.theme import Theme, UnknownTheme, find_theme
from flashgen.page.workers import spread
from flashgen.sale.load import Loaded


@dataclass(frozen=True, slots=True)
class Parts:
    """`assets` are by the names that the theme uses, `pictures` by those in the YAML."""

    theme: Theme
    assets: Mapping[str, Asset]
    pictures: Mapping[str, Picture]


def prepare(loaded: Loaded, root: Path, jobs: int) -> Parts:
    """Find the theme, minify its assets, encode the images. Raises InvalidInput with every problem of all three."""
    try:
        theme = find_theme(loaded.sale.theme, root / "themes")
    except UnknownTheme as unknown:
        raise InvalidInput([loaded.problem(("sale", "theme"), unknown.message, unknown.hint)]) from unknown
    return Parts(theme, make_assets(theme.asset_paths()), _pictures(loaded, root, jobs))


def _pictures(loaded: Loaded, root: Path, jobs: int) -> dict[str, Picture]:
    folder, cache = loaded.inputs[0].parent, root / ".flashgen" / "cache" / "images"
    first_use = {one.image: index for index, one in reversed([*enumerate(loaded.sale.products)]) if one.image}

    def make(name: str) -> Picture | BadImage:
        try:
            return make_picture(folder / name, root, cache)
        except BadImage as bad:
            return bad

    names = sorted(first_use, key=lambda name: first_use[name])
    made = dict(zip(names, spread(make, names, jobs), strict=True))
    problems = [
        loaded.problem(("products", first_use[name], "image"), bad.message, bad.hint)
        for name, bad in made.items()
        if isinstance(bad, BadImage)
    ]
    if problems:
        raise InvalidInput(problems)
    return {name: picture for name, picture in made.items() if isinstance(picture, Picture)}
