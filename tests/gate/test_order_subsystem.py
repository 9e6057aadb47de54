"""One attempt at handing an order over, and what each answer says of it."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from support.order_stand_in import Answer, Desk, OrderStandIn, order_stand_in, status
from support.ports import free_port
from support.self_signed import self_signed

from flashgen.addresses import SecretUrl
from flashgen.gate.contact import ContactSeal
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order_subsystem import READ_SECONDS, SEALED, ForwardResult, OrderSubsystemClient, meaning
from flashgen.timed_http import DRAIN_BYTES

KEY = bytes(range(32))
PATIENCE_SECONDS = 20.0
NOW = 1_795_370_000.9
ORDER = Order("order-1", "night", "É 1", "ada", "19.90", "EUR", NOW)


def test_a_contact_is_sent_with_its_order(shop: OrderStandIn) -> None:
    """Opened; an order that nobody could deliver stays here."""
    seal = ContactSeal([KEY])
    guests = replace(ORDER, contact=seal.seal(ORDER.id, {"email": "ada@example.com"}))
    client = OrderSubsystemClient(SecretUrl(shop.url), KEY, lambda: NOW, seal.open)
    assert OrderState.DONE is client.send(guests).state
    assert {"email": "ada@example.com"} == shop.received[0].order["contact"]
    lost = OrderSubsystemClient(SecretUrl(shop.url), KEY, lambda: NOW, ContactSeal([b"x" * 32]).open).send(guests)
    assert ForwardResult(OrderState.UNKNOWN, SEALED) == lost
    assert 1 == len(shop.received)


@pytest.fixture
def shop() -> Iterator[OrderStandIn]:
    """Takes every order."""
    with order_stand_in() as stand_in:
        yield stand_in


def subsystem(url: str, read_seconds: float = READ_SECONDS) -> OrderSubsystemClient:
    """As a gate has it."""
    return OrderSubsystemClient(SecretUrl(url), KEY, lambda: NOW, read_seconds=read_seconds)


def test_an_order_is_sent_as_the_contract_says(shop: OrderStandIn) -> None:
    """The body, the idempotency key, the type."""
    assert ForwardResult(OrderState.DONE, "HTTP 201") == subsystem(shop.url).send(ORDER)
    (sent,) = shop.received
    expected = {
        "order_id": "order-1",
        "sale": "night",
        "sku": "É 1",
        "quantity": 1,
        "buyer": "ada",
        "price": "19.90",
        "currency": "EUR",
        "accepted_at": "2026-11-22T17:53:20Z",
    }
    assert expected == sent.order
    assert ("/api/orders", "order-1", "application/json") == (
        sent.path,
        sent.fields["idempotency-key"],
        sent.fields["content-type"],
    )


def test_the_signature_covers_the_body_and_the_moment(shop: OrderStandIn) -> None:
    """By HMAC-SHA-256, as docs/gate.md has it verified."""
    subsystem(shop.url).send(ORDER)
    (sent,) = shop.received
    proof = hmac.new(KEY, b"1795370000." + sent.body, "sha256").hexdigest()
    assert f"t=1795370000,v1={proof}" == sent.fields["flashgen-signature"]


@pytest.mark.parametrize(
    ("code", "state"),
    [
        *((code, OrderState.DONE) for code in (200, 201, 202, 204)),
        (422, OrderState.REJECTED),
        *((code, OrderState.UNKNOWN) for code in (301, 302, 307, 400, 401, 403, 404, 409, 410, 413, 429, 499)),
        *((code, OrderState.UNKNOWN) for code in (500, 502, 503)),
    ],
)
def test_what_a_status_means(code: int, state: OrderState) -> None:
    """A wrong address or credential says nothing of the order: its unit must not be sold again."""
    assert state is meaning(code)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        *((code, OrderState.DONE) for code in (200, 202)),
        *((code, OrderState.REJECTED) for code in (400, 403, 404, 409, 410, 422, 499)),
        *((code, OrderState.UNKNOWN) for code in (302, 500, 503)),
    ],
)
def test_a_typed_rejection_counts_with_a_4xx_alone(code: int, state: OrderState) -> None:
    """A server that fails, or says that it has the order, has not decided against it."""
    assert state is meaning(code, b'{"result": "rejected", "why": "not in our country"}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"rejected",
        b"{}",
        b'"rejected"',
        b'["result", "rejected"]',
        b'{"result": "held"}',
        b'{"result": ["rejected"]}',
        b'{"result": "rejected"',
        b"\xff\xfe{",
        b"[" * 10_000,
    ],
)
def test_what_is_no_typed_rejection(body: bytes) -> None:
    """Nothing but the whole word, at its place, gives a unit back."""
    assert OrderState.UNKNOWN is meaning(409, body)


def test_an_order_that_is_still_worked_on_is_noted(shop: OrderStandIn) -> None:
    """And one that is rejected by 409 is not noted as such."""
    shop.answers = [status(409), lambda desk: desk.say(409, b'{"result":"rejected"}')]
    gate = subsystem(shop.url)
    assert ForwardResult(OrderState.UNKNOWN, "HTTP 409: still working on it") == gate.send(ORDER)
    assert ForwardResult(OrderState.REJECTED, "HTTP 409") == gate.send(ORDER)


def say_long(desk: Desk) -> None:
    """A rejection after more than is read of it."""
    desk.say(409, b" " * DRAIN_BYTES + b'{"result": "rejected"}')


def say_half(desk: Desk) -> None:
    """A rejection that breaks off."""
    desk.wfile.write(b'HTTP/1.1 409 Conflict\r\nContent-Length: 1000\r\n\r\n{"result": "rejected"}')
    desk.close_connection = True


@pytest.mark.parametrize("answer", [say_long, say_half])
def test_a_rejection_that_is_not_whole_is_none(shop: OrderStandIn, answer: Answer) -> None:
    """What was not read may say something else; the next order has another connection."""
    shop.answers = [answer]
    gate = subsystem(shop.url)
    assert OrderState.UNKNOWN is gate.send(ORDER).state
    assert OrderState.DONE is gate.send(ORDER).state


@pytest.mark.parametrize("code", [500, 401, 422])
def test_the_status_is_noted(shop: OrderStandIn, code: int) -> None:
    """For whoever lists orders."""
    shop.otherwise = status(code)
    assert ForwardResult(meaning(code), f"HTTP {code}") == subsystem(shop.url).send(ORDER)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(shop: OrderStandIn, code: int) -> None:
    """Nobody else gets orders because a server says so."""
    with order_stand_in() as other:
        shop.otherwise = lambda desk: desk.say(code, Location=other.url)
        assert ForwardResult(OrderState.UNKNOWN, f"HTTP {code}") == subsystem(shop.url).send(ORDER)
        assert [] == other.received
    assert 1 == len(shop.received)


def test_nobody_is_there() -> None:
    """Refused connections are unknown too: a proxy may have taken the order and died."""
    verdict = subsystem(f"http://127.0.0.1:{free_port()}/").send(ORDER)
    assert ForwardResult(OrderState.UNKNOWN, "no answer: cannot connect") == verdict


def test_an_answer_that_takes_too_long_is_none(shop: OrderStandIn) -> None:
    """It may come to be done all the same."""
    is_over = threading.Event()

    def slow(desk: Desk) -> None:
        is_over.wait(20)

    shop.otherwise = slow
    verdict = subsystem(shop.url, 0.1).send(ORDER)
    is_over.set()
    assert ForwardResult(OrderState.UNKNOWN, "no answer: timed out") == verdict


def test_a_connection_that_dies_before_the_answer(shop: OrderStandIn) -> None:
    """Unknown, and nothing is sent twice within one attempt."""
    shop.otherwise = Desk.cut
    assert OrderState.UNKNOWN is subsystem(shop.url).send(ORDER).state
    assert 1 == len(shop.received)


@pytest.mark.parametrize("part", [b"X", b"X-More: x\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_an_answer_that_drips_is_none(shop: OrderStandIn, part: bytes) -> None:
    """However often a byte of it comes, its time runs out."""
    is_over = threading.Event()

    def drip(desk: Desk) -> None:
        if not part.startswith(b"HTTP"):
            desk.wfile.write(b"HTTP/1.1 200 OK\r\n")
        with suppress(OSError):
            while not is_over.wait(0.05):
                desk.wfile.write(part)

    shop.otherwise = drip
    sending = Thread(target=lambda: verdicts.append(subsystem(shop.url, 0.3).send(ORDER)), daemon=True)
    verdicts: list[ForwardResult] = []
    sending.start()
    sending.join(PATIENCE_SECONDS)
    is_over.set()
    assert [ForwardResult(OrderState.UNKNOWN, "no answer: timed out")] == verdicts


def test_an_answer_that_drips_by_tls_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as without; one that does not drip is an answer, and its connection is kept."""
    certificate, key = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    is_over, ports = threading.Event(), set[int]()

    def note(desk: Desk) -> None:
        ports.add(desk.client_address[1])
        desk.say(201)

    def drip(desk: Desk) -> None:
        with suppress(OSError):
            while not is_over.wait(0.05):
                desk.wfile.write(b"H")

    with order_stand_in((certificate, key)) as shop:
        gate = subsystem(shop.url, 0.3)
        shop.answers, shop.otherwise = [note, note], drip
        verdicts: list[ForwardResult] = []
        sending = Thread(target=lambda: verdicts.extend(gate.send(ORDER) for _ in range(3)), daemon=True)
        sending.start()
        sending.join(PATIENCE_SECONDS)
        is_over.set()
        gate.close()
    done = ForwardResult(OrderState.DONE, "HTTP 201")
    assert [done, done, ForwardResult(OrderState.UNKNOWN, "no answer: timed out")] == verdicts
    assert 1 == len(ports)


