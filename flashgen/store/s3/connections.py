"""Connections to one server, which are kept, and how long an answer is waited for over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from flashgen.aws import clients as aws
from flashgen.store.background import in_background

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.httpsession import URLLib3Session

#: What is answered at once, if at all: pointers, manifests, journal records, and every request without a body.
SMALL_BYTES: Final = 2**16

OpenLine = Callable[[tuple[float, float]], "URLLib3Session"]
"""Makes a pool of connections, given its time-outs in seconds: to connect, and to read."""


@dataclass(frozen=True, slots=True)
class S3Answer:
    """What a server says. Names of `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class S3Lines:
    """Two pools of connections: one with little patience for what is small, one for the rest. Safe between threads."""

    def __init__(self, open_line: OpenLine) -> None:
        self._open_line = open_line
        self._small = open_line(aws.SMALL_TIMEOUTS)

    def send(self, request: AWSPreparedRequest, body_bytes: int) -> S3Answer:
        """The answer to a request with `stream_output`. Raises botocore's errors without one.

        Of a small request it begins within the sum of SMALL_TIMEOUTS; however much it says then. A request that is
        given up goes on in its thread for a while, and may still arrive.
        """
        from botocore.exceptions import ReadTimeoutError
        from botocore.response import StreamingBody

        if body_bytes > SMALL_BYTES:
            answer = self._patient.send(request)
        else:
            try:
                answer = in_background(lambda: self._small.send(request)).result(sum(aws.SMALL_TIMEOUTS))
            except TimeoutError as late:
                # The name took long to be found, or has many addresses: each is tried for as long as the first.
                raise ReadTimeoutError(endpoint_url=request.url) from late
        unchecked: Any = None  # the answer to a HEAD has the length of what it leaves out
        return S3Answer(answer.status_code, answer.headers, StreamingBody(answer.raw, unchecked).read())

    @cached_property
    def _patient(self) -> URLLib3Session:
        return self._open_line((aws.CONNECT_TIMEOUT_SECONDS, aws.READ_TIMEOUT_SECONDS))
