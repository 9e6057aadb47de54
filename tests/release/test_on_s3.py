"""A sale's life in a bucket, as far as it differs from the memory that the other tests use: by its etags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from support.meddling_store import MeddlingStore, answer_lost, conflict_for_nothing
from support.operators import Clock, chain, control_of, gate_sells, go_live
from support.shop import Shop, plan_for, public, push_of

from flashgen.store import MemoryStore, S3Store
from flashgen.unlock import verbs
from flashgen.unlock.transition import transition

SHOP = Shop()


@pytest.fixture
def store(aws_credentials: None) -> Iterator[S3Store]:
    """An empty bucket, in this process."""
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="flash", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield S3Store("flash", "sales")


def test_a_bucket_ends_as_any_store(store: S3Store, tmp_path: Path) -> None:
    """Pushed, opened, sold out, rotated: the same objects with the same headers, whoever keeps them."""
    memory = MemoryStore()
    for each in (store, memory):
        push_of(SHOP.build(tmp_path), each).run()
        push_of(replace(SHOP, text="bye", pages=("lamp",)).build(tmp_path), each).run()
        push_of(replace(SHOP, version="next").build(tmp_path), each).run()
    assert public(memory) == public(store)
    assert plan_for(replace(SHOP, version="next").build(tmp_path), store).is_noop


@pytest.mark.parametrize("meddle", [answer_lost, conflict_for_nothing])
def test_lost_answers_are_found_again_by_their_bytes(store: S3Store, tmp_path: Path, meddle: object) -> None:
    """And the gate and the operators take turns."""
    push_of(SHOP.build(tmp_path), store).run()
    meddling = MeddlingStore(store, Clock(), meddle)  # type: ignore[arg-type]
    assert transition(control_of(meddling), go_live()).changed
    assert gate_sells(store, "A").changed
    assert not transition(control_of(store, "bob"), go_live()).changed
    assert transition(control_of(store), verbs.pause()).changed
    assert ["pause", "record-sold", "go-live", "push"] == [record.verb for record in chain(store)]