@pytest.mark.parametrize("part", [b"x", b""])
def test_a_body_that_drips_is_not_waited_for(shop: OrderStandIn, part: bytes) -> None:
    """Its head has said what there is to say; the next order has another connection."""
    is_over = threading.Event()

    def drip(desk: Desk) -> None:
        desk.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 10000\r\n\r\n")
        with suppress(OSError):
            while not is_over.wait(0.05):
                desk.wfile.write(part)

    shop.answers = [drip]
    gate = subsystem(shop.url, 0.3)
    verdicts: list[ForwardResult] = []
    sending = Thread(target=lambda: verdicts.append(gate.send(ORDER)), daemon=True)
    sending.start()
    sending.join(PATIENCE_SECONDS)
    assert [ForwardResult(OrderState.DONE, "HTTP 201")] == verdicts
    assert ForwardResult(OrderState.DONE, "HTTP 201") == gate.send(ORDER)
    is_over.set()


def test_a_body_without_an_end_is_not_read(shop: OrderStandIn) -> None:
    """Nobody needs it; its connection is closed, and the next order has another."""
    written = []

    def pour(desk: Desk) -> None:
        desk.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000000\r\n\r\n")
        with suppress(OSError):
            for _ in range(1000):
                desk.wfile.write(b"x" * 1_000_000)
                written.append(1)
        desk.close_connection = True

    shop.answers = [pour]
    gate = subsystem(shop.url)
    assert ForwardResult(OrderState.DONE, "HTTP 201") == gate.send(ORDER)
    assert ForwardResult(OrderState.DONE, "HTTP 201") == gate.send(ORDER)
    assert len(written) < 100


