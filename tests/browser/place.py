"""Where a sale is public: a store, an edge in front of it, and operators in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3
from moto.server import ThreadedMotoServer
from support.varnish import varnish

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.store import FolderStore

ORIGIN = "https://order.example.com"
KEY = "a-key-of-thirty-two-bytes-or-more"
BUCKET = "flash"
REGION: Final = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

_SETTINGS = """\
default_target: public
secret: env:FLASHGEN_SECRET
freeze: {{before: 0s, after: 0s}}
targets:
  public: {target}
"""

_SALE = """\
sale:
  id: {id}
  title: Autumn fair
  starts_at: "{starts_at}"
  ends_at: "{ends_at}"
  currency: EUR
products:
  - {{sku: LAMP, name: Lamp, price: "19.90"}}
  - {{sku: MUG+1, name: Mug, price: "5.00"}}
order:
  servers: [{origin}]
unlock:
  version: 7k2mq9xw4t
"""


@dataclass(frozen=True)
class Sale:
    """A sale that was pushed. `url` is its page at the edge."""

    place: Place
    id: str
    url: str
    starts_at: datetime

    def operate(self, verb: str, *options: str) -> dict[str, Any]:
        """Have an operator do something; what the command answered."""
        return self.await_answer(self.send_operator(verb, *options))

    def send_operator(self, verb: str, *options: str) -> subprocess.Popen[str]:
        """The same without waiting for it: the process."""
        return self.place.start(verb, self.id, *options, "--yes", "--json")

    def await_answer(self, operator: subprocess.Popen[str]) -> dict[str, Any]:
        """What a command answered that ended well."""
        out, err = operator.communicate(timeout=60)
        assert 0 == operator.returncode, out + err
        answer: dict[str, Any] = json.loads(out)["result"]
        return answer


@dataclass(frozen=True)
class Place:
    """A project in `root` whose target is behind the edge at `url`. `environment` is what commands need besides."""

    root: Path
    url: str
    target: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def push(self, id: str, starts_in: timedelta) -> Sale:
        """Write a sale and push it."""
        # The pointer holds whole seconds.
        starts_at = datetime.now(UTC).replace(microsecond=0) + starts_in
        times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=9)).isoformat()}
        config = self.root / "sale_configs" / f"{id}.yaml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(_SALE.format(id=id, origin=ORIGIN, **times), encoding="utf-8")
        (self.root / "flashgen.yaml").write_text(_SETTINGS.format(target=self.target), encoding="utf-8")
        sale = Sale(self, id, f"{self.url}/{id}/", starts_at)
        sale.operate("push")
        return sale

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`python -m flashgen` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "flashgen", "--project", str(self.root), *arguments],
            env={**os.environ, "FLASHGEN_SECRET": KEY, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@contextmanager
def local_edge(root: Path) -> Iterator[Place]:
    """Our own edge before a folder."""
    with Serving(Edge(FolderStore(root / "store"), order_origins=[ORIGIN])) as serving:
        yield Place(root, serving.url, "{store: 'dir:store'}")


@contextmanager
def varnish_and_bucket(root: Path, short: Path) -> Iterator[Place]:
    """A real cache before an S3-compatible server. It knows no `x-now`. `short` is a folder with a short path."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        _make_readable_bucket(endpoint)
        target = f"{{store: 's3://{BUCKET}', region: {REGION}, endpoint_url: '{endpoint}'}}"
        with varnish(port, short, f"/{BUCKET}") as url:
            yield Place(root, url, target, CREDENTIALS)
    finally:
        server.stop()


def _make_readable_bucket(endpoint: str) -> None:
    """Anybody may read, as the CDN may in a distribution's bucket; only with a key may one write."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    readers = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [readers]}))
    client.close()
