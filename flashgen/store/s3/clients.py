"""boto3's clients of one bucket, which take a while to make, and so are made at their first use."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from flashgen.aws.clients import client_config
from flashgen.errors import StoreError
from flashgen.store.s3.errors import explained

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_s3 import S3Client


class S3Clients:
    """One that sends once, and one that retries; safe between threads. Nothing is sent to make them.

    Credentials are those of `session`, looked for once however many use it. With `endpoint_url` the bucket is a segment
    of the path, and checksums are sent and wanted only where S3's protocol requires them: other servers have neither.
    """

    def __init__(self, session: Session, region: str | None, endpoint_url: str | None) -> None:
        self._session, self._region, self._endpoint_url = session, region, endpoint_url
        self._made: tuple[S3Client, S3Client] | None = None
        self._making = Lock()

    @property
    def once(self) -> S3Client:
        """Sends each request once."""
        return self.make()[0]

    @property
    def retrying(self) -> S3Client:
        """See `client_config`."""
        return self.make()[1]

    def make(self) -> tuple[S3Client, S3Client]:
        """Both, whichever thread comes first. Raises botocore's errors for settings that do not fit."""
        with self._making:
            self._made = self._made or self._new()
            return self._made

    def _new(self) -> tuple[S3Client, S3Client]:
        import boto3

        settings: dict[str, Any] = {}
        if self._endpoint_url:
            settings = {
                "s3": {"addressing_style": "path"},
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            }
        session = boto3.session.Session(region_name=self._region, botocore_session=self._session)
        url = self._endpoint_url
        once, retrying = (
            session.client(
                "s3", endpoint_url=url, config=client_config(attempts=attempts, endpoint_url=url, **settings)
            )
            for attempts in (1, None)
        )
        return once, retrying


def server_date(client: S3Client, bucket: str) -> float:
    """See `Dated.date`. A refusal has a `Date` too: permission for the bucket is not needed."""
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
