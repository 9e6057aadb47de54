"""Waiting for the edges, with an end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.edges import Edges
from support.operators import Clock

from flashgen.release.propagation import await_edges


@pytest.mark.parametrize("done_after", [0, 1, 6])
def test_it_asks_until_the_edges_know(done_after: int) -> None:
    """At once, or after a while."""
    clock = Clock()
    assert await_edges(Edges(done_after=done_after), "id", now=clock.now, sleep=clock.sleep)


@pytest.mark.parametrize("limit_seconds", [0, 1, 60])
def test_it_gives_up_in_time(limit_seconds: int) -> None:
    """Never later than it was told."""
    clock = Clock()
    began = clock.instant
    assert not await_edges(
        Edges(done_after=10_000), "id", now=clock.now, sleep=clock.sleep, limit_seconds=limit_seconds
    )
    assert clock.instant - began <= timedelta(seconds=limit_seconds + 0.1)
