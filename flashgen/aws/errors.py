"""AWS's errors as flashgen's: one line, with the fix.

Errors about the account, the clock and the network, which all services share, are known here. Each service's own are in
a table of its module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flashgen.errors import AccessDenied, FlashgenError, NoAnswer, StoreError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error code means: an error of `kind` with this `message`, or without it with AWS's own words."""

    kind: type[FlashgenError]
    message: str = ""
    hint: str = ""


Codes = Mapping[str, Meaning]
"""Meanings by a service's error code, or by HTTP status (`"412"`) where the code does not matter."""

_SIGN_IN: Final = "get new ones, with `aws sso login` for instance, then run it again"
_KEYS: Final = "check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_EXPIRED: Final = Meaning(StoreError, "the AWS credentials have expired", _SIGN_IN)
_UNKNOWN_KEY: Final = Meaning(StoreError, "the AWS access key is unknown", _KEYS)
_WRONG_KEY: Final = Meaning(StoreError, "the AWS secret key does not fit its access key", _KEYS)
_ACCOUNT: Final[Codes] = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": Meaning(StoreError, "the AWS session token is not valid", _SIGN_IN),
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "UnrecognizedClientException": _UNKNOWN_KEY,
    "InvalidClientTokenId": _UNKNOWN_KEY,
    "SignatureDoesNotMatch": _WRONG_KEY,
    "InvalidSignatureException": _WRONG_KEY,
    "RequestTimeTooSkewed": Meaning(
        StoreError, "this machine's clock is wrong", "set it with NTP: go-live depends on it too"
    ),
}
_DENIED: Final = ("AccessDenied", "AccessDeniedException")
#: What services send with 400 as well: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_BUSY: Final = (
    *("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
    *("RequestTimeout", "InternalError", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException"),
)
#: By name, since older releases of botocore lack some.
_SIGN_IN_ERRORS: Final = ("SSOError", "LoginError", "TokenRetrievalError", "CredentialRetrievalError")
_NO_CODES: Final[Codes] = {}


@contextmanager
def explained(place: str, action: str = "", arn: str = "", codes: Codes = _NO_CODES) -> Iterator[None]:
    """Turn what botocore raises into a FlashgenError of `place`.

    `action` and `arn` are what a policy would have to allow, in IAM's spelling: `s3:PutObject`, `arn:aws:s3:::flash/k`;
    empty where nothing is sent. Whatever is not in `codes` is AccessDenied, NoAnswer where AWS is busy or failing, or
    StoreError.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise answer_error(place, action, arn, codes, error) from error
    except BotoCoreError as error:
        raise botocore_error(place, error) from error


def answer_error(place: str, action: str, arn: str, codes: Codes, error: ClientError) -> FlashgenError:
    """The error for one answer of a service; see `explained`."""
    code, status = code_and_status(error)
    own_words = in_one_line(str(error.response.get("Error", {}).get("Message", ""))) or one_line(error)
    if meaning := codes.get(code) or codes.get(str(status)) or _ACCOUNT.get(code):
        return meaning.kind(f"{place}: {meaning.message or own_words}", meaning.hint)
    if status == 403 or code in _DENIED:
        return denied(place, action, arn)
    if status == 429 or status >= 500 or code in _BUSY:
        return NoAnswer(f"{place}: answered {code or status}", "it is busy or failing: try again in a moment")
    return StoreError(f"{place}: {one_line(error)}")


def denied(place: str, action: str, arn: str) -> AccessDenied:
    """The error that names what to allow, as it is written in a policy."""
    return AccessDenied(f"{place}: access denied", f"allow {action} on {arn}")


def code_and_status(error: ClientError) -> tuple[str, int]:
    """A service's error code and the HTTP status; empty and 0 where the answer has none."""
    response = error.response
    return (
        str(response.get("Error", {}).get("Code", "")),
        int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
    )


def botocore_error(place: str, error: Exception) -> StoreError:
    """What botocore raises by itself: no credentials, no connection, no such profile, an impossible name."""
    from botocore import exceptions as known

    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        return StoreError(f"{place}: no AWS credentials found", f"sign in with `aws sso login`, or {_KEYS}")
    if any(kind.__name__ in _SIGN_IN_ERRORS for kind in type(error).__mro__):
        return StoreError(f"{place}: the AWS credentials cannot be had: {one_line(error)}", _SIGN_IN)
    if isinstance(error, known.NoRegionError):
        return StoreError(f"{place}: no AWS region is known", "set `region:` for this target in flashgen.yaml")
    if isinstance(error, known.ProfileNotFound):
        return StoreError(f"{place}: {one_line(error)}", "`aws configure list-profiles` names those there are")
    if isinstance(error, known.ConfigParseError):
        return StoreError(f"{place}: {one_line(error)}", "mend that file, or set AWS_CONFIG_FILE to another")
    if isinstance(error, known.HTTPClientError | known.ConnectionError | known.IncompleteReadError):
        return NoAnswer(f"{place}: no answer: {one_line(error)}", "check the network and `endpoint_url:`")
    return StoreError(f"{place}: {one_line(error)}")


def one_line(error: Exception) -> str:
    """An SDK's message as ours are: one line, lower case at the start, no final period."""
    text = in_one_line(str(error))
    return text[:1].lower() + text[1:]


def in_one_line(text: str) -> str:
    """AWS's words without line breaks and final period. They may begin with a name, and keep their case."""
    return " ".join(text.split()).rstrip(".")
