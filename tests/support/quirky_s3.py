"""An HTTP proxy before an S3 server that makes it one of the servers which follow S3's protocol in their own way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import Flag, auto
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Lock, Thread

from support.fault_proxy import LIMIT_SECONDS, Answer, refusal

CONDITIONS = ("if-match", "if-none-match")


class Quirk(Flag):
    """What the server does otherwise."""

    NO_CONDITIONS = auto()
    """It writes whatever the conditions say."""
    NO_ETAGS = auto()
    """Its answers have no ETag."""
    WEAK_ETAGS = auto()
    """Its ETags are weak, and it compares them strongly: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1"""
    NO_MULTI_DELETE = auto()
    """It deletes one object a request."""
    MD5_FOR_MULTI_DELETE = auto()
    """It deletes many only with a Content-MD5."""
    DENIES_THE_MISSING = auto()
    """It answers 403 for what is not there."""
    SLOW_DOWN = auto()
    """It answers 503 to one request of ten, but not to one with conditions, and takes it when it comes again."""
    SLOW_DOWN_EVERYTHING = auto()
    """It answers 503 to every request that it has not seen yet, and takes it when it comes again."""


@dataclass
class QuirkyS3:
    """The proxy at `url` before `server`; `asked` are the requests that came, as `PUT /bucket/key`."""

    url: str
    server: str
    quirk: Quirk
    asked: list[str] = field(default_factory=list)
    _refused: set[tuple[object, ...]] = field(default_factory=set)
    _random: Random = field(default_factory=lambda: Random(3))
    _lock: Lock = field(default_factory=Lock)

    def answer(self, command: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """What the server says of a request, in its way."""
        with self._lock:
            self.asked.append(f"{command} {path}")
            if self._is_busy((command, path, body), tuple(headers.get(name) for name in CONDITIONS)):
                return refusal(503, "SlowDown")
        quirk, is_multi_delete = self.quirk, command == "POST" and "delete" in path
        if is_multi_delete and Quirk.NO_MULTI_DELETE in quirk:
            return refusal(501, "NotImplemented")
        if is_multi_delete and Quirk.MD5_FOR_MULTI_DELETE in quirk and "content-md5" not in headers:
            return refusal(400, "MissingContentMD5")
        if Quirk.WEAK_ETAGS in quirk and headers.get("if-match", "").startswith("W/"):
            return refusal(412, "PreconditionFailed")
        if Quirk.NO_CONDITIONS in quirk:
            headers = {name: value for name, value in headers.items() if name not in CONDITIONS}
        return self._changed(command, self._send(command, path, headers, body))

    def _is_busy(self, request: tuple[object, ...], conditions: tuple[str | None, ...]) -> bool:
        """Never twice for one request: by chance that would be more often than clients try."""
        is_random = Quirk.SLOW_DOWN in self.quirk and not any(conditions) and self._random.random() < 0.1
        is_busy = is_random or Quirk.SLOW_DOWN_EVERYTHING in self.quirk
        if not is_busy or (*request, *conditions) in self._refused:
            return False
        self._refused.add((*request, *conditions))
        return True

    def _changed(self, command: str, answer: Answer) -> Answer:
        if Quirk.DENIES_THE_MISSING in self.quirk and command == "GET" and answer.status == 404:
            return refusal(403, "AccessDenied")
        fields = {name.lower(): value for name, value in answer.headers.items()}
        if Quirk.NO_ETAGS in self.quirk:
            fields.pop("etag", None)
        if Quirk.WEAK_ETAGS in self.quirk and "etag" in fields:
            fields["etag"] = f"W/{fields['etag']}"
        return Answer(answer.status, fields, answer.body)

    def _send(self, command: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        with closing(HTTPConnection(self.server.removeprefix("http://"), timeout=LIMIT_SECONDS)) as upstream:
            upstream.request(command, path, body, headers)
            answer = upstream.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())


@contextmanager
def quirky_s3(server: str, quirk: Quirk) -> Iterator[QuirkyS3]:
    """Run one on a free port of this machine before `server` (`http://host:port`)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fields = {name.lower(): value for name, value in self.headers.items()}
            answer = proxy.answer(self.command, self.path, fields, body)
            self.send_response_only(answer.status)
            own = {name.lower(): value for name, value in answer.headers.items()}
            length = own.get("content-length", "0") if self.command == "HEAD" else str(len(answer.body))
            own = {name: value for name, value in own.items() if name not in ("connection", "transfer-encoding")}
            for name, value in (own | {"content-length": length}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads, listening.block_on_close = True, False
        proxy = QuirkyS3(f"http://127.0.0.1:{listening.server_port}", server, quirk)
        thread = Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield proxy
        finally:
            listening.shutdown()
            thread.join()
