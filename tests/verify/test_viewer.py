"""A URL as the public sees it, over real connections."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flashgen.errors import NoAnswer, Refused
from flashgen.verify.viewer import Viewer

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers every request with the same bytes; `heads` are the requests, in order, by connection.

    A connection is closed after its first answer, or, with `hangs_up_on`, unanswered at its request of that number.
    """

    def __init__(self, answer: bytes, *, hangs_up_on: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.heads = answer, list[list[bytes]]()
        self._hangs_up_on, self._tls = hangs_up_on, tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Server:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(1)
            assert not thread.is_alive(), "the viewer left a connection open"

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listening.accept()[0]
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        heads: list[bytes] = []
        self.heads.append(heads)
        try:
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as line:
                line.settimeout(5)
                while head := line.recv(65536):
                    heads.append(head)
                    if len(heads) == self._hangs_up_on:
                        return
                    line.sendall(self.answer)
                    if not self._hangs_up_on:
                        return
        except OSError:
            return


def test_a_response_is_told_whole() -> None:
    """Names in lower case, a field that came twice joined, the body as it is; asked before it was answered."""
    answer = b"HTTP/1.1 404 Nope\r\nX-Cache: Miss\r\nVia: a\r\nvia: b\r\nContent-Length: 5\r\n\r\nnope\n"
    before = time.time()
    with Server(answer) as server, Viewer(server.url) as viewer:
        seen = viewer.get("/a%20b?q=1", {"accept-encoding": "gzip"})
    assert (404, b"nope\n", 5) == (seen.status, seen.body, seen.wire_bytes)
    assert {"x-cache": "Miss", "via": "a, b", "content-length": "5"} == seen.fields
    assert before <= seen.asked_at <= seen.answered_at <= time.time()
    ((head,),) = server.heads
    assert head.startswith(b"GET /a%20b?q=1 HTTP/1.1\r\n")
    assert b"accept-encoding: gzip\r\n" in head.lower()


def test_a_body_is_decoded_and_its_length_on_the_wire_kept() -> None:
    """Chunked or not."""
    body = b"word " * 1000
    packed = gzip.compress(body, mtime=0)
    sized = b"Content-Length: %d\r\n\r\n%b" % (len(packed), packed)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed)
    for rest in (sized, chunked):
        with Server(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + rest) as server, Viewer(server.url) as viewer:
            seen = viewer.get("/")
        assert (body, len(packed)) == (seen.body, seen.wire_bytes)


def test_a_redirect_is_an_answer() -> None:
    """It is not followed: who asks wants to know of it."""
    with (
        Server(b"HTTP/1.1 302 Found\r\nLocation: /x/\r\nContent-Length: 0\r\n\r\n") as server,
        Viewer(server.url) as viewer,
    ):
        assert (302, "/x/") == ((seen := viewer.get("/x")).status, seen.fields["location"])
    assert 1 == len(server.heads)


def test_a_path_of_the_url_stands_before_every_path() -> None:
    """As where a bucket is a folder of its server."""
    with Server(PLAIN) as server, Viewer(f"{server.url}/bucket/") as viewer:
        viewer.get("/sale/")
    assert server.heads[0][0].startswith(b"GET /bucket/sale/ HTTP/1.1\r\n")


def test_connections_are_used_again() -> None:
    """One after the other needs one connection; eight threads need no more than eight."""
    with Server(PLAIN, hangs_up_on=1000) as server, Viewer(server.url) as viewer:
        for _ in range(5):
            viewer.get("/")
        assert [5] == [len(heads) for heads in server.heads]
        with ThreadPoolExecutor(8) as pool:
            assert {b"ok"} == {seen.body for seen in pool.map(lambda _: viewer.get("/"), range(200))}
        assert 205 == sum(len(heads) for heads in server.heads)
        assert len(server.heads) <= 8


def test_a_connection_that_was_closed_while_idle_is_replaced() -> None:
    """The server may close it at any time, also when a request is on its way."""
    with Server(PLAIN, hangs_up_on=2) as server, Viewer(server.url) as viewer:
        assert [b"ok", b"ok"] == [viewer.get("/").body for _ in range(2)]
    assert [2, 1] == [len(heads) for heads in server.heads]


