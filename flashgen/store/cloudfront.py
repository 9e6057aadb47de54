"""CloudFront, told which paths have changed.

Invalidations: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Invalidation.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flashgen.errors import AccessDenied, NoAnswer, StoreError
from flashgen.store.aws import account_error, botocore_error, client_config, code_and_status, one_line

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

BUSY_WAITS: Final = (2.0, 4.0, 8.0, 16.0)
"""Seconds between tries while others' invalidations are in progress: most are done within that half minute."""

#: CloudFront is one service for the world, and signs for this region.
_REGION: Final = "us-east-1"
_BUSY: Final = "TooManyInvalidationsInProgress"


class CloudFront:
    """The `Cdn` protocol on a distribution, by its id. Nothing is sent before the first call.

    Credentials come by boto3's chain; throttling and failures of the service are retried.
    """

    def __init__(self, distribution: str, sleep: Callable[[float], None] = time.sleep) -> None:
        import boto3

        self._distribution, self._sleep = distribution, sleep
        with self._explained(""):
            self._client = boto3.session.Session(region_name=_REGION).client("cloudfront", config=client_config())

    @property
    def name(self) -> str:
        """`CloudFront E2EXAMPLE`."""
        return f"CloudFront {self._distribution}"

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """Tell the edges to forget `paths`, and return the invalidation's id; see `Cdn.invalidate`.

        Of too many in progress it waits for some to end, half a minute in all.
        """
        for wait in BUSY_WAITS:
            try:
                return self._create(paths, reference)
            except _TooMany:
                self._sleep(wait)
        return self._create(paths, reference)

    def is_done(self, invalidation: str) -> bool:
        """Whether every edge has forgotten. AWS says `Completed`, others who speak its language `COMPLETED`."""
        with self._explained("cloudfront:GetInvalidation"):
            answer = self._client.get_invalidation(DistributionId=self._distribution, Id=invalidation)
        return answer["Invalidation"]["Status"].lower() == "completed"

    def _create(self, paths: Sequence[str], reference: str) -> str:
        with self._explained("cloudfront:CreateInvalidation"):
            answer = self._client.create_invalidation(
                DistributionId=self._distribution,
                InvalidationBatch={
                    "Paths": {"Quantity": len(paths), "Items": list(paths)},
                    "CallerReference": reference,
                },
            )
        return answer["Invalidation"]["Id"]

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError
        from botocore.exceptions import ClientError as Answered

        try:
            yield
        except Answered as error:
            raise self._error(action, error) from error
        except BotoCoreError as error:
            raise botocore_error(self.name, error) from error

    def _error(self, action: str, error: ClientError) -> StoreError:
        """Codes: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html"""
        code, status = code_and_status(error)
        if code == "NoSuchDistribution":
            return StoreError(f"{self.name}: there is none of that id", "correct `distribution:` in flashgen.yaml")
        if code == _BUSY:
            return _TooMany(
                f"{self.name}: too many invalidations are in progress", "wait a minute for them to end, then try again"
            )
        if known := account_error(self.name, code):
            return known
        if status == 403:
            resource = f"arn:aws:cloudfront::*:distribution/{self._distribution}"
            return AccessDenied(f"{self.name}: access denied", f"allow {action} on {resource}")
        if status >= 500 or code == "Throttling":
            return NoAnswer(f"{self.name}: answered {code or status}", "it is busy or failing: try again in a moment")
        return StoreError(f"{self.name}: {one_line(error)}")


class _TooMany(StoreError):
    """A distribution may have 3,000 paths or 15 wildcards in progress at a time, of all who invalidate."""
