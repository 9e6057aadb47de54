"""LocalStack's S3: a second opinion on what S3 does, in a virtualenv of its own, which `.ci/localstack` makes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import boto3
import pytest
import urllib3
from support.ports import free_port
from support.s3_server import BUCKET, S3Server, lacking, running

START_SECONDS = 60
REGION: Final = "eu-central-1"


@contextmanager
def localstack_s3(folder: Path) -> Iterator[S3Server]:
    """Serve an empty bucket. `folder` is for its files. Needs the fixture `aws_credentials_of_class`, or its like.

    Where it is not installed the test is skipped, or fails where `CI` is set.
    """
    port = free_port()
    command = [str(_python()), "-m", "localstack.runtime.main"]
    with running(command, port, folder / "log", START_SECONDS, _environment(port, folder)) as url:
        _await_health(url)
        client = boto3.client("s3", endpoint_url=url)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield S3Server(url)


def _python() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    python = cache / "flashgen" / "localstack" / "bin" / "python"
    return python if python.is_file() else lacking("no LocalStack: `.ci/localstack` installs it")


def _environment(port: int, folder: Path) -> dict[str, str]:
    """Nothing but S3, on loopback, and not a word to anybody else."""
    return {
        "SERVICES": "s3",
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "GATEWAY_SERVER": "hypercorn",  # the default server listens on every interface
        "OVERRIDE_IN_DOCKER": "0",  # in a container it would write to /var/lib
        "FILESYSTEM_ROOT": str(folder / "files"),
        "HOME": str(folder),
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
    }


def _await_health(url: str) -> None:
    """It listens before it answers."""
    deadline = time.monotonic() + START_SECONDS
    with urllib3.PoolManager(retries=False) as pool:
        while time.monotonic() < deadline:
            try:
                if pool.request("GET", f"{url}/_localstack/health", timeout=5).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass
            time.sleep(0.1)
    pytest.fail(f"LocalStack does not answer at {url}")