BROKEN = {
    b"": "the connection broke: remote end closed connection without response",
    b"garbage\r\n": "the connection broke: garbage",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort": "the connection broke: the body ended early",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsho": "the connection broke: the body ended early",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc": (
        "the body is not encoded as its Content-Encoding says"
    ),
}


@pytest.mark.parametrize(("answer", "message"), BROKEN.items(), ids=BROKEN.values())
def test_what_is_no_whole_answer_is_none(answer: bytes, message: str) -> None:
    """In one line, with the URL and the fix."""
    with Server(answer) as server, Viewer(server.url) as viewer, pytest.raises(NoAnswer) as caught:
        viewer.get("/x")
    assert f"{server.url}/x: {message}" == caught.value.message
    assert caught.value.hint


def test_a_port_without_a_server_is_no_answer() -> None:
    """At once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Viewer(url) as viewer, pytest.raises(NoAnswer, match=r"/: no connection: connection refused$"):
        viewer.get("/")


def test_an_unknown_host_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is in the message, with the place to correct it."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with Viewer("http://sale.invalid") as viewer, pytest.raises(NoAnswer) as caught:
        viewer.get("/")
    assert "http://sale.invalid/: no such host: name or service not known" == caught.value.message
    assert "flashgen.yaml" in caught.value.hint


def test_silence_is_bounded() -> None:
    """Whether nobody accepts TLS or nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for scheme in ("http", "https"):
            url = f"{scheme}://127.0.0.1:{mute.getsockname()[1]}"
            with (
                Viewer(url, timeout_seconds=0.05) as viewer,
                pytest.raises(NoAnswer, match=r"no answer within 0.05 s$"),
            ):
                viewer.get("/")


def test_a_body_without_end_is_cut() -> None:
    """Packed small or not: the bound is on what would be kept."""
    packed = gzip.compress(bytes(100_001))
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    with (
        Server(answer) as server,
        Viewer(server.url, max_body_bytes=100_000) as viewer,
        pytest.raises(NoAnswer, match="more than 100,000 bytes"),
    ):
        viewer.get("/")


@pytest.mark.parametrize("known", [True, False])
def test_certificates_are_verified(known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody vouches for is no answer."""
    tls = _tls(tmp_path)
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with Server(PLAIN, tls=tls) as server, Viewer(server.url) as viewer:
        if known:
            assert b"ok" == viewer.get("/").body
        else:
            with pytest.raises(NoAnswer, match=r"no trusted TLS connection: self.signed certificate$"):
                viewer.get("/")


def test_plain_http_on_a_tls_url_says_so() -> None:
    """OpenSSL's words without its codes."""
    with (
        Server(PLAIN) as server,
        Viewer(server.url.replace("http:", "https:")) as viewer,
        pytest.raises(NoAnswer) as caught,
    ):
        viewer.get("/")
    assert "no trusted TLS connection: " in caught.value.message
    assert "_ssl" not in caught.value.message


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its name and password, which no message shows."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Server(PLAIN) as proxy:
        monkeypatch.setenv("http_proxy", f"http://ann:s%40crt@127.0.0.1:{proxy.port}")
        with Viewer("http://sale.example.com") as viewer:
            assert b"ok" == viewer.get("/x").body
    ((head,),) = proxy.heads
    assert head.startswith(b"GET http://sale.example.com/x HTTP/1.1\r\n")
    assert b"proxy-authorization: basic yw5uonnay3j0" in head.lower()
    with (
        Viewer("http://sale.example.com") as viewer,
        pytest.raises(NoAnswer, match="no way through the proxy") as caught,
    ):
        viewer.get("/x")
    assert "s@crt" not in caught.value.message
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server(PLAIN) as server, Viewer(server.url) as viewer:
        assert b"ok" == viewer.get("/").body


@pytest.mark.parametrize(
    "url",
    [
        *("", "sale.example.com", "ftp://sale.example.com", "http://", "http://[::", "http://x:99999", "http://x:0"),
        *("https://ann:s3cret@sale.example.com", "https://sale.example.com/?q", "https://sale.example.com/#x"),
    ],
)
def test_what_is_no_url_of_a_site_is_refused(url: str) -> None:
    """Without being quoted: it may hold a password."""
    with pytest.raises(Refused) as caught:
        Viewer(url)
    assert "s3cret" not in caught.value.message
    assert "https://sale.example.com" in caught.value.hint


def _tls(folder: Path) -> ssl.SSLContext:
    """A server's side, with a certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edge")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
