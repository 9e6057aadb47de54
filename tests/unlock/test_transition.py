"""One step of a sale's life, with nobody in the way; and two operators who take turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from support.meddling_store import MeddlingStore
from support.operators import (
    ENDS_AT,
    HEADERS,
    KEY,
    SALE,
    SERVERS,
    STARTS_AT,
    Clock,
    bring,
    chain,
    gate_sells,
    go_live,
    signed,
    without_secret,
    writer_of,
)

from flashgen.errors import AccessDenied, LostRace, Refused
from flashgen.store import Headers, MemoryStore
from flashgen.typed_json import MAX_WHOLE
from flashgen.unlock import verbs
from flashgen.unlock.pointer import Forward, OrderUrl, pointer_headers, render
from flashgen.unlock.pointer_writer import OrderUrls
from flashgen.unlock.state import State
from flashgen.unlock.token import TokenSigner
from flashgen.unlock.transition import transition


def _order(store: MemoryStore) -> OrderUrl | None:
    return writer_of(store).file.read().pointer.order


def test_a_transition_says_what_it_did() -> None:
    """From what to what, who and when."""
    store = MemoryStore()
    bring(store)
    outcome = transition(writer_of(store), go_live())
    assert (State.SCHEDULED, State.LIVE, True, "ann") == (
        outcome.before.state.state,
        outcome.after.state.state,
        outcome.changed,
        outcome.who,
    )
    assert outcome.after == writer_of(store).file.read().pointer
    assert (1, 0) == (outcome.after.revision, outcome.before.revision)


def test_done_again_it_changes_nothing_and_names_who_did_it() -> None:
    """Not a byte of the store."""
    store = MemoryStore()
    bring(store, State.LIVE)
    gate_sells(store, "A")
    before = list(store.list(""))
    outcome = transition(writer_of(store, "bob"), go_live())
    assert (False, "ops", State.LIVE) == (outcome.changed, outcome.who, outcome.after.state.state)
    assert chain(store)[1].when == outcome.when
    assert before == list(store.list(""))


def test_an_arrow_that_does_not_exist_writes_nothing() -> None:
    """Neither a pointer nor an attempt."""
    store = MemoryStore()
    bring(store, State.ENDED)
    before = list(store.list(""))
    with pytest.raises(Refused, match="`pause` needs a sale that is live"):
        transition(writer_of(store), verbs.pause())
    assert before == list(store.list(""))


def test_a_live_pointer_alone_has_an_order_url() -> None:
    """Before, in a pause and after the end there is none."""
    store = MemoryStore()
    writer = bring(store)
    found = [_order(store)]
    for verb in (go_live(), verbs.pause(), verbs.resume(), verbs.end()):
        transition(writer, verb)
        found.append(_order(store))
    assert [False, True, False, True, False] == [order is not None for order in found]


def test_a_token_outlives_whatever_else_changes() -> None:
    """A pause, a closed SKU, a sold one: buyers on their way are not thrown out."""
    store = MemoryStore()
    writer = bring(store, State.LIVE)
    token = _order(store)
    gate_sells(store, "A")
    for verb in (verbs.close(frozenset({"B"})), verbs.pause(), verbs.resume()):
        transition(writer, verb)
    assert token == _order(store)


def test_a_rollback_into_live_voids_the_tokens_of_before() -> None:
    """The epoch rises."""
    store = MemoryStore()
    writer = bring(store, State.LIVE)
    token, live = _order(store), writer.file.read().pointer.state
    transition(writer, verbs.end())
    transition(writer, verbs.rollback(live, STARTS_AT, "token-2"))
    assert token != _order(store)
    assert 2 == writer.file.read().pointer.state.epoch


def test_the_gate_copies_the_token_without_a_secret() -> None:
    """It writes `sold`, and cannot sign."""
    store = MemoryStore()
    bring(store, State.LIVE)
    token = _order(store)
    transition(without_secret(writer_of(store, "gate")), verbs.record_sold(frozenset({"A"})))
    assert token == _order(store)


def test_without_a_secret_a_token_that_has_to_change_is_refused() -> None:
    """A later end means a later expiry; nothing is written."""
    store = MemoryStore()
    bring(store, State.LIVE)
    before = list(store.list(""))
    later = verbs.reschedule(STARTS_AT, ENDS_AT + timedelta(hours=1), STARTS_AT)
    with pytest.raises(Refused, match="has no secret"):
        transition(without_secret(writer_of(store)), later)
    assert before == list(store.list(""))


def test_the_token_in_a_pointer_is_the_one_its_state_says() -> None:
    """Pages send it, the gate reads it."""
    store = MemoryStore()
    bring(store, State.LIVE)
    state, order = writer_of(store).file.read().pointer.state, _order(store)
    assert order
    assert order == OrderUrl(signed(state), SERVERS)
    claims = TokenSigner([b"correct horse battery staple, and more"]).read(order.path.removeprefix("/o/"))
    assert (SALE, 1, int(STARTS_AT.timestamp())) == (claims.sale, claims.epoch, claims.not_before)


def test_other_cache_headers_are_a_reason_for_a_push_alone() -> None:
    """An operator who asks for what is so gets no revision for it; a push refreshes them."""
    store = MemoryStore()
    bring(store, State.PAUSED)
    changed: Headers = pointer_headers(2)
    writer = replace(writer_of(store), headers=changed)
    assert not transition(writer, verbs.pause()).changed
    assert transition(writer, verbs.reschedule(STARTS_AT, ENDS_AT, STARTS_AT)).changed
    assert not transition(writer, verbs.reschedule(STARTS_AT, ENDS_AT, STARTS_AT)).changed
    assert changed == writer.file.read().headers


def test_a_sale_that_was_never_pushed_has_no_verbs() -> None:
    """The hint is the push."""
    with pytest.raises(Refused, match="never pushed") as refused:
        transition(writer_of(MemoryStore()), go_live())
    assert "flashgen push fair" == refused.value.hint


def test_a_forward_has_no_verbs() -> None:
    """This checkout's YAML is older than the store."""
    store = MemoryStore()
    store.put(KEY, render(Forward(1, "n", "unlock.next.js")), HEADERS)
    with pytest.raises(Refused, match=r"rotated to unlock\.next\.js"):
        transition(writer_of(store), go_live())


