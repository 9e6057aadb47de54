"""Invalidations: CloudFront forgets the paths that have changed.

Invalidations: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Invalidation.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from flashgen.aws.clients import client_config
from flashgen.aws.errors import Codes, Meaning, explained
from flashgen.errors import StoreError

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

BUSY_WAITS: Final = (2.0, 4.0, 8.0, 16.0)
"""Seconds between tries while others' invalidations are in progress: most are done within that half minute."""

#: CloudFront is one service for the world, and signs for this region.
_REGION: Final = "us-east-1"


class _TooMany(StoreError):
    """A distribution may have 3,000 paths or 15 wildcards in progress at a time, of all who invalidate."""


CODES: Final[Codes] = {
    "NoSuchDistribution": Meaning(StoreError, "there is none of that id", "correct `distribution:` in flashgen.yaml"),
    "TooManyInvalidationsInProgress": Meaning(
        _TooMany, "too many invalidations are in progress", "wait a minute for them to end, then try again"
    ),
}
"""https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html"""


class CloudFront:
    """The `Cdn` protocol on a distribution, by its id. Nothing is sent before the first call.

    Credentials come by boto3's chain; throttling and failures of the service are retried.
    """

    def __init__(self, distribution: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._distribution, self._sleep = distribution, sleep
        with self._explained(""):
            self._client = cloudfront_client()

    @property
    def name(self) -> str:
        """`CloudFront E2EXAMPLE`."""
        return f"CloudFront {self._distribution}"

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """Tell the edges to forget `paths`, and return the invalidation's id; see `Cdn.invalidate`.

        If too many are in progress it waits for some to end, half a minute in all.
        """
        for wait in BUSY_WAITS:
            try:
                return self._create(paths, reference)
            except _TooMany:
                self._sleep(wait)
        return self._create(paths, reference)

    def is_done(self, invalidation: str) -> bool:
        """Whether every edge has forgotten. AWS answers `Completed`, other servers of its protocol `COMPLETED`."""
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

    def _explained(self, action: str) -> AbstractContextManager[None]:
        return explained(self.name, action, distribution_arn(self._distribution), CODES)


def cloudfront_client() -> CloudFrontClient:
    """A client that retries. Nothing is sent."""
    import boto3

    return boto3.session.Session(region_name=_REGION).client("cloudfront", config=client_config())


def distribution_arn(distribution: str) -> str:
    """As in a policy. `*` is the account of the reader."""
    return f"arn:aws:cloudfront::*:distribution/{distribution}"
