"""Clients of AWS: how long they wait, how often they try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from botocore.config import Config

CONNECT_TIMEOUT_SECONDS: Final = 3
READ_TIMEOUT_SECONDS: Final = 10
#: To connect and to read, for what is answered at once if at all: at T0 there is no time to wait for silence.
SMALL_TIMEOUTS: Final = (2.0, 3.0)
#: Connections kept open to one endpoint: at least as many as threads that upload at once.
POOL_CONNECTIONS: Final = 50


def client_config(*, attempts: int | None = None, **settings: Any) -> Config:
    """Time-outs, pool and retries of a client. `attempts` 1 sends once; None retries in botocore's standard mode.

    That is three tries, or AWS_MAX_ATTEMPTS, after connection errors, throttling (by AWS's codes, or HTTP 429) and
    500, 502, 503 and 504. Waits are random, up to 1, 2, 4, … s when throttled and 50, 100, … ms else: the jitter is in
    `botocore.retries.standard.ExponentialBackoff`.
    """
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        max_pool_connections=POOL_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": attempts} if attempts else {"mode": "standard"},
        **settings,
    )
