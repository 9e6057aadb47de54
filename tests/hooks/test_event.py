"""What is told of a change of the pointer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from flashgen.hooks.event import WrittenRevision, events_of, problem_event
from flashgen.unlock import verbs
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.verbs import Verb

START = datetime(2026, 11, 27, 8, tzinfo=UTC)
SCHEDULED = SaleState(State.SCHEDULED, START, START + timedelta(hours=12))
LIVE = verbs.go_live(None, "token").apply(SCHEDULED)
PAUSED = verbs.pause().apply(LIVE)
MUG, BOTH = frozenset({"MUG"}), frozenset({"MUG", "RUG"})
MUG_CLOSED = verbs.close(MUG).apply(LIVE)
ALL_CLOSED = verbs.close(EVERY_SKU).apply(LIVE)
MUG_SOLD = verbs.record_sold(MUG).apply(LIVE)


def written(before: SaleState, verb: Verb, revision: int = 7) -> WrittenRevision:
    """What a verb made of a state. The sale has a MUG and a RUG."""
    after = Pointer(revision, "nonce", verb.apply(before), None)
    return WrittenRevision(
        "night", "production", verb.name, Pointer(revision - 1, "older", before, None), after, "anna", START, BOTH
    )


@pytest.mark.parametrize(
    ("before", "verb", "expected"),
    [
        (SCHEDULED, verbs.go_live(None, "token"), [("sale.live", [])]),
        (LIVE, verbs.pause(), [("sale.paused", [])]),
        (PAUSED, verbs.resume(), [("sale.resumed", [])]),
        (LIVE, verbs.end(), [("sale.ended", [])]),
        (LIVE, verbs.close(EVERY_SKU), [("sale.sold-out", [])]),
        (ALL_CLOSED, verbs.resume(), [("sale.resumed", [])]),
        (LIVE, verbs.close(MUG), [("sku.closed", ["MUG"])]),
        (MUG_CLOSED, verbs.reopen(MUG, BOTH), [("sku.resumed", ["MUG"])]),
        (PAUSED, verbs.rollback(LIVE, START, "token2"), [("sale.rolled-back", [])]),
        (LIVE, verbs.rollback(SCHEDULED, START, "token2"), [("sale.rolled-back", [])]),
        (LIVE, verbs.record_sold(MUG), [("sku.sold-out", ["MUG"])]),
        (MUG_SOLD, verbs.record_sold(frozenset()), [("sku.resumed", ["MUG"])]),
        (MUG_SOLD, verbs.record_sold(BOTH), [("sku.sold-out", ["RUG"]), ("sale.sold-out", [])]),
        (LIVE, verbs.reschedule(START, START + timedelta(hours=13), START), []),
    ],
)
def test_a_change_is_told_by_what_it_did(before: SaleState, verb: Verb, expected: list[tuple[str, list[str]]]) -> None:
    """One event a verb; the last unit of all is two."""
    assert expected == [(event.type, event.data["skus"]) for event in events_of(written(before, verb))]


def test_the_document_is_as_the_docs_have_it() -> None:
    """Receivers rely on it."""
    (event,) = events_of(written(SCHEDULED, verbs.go_live(None, "token")))
    assert {
        "type": "sale.live",
        "timestamp": "2026-11-27T08:00:00Z",
        "data": {
            "sale": "night",
            "target": "production",
            "from": "scheduled",
            "to": "live",
            "revision": 7,
            "who": "anna",
            "skus": [],
            "opens_at": "2026-11-27T08:00:00Z",
        },
    } == json.loads(event.body)
    assert "night at production: live, by anna" == event.sentence
    assert "token" not in event.body


def test_an_id_is_stable_and_of_one_event() -> None:
    """Receivers drop what they have seen; a dot would separate the parts that are signed."""
    again = [events_of(written(MUG_SOLD, verbs.record_sold(BOTH))) for _ in range(2)]
    assert again[0] == again[1]
    ids = [event.id for event in (*again[0], *events_of(written(LIVE, verbs.pause())))]
    assert 3 == len(set(ids))
    assert not any("." in one for one in ids)
    later = events_of(written(LIVE, verbs.pause(), revision=9))
    assert {event.id for event in later}.isdisjoint(ids)


def test_a_problem_and_its_end_are_two_events() -> None:
    """Both say since when."""
    told = [
        problem_event(
            sale="night", target="t", who="gate https://a", problem="unready", message="m", since=START, at=START,
            solved=solved,
        )
        for solved in (False, True)
    ]  # fmt: skip
    assert ["problem", "problem.solved"] == [event.type for event in told]
    assert ["night: unready: m (gate https://a)", "night: unready is solved: m (gate https://a)"] == [
        event.sentence for event in told
    ]
    assert 2 == len({event.id for event in told})
