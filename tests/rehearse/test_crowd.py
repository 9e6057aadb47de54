"""Simulated shoppers behind the local edge: what they see, and when."""

from __future__ import annotations

import random
import threading

import pytest
from rehearse.conftest import PAGE, RunningSale
from support.storefront import ORIGIN, VERSION, pointer

from flashgen.page.headers import page_headers
from flashgen.rehearse.crowd.threads import Crowd
from flashgen.rehearse.shopper import Observation, Shopper
from flashgen.unlock.pointer import pointer_key

SEEN_WITHIN_SECONDS = 4
"""A poll a second, 20 % more with jitter, an edge that keeps an answer for a second, and a busy machine."""


def is_open(observation: Observation) -> bool:
    """Open, with the order URL."""
    return (observation.state, observation.order_url) == ("open", f"{ORIGIN}/o/to.ken-_")


def is_scheduled(observation: Observation) -> bool:
    """Not open yet."""
    return (observation.state, observation.order_url) == ("scheduled", "")


def test_all_see_a_sale_open_and_few_polls_reach_the_store(running: RunningSale) -> None:
    """Each within a poll and the edge's second; a crowd of any size is a request a second to the store."""
    with Crowd(running.url, 8) as crowd:
        assert 8 == len(crowd.wait_until(is_scheduled, SEEN_WITHIN_SECONDS))
        running.put(pointer("live", rev=2))
        written_at = running.now()
        seen_at = crowd.wait_until(is_open, SEEN_WITHIN_SECONDS)
    assert 8 == len(seen_at)
    assert [True] * 8 == [0 <= at - written_at <= SEEN_WITHIN_SECONDS for at in seen_at]
    assert sorted(seen_at) == list(seen_at)
    assert crowd.polls == sum(shopper.polls for shopper in crowd.shoppers) >= 16
    assert running.store.reads[pointer_key("fair", VERSION)] < crowd.polls / 2


def test_a_pointer_that_was_shipped_early_opens_on_the_servers_clock(running: RunningSale) -> None:
    """Scheduled until T0, although it says live."""
    running.set_clock(-1.5)
    running.put(pointer("live"))
    with Crowd(running.url, 3) as crowd:
        assert 3 == len(crowd.wait_until(is_scheduled, 1))
        crowd.wait_until(is_open, SEEN_WITHIN_SECONDS)
    opened = [shopper.first("open") for shopper in crowd.shoppers]
    assert [True] * 3 == [
        observation is not None and 0 <= observation.at - start_on_the_edge(running) <= 3 for observation in opened
    ]


def start_on_the_edge(running: RunningSale) -> float:
    """The sale's start on the edge's clock."""
    return running.now() - running.after_start()


def test_what_is_gone_is_seen_whoever_said_so(running: RunningSale) -> None:
    """The operator's closed SKUs and the gate's sold ones alike."""
    running.put(pointer("live", closed=["MUG"], sold=["LAMP"]))
    with Crowd(running.url, 1) as crowd:
        assert 1 == len(crowd.wait_until(lambda observation: observation.gone == {"MUG", "LAMP"}, SEEN_WITHIN_SECONDS))


def test_who_has_not_seen_it_in_time_is_not_counted(running: RunningSale) -> None:
    """The answer is shorter than the crowd."""
    with Crowd(running.url, 2) as crowd:
        assert () == crowd.wait_until(is_open, 0.3)


def test_a_store_in_trouble_is_asked_again(running: RunningSale) -> None:
    """A page would not give up either."""
    key = pointer_key("fair", VERSION)
    running.store.failing.add(key)
    running.put(pointer("live"))
    with Crowd(running.url, 2, retry_seconds=0.1) as crowd:
        assert () == crowd.wait_until(is_open, 0.3)
        running.store.failing.discard(key)
        assert 2 == len(crowd.wait_until(is_open, SEEN_WITHIN_SECONDS))


def test_shoppers_learn_what_their_page_adds_to_order_urls(running: RunningSale) -> None:
    """Its language; nothing in a sale of one."""
    german = PAGE.replace(b'{"pointer"', b'{"query": "\\u0026lang=de", "pointer"')
    running.store.put("fair/de/index.html", german.replace(b"unlock.", b"../unlock."), page_headers())
    with Crowd(running.url, 1) as plain, Crowd(f"{running.url}de/", 1) as translated:
        assert plain.wait_until(is_scheduled, 10)
        assert translated.wait_until(is_scheduled, 10)
    assert ["", "&lang=de"] == [crowd.shoppers[0].query for crowd in (plain, translated)]


def test_a_page_of_no_sale_is_refused(running: RunningSale) -> None:
    """There is nothing to poll."""
    shopper = Shopper(f"{running.url}other.html", random.Random(1).random, threading.Event())
    with pytest.raises(OSError, match="is not a page of a sale"):
        shopper.run()
