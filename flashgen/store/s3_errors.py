"""What S3 says, in flashgen's words: who may retry, who was first, and what to mend.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flashgen.errors import AccessDenied, NoAnswer, StoreError
from flashgen.store.aws import account_error, botocore_error, code_and_status, one_line
from flashgen.store.precondition import conflict

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_ELSEWHERE: Final = (
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)
_OVERTAKEN: Final = ("PreconditionFailed", "ConditionalRequestConflict", "OperationAborted")
_BUSY: Final = ("SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling")


@contextmanager
def explained(action: str, bucket: str, key: str) -> Iterator[None]:
    """Turn what botocore raises into `StoreError`. `action` is IAM's (`s3:PutObject`), `key` is as in the bucket."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise s3_error(action, bucket, key, error) from error
    except BotoCoreError as error:
        raise botocore_error(_place(bucket, key), error) from error


def s3_error(action: str, bucket: str, key: str, error: ClientError) -> StoreError:
    """The error for one answer of S3."""
    code, status = code_and_status(error)
    place = _place(bucket, key)
    if status in (409, 412) or code in _OVERTAKEN:
        return conflict(place, "it was written or removed by someone else")
    if code == "NoSuchKey":
        return conflict(place, "there is no object any more")
    if code == "NoSuchBucket":
        return StoreError(f"{place}: there is no bucket {bucket}", "create it, or correct `store:` in flashgen.yaml")
    if code in _ELSEWHERE or status == 301:
        return _elsewhere(bucket, error)
    return account_error(place, code) or _by_status(action, bucket, key, error)


def denied(action: str, bucket: str, key: str) -> AccessDenied:
    """The error that names what to allow, as it is written in a policy."""
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    return AccessDenied(f"{_place(bucket, key)}: access denied", f"allow {action} on {resource}")


def without_etag(bucket: str, key: str) -> StoreError:
    """The error for an answer that lacks what every condition of a later write needs."""
    return StoreError(
        f"{_place(bucket, key)}: the server answered without an ETag",
        "let its ETag header through the proxy before it, or use a store that sends one",
    )


def _by_status(action: str, bucket: str, key: str, error: ClientError) -> StoreError:
    code, status = code_and_status(error)
    place = _place(bucket, key)
    if code == "AccessDenied" or status == 403:
        return denied(action, bucket, key)
    if code == "NotImplemented" or status == 501:
        return StoreError(f"{place}: this store has no conditional writes", "choose one that has If-Match on PUT")
    if status == 429 or status >= 500 or code in _BUSY:
        return NoAnswer(f"{place}: S3 answered {code or status}", "it is busy or failing: try again in a moment")
    return StoreError(f"{place}: {one_line(error)}")


def _elsewhere(bucket: str, error: ClientError) -> StoreError:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    details = error.response.get("Error", {})
    region = str(details.get("Region", "")) or headers.get("x-amz-bucket-region", "")
    return StoreError(
        f"s3://{bucket}: the bucket is in another region{f', {region}' if region else ''}",
        f"set `region: {region or 'the one of the bucket'}` for this target in flashgen.yaml",
    )


def _place(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}" if key else f"s3://{bucket}"
