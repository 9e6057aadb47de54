"""What S3 says, in flashgen's words: who may retry, who was first, and what to mend.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flashgen.aws import errors as aws_errors
from flashgen.aws.errors import Codes, Meaning, code_and_status
from flashgen.errors import AccessDenied, Conflict, NoAnswer, StoreError
from flashgen.store.precondition import DECIDE_ANEW

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_ELSEWHERE: Final = (
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)
_OVERTAKEN: Final = Meaning(Conflict, "not written, it was written or removed by someone else", DECIDE_ANEW)
_UNCONDITIONAL: Final = Meaning(
    StoreError, "this store has no conditional writes", "choose one that has If-Match on PUT"
)
_CODES: Final[Codes] = {
    "409": _OVERTAKEN,
    "412": _OVERTAKEN,
    "PreconditionFailed": _OVERTAKEN,
    "ConditionalRequestConflict": _OVERTAKEN,
    "OperationAborted": _OVERTAKEN,
    "NoSuchKey": Meaning(Conflict, "not written, there is no object any more", DECIDE_ANEW),
    "501": _UNCONDITIONAL,
    "NotImplemented": _UNCONDITIONAL,
}


@contextmanager
def explained(action: str, bucket: str, key: str) -> Iterator[None]:
    """Turn what botocore raises into `StoreError`. `action` is IAM's (`s3:PutObject`), `key` is as in the bucket."""
    place, arn = _place(bucket, key), _arn(bucket, key)
    codes = {**_CODES, **_of_the_bucket(bucket)}
    with aws_errors.explained(place, action, arn, codes), _redirected(bucket), _overheard(place):
        yield


def is_missing(error: ClientError) -> bool:
    """Whether S3 says that there is no such object. A 404 may as well be about the bucket, or a load balancer's."""
    return code_and_status(error)[0] == "NoSuchKey"


def is_foreign(error: ClientError) -> bool:
    """Whether something on the way has answered a GET or PUT: what S3 refuses it names, where an answer has a body.

    Of busy and of conflict the status says all there is to say.
    """
    code, status = code_and_status(error)
    is_unnamed = 400 <= status < 500 and code in ("", str(status)) and str(status) not in (*_CODES, "429")
    return is_unnamed and error.operation_name in ("GetObject", "PutObject")


def denied(action: str, bucket: str, key: str) -> AccessDenied:
    """The error that names what to allow, as it is written in a policy."""
    return aws_errors.denied(_place(bucket, key), action, _arn(bucket, key))


def without_etag(bucket: str, key: str) -> NoAnswer:
    """The error for an answer that lacks what every condition of a later write needs; so whose it is, nobody knows."""
    return NoAnswer(
        f"{_place(bucket, key)}: the server answered without an ETag",
        "let its ETag header through the proxy before it, or use a store that sends one",
    )


def _of_the_bucket(bucket: str) -> Codes:
    hint = "create it, or correct `store:` in flashgen.yaml"
    return {"NoSuchBucket": Meaning(StoreError, f"there is no bucket {bucket}", hint)}


@contextmanager
def _overheard(place: str) -> Iterator[None]:
    """Whatever something on the way says, what S3 did is not known by it."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if is_foreign(error):
            said = f"{place}: answered {code_and_status(error)[1]}, and not by S3"
            raise NoAnswer(said, "something on the way says so: check proxies and `endpoint_url:`") from error
        raise


@contextmanager
def _redirected(bucket: str) -> Iterator[None]:
    """S3 says where a bucket is; nobody else says so of anything."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        code, status = code_and_status(error)
        if code in _ELSEWHERE or status == 301:
            raise _elsewhere(bucket, error) from error
        raise


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


def _arn(bucket: str, key: str) -> str:
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
