"""How long an answer is waited for, by how much is sent."""

from __future__ import annotations

import io
from threading import Event
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from flashgen.aws import clients as aws
from flashgen.store.s3.connections import SMALL_BYTES, S3Lines


class Pool:
    """One that answers when `open` is set, after 2 s at the latest, with the time-outs it was made with."""

    def __init__(self, timeouts: tuple[float, float], open: Event) -> None:
        self.timeouts, self.open = timeouts, open

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """See `URLLib3Session.send`."""
        self.open.wait(2)
        fields: Any = {}
        return AWSResponse(request.url, 200, fields, io.BytesIO(repr(self.timeouts).encode()))


def _lines(open: Event) -> S3Lines:
    def pool(timeouts: Any) -> Any:
        return Pool(timeouts, open)

    return S3Lines(pool)


def _request() -> AWSPreparedRequest:
    return AWSRequest("GET", "http://127.0.0.1/k", stream_output=True).prepare()


@pytest.mark.parametrize(
    ("body_bytes", "timeouts"), [(0, (2.0, 3.0)), (SMALL_BYTES, (2.0, 3.0)), (SMALL_BYTES + 1, (3, 10))]
)
def test_what_is_large_may_take_longer(body_bytes: int, timeouts: tuple[float, float]) -> None:
    """At T0 something small is written."""
    open = Event()
    open.set()
    assert repr(timeouts).encode() == _lines(open).send(_request(), body_bytes).body


def test_what_is_small_has_little_time_whatever_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is not found, or eight addresses of which none answers, count as silence."""
    monkeypatch.setattr(aws, "SMALL_TIMEOUTS", (0.01, 0.02))
    open = Event()
    with pytest.raises(ReadTimeoutError, match="endpoint URL"):
        _lines(open).send(_request(), SMALL_BYTES)
    open.set()
