"""The pointer's bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.operators import ENDS_AT, KEY, SERVERS, STARTS_AT, signed

from flashgen.errors import Refused
from flashgen.unlock.pointer import (
    Forward,
    OrderUrl,
    Pointer,
    first_pointer,
    parse,
    pointer_headers,
    pointer_name,
    render,
)
from flashgen.unlock.state import SaleState, State

LIVE = SaleState(State.LIVE, STARTS_AT, ENDS_AT, STARTS_AT, 1, "abcdefghijkl", frozenset({"SHIRT-1", "MUG-2"}))
ORDINARY = Pointer(12, "mnopqrstuvwx", LIVE, OrderUrl(signed(LIVE), SERVERS))
FACTS: dict[str, Any] = json.loads(render(ORDINARY)[9:-2])

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda instant: instant.replace(microsecond=0, tzinfo=UTC)
)
words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
skus = st.frozensets(words.filter(bool), max_size=4)


@st.composite
def pointers(draw: st.DrawFn) -> Pointer:
    """Any pointer that can be built."""
    state = draw(st.sampled_from(State))
    starts_at, live = draw(instants), state is State.LIVE
    sale = SaleState(
        state,
        starts_at,
        starts_at + timedelta(seconds=draw(st.integers(1, 10**6))),
        draw(instants if live else st.none() | instants),
        draw(st.integers(1 if live else 0, 10**6)),
        draw(words.filter(bool) if live else words),
        draw(skus),
        draw(skus),
    )
    order = OrderUrl(draw(words), tuple(draw(st.lists(words, max_size=3)))) if live else None
    return Pointer(draw(st.integers(0, 10**9)), draw(words), sale, order)


@given(pointers() | st.builds(Forward, st.integers(0, 10**9), words, words))
def test_what_is_written_is_read(pointer: Pointer | Forward) -> None:
    """Whatever names hold, quotes, slashes and line separators included; in ASCII, on one line."""
    body = render(pointer)
    assert pointer == parse(body, KEY)
    assert body.isascii()
    assert 1 == body.count(b"\n")


def test_an_ordinary_live_pointer_has_at_most_512_bytes() -> None:
    """With its token, one order server and two SKUs closed."""
    assert len(render(ORDINARY)) <= 512


def test_same_facts_same_bytes() -> None:
    """Sets have no order; the file has one."""
    skus = [f"SKU-{number}" for number in range(20)]
    one, other = (SaleState(State.ENDED, STARTS_AT, ENDS_AT, closed=frozenset(x)) for x in (skus, reversed(skus)))
    assert render(Pointer(1, "n", one)) == render(Pointer(1, "n", other))


def test_the_first_pointer_follows_from_its_name() -> None:
    """So that builds are reproducible; it is scheduled, and another version has another nonce."""
    first = first_pointer("fair", "v1", STARTS_AT, ENDS_AT)
    assert first == first_pointer("fair", "v1", STARTS_AT, ENDS_AT)
    assert (0, State.SCHEDULED, None) == (first.revision, first.state.state, first.order)
    assert first.nonce != first_pointer("fair", "v2", STARTS_AT, ENDS_AT).nonce


@pytest.mark.parametrize(("ttl", "expected"), [(0, "no-store"), (1, "s-maxage=1"), (2, "s-maxage=2")])
def test_browsers_never_keep_it(ttl: int, expected: str) -> None:
    """The edge does, for as long as it is told."""
    cache_control = pointer_headers(ttl).cache_control
    assert expected in cache_control
    assert ttl == 0 or "max-age=0" in cache_control


def _call(facts: Any) -> bytes:
    return b"flashgen(" + json.dumps(facts).encode() + b")\n"


JUNK = {
    "empty": b"",
    "html": b"<html>",
    "not UTF-8": b"flashgen({\xff})",
    "another call": b"alert({})",
    "two calls": render(ORDINARY) * 2,
    "code before": b"x();" + render(ORDINARY),
    "code after": render(ORDINARY) + b";x()",
    "an expression": b'flashgen({"rev":1+1})',
    "a list": b"flashgen([])",
    "nothing": _call({}),
    "nested deep": b'flashgen({"rev":' + b"[" * 100_000 + b"]" * 100_000 + b"})",
}


@pytest.mark.parametrize("body", JUNK.values(), ids=JUNK)
def test_what_is_no_pointer_is_refused(body: bytes) -> None:
    """By name, in one line."""
    with pytest.raises(Refused) as refused:
        parse(body, KEY)
    assert refused.value.message.startswith(KEY)
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize("value", ["junk", 1.5, True, ["A", 1], {"a": 1}], ids=["text", "float", "bool", "list", "map"])
def test_a_fact_of_another_type_is_refused(name: str, value: Any) -> None:
    """A role that may write only the pointer gets nothing strange into a gate. A name may be any text."""
    if isinstance(value, str) and isinstance(FACTS[name], str) and "nonce" in name:
        return
    with pytest.raises(Refused):
        parse(_call(FACTS | {name: value}), KEY)


@pytest.mark.parametrize("name", [name for name in FACTS if name != "order"])
def test_a_missing_fact_is_refused(name: str) -> None:
    """Nothing is optional but `order`."""
    with pytest.raises(Refused):
        parse(_call({key: value for key, value in FACTS.items() if key != name}), KEY)


@pytest.mark.parametrize("order", ["x", ["x"], {"path": 1, "origins": []}, {"path": "/o", "origins": "https://x"}])
def test_a_malformed_order_is_refused(order: Any) -> None:
    """A path, and a list of origins."""
    with pytest.raises(Refused):
        parse(_call(FACTS | {"order": order}), KEY)


def test_a_name_is_the_version_s() -> None:
    """Random, so that it is found only by those who have seen a page."""
    assert "unlock.7k2m.js" == pointer_name("7k2m")
