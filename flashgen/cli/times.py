"""Times and durations as operators type them."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from flashgen.sale.instant import instant, seconds
from flashgen.sale.model import Header
from flashgen.sale.wording import Unfit

LEAD_SECONDS_MAX = 600
"""A pointer shipped earlier than this gives the order URL away for no gain: an edge follows within seconds."""


def moment(text: str | None, header: Header) -> datetime | None:
    """`start`, or a time as in a sale's YAML, read in the sale's zone. None for None. Raises a usage error."""
    if text is None:
        return None
    if text == "start":
        return header.starts_at
    try:
        return instant(text, header.timezone)
    except Unfit as unfit:
        raise click.UsageError(f"--at {unfit.message}") from unfit


def duration(text: str) -> timedelta:
    """`10s`, up to ten minutes. Raises a usage error."""
    try:
        return timedelta(seconds=seconds(text, 0, LEAD_SECONDS_MAX))
    except Unfit as unfit:
        raise click.UsageError(f"--lead {unfit.message}") from unfit
