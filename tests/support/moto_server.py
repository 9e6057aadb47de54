"""moto's S3 over HTTP, with a bucket of which the public may read a part: it obeys bucket policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import boto3
from moto.server import ThreadedMotoServer
from support.s3_server import BUCKET, S3Server


@contextmanager
def moto_s3() -> Iterator[S3Server]:
    """Serve an empty bucket from this process. Needs the fixture `aws_credentials`, or its like."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        # Servers of one process share what they hold.
        with closing(HTTPConnection(host, port)) as connection:
            connection.request("POST", "/moto-api/reset")
            connection.getresponse().read()
        client = boto3.client("s3", endpoint_url=url)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield S3Server(url)
    finally:
        server.stop()


def make_public(server: S3Server, *keys: str) -> None:
    """Let anybody get the objects that fit one of `keys` (`sale/*`), and no others."""
    resource = [f"arn:aws:s3:::{server.bucket}/{each}" for each in keys]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boto3.client("s3", endpoint_url=server.url).put_bucket_policy(Bucket=server.bucket, Policy=policy)
