"""Feeds for tests: bytes into a file, and the file read as a sale reads it."""

from __future__ import annotations

from pathlib import Path

from flashgen.errors import InvalidInput, Problem
from flashgen.sale.feeds.feed import Feed, read_feed
from flashgen.sale.feeds.options import FeedOptions
from flashgen.sale.load import load_sale


def feed_of(folder: Path, body: str | bytes, locale: str = "en", currency: str = "EUR", **options: object) -> Feed:
    """The feed that a file with this content is read as."""
    path = folder / "feed.csv"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return read_feed(path, FeedOptions.model_validate({"from": path.name, **options}), currency, locale)


def refusal_of(folder: Path, body: str | bytes, **options: object) -> tuple[Problem, ...]:
    """The problems of a feed, of its form or of its cells."""
    try:
        return feed_of(folder, body, **options).problems  # type: ignore[arg-type]
    except InvalidInput as invalid:
        return invalid.problems


def loaded_problems(folder: Path, body: str | bytes, currency: str = "EUR") -> tuple[Problem, ...]:
    """Every problem of a sale whose products are this feed."""
    (folder / "feed.csv").write_bytes(body if isinstance(body, bytes) else body.encode())
    path = folder / "night.yaml"
    path.write_text(
        f"sale: {{id: night, title: Night, starts_at: 2026-11-27T09:00Z, ends_at: 2026-11-27T21:00Z, "
        f"currency: {currency}}}\nproducts: {{from: feed.csv}}\n"
    )
    try:
        load_sale(path, folder)
    except InvalidInput as invalid:
        return invalid.problems
    return ()
