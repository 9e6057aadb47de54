"""One sale's files: what marketing wrote, when it is to be, and what was built of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flashgen import timestamps
from flashgen.doctor.subject import Subject
from flashgen.errors import Refused
from flashgen.finding import Finding, Level
from flashgen.page.inputs import unchanged
from flashgen.page.site import read_record
from flashgen.sale.load import load_sale
from flashgen.sale.model import Header
from flashgen.unlock.state import State


def check(path: Path, subject: Subject) -> Iterator[Finding]:
    """Everything that `flashgen check` would say of the YAML and the feed. Raises InvalidInput with every problem."""
    name = f"{path.stem}: yaml"
    loaded = load_sale(path, subject.root)
    sale = loaded.sale
    if sale.order is None:
        hint = "add `order: {servers: [...]}`: where buyers go"
        yield Finding(Level.FAIL, name, "no `order` section: the sale cannot go live", hint)
    for warning in loaded.warnings:
        yield Finding(Level.WARN, name, f"{warning.where.file.name}: {warning.message}", warning.hint)
    if sale.order and not loaded.warnings:
        count = len(sale.products)
        products = f"{count:,} product{'' if count == 1 else 's'}"
        yield Finding(Level.PASS, name, f"{products}, starts at {timestamps.to_text(sale.starts_at)}")


def check_times(header: Header, subject: Subject) -> Iterator[Finding]:
    """A sale that is over, or should be open and is not."""
    name, now = f"{header.id}: times", subject.now
    pointer = subject.pointers.get(header.id)
    state = pointer.state.state if pointer else State.SCHEDULED
    if header.ends_at <= now:
        message = f"it ended at {timestamps.to_text(header.ends_at)}"
        yield Finding(Level.FAIL, name, message, "move `starts_at` and `ends_at`, then push; or leave this sale out")
    elif header.starts_at <= now and state is State.SCHEDULED:
        message = f"it should have started at {timestamps.to_text(header.starts_at)}, and is scheduled"
        yield Finding(Level.FAIL, name, message, f"flashgen go-live {header.id}; or move `starts_at`, then push")
    elif header.starts_at <= now:
        yield Finding(Level.PASS, name, f"{state.value}, ends in {in_words(header.ends_at - now)}")
    else:
        yield Finding(Level.PASS, name, f"starts in {in_words(header.starts_at - now)}")


def check_build(header: Header, subject: Subject) -> Iterator[Finding]:
    """Whether there is a build, of the files as they are."""
    name = f"{header.id}: build"
    record = read_record(subject.build_folder, header.id)
    if record is None:
        yield Finding(Level.FAIL, name, "it was never built", f"flashgen build {header.id}")
        return
    site, inputs = record
    try:
        for file in site.files:
            site.body(file)
    except Refused as changed:
        yield Finding(Level.FAIL, name, changed.message, changed.hint)
        return
    if not unchanged(inputs, subject.root):
        message = "out of date: YAML, feed, images, theme or flashgen have changed since"
        yield Finding(Level.WARN, name, message, f"flashgen push {header.id} builds and pushes")
    else:
        yield Finding(Level.PASS, name, f"{len(site.files):,} files, up to date")


def in_words(left: timedelta) -> str:
    """A length of time as people say it: `2 h 5 min`, `3 days`."""
    minutes = int(left.total_seconds() // 60)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
