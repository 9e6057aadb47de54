"""What the edge shows of a pointer, over real connections."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate

import pytest
from support.meddling_edge import Change, MeddlingEdge, Reply
from support.operators import KEY, bring, writer_of

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.store import MemoryStore
from flashgen.unlock.pointer import Forward, render
from flashgen.unlock.state import State
from flashgen.unlock.visibility import EdgePointer
from flashgen.verify.edge_pointer import EdgePointerReader, clock_ahead
from flashgen.verify.viewer import PublicResponse

PATH = f"/{KEY}"
NOW = 1_800_000_000.0


@pytest.fixture
def store() -> MemoryStore:
    """With a live sale in it, at revision 1."""
    store = MemoryStore()
    bring(store, State.LIVE)
    return store


@pytest.fixture
def edge(store: MemoryStore) -> MeddlingEdge:
    """In front of that."""
    return MeddlingEdge(Edge(store))


@pytest.fixture
def edge_reader(edge: MeddlingEdge) -> Iterator[EdgePointerReader]:
    """Somebody who looks at the edge."""
    with Serving(edge) as serving, EdgePointerReader(serving.url) as edge_reader:
        yield edge_reader


def test_a_pointer_with_what_the_edge_says_of_its_copy(edge_reader: EdgePointerReader, store: MemoryStore) -> None:
    """The second look is answered from the cache."""
    edge_reader.read(KEY)
    nonce = writer_of(store).file.read().pointer.nonce
    assert (1, nonce, 0, "Hit from flashgen") == about(edge_reader.read(KEY))


def about(shown: EdgePointer) -> tuple[int | None, str, int | None, str]:
    """Which revision, and what the edge says of its copy."""
    return shown.revision, shown.nonce, shown.age_seconds, shown.x_cache


FORWARD = render(Forward(2, "nonce", "unlock.abcdefgh23.js"))

WRONG: dict[str, tuple[Change, str]] = {
    "an error, whatever it carries": (lambda reply: replace(reply, status=403), "answers 403"),
    "a login page": (lambda reply: replace(reply, body=b"<html>"), "shows something else than a pointer"),
    "a forward": (lambda reply: replace(reply, body=FORWARD), "shows a forward to unlock.abcdefgh23.js"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_pointer_is_a_problem(edge_reader: EdgePointerReader, edge: MeddlingEdge, name: str) -> None:
    """With the URL that anybody can look at, without the random query."""
    edge.change, said = WRONG[name]
    shown = edge_reader.read(KEY)
    assert (None, "", said, True) == (shown.revision, shown.nonce, shown.problem, shown.url.endswith(PATH))


def test_an_edge_that_does_not_answer_is_a_problem() -> None:
    """And no exception: how the sale stands is worth telling all the same."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with EdgePointerReader(url) as edge_reader:
        sight = edge_reader.read(KEY)
    assert EdgePointer(sight.at, problem="no connection: connection refused", url=f"{url}{PATH}") == sight


def test_every_look_asks_for_something_else(edge_reader: EdgePointerReader, edge: MeddlingEdge) -> None:
    """Or a cache on the way would go on answering."""
    queries: list[str] = []

    def noted(reply: Reply) -> Reply:
        queries.append(reply.query)
        return reply

    edge.change = noted
    for _ in range(3):
        edge_reader.read(KEY)
    assert (3, True) == (len(set(queries)), all(queries))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"x_cache": None}, ""),
        ({"x_cache": None, "x_cache_status": "HIT"}, "HIT"),
        ({"x_cache": None, "cf_cache_status": "EXPIRED"}, "EXPIRED"),
        ({"x_cache": "Miss from shield", "cache_status": "shop; hit"}, "Miss from shield, shop; hit"),
    ],
)
def test_caches_tell_of_themselves_in_several_ways(
    edge_reader: EdgePointerReader, edge: MeddlingEdge, fields: dict[str, str | None], told: str
) -> None:
    """What any of them says counts."""
    edge.change = lambda reply: reply.saying(**fields)
    assert told == edge_reader.read(KEY).x_cache


@pytest.mark.parametrize("url", [None, "sale.example.com", "https://me@sale.example.com"])
def test_a_target_that_names_no_place_is_a_problem(url: str | None) -> None:
    """Neither does a mistake in the settings hide how the sale stands."""
    with EdgePointerReader(url) as edge_reader:
        assert "`url" in edge_reader.read(KEY).problem


def test_the_edges_clock_is_remembered_while_it_is_silent(edge: MeddlingEdge) -> None:
    """Else the board's countdown would jump to this machine's clock, and back."""
    edge.change = lambda reply: reply.saying(x_now=str(int(NOW * 1000)))
    with EdgePointerReader(None) as nobody:
        assert 0.0 == nobody.read(KEY).clock_ahead
    with Serving(edge) as serving:
        edge_reader = EdgePointerReader(serving.url)
        told = edge_reader.read(KEY).clock_ahead
    with edge_reader:
        silent = edge_reader.read(KEY)
    assert silent.problem
    assert told == silent.clock_ahead != 0.0


def answer(asked_at: float, answered_at: float, **fields: str) -> PublicResponse:
    """With these header fields."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return PublicResponse(200, named, b"", 0, NOW + asked_at, NOW + answered_at)


def date(seconds: float) -> str:
    """As a server spells it."""
    return formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("seen", "ahead"),
    [
        (answer(0, 0.1, x_now=str(int(NOW * 1000) + 50)), 0.0),
        (answer(0, 0.1, x_now=str(int(NOW * 1000) + 30_050)), 30.0),
        (answer(0, 0.1, x_now=str(int(NOW * 1000) - 9_950)), -10.0),
        (answer(0, 0.1, date=date(0)), 0.0),
        (answer(0, 0.1, date=date(-4), age="3"), 0.0),
        (answer(0, 0.1, date=date(-4), age="30"), 26.95),
        (answer(0, 0.1, date=date(-100)), -99.55),
        (answer(0, 0.1, x_now="soon", date="today"), 0.0),
        (answer(0, 0.1), 0.0),
    ],
)
def test_how_far_the_edges_clock_is_ahead(seen: PublicResponse, ahead: float) -> None:
    """The middle of what its answer leaves possible; `Date` and `Age` are both cut to whole seconds."""
    assert pytest.approx(ahead, abs=1e-6) == clock_ahead(seen)
