"""How long feeds take to read: the same products in each format, compared with flashgen's own CSV.

    python benchmarks/feeds.py [--products 50000] [--rounds 5]

Each is loaded as `flashgen check` and `build` load it, in a process of its own. Read the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import csv
import io
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from projects import Product, catalogue

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.workbooks import ods, ods_number, xlsx

_SALE = """\
sale: {{id: night, title: Night, starts_at: 2026-11-27T09:00Z, ends_at: 2026-11-27T21:00Z, currency: EUR}}
products: {{from: {feed}}}
"""
_KEYS = ("sku", "slug", "name", "price", "list_price", "stock", "summary", "description")


def main() -> None:
    """Write the feeds, read each of them several times, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    products = catalogue(options.products, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in FORMATS]
        for file, write in zip(files, FORMATS.values(), strict=True):
            file.write_bytes(write(products))
        seconds: dict[Path, list[float]] = {file: [] for file in files}
        memory: dict[Path, float] = {}
        for _ in range(options.rounds):
            for file in files:
                taken, memory[file] = _measured(file, options.products)
                seconds[file].append(taken)
        _print(files, seconds, memory, options.products)


def _measured(file: Path, count: int) -> tuple[float, float]:
    """CPU seconds and peak MiB of loading a feed once."""
    file.with_name("night.yaml").write_text(_SALE.format(feed=file.name))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_load, (file, count))


def _load(file: Path, count: int) -> tuple[float, float]:
    from flashgen.sale.load import load_sale

    began = time.process_time()
    loaded = load_sale(file.with_name("night.yaml"), file.parent)
    taken = time.process_time() - began
    if len(loaded.sale.products) != count:
        sys.exit(f"{file.name}: {len(loaded.sale.products)} products")
    status = Path("/proc/self/status").read_text()
    return taken, int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _print(files: Sequence[Path], seconds: dict[Path, list[float]], memory: dict[Path, float], count: int) -> None:
    print(f"{count:,} products; median CPU seconds, ratio to own.csv, peak MiB")
    base = statistics.median(seconds[files[0]])
    for file in files:
        median = statistics.median(seconds[file])
        print(f"{file.name:16}{median:>8.2f}{median / base:>8.2f}{memory[file]:>8.0f}")


def _csv(rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def _own(products: Sequence[Product]) -> bytes:
    return _csv([_KEYS, *([getattr(product, key) for key in _KEYS] for product in products)])


def _german(products: Sequence[Product]) -> bytes:
    header = ("Artikelnummer", "Slug", "Bezeichnung", "Preis", "UVP", "Bestand", "Kurztext", "Beschreibung")
    rows = (
        [
            *(one.sku, one.slug, one.name, f"{one.price.replace('.', ',')} €", f"{one.list_price.replace('.', ',')} €"),
            *(one.stock, one.summary, one.description),
        ]
        for one in products
    )
    return b"\xef\xbb\xbf" + _csv([header, *rows], ";")


def _shopify(products: Sequence[Product]) -> bytes:
    header = (
        *(
            "Handle",
            "Title",
            "Body (HTML)",
            "Option1 Name",
            "Option1 Value",
            "Variant SKU",
            "Variant Inventory Tracker",
        ),
        *(
            "Variant Inventory Qty",
            "Variant Price",
            "Variant Compare At Price",
            "Image Src",
            "Image Position",
            "Status",
        ),
    )
    rows = (
        [
            *(one.slug, one.name, f"<p>{one.description}</p>", "Title", "Default Title", one.sku, "shopify", one.stock),
            *(one.price, one.list_price, f"https://cdn.example/{one.slug}.jpg", 1, "active"),
        ]
        for one in products
    )
    return _csv([header, *rows])


_MERCHANT = ("id", "title", "description", "image_link", "availability", "price", "sale_price", "item_group_id")


def _merchant_rows(products: Iterable[Product]) -> Iterable[tuple[str, ...]]:
    for one in products:
        image = f"https://cdn.example/{one.slug}.jpg"
        text = one.description.replace("\n", " ")
        yield one.sku, one.name, text, image, "in stock", f"{one.list_price} EUR", f"{one.price} EUR", ""


def _tsv(products: Sequence[Product]) -> bytes:
    return _csv([_MERCHANT, *_merchant_rows(products)], "\t")


def _rss(products: Sequence[Product]) -> bytes:
    start = '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>'
    items = (
        "".join(f"<g:{name}>{escape(text)}</g:{name}>" for name, text in zip(_MERCHANT, row, strict=True))
        for row in _merchant_rows(products)
    )
    lines = [start, *(f"<item>{item}</item>" for item in items), "</channel></rss>"]
    return "\n".join(lines).encode()


def _xlsx(products: Sequence[Product]) -> bytes:
    def number(text: str) -> str:
        return f'<c r="@" s="1"><v>{text}</v></c>'

    rows = (
        [
            one.sku,
            one.slug,
            one.name,
            number(one.price),
            number(one.list_price),
            one.stock,
            one.summary,
            one.description,
        ]
        for one in products
    )
    return xlsx({"Sale": [_KEYS, *rows]}, ['#,##0.00" €"'])


def _ods(products: Sequence[Product]) -> bytes:
    rows = (
        [
            *(
                one.sku,
                one.slug,
                one.name,
                ods_number(one.price, one.price),
                ods_number(one.list_price, one.list_price),
            ),
            *(ods_number(str(one.stock), str(one.stock)), one.summary, one.description),
        ]
        for one in products
    )
    return ods("Sale", [_KEYS, *rows])


FORMATS: dict[str, Callable[[Sequence[Product]], bytes]] = {
    "own.csv": _own,
    "german.csv": _german,
    "shopify.csv": _shopify,
    "merchant.tsv": _tsv,
    "merchant.xml": _rss,
    "sale.xlsx": _xlsx,
    "sale.ods": _ods,
}


if __name__ == "__main__":
    main()
