"""S3's errors as flashgen's: what may be retried, which write was first, and the fix.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flashgen.aws import errors as aws_errors
from flashgen.aws.errors import Codes, Meaning, code_and_status
from flashgen.errors import AccessDenied, Conflict, NoAnswer, StoreError
from flashgen.store.precondition import DECIDE_AGAIN

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_ELSEWHERE: Final = (
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)
_OVERTAKEN: Final = Meaning(Conflict, "not written, it was written or removed by someone else", DECIDE_AGAIN)
_UNCONDITIONAL: Final = Meaning(
    StoreError, "this store has no conditional writes", "choose one that has If-Match on PUT"
)
_CODES: Final[Codes] = {
    "409": _OVERTAKEN,
    "412": _OVERTAKEN,
    "PreconditionFailed": _OVERTAKEN,
    "ConditionalRequestConflict": _OVERTAKEN,
    "OperationAborted": _OVERTAKEN,
    "NoSuchKey": Meaning(Conflict, "not written, there is no object any more", DECIDE_AGAIN),
    "501": _UNCONDITIONAL,
    "NotImplemented": _UNCONDITIONAL,
}


@contextmanager
def explained(action: str, bucket: str, key: str) -> Iterator[None]:
    """Turn what botocore raises into `StoreError`. `action` is IAM's (`s3:PutObject`), `key` is as in the bucket."""
    place, hint = _place(bucket, key), "create it, or correct `store:` in flashgen.yaml"
    codes = {**_CODES, "NoSuchBucket": Meaning(StoreError, f"there is no bucket {bucket}", hint)}
    with aws_errors.explained(place, action, _arn(bucket, key), codes), _from_elsewhere(place, bucket):
        yield


def is_missing(error: ClientError) -> bool:
    """Whether S3 answers that there is no such object. A bare 404 may be about the bucket, or from a load balancer."""
    return code_and_status(error)[0] == "NoSuchKey"


def is_denied(error: ClientError) -> bool:
    """Whether S3 denies access, which it may also do for what is missing."""
    return code_and_status(error)[0] == "AccessDenied"


def is_unknown(error: ClientError) -> bool:
    """Whether a server of S3's protocol does not have this request, or not in the form in which boto3 sends it.

    501 and 405 are a server without it. One that follows S3's documentation of old wants a Content-MD5 with a request
    to delete many objects, and boto3 sends a CRC32 instead.
    """
    code, status = code_and_status(error)
    wants_md5 = code in ("MissingContentMD5", "InvalidDigest") or (
        code == "InvalidRequest" and "content-md5" in str(error).lower()
    )
    return status in (405, 501) or code in ("NotImplemented", "MethodNotAllowed") or wants_md5


def is_foreign(error: ClientError) -> bool:
    """Whether a proxy has answered a GET or PUT, not S3: S3's own refusals have a code in the body.

    Busy and conflict (429, 409, 412) are known by their status alone.
    """
    code, status = code_and_status(error)
    is_unnamed = 400 <= status < 500 and code in ("", str(status)) and str(status) not in (*_CODES, "429")
    return is_unnamed and error.operation_name in ("GetObject", "PutObject")


def denied(action: str, bucket: str, key: str) -> AccessDenied:
    """The error that names what to allow, as it is written in a policy."""
    return aws_errors.denied(_place(bucket, key), action, _arn(bucket, key))


def denied_or_missing(bucket: str, key: str) -> AccessDenied:
    """The error where S3 tells nobody what is missing who may not list the bucket:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    message = f"{_place(bucket, key)}: access denied, or there is no such object"
    actions = f"s3:GetObject on {_arn(bucket, key)}, and s3:ListBucket on {_arn(bucket, '')}"
    return AccessDenied(message, f"allow {actions}, without which S3 does not tell the two apart")


def without_etag(bucket: str, key: str) -> NoAnswer:
    """The error for an answer without an ETag, which the next conditional write needs."""
    return NoAnswer(
        f"{_place(bucket, key)}: the server answered without an ETag",
        "let its ETag header through the proxy before it, or use a store that sends one",
    )


@contextmanager
def _from_elsewhere(place: str, bucket: str) -> Iterator[None]:
    """An answer from a proxy is NoAnswer: it does not tell what S3 did. A redirect names the bucket's region."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        code, status = code_and_status(error)
        if is_foreign(error):
            message = f"{place}: answered {status}, and not by S3"
            raise NoAnswer(message, "something on the way says so: check proxies and `endpoint_url:`") from error
        if code in _ELSEWHERE or status == 301:  # only S3 redirects
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
