"""One table of semantics, on the local edge and on a real cache: what holds for the one holds for the other."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from edge.cases import CASES, Case, Get
from edge.run import Rig, run
from support.clock import Clock
from support.http_origin import http_origin
from support.observed_store import ObservedStore
from support.varnish import varnish

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving

#: Most of their time they sleep; more would make the machine too slow for what has to happen within a second.
CASES_AT_ONCE = 6

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))


@pytest.fixture(scope="module")
def local() -> Iterator[Rig]:
    """The local edge over HTTP, on a clock that is set."""
    clock, store = Clock(), ObservedStore()
    with Serving(Edge(store, clock=clock)) as serving:
        yield Rig(serving.url, store, clock.wait, is_local=True)


@each_case
def test_the_local_edge_does_what_the_table_says(case: Case, local: Rig) -> None:
    """At once: nothing is slept."""
    run(local, case)


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Mapping[str, Future[None]]]:
    """All cases behind Varnish, several at once: there, time has to be slept."""
    store = ObservedStore()
    with (
        tempfile.TemporaryDirectory(prefix="vcl") as folder,
        http_origin(store) as port,
        varnish(port, Path(folder)) as url,
        ThreadPoolExecutor(CASES_AT_ONCE) as pool,
    ):
        rig = Rig(url, store, time.sleep, is_local=False)
        yield {case.name: pool.submit(run, rig, case) for case in CASES}


@each_case
def test_varnish_does_what_the_table_says(case: Case, outcomes: Mapping[str, Future[None]]) -> None:
    """In real time: so the table describes caches, and not our idea of them."""
    outcomes[case.name].result()


def test_what_differs_says_why() -> None:
    """A case with fields of the local edge alone gives the reason."""
    differing = [case for case in CASES if any(isinstance(step, Get) and step.local for step in case.steps)]
    assert differing
    assert [] == [case.name for case in differing if not case.differs]
