"""The bucket itself: where it is, whether it keeps old versions, whether the public gets in.

`S3Store` knows objects; this is about the bucket that holds them. Everything here only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from flashgen.aws.clients import client_config
from flashgen.aws.errors import code_and_status
from flashgen.errors import StoreError
from flashgen.store.s3.clients import server_date
from flashgen.store.s3.errors import explained

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
PUBLIC_ACCESS_BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Bucket:
    """A bucket, and the `prefix` in it that a target uses (without slashes around). Safe between threads."""

    def __init__(self, name: str, prefix: str = "", region: str | None = None, endpoint_url: str | None = None) -> None:
        self.name, self.prefix = name, prefix
        self.is_aws = endpoint_url is None
        with explained("", name, ""):
            self._client = _client(region, endpoint_url)

    @property
    def asked_region(self) -> str:
        """Where requests go: the target's region, or that of AWS's own settings."""
        return self._client.meta.region_name

    def region(self) -> str:
        """Where the bucket is; empty if the server does not send it."""
        with explained("s3:ListBucket", self.name, ""):
            answer = self._client.head_bucket(Bucket=self.name)["ResponseMetadata"]
        return str(answer["HTTPHeaders"].get("x-amz-bucket-region", ""))

    def date(self) -> float:
        """The server's clock, cut to the second, in seconds since the epoch."""
        return server_date(self._client, self.name)

    def keeps_versions(self) -> bool:
        """Whether what is overwritten or deleted can be had back."""
        with explained("s3:GetBucketVersioning", self.name, ""):
            return self._client.get_bucket_versioning(Bucket=self.name).get("Status") == "Enabled"

    def missing_blocks(self) -> tuple[str, ...]:
        """Which of `PUBLIC_ACCESS_BLOCKS` are off."""
        with explained("s3:GetBucketPublicAccessBlock", self.name, ""):
            ask = partial(self._client.get_public_access_block, Bucket=self.name)
            answer = _unless("NoSuchPublicAccessBlockConfiguration", ask)
        found = {} if answer is None else self._part(answer, "PublicAccessBlockConfiguration")
        return tuple(name for name in PUBLIC_ACCESS_BLOCKS if not found.get(name))

    def has_public_policy(self) -> bool:
        """Whether its policy lets everybody in, as S3 itself judges."""
        with explained("s3:GetBucketPolicyStatus", self.name, ""):
            answer = _unless("NoSuchBucketPolicy", partial(self._client.get_bucket_policy_status, Bucket=self.name))
        return answer is not None and bool(self._part(self._part(answer, "PolicyStatus"), "IsPublic"))

    def _part(self, answer: Mapping[str, Any], name: str) -> Any:
        """What an answer must hold. A proxy that answers anything with 200 does not."""
        if name not in answer:
            raise StoreError(
                f"s3://{self.name}: what answers there is not S3: no {name}",
                "check `endpoint_url:`, and the network for a proxy that wants a login",
            )
        return answer[name]


def _client(region: str | None, endpoint_url: str | None) -> S3Client:
    import boto3

    addressing: dict[str, Any] = {"s3": {"addressing_style": "path"}} if endpoint_url else {}
    session = boto3.session.Session(region_name=region)
    return session.client(
        "s3", endpoint_url=endpoint_url, config=client_config(endpoint_url=endpoint_url, **addressing)
    )


def _unless(code: str, ask: Callable[[], Any]) -> Any:
    """What S3 answers, or None where it answers with `code`: there is no such thing at all."""
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if code_and_status(error)[0] == code:
            return None
        raise
