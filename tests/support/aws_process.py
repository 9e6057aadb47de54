"""moto's AWS in a process of its own, which lives when a test kills another: S3 and CloudFront on one port.

As a program (`aws_process.py PORT`) it serves until its stdin is closed. moto looks at a condition and then writes,
without a lock between its threads; S3 does both as one step, and so does this.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_s3 import S3Client

BUCKET = "flash"


@dataclass(frozen=True)
class Aws:
    """Where it is, and a distribution in it."""

    url: str
    distribution: str

    @property
    def s3(self) -> S3Client:
        """A client of its own."""
        return _session().client("s3", endpoint_url=self.url or None)

    @property
    def cloudfront(self) -> CloudFrontClient:
        """A client of its own."""
        return _session().client("cloudfront", endpoint_url=self.url or None)

    def empty_bucket(self, name: str = BUCKET) -> str:
        """A bucket with nothing in it."""
        client = self.s3
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        return name

    def invalidated(self) -> list[tuple[str, ...]]:
        """The paths of each invalidation, oldest first."""
        client, distribution = self.cloudfront, self.distribution
        listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"].get("Items", [])
        found = [client.get_invalidation(DistributionId=distribution, Id=one["Id"])["Invalidation"] for one in listed]
        found.sort(key=lambda one: one["CreateTime"])
        return [tuple(one["InvalidationBatch"]["Paths"]["Items"]) for one in found]


@contextmanager
def aws_process() -> Iterator[Aws]:
    """Start it, with a distribution in it, and stop it in the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, __file__]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().strip()
            yield Aws(url, new_distribution(url))
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait(timeout=20)


def _session() -> Session:
    """With invented credentials: moto asks for some."""
    import boto3

    return boto3.session.Session("testing", "testing", region_name="eu-central-1")


def new_distribution(url: str = "") -> str:
    """The id of a distribution that was made just now."""
    config: Any = {
        "CallerReference": "test",
        "Origins": {
            "Quantity": 1,
            "Items": [
                {"Id": "s3", "DomainName": "flash.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "s3",
            "ViewerProtocolPolicy": "redirect-to-https",
            "TrustedSigners": {"Enabled": False, "Quantity": 0},
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            "MinTTL": 0,
        },
        "Comment": "",
        "Enabled": True,
    }
    client = Aws(url, "").cloudfront
    return client.create_distribution(DistributionConfig=config)["Distribution"]["Id"]


def main() -> None:
    """Serve until stdin ends."""
    from moto.s3.responses import S3Response
    from moto.server import ThreadedMotoServer

    turn, answer = Lock(), S3Response._key_response

    def in_turn(self: S3Response, request: Any, full_url: str) -> Any:
        with turn:
            return answer(self, request, full_url)

    setattr(S3Response, "_key_response", in_turn)  # noqa: B010  mypy will not have a method assigned
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)  # noqa: T201
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
