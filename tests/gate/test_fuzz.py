"""Requests and bytes of any kind, sent to the gate behind its real server: no bug, no traceback, no hang."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.gate_server import Served, request, statuses
from support.running_gate import order_path, token

from flashgen.gate.metrics import Count

MANY = settings(max_examples=1500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

PATH = order_path()
VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")
TEXT = st.text(VISIBLE, max_size=40)
TOKENS = st.sampled_from([token(), token() + "x"]) | TEXT
ODD_PATHS = [
    "/readyz",
    "/metrics",
    "/stats",
    "/healthz",
    "//",
    "/o",
    "/o/",
    "*",
    "http://a.b/o/x",
    "/%00",
    "/%ff/%2e%2e",
]
PATHS = st.builds("/o/{}".format, TOKENS) | st.builds("/{}".format, TEXT) | st.sampled_from(ODD_PATHS)
SKUS = st.sampled_from(["LAMP", "MUG", "%C3%89%201", "%ff", "%00"]) | TEXT
QUERIES = st.sampled_from(["", f"?token={token()}"]) | st.builds("?sku={}".format, SKUS) | st.builds("?{}".format, TEXT)

NAMES = [
    "Accept",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Expect",
    "Host",
    "If-None-Match",
    "Origin",
    "Range",
    "TE",
    "Transfer-Encoding",
    "Upgrade",
    "X",
    "X-Forwarded-For",
    "X-User-Id",
]
ODD_VALUES = [
    "-1",
    "0",
    "5",
    "1.2.3.4,::1",
    "100-continue",
    "application/x-www-form-urlencoded",
    "chunked",
    "close",
    "flashgen_buyer=a.b",
    "identity",
    "keep-alive",
    "upgrade",
]
PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
VALUES = st.text(PRINTABLE, max_size=60) | st.sampled_from(ODD_VALUES)
FIELDS = st.lists(st.builds("{}: {}\r\n".format, st.sampled_from(NAMES), VALUES), max_size=6).map("".join)
METHODS = st.sampled_from(
    ["GET", "GET", "HEAD", "POST", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "X"]
)
BODIES = st.binary(max_size=80) | st.builds("lease={}".format, TEXT).map(str.encode) | st.just(b"a" * 5000)

WORDS = [
    *(b"GET ", b"POST ", PATH.encode(), b" HTTP/1.1", b"\r\n", b"\r\n\r\n", b": ", b"0\r\n\r\n"),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", request("GET", PATH)),
]


def check(server: Served, answer: bytes) -> None:
    """Nothing that came back, and nothing that was logged, is of a bug."""
    assert {500, 502, 503}.isdisjoint(statuses(answer))
    assert ([], 0) == (server.errors, server.running.count(Count.BUGS))


@MANY
@given(method=METHODS, path=PATHS, query=QUERIES, fields=FIELDS, body=BODIES)
def test_requests_of_any_kind(server: Served, method: str, path: str, query: str, fields: str, body: bytes) -> None:
    """Each gets an answer, but for those that do not say where they end."""
    may_be_open = method == "CONNECT" or bool(fields)
    answer = server.ask(request(method, path + query, fields, body), closes=may_be_open)
    assert may_be_open or statuses(answer)
    check(server, answer)


@MANY
@given(st.lists(st.binary(max_size=30) | st.sampled_from(WORDS), max_size=12))
def test_bytes_of_any_kind(server: Served, pieces: list[bytes]) -> None:
    """What is no HTTP is refused."""
    check(server, server.ask(b"".join(pieces), closes=True))


def test_it_is_alive_after_all_that(server: Served) -> None:
    """And answers as it did before."""
    assert [303] == statuses(server.ask(request("GET", order_path("NONE"))))