def test_what_somebody_wrote_over_is_refused() -> None:
    """By name, and left as it is."""
    store = MemoryStore()
    store.put(KEY, b"<html>", HEADERS)
    with pytest.raises(Refused, match=KEY):
        transition(writer_of(store), go_live())


def test_what_was_shown_is_what_is_changed() -> None:
    """A decision made while somebody thinks at a prompt is not overruled by their answer."""
    store = MemoryStore()
    bring(store, State.LIVE)
    writer = writer_of(store)
    shown = writer.file.read()
    transition(writer_of(store, "bob"), verbs.close(frozenset({"A"})))
    with pytest.raises(LostRace) as lost:
        transition(writer, verbs.end(), shown)
    assert "bob" == lost.value.winner


def test_new_order_servers_join_the_old_ones_while_live() -> None:
    """Older pages refuse the new, newer pages the old; the token stays."""
    store = MemoryStore()
    bring(store, State.LIVE)
    before = _order(store)
    assert before
    more = replace(writer_of(store), orders=replace(writer_of(store).orders, origins=("https://new.example",)))
    outcome = transition(more, verbs.reschedule(STARTS_AT, ENDS_AT, STARTS_AT))
    assert outcome.changed
    assert OrderUrl(before.path, (*before.origins, "https://new.example")) == _order(store)
    assert not transition(more, verbs.reschedule(STARTS_AT, ENDS_AT, STARTS_AT)).changed


def test_who_lost_is_told_who_decided_and_not_who_wrote_last() -> None:
    """The gate has sold something since; it decides nothing."""
    store = MemoryStore()
    bring(store, State.LIVE)
    shown = writer_of(store).file.read()
    transition(writer_of(store, "bob"), verbs.pause())
    gate_sells(store, "A")
    with pytest.raises(LostRace, match="bob was first: fair is paused since revision 2 by `pause`") as lost:
        transition(writer_of(store), verbs.end(), shown)
    assert "bob" == lost.value.winner


def test_a_postponed_pointer_that_was_shipped_early_gets_another_token() -> None:
    """Pages that have the old one find it too early at the gate, and the new one before it counts."""
    store, before_t0 = MemoryStore(), STARTS_AT - timedelta(seconds=5)
    bring(store, State.LIVE)
    token, later = _order(store), STARTS_AT + timedelta(hours=1)
    transition(writer_of(store, "push"), verbs.reschedule(later, ENDS_AT, before_t0))
    state, order = writer_of(store).file.read().pointer.state, _order(store)
    assert order
    assert token != order
    claims = TokenSigner([b"correct horse battery staple, and more"]).read(order.path.removeprefix("/o/"))
    assert (later, int(later.timestamp()), 1) == (state.opens_at, claims.not_before, claims.epoch)


def test_a_live_sales_new_times_say_that_they_need_the_secret() -> None:
    """Nobody who moves a date thinks of tokens."""
    store = MemoryStore()
    bring(store, State.LIVE)

    def no_secret() -> TokenSigner:
        raise Refused("the secret is empty", "make one")

    later = verbs.reschedule(STARTS_AT, ENDS_AT + timedelta(hours=1), STARTS_AT)
    with pytest.raises(Refused, match="new times need a new order token: the secret is empty") as refused:
        transition(replace(writer_of(store), orders=OrderUrls(SERVERS, no_secret)), later)
    assert "make one" == refused.value.hint


def test_a_refused_write_says_that_nothing_has_changed() -> None:
    """And what it still is: at T0 that is the first question."""
    inner, clock = MemoryStore(), Clock()
    bring(inner)

    def refuse(store: MeddlingStore, write: Callable[[], str]) -> str:
        raise AccessDenied("the credentials have expired", "sign in")

    writer = writer_of(MeddlingStore(inner, clock, refuse), clock=clock)
    with pytest.raises(AccessDenied, match="have expired; nothing public was changed: fair is scheduled as before"):
        transition(writer, go_live())


def test_no_revision_follows_the_last_one() -> None:
    """What followed could not be read. Neither record nor pointer is written."""
    store = MemoryStore()
    bring(store)
    pointer = writer_of(store).file.read().pointer
    store.put(KEY, render(replace(pointer, revision=MAX_WHOLE)), HEADERS)
    before = list(store.list(""))
    with pytest.raises(Refused, match="no revision can follow"):
        transition(writer_of(store), go_live())
    assert before == list(store.list(""))
