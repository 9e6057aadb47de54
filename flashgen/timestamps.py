"""Instants as text: `2026-11-27T08:00:00Z`, in UTC and whole seconds. Equal instants are equal bytes."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """RFC 3339 in UTC; fractions of a second are dropped. `instant` must be aware."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> datetime:
    """The aware instant that `to_text` wrote. ValueError for anything else."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
