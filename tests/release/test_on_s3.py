"""A sale's life in a bucket, as far as it differs from the memory that the other tests use: by its etags."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.meddling_store import MeddlingStore, answer_lost, conflict_for_nothing
from support.operators import Clock, chain, gate_sells, go_live, writer_of
from support.shop import Shop, plan_for, public, push_of

from flashgen.store import MemoryStore, S3Store
from flashgen.unlock import verbs
from flashgen.unlock.transition import transition

SHOP = Shop()


def test_a_bucket_ends_as_any_store(bucket: S3Store, tmp_path: Path) -> None:
    """Pushed, opened, sold out, rotated: the same objects with the same headers as in memory."""
    memory = MemoryStore()
    for each in (bucket, memory):
        push_of(SHOP.build(tmp_path), each).run()
        push_of(replace(SHOP, text="bye", pages=("lamp",)).build(tmp_path), each).run()
        push_of(replace(SHOP, version="next").build(tmp_path), each).run()
    assert public(memory) == public(bucket)
    assert plan_for(replace(SHOP, version="next").build(tmp_path), bucket).is_noop


@pytest.mark.parametrize("meddle", [answer_lost, conflict_for_nothing])
def test_lost_answers_are_found_again_by_their_bytes(bucket: S3Store, tmp_path: Path, meddle: object) -> None:
    """And the gate and the operators take turns."""
    push_of(SHOP.build(tmp_path), bucket).run()
    meddling = MeddlingStore(bucket, Clock(), meddle)  # type: ignore[arg-type]
    assert transition(writer_of(meddling), go_live()).changed
    assert gate_sells(bucket, "A").changed
    assert not transition(writer_of(bucket, "bob"), go_live()).changed
    assert transition(writer_of(bucket), verbs.pause()).changed
    assert ["pause", "record-sold", "go-live", "push"] == [record.verb for record in chain(bucket)]
