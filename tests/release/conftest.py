"""What the tests of releases share."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from flashgen.store import S3Store


@pytest.fixture
def bucket(aws_credentials: None) -> Iterator[S3Store]:
    """An empty bucket, in this process."""
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="flash", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        yield S3Store("flash", "sales")
