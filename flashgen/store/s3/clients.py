"""boto3's clients of one bucket, which take a while to be made, and are made when somebody needs them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from flashgen.aws.clients import client_config

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
        once, retrying = (
            session.client("s3", endpoint_url=self._endpoint_url, config=client_config(attempts=attempts, **settings))
            for attempts in (1, None)
        )
        return once, retrying