def test_a_connection_that_dies_in_the_middle_of_the_body(shop: OrderStandIn) -> None:
    """The head was the answer."""

    def half(desk: Desk) -> None:
        desk.send_response(200)
        desk.send_header("Content-Length", "1000")
        desk.end_headers()
        desk.wfile.write(b"{")
        desk.wfile.flush()
        desk.cut()

    shop.otherwise = half
    assert OrderState.DONE is subsystem(shop.url).send(ORDER).state


@pytest.mark.parametrize("head", [b"HTTP/1.1 201 Created", b"HTTP/1.1 201 Created\r\nContent-Le"])
def test_a_connection_that_dies_in_the_middle_of_the_head(shop: OrderStandIn, head: bytes) -> None:
    """The order may have been taken, or not."""

    def cut(desk: Desk) -> None:
        desk.wfile.write(head)
        desk.close_connection = True

    shop.otherwise = cut
    assert OrderState.UNKNOWN is subsystem(shop.url).send(ORDER).state


def test_an_answer_that_comes_twice_is_not_the_next_order_s(shop: OrderStandIn) -> None:
    """What is left in a connection belongs to nobody."""

    is_sent = threading.Event()

    def twice(desk: Desk) -> None:
        desk.say(200)
        desk.say(200)
        is_sent.set()

    shop.answers = [twice, status(422)]
    gate = subsystem(shop.url)
    first = gate.send(ORDER)
    assert is_sent.wait(10)
    second = gate.send(ORDER)
    assert (OrderState.DONE, OrderState.REJECTED) == (first.state, second.state)


def test_what_is_no_http_is_unknown(shop: OrderStandIn) -> None:
    """A port that something else listens on."""

    def greet(desk: Desk) -> None:
        desk.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    shop.otherwise = greet
    assert OrderState.UNKNOWN is subsystem(shop.url).send(ORDER).state


def test_notes_hold_no_address_and_no_buyer(shop: OrderStandIn) -> None:
    """They are shown in lists and logs."""
    for answer in (Desk.cut, status(500)):
        shop.otherwise = answer
        note = subsystem(shop.url).send(ORDER).note
        assert "127.0.0.1" not in note
        assert "ada" not in note


def say_packed(desk: Desk) -> None:
    """A body that is unpacked to nothing but trouble."""
    desk.say(200, b"no gzip at all", **{"Content-Encoding": "gzip"})


def say_in_pieces(desk: Desk) -> None:
    """A chunked body."""
    desk.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        lambda desk: desk.say(200),
        lambda desk: desk.say(200, b""),
        lambda desk: desk.say(204, b""),
        say_in_pieces,
        say_packed,
    ],
)
def test_connections_are_kept(shop: OrderStandIn, answer: Callable[[Desk], None]) -> None:
    """A handshake an order would be the larger part of it."""
    ports: list[int] = []

    def note(desk: Desk) -> None:
        ports.append(desk.client_address[1])
        answer(desk)

    shop.otherwise = note
    gate = subsystem(shop.url)
    for _ in range(3):
        gate.send(ORDER)
    gate.close()
    assert 1 == len(set(ports))
