"""What every AWS service says when the account, the clock or the line is the trouble, in one line with the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flashgen.errors import NoAnswer, StoreError

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.exceptions import ClientError

CONNECT_TIMEOUT_SECONDS: Final = 3
READ_TIMEOUT_SECONDS: Final = 10
#: Connections kept open to one endpoint: at least as many as threads that upload at once.
POOL_CONNECTIONS: Final = 50

_SIGN_IN = "get new ones, with `aws sso login` for instance, then run it again"
_KEYS = "check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_ACCOUNT: Final = {
    "ExpiredToken": ("the AWS credentials have expired", _SIGN_IN),
    "ExpiredTokenException": ("the AWS credentials have expired", _SIGN_IN),
    "TokenRefreshRequired": ("the AWS credentials have expired", _SIGN_IN),
    "InvalidToken": ("the AWS session token is not valid", _SIGN_IN),
    "InvalidAccessKeyId": ("the AWS access key is unknown", _KEYS),
    "UnrecognizedClientException": ("the AWS access key is unknown", _KEYS),
    "InvalidClientTokenId": ("the AWS access key is unknown", _KEYS),
    "SignatureDoesNotMatch": ("the AWS secret key does not fit its access key", _KEYS),
    "InvalidSignatureException": ("the AWS secret key does not fit its access key", _KEYS),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set it with NTP: go-live depends on it too"),
}
#: By name, since older releases of botocore lack some.
_SIGN_IN_ERRORS: Final = ("SSOError", "LoginError", "TokenRetrievalError", "CredentialRetrievalError")


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


def code_and_status(error: ClientError) -> tuple[str, int]:
    """A service's error code and the HTTP status; empty and 0 where the answer has none."""
    response = error.response
    return (
        str(response.get("Error", {}).get("Code", "")),
        int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
    )


def account_error(place: str, code: str) -> StoreError | None:
    """The error for a service's code that tells of the credentials or the clock; None for any other code."""
    if code not in _ACCOUNT:
        return None
    said, hint = _ACCOUNT[code]
    return StoreError(f"{place}: {said}", hint)


def botocore_error(place: str, error: Exception) -> StoreError:
    """What botocore raises by itself: no credentials, no connection, no such profile, an impossible name."""
    from botocore import exceptions as known

    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        return StoreError(f"{place}: no AWS credentials found", f"sign in with `aws sso login`, or {_KEYS}")
    if any(kind.__name__ in _SIGN_IN_ERRORS for kind in type(error).__mro__):
        return StoreError(f"{place}: the AWS credentials cannot be had: {one_line(error)}", _SIGN_IN)
    if isinstance(error, known.NoRegionError):
        return StoreError(f"{place}: no AWS region is known", "set `region:` for this target in flashgen.yaml")
    if isinstance(error, known.HTTPClientError | known.ConnectionError | known.IncompleteReadError):
        return NoAnswer(f"{place}: no answer: {one_line(error)}", "check the network and `endpoint_url:`")
    return StoreError(f"{place}: {one_line(error)}")


def one_line(error: Exception) -> str:
    """An SDK's message as ours are: one line, lower case at the start, no final period."""
    text = " ".join(str(error).split()).rstrip(".")
    return text[:1].lower() + text[1:]
