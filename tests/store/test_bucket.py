"""What S3 says of a bucket, by moto: in this process, and over HTTP where there are headers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Final

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.server import ThreadedMotoServer

from flashgen.errors import AccessDenied, StoreError
from flashgen.store import Headers, S3Store
from flashgen.store.s3.bucket import PUBLIC_ACCESS_BLOCKS, Bucket

REGION: Final = "eu-central-1"


@pytest.fixture
def bucket(aws_credentials: None) -> Iterator[Bucket]:
    """A new one, as S3 makes it."""
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="flash", CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Bucket("flash")


def test_a_new_bucket_keeps_no_versions_and_could_be_opened(bucket: Bucket) -> None:
    """And is not public yet. moto makes buckets as S3 did before 2023."""
    assert not bucket.keeps_versions()
    assert PUBLIC_ACCESS_BLOCKS == bucket.missing_blocks()
    assert not bucket.has_public_policy()


def test_its_settings_are_seen(bucket: Bucket) -> None:
    """Each of them."""
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket="flash", VersioningConfiguration={"Status": "Enabled"})
    client.put_public_access_block(Bucket="flash", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::flash/*"}
    client.put_bucket_policy(Bucket="flash", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert bucket.keeps_versions()
    assert PUBLIC_ACCESS_BLOCKS[1:] == bucket.missing_blocks()
    assert bucket.has_public_policy()


def test_it_knows_where_it_is_and_where_requests_go(bucket: Bucket) -> None:
    """Which may differ: S3 redirects, and each request pays for it."""
    assert (REGION, REGION) == (bucket.region(), bucket.asked_region)
    elsewhere = Bucket("flash", region="eu-west-1")
    assert (REGION, "eu-west-1") == (elsewhere.region(), elsewhere.asked_region)


def test_the_servers_clock_is_read(aws_credentials: None) -> None:
    """Whole seconds, of this machine's clock here."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        url = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=url).create_bucket(
            Bucket="flash", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        before = time.time()
        date = Bucket("flash", endpoint_url=url).date()
        assert int(before) <= date <= time.time()
        store = S3Store("flash", region=REGION, endpoint_url=url)
        store.put("pointer", b"x", Headers("text/plain", "no-store"))
        stored = store.get("pointer")
        assert int(before) <= ((stored and stored.answered_at) or 0) <= time.time()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("keeps_versions", "get_bucket_versioning"),
        ("missing_blocks", "get_public_access_block"),
        ("has_public_policy", "get_bucket_policy_status"),
    ],
)
def test_what_may_not_be_looked_at_names_the_permission(bucket: Bucket, method: str, action: str) -> None:
    """As a policy has it."""
    permission = {"get_public_access_block": "GetBucketPublicAccessBlock"}
    name = permission.get(action, action.title().replace("_", ""))
    with Stubber(bucket._client) as answers:
        answers.add_client_error(action, "AccessDenied", http_status_code=403)
        with pytest.raises(AccessDenied) as caught:
            getattr(bucket, method)()
    assert f"allow s3:{name} on arn:aws:s3:::flash" == caught.value.hint


@pytest.mark.parametrize(
    ("method", "operation"),
    [("has_public_policy", "get_bucket_policy_status"), ("missing_blocks", "get_public_access_block")],
)
def test_a_proxy_that_answers_anything_is_not_s3(bucket: Bucket, method: str, operation: str) -> None:
    """With 200, and nothing that S3 says."""
    with Stubber(bucket._client) as stub:
        stub.add_response(operation, {})
        with pytest.raises(StoreError, match="what answers there is not S3"):
            getattr(bucket, method)()
