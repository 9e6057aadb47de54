"""Requests that go without boto3's client, and those that are left to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import Session, get_session
from moto import mock_aws
from support.aws_process import Aws, aws_process

from flashgen.errors import StoreError
from flashgen.store import Headers, S3Store
from flashgen.store.s3.reachable import s3_wire
from flashgen.store.s3.wire import Unusual

SCRIPT = Headers("text/javascript", "public, max-age=0, s-maxage=1, must-revalidate")
REGION: Final = "eu-central-1"
HERE = "http://127.0.0.1:9000"
PROGRAM = """
import sys
from flashgen.store import Headers, S3Store
store = S3Store(sys.argv[1], region="eu-central-1", endpoint_url=sys.argv[2])
etag = store.put("a/ü b+c", b"one", Headers("text/plain", "no-store"), if_absent=True)
store.put("a/ü b+c", b"two", Headers("text/plain", "no-store"), if_match=etag)
print(store.date() > 0, store.get("a/ü b+c").body, store.get("none"), "boto3" in sys.modules)
"""


class Empty:
    """A body without a byte."""

    def stream(self, *_: object) -> Iterator[bytes]:
        """Nothing."""
        return iter(())


def answering(operation: str, status: int, fields: Any, asked: list[str]) -> Session:
    """A session in which requests of an `operation` never leave, and have this answer; `asked` gets them."""
    session = get_session()

    def answer(**said: Any) -> Any:
        asked.append(f"{said['request'].method} {said['request'].url}")
        return AWSResponse(said["request"].url, status, fields, Empty())

    session.register(f"before-send.s3.{operation}", answer)
    return session


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """A server of S3 on this machine."""
    with aws_process() as running:
        yield running


@pytest.mark.usefixtures("aws_credentials")
def test_what_go_live_needs_needs_no_boto3(aws: Aws) -> None:
    """Reading, both conditions, what is not there, and the time."""
    command = [sys.executable, "-c", PROGRAM, aws.empty_bucket("wired"), aws.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "True b'two' None False" == done.stdout.strip()


@pytest.mark.parametrize(
    ("bucket", "region", "endpoint_url", "url"),
    [
        ("flash", REGION, None, "https://flash.s3.eu-central-1.amazonaws.com"),
        ("flash", None, None, "https://flash.s3.eu-central-1.amazonaws.com"),
        ("flash", "us-east-1", None, "https://flash.s3.us-east-1.amazonaws.com"),
        ("flash", "auto", f"{HERE}/", f"{HERE}/flash"),
    ],
)
@pytest.mark.usefixtures("aws_credentials")
def test_an_ordinary_bucket_has_a_url(bucket: str, region: str | None, endpoint_url: str | None, url: str) -> None:
    """A host of its own at AWS, a segment of the path elsewhere; the region may come from the environment."""
    wire = s3_wire(get_session(), bucket, region, endpoint_url)
    assert wire is not None
    assert url == wire.url


@pytest.mark.parametrize(
    ("bucket", "region", "endpoint_url"),
    [
        ("sale.example.com", REGION, None),
        ("flash--euc1-az1--x-s3", REGION, None),
        ("point-abc-s3alias", REGION, None),
        ("arn:aws:s3:eu-central-1:123456789012:accesspoint/flash", REGION, None),
        ("flash", "cn-north-1", None),
        ("flash", "us-gov-west-1", None),
        ("flash", "us-iso-east-1", None),
        ("flash", "aws-global", None),
        ("flash", REGION, f"{HERE}/base"),
        ("flash", REGION, "ftp://127.0.0.1"),
    ],
)
@pytest.mark.usefixtures("aws_credentials")
def test_an_unusual_bucket_is_left_to_boto3(bucket: str, region: str, endpoint_url: str | None) -> None:
    """It knows every partition and every kind of bucket."""
    assert s3_wire(get_session(), bucket, region, endpoint_url) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_ENDPOINT_URL", HERE),
        ("AWS_ENDPOINT_URL_S3", HERE),
        ("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "legacy"),
    ],
)
@pytest.mark.usefixtures("aws_credentials")
def test_settings_that_lead_elsewhere_are_left_to_boto3(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """What the environment says of endpoints counts."""
    monkeypatch.setenv(name, value)
    assert s3_wire(get_session(), "flash", REGION, None) is None


def test_without_credentials_boto3_says_so() -> None:
    """In its words, when something is to be sent."""
    assert s3_wire(get_session(), "flash", REGION, None) is None


@pytest.mark.usefixtures("aws_credentials")
def test_aws_gets_a_signed_body_and_a_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object lock wants the checksum. Temporary credentials send their token."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "temporary")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="flash", CreateBucketConfiguration={"LocationConstraint": REGION})
        session, sent = get_session(), list[dict[str, object]]()
        session.register("before-send.s3.PutObject", lambda **said: sent.append(dict(said["request"].headers)))
        wire = s3_wire(session, "flash", REGION, None)
        assert wire is not None
        wire.put("k", b"123456789", SCRIPT, {"If-None-Match": "*"})
    headers = {name.lower(): str(value) for name, value in sent[0].items()}
    assert "y/Q5Jg==" == headers["x-amz-checksum-crc32"]
    assert "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225" == headers["x-amz-content-sha256"]
    assert headers["x-amz-security-token"]
    assert ("*", SCRIPT.content_type, SCRIPT.cache_control) == (
        headers["if-none-match"],
        headers["content-type"],
        headers["cache-control"],
    )


@pytest.mark.usefixtures("aws_credentials")
def test_the_time_is_asked_of_the_bucket_itself() -> None:
    """Of the path `/` of its host: an empty one would be signed as no server reads it."""
    asked: list[str] = []
    wire = s3_wire(
        answering("HeadBucket", 403, {"Date": "Fri, 27 Nov 2026 08:00:00 GMT"}, asked), "flash", REGION, None
    )
    assert wire is not None
    assert "Fri, 27 Nov 2026 08:00:00 GMT" == wire.head()["date"]
    assert ["HEAD https://flash.s3.eu-central-1.amazonaws.com/"] == asked


@pytest.mark.parametrize(
    "headers",
    [{"ETag": ""}, {"Content-Length": "9"}, {"Last-Modified": "yesterday"}],
    ids=["no etag", "cut off", "no time"],
)
@pytest.mark.usefixtures("aws_credentials")
def test_an_answer_that_is_not_whole_is_left_to_boto3(headers: dict[str, str]) -> None:
    """Which asks again."""
    fields = {"ETag": '"tag"', "Content-Length": "0", **headers}
    wire = s3_wire(answering("GetObject", 200, fields, []), "flash", REGION, None)
    assert wire is not None
    with pytest.raises(Unusual):
        wire.get("k")


@pytest.mark.usefixtures("aws_credentials")
def test_a_bucket_that_is_not_there_is_told(aws: Aws) -> None:
    """Both 404, with a condition and without."""
    store = S3Store("nowhere", region=REGION, endpoint_url=aws.url)
    with pytest.raises(StoreError, match="no bucket nowhere"):
        store.put("k", b"", SCRIPT, if_absent=True)
    with pytest.raises(StoreError, match="no bucket nowhere"):
        store.get("k")
