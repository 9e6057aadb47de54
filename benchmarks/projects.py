"""The same sale four times: as a flashgen project with a CSV feed or in YAML, and as a Hugo site in two forms.

Texts are drawn from a seeded generator, so that every run of a benchmark has the same input.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

EDITION = "edition 1"
"""What stands in the summary of one product in the middle; a benchmark changes the number to change one product."""

_HERE = Path(__file__).parent
_WORDS = tuple(
    "paper lantern beech frame warm light evening garden folded hand mulberry quiet copper linen shade small "  # noqa: SIM905
    "batch workshop oak walnut brass thread winter summer soft bright plain heavy woven glass".split()
)
_HEADER = """\
sale:
  id: bench
  title: Ten thousand lanterns
  description: |
    One evening a year. **First come, first lit.**
  starts_at: "2026-11-27T09:00:00+01:00"
  ends_at: "2026-11-27T21:00:00+01:00"
  timezone: Europe/Berlin
  currency: EUR
  locale: en
  theme: plain
unlock:
  version: 7k2mq9xw4t
"""


@dataclass(frozen=True, slots=True)
class Product:
    """A row of the catalogue; prices in EUR with two places."""

    sku: str
    slug: str
    name: str
    price: str
    list_price: str
    stock: int
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Project:
    """`outputs` are the folders that a cold build does not find; `edited` holds the words of EDITION once."""

    folder: Path
    outputs: tuple[str, ...]
    edited: Path


def catalogue(count: int, seed: int) -> tuple[Product, ...]:
    """`count` products with about 60 words of Markdown each: emphasis, a paragraph or two, a list."""
    random_numbers = random.Random(seed)
    return tuple(_product(number, number == count // 2, random_numbers) for number in range(count))


def _product(number: int, edited: bool, random_numbers: random.Random) -> Product:
    def words(count: int) -> str:
        return " ".join(random_numbers.choices(_WORDS, k=count))

    price = random_numbers.randrange(500, 20_000)
    name = f"{words(2).capitalize()} {number}"
    description = (
        f"{words(12).capitalize()}, **{words(3)}**, {words(10)}.\n\n"
        f"{words(9).capitalize()} *{words(2)}* {words(8)}.\n\n"
        f"- {words(5)}\n- {words(6)}\n- {words(4)}\n"
    )
    return Product(
        sku=f"SKU-{number:05}",
        slug=name.lower().replace(" ", "-"),
        name=name,
        price=f"{price / 100:.2f}",
        list_price=f"{price * random_numbers.randrange(110, 190) / 10_000:.2f}",
        stock=random_numbers.randrange(1, 500),
        summary=f"{words(9).capitalize()}, {EDITION if edited else words(2)}",
        description=description,
    )


def flashgen_feed(folder: Path, products: Sequence[Product]) -> Project:
    """A sale whose products are a CSV feed."""
    feed = folder / "sale_configs" / "products.csv"
    _write(folder / "sale_configs" / "bench.yaml", _HEADER + "products: {from: products.csv}\n")
    with feed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, tuple(asdict(products[0])))
        writer.writeheader()
        writer.writerows(map(asdict, products))
    return Project(folder, ("build",), feed)


def flashgen_yaml(folder: Path, products: Sequence[Product]) -> Project:
    """A sale with its products in the YAML."""
    path = folder / "sale_configs" / "bench.yaml"
    _write(path, _HEADER + "products:\n" + "".join(map(_yaml, products)))
    return Project(folder, ("build",), path)


def _yaml(product: Product) -> str:
    facts = asdict(product)
    description = facts.pop("description").rstrip("\n").replace("\n", "\n      ").replace("\n      \n", "\n\n")
    lines = [f"    {key}: {json.dumps(str(value))}\n" for key, value in facts.items()]
    return f"  -{''.join(lines)[3:]}    description: |\n      {description}\n"


def hugo_adapter(folder: Path, products: Sequence[Product]) -> Project:
    """A Hugo site whose content adapter makes the pages of one JSON file."""
    data = folder / "data" / "products.json"
    _hugo_site(folder)
    _write(data, json.dumps([asdict(product) for product in products], indent=1))
    return Project(folder, ("public", "resources", "cache"), data)


def hugo_files(folder: Path, products: Sequence[Product]) -> Project:
    """A Hugo site with a Markdown file for each product."""
    _hugo_site(folder)
    (folder / "content" / "_content.gotmpl").unlink()
    for product in products:
        facts = asdict(product)
        body = facts.pop("description")
        front = {"title": facts.pop("name"), "params": facts}
        _write(folder / "content" / f"{product.slug}.md", json.dumps(front, indent=1) + "\n\n" + body)
    edited = products[len(products) // 2]
    return Project(folder, ("public", "resources", "cache"), folder / "content" / f"{edited.slug}.md")


def _hugo_site(folder: Path) -> None:
    """The templates of `benchmarks/hugo` with the assets of the theme `plain`, so that both minify the same bytes."""
    shutil.copytree(_HERE / "hugo", folder)
    shutil.copytree(_HERE.parent / "themes" / "plain" / "assets", folder / "assets")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


FORMS: dict[str, Callable[[Path, Sequence[Product]], Project]] = {
    "flashgen, CSV feed": flashgen_feed,
    "flashgen, YAML": flashgen_yaml,
    "hugo, content adapter": hugo_adapter,
    "hugo, Markdown files": hugo_files,
}
