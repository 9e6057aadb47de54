"""Clients of AWS: how long they wait, how often they try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flashgen.proxies import botocore_proxies, check_proxies
from flashgen.whole_head import WholeHeadResponse

if TYPE_CHECKING:
    from botocore.config import Config

CONNECT_TIMEOUT_SECONDS: Final = 3
READ_TIMEOUT_SECONDS: Final = 10
#: To connect and to read, for what is answered at once if at all: at T0 there is no time to wait for silence.
SMALL_TIMEOUTS: Final = (2.0, 3.0)
#: Connections kept open to one endpoint: at least as many as threads that upload at once.
POOL_CONNECTIONS: Final = 50


def client_config(*, attempts: int | None = None, endpoint_url: str | None = None, **settings: Any) -> Config:
    """Time-outs, pool and retries of a client. `attempts` 1 sends once; None retries in botocore's standard mode.

    That is three tries, or AWS_MAX_ATTEMPTS, after connection errors, throttling (by AWS's codes, or HTTP 429) and
    500, 502, 503 and 504. Waits are random, up to 1, 2, 4, … s when throttled and 50, 100, … ms else: the jitter is in
    `botocore.retries.standard.ExponentialBackoff`.

    `endpoint_url` is where it is not AWS's own: botocore does not know networks in `no_proxy`. Raises Refused for a
    proxy in the environment that cannot be used.
    """
    from botocore.config import Config

    check_proxies()
    refuse_cut_heads()
    if endpoint_url:
        settings["proxies"] = botocore_proxies(endpoint_url)
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        max_pool_connections=POOL_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": attempts} if attempts else {"mode": "standard"},
        **settings,
    )


def refuse_cut_heads() -> None:
    """Have botocore raise ConnectionClosedError for an answer that was cut off in its head.

    It would take a listing for empty, and a write for done. It has no setting for that: this is for the whole process.
    """
    from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection

    response_class: Any = WholeHeadResponse  # the stubs know botocore's own class only
    AWSHTTPConnection.response_class = AWSHTTPSConnection.response_class = response_class
