"""Counters that workers share, and their text."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flashgen.errors import Refused
from flashgen.gate import shared_rows
from flashgen.gate.metrics import Count, Counters, series


def test_workers_counts_add_up(tmp_path: Path) -> None:
    """Each has a row of its own."""
    with Counters(tmp_path / "counts") as one, _another(tmp_path / "counts"):
        one.add(Count.FORM)
        one.add(Count.FULL)
        assert [2, 1, 0] == [one.total(count) for count in (Count.FORM, Count.FULL, Count.BUGS)]


def test_a_dead_workers_counts_stay(tmp_path: Path) -> None:
    """And its row is the next one's."""
    for _ in range(shared_rows.MAX_WORKERS + 3):
        with Counters(tmp_path / "counts") as one:
            one.add(Count.FORM)
    with Counters(tmp_path / "counts") as last:
        assert shared_rows.MAX_WORKERS + 3 == last.total(Count.FORM)


def test_too_many_workers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than two that count in one row."""
    monkeypatch.setattr(shared_rows, "MAX_WORKERS", 1)
    with _another(tmp_path / "counts"), pytest.raises(Refused, match="count there already"):
        Counters(tmp_path / "counts")


def test_the_exposition_is_prometheus_own(tmp_path: Path) -> None:
    """Its parser reads every count back."""
    with Counters(tmp_path / "counts") as counters:
        for count in Count:
            for _ in range(count + 1):
                counters.add(count)
        families = {one.name: one for one in text_string_to_metric_families(counters.exposition())}
    requests = {sample.labels["outcome"]: sample.value for sample in families["flashgen_gate_requests"].samples}
    assert (1, 3, 9) == (requests["form"], requests["full"], requests["bad-token"])
    assert len(Count) == sum(len(one.samples) for one in families.values())
    assert {"counter"} == {one.type for one in families.values()}


def test_labels_are_escaped() -> None:
    """A SKU may hold a quotation mark."""
    text = series("units", "gauge", "Units.", [({"sku": 'a"b\\n\nd,e}'}, 1.5)])
    (family,) = text_string_to_metric_families(text)
    assert ('a"b\\n\nd,e}', 1.5) == (family.samples[0].labels["sku"], family.samples[0].value)


class _another:
    """A worker in another process, which counts one FORM and lives until the end: locks are by process."""

    def __init__(self, path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._ready, self._over = context.Event(), context.Event()
        self._process = context.Process(target=_count, args=(path, self._ready, self._over))

    def __enter__(self) -> None:
        self._process.start()
        assert self._ready.wait(30)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._process.join()


def _count(path: Path, ready: object, over: object) -> None:
    with Counters(path) as mine:
        mine.add(Count.FORM)
        ready.set()  # type: ignore[attr-defined]
        over.wait()  # type: ignore[attr-defined]
    os._exit(0)
