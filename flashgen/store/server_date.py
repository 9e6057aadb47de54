"""The clock of the machine that a store lives on, where that is another one."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from flashgen.errors import StoreError
from flashgen.store.s3.errors import explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@runtime_checkable
class Dated(Protocol):
    """A store behind a server that sends its time. One on this machine has no other clock to compare."""

    def date(self) -> float:
        """The server's clock, cut to the second, in seconds since the epoch; one small request that changes nothing.

        It goes over the connection of conditional writes, and keeps that open. Raises StoreError without an answer, or
        without a `Date` in it.
        """


def server_date(client: S3Client, bucket: str) -> float:
    """See `Dated.date`. A refusal has a `Date` too: leave to look at the bucket is not needed."""
    from botocore.exceptions import ClientError

    with explained("s3:ListBucket", bucket, ""):
        try:
            fields = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
        except ClientError as refusal:
            fields = refusal.response["ResponseMetadata"]["HTTPHeaders"]
    return date_of(fields, bucket)


def date_of(fields: Mapping[str, str], bucket: str) -> float:
    """`Date` among the headers of an answer, in seconds since the epoch. Raises StoreError without one."""
    try:
        return parsedate_to_datetime(fields.get("date", "")).timestamp()
    except ValueError as error:
        raise StoreError(f"s3://{bucket}: the server sends no `Date`") from error
