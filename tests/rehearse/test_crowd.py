"""Simulated shoppers behind the local edge: what they see, and when."""

from __future__ import annotations

import random
import threading

import pytest
from rehearse.conftest import Front
from support.storefront import ORIGIN, VERSION, pointer

from flashgen.rehearse import shopper as module
from flashgen.rehearse.crowd import Crowd
from flashgen.rehearse.shopper import Observation, Shopper
from flashgen.unlock.pointer import pointer_key

SEEN_WITHIN_SECONDS = 4
"""A poll a second, 20 % more with jitter, an edge that keeps an answer for a second, and a busy machine."""


def is_open(sight: Observation) -> bool:
    """Open, with the order URL."""
    return (sight.state, sight.order_url) == ("open", f"{ORIGIN}/o/to.ken-_")


def is_scheduled(sight: Observation) -> bool:
    """Not open yet."""
    return (sight.state, sight.order_url) == ("scheduled", "")


def test_all_see_a_sale_open_and_few_polls_reach_the_store(front: Front) -> None:
    """Each within a poll and the edge's second; a crowd of any size is a request a second to the store."""
    with Crowd(front.url, 8) as crowd:
        assert 8 == len(crowd.wait_until(is_scheduled, SEEN_WITHIN_SECONDS))
        front.put(pointer("live", rev=2))
        written_at = front.now()
        seen_at = crowd.wait_until(is_open, SEEN_WITHIN_SECONDS)
    assert 8 == len(seen_at)
    assert [True] * 8 == [0 <= at - written_at <= SEEN_WITHIN_SECONDS for at in seen_at]
    assert sorted(seen_at) == list(seen_at)
    assert crowd.polls == sum(shopper.polls for shopper in crowd.shoppers) >= 16
    assert front.store.reads[pointer_key("fair", VERSION)] < crowd.polls / 2


def test_a_pointer_that_was_shipped_early_opens_on_the_servers_clock(front: Front) -> None:
    """Scheduled until T0, although it says live."""
    front.set_clock(-1.5)
    front.put(pointer("live"))
    with Crowd(front.url, 3) as crowd:
        assert 3 == len(crowd.wait_until(is_scheduled, 1))
        crowd.wait_until(is_open, SEEN_WITHIN_SECONDS)
    opened = [shopper.saw("open") for shopper in crowd.shoppers]
    assert [True] * 3 == [sight is not None and 0 <= sight.at - front_start(front) <= 3 for sight in opened]


def front_start(front: Front) -> float:
    """The sale's start on the edge's clock."""
    return front.now() - front.after_start()


def test_what_is_gone_is_seen_whoever_said_so(front: Front) -> None:
    """The operator's closed SKUs and the gate's sold ones alike."""
    front.put(pointer("live", closed=["MUG"], sold=["LAMP"]))
    with Crowd(front.url, 1) as crowd:
        assert 1 == len(crowd.wait_until(lambda sight: sight.gone == {"MUG", "LAMP"}, SEEN_WITHIN_SECONDS))


def test_who_has_not_seen_it_in_time_is_not_counted(front: Front) -> None:
    """The answer is shorter than the crowd."""
    with Crowd(front.url, 2) as crowd:
        assert () == crowd.wait_until(is_open, 0.3)


def test_a_store_in_trouble_is_asked_again(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page would not give up either."""
    monkeypatch.setattr(module, "AFTER_FAILURE_SECONDS", 0.1)
    key = pointer_key("fair", VERSION)
    front.store.failing.add(key)
    front.put(pointer("live"))
    with Crowd(front.url, 2) as crowd:
        assert () == crowd.wait_until(is_open, 0.3)
        front.store.failing.discard(key)
        assert 2 == len(crowd.wait_until(is_open, SEEN_WITHIN_SECONDS))


def test_a_page_of_no_sale_is_refused(front: Front) -> None:
    """There is nothing to poll."""
    shopper = Shopper(f"{front.url}other.html", random.Random(1).random, threading.Event())
    with pytest.raises(OSError, match="is not a page of a sale"):
        shopper.run()
