"""A target in which everything is as it should be, for a test to break one thing in it.

S3 and STS are moto's, the edge is the real local one, the gate a stand-in that verifies real signatures. CloudFront's
configuration is given as facts, since moto has no policies: that these are read rightly, is tested by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from moto import mock_aws
from support.gate_stand_in import GateStandIn

from flashgen import timestamps
from flashgen.aws.distribution import (
    CachePolicy,
    DistributionConfig,
    DistributionOrigin,
    HeadersPolicy,
    PathBehaviour,
)
from flashgen.aws.identity import Identity, read_identity
from flashgen.cli.main import main
from flashgen.doctor.context import DoctorContext
from flashgen.doctor.examination import examine
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.edge.rules.security import content_security_policy
from flashgen.finding import Finding, Level
from flashgen.sale.load import load_header
from flashgen.store import FolderStore, S3Store, Store, Stored
from flashgen.store.protocol import Cdn
from flashgen.store.s3.bucket import PUBLIC_ACCESS_BLOCKS, Bucket
from flashgen.unlock.pointer import pointer_headers, pointer_key
from flashgen.unlock.pointer_file import PointerFile
from flashgen.unlock.pointer_writer import Actor, OrderUrls, PointerWriter
from flashgen.unlock.token import TokenSigner

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET, DISTRIBUTION = "flash", "E2EXAMPLE"
REGION: Final = "eu-central-1"
SALE, VERSION = "night", "k7m2q9xw4t"
KEY = pointer_key(SALE, VERSION)
SECRET = "f3b1c09a7d5e4826b0c8d7e6a5948372615f4e3d2c1b0a99e8d7c6b5a4938271"

YAML = """\
sale:
  id: night
  title: Night
  starts_at: "{starts_at}"
  ends_at: "{ends_at}"
  currency: EUR
products:
  - {{sku: LAMP, name: Lamp, price: "19.90"}}
order:
  servers: ["{gate}"]
unlock: {{version: {version}}}
"""


def write_yaml(root: Path, gate: str, *, starts_in: timedelta = timedelta(hours=30)) -> None:
    """The sale, which starts some time from now and lasts nine hours."""
    starts_at = datetime.now(UTC) + starts_in
    times = {"starts_at": timestamps.to_text(starts_at), "ends_at": timestamps.to_text(starts_at + timedelta(hours=9))}
    path = root / "sale_configs" / f"{SALE}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(YAML.format(**times, gate=gate, version=VERSION))


def edit_yaml(root: Path, old: str, new: str) -> None:
    """Replace something in the sale."""
    path = root / "sale_configs" / f"{SALE}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def write_project(root: Path, gate: str, *, starts_in: timedelta = timedelta(hours=30)) -> None:
    """A project that is built, and pushed to its local store."""
    write_yaml(root, gate, starts_in=starts_in)
    (root / "flashgen.yaml").write_text("default_target: local\n")
    (root / ".gitignore").write_text("build/\n.flashgen/\n")
    assert main(["--project", str(root), "-q", "push", "--yes"]) == 0


def objects(root: Path) -> dict[str, Stored]:
    """What a push has put, by key."""
    store = FolderStore(root / ".flashgen" / "store")
    found = {entry.key: store.get(entry.key) for entry in store.list("")}
    return {key: stored for key, stored in found.items() if stored}


class SilentCdn:
    """A CDN that takes every invalidation, and remembers the paths."""

    name = "CloudFront E2EXAMPLE"

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """Remember."""
        self.told.append(tuple(paths))
        return "I1"

    def is_done(self, invalidation: str) -> bool:
        """At once."""
        return True


def good_distribution(gate: str) -> DistributionConfig:
    """As `flashgen infra` makes it, for the bucket below and a url on this machine."""
    policy = content_security_policy([gate])
    headers = HeadersPolicy(policy, 63_072_000, True, "strict-origin-when-cross-origin")
    told = HeadersPolicy(policy, 63_072_000, True, "strict-origin-when-cross-origin", {"cache-control": "no-store"})
    https = "redirect-to-https"
    polled, kept = CachePolicy(1, 1, 2), CachePolicy(1, 86_400, 31_536_000)
    return DistributionConfig(
        id=DISTRIBUTION,
        domain="d111111abcdef8.cloudfront.net",
        aliases=("127.0.0.1",),
        is_enabled=True,
        is_deployed=True,
        origins=(DistributionOrigin("store", f"{BUCKET}.s3.{REGION}.amazonaws.com", "", True),),
        behaviours=(
            PathBehaviour("*/unlock.*.js", "store", https, False, polled, told, frozenset({"viewer-response"})),
            PathBehaviour("*", "store", https, True, kept, headers, frozenset({"viewer-request"})),
        ),
        error_ttl_seconds={403: 1, 404: 1},
    )


@dataclass
class Stage:
    """Everything that a test may break. `store` is what doctor sees; the edge sees the one in `cloud`."""

    root: Path
    gate: GateStandIn
    url: str | None
    cloud: Cloud
    store: Store
    facts: DistributionConfig
    cdn: Cdn = field(default_factory=SilentCdn)
    secret: Callable[[], str] = lambda: SECRET
    secret_source: str = "env:FLASHGEN_SECRET"
    clock: Callable[[], float] = time.time
    identity: Callable[[], Identity] | None = None
    bucket: Bucket | None = None
    storage: str = ""

    @property
    def s3(self) -> Store:
        """The bucket, for setting it up."""
        return self.cloud.store

    def context(self) -> DoctorContext:
        """What `flashgen doctor` would be given."""
        return DoctorContext(
            root=self.root,
            build_folder=self.root / "build",
            sale_paths=tuple(sorted((self.root / "sale_configs").glob("*.yaml"))),
            store=self.store,
            secret=self.secret,
            secret_source=self.secret_source,
            nonce="nonce",
            clock=self.clock,
            sleep=lambda seconds: None,
            url=self.url,
            storage=self.storage,
            bucket=self.bucket or self.cloud.bucket,
            identity=self.identity or (lambda: self.cloud.identity),
            distribution=lambda: self.facts,
            distribution_id=DISTRIBUTION,
            cdn=self.cdn,
        )

    def findings(self) -> list[Finding]:
        """All of them."""
        return [noted.finding for noted in examine(self.context())]

    def troubles(self) -> list[Finding]:
        """Those that are not PASS."""
        return [finding for finding in self.findings() if finding.level is not Level.PASS]

    def writer(self) -> PointerWriter:
        """A writer of the pointer that can sign."""
        header, signer = load_header(self.root / "sale_configs" / f"{SALE}.yaml"), TokenSigner([SECRET.encode()])
        numbers = iter(range(1000))
        return PointerWriter(
            PointerFile(self.s3, SALE, KEY),
            Actor("ann", lambda: datetime.now(UTC), lambda: f"nonce-{next(numbers)}", lambda seconds: None),
            pointer_headers(1),
            OrderUrls(header.order_origins, lambda: signer),
        )


class DatedBucket(Bucket):
    """moto sends no `Date` from inside this process, as every server does."""

    def date(self) -> float:
        """This machine's, cut to the second."""
        return float(int(time.time()))


@dataclass(frozen=True)
class Cloud:
    """An account of moto's with one bucket. Clients are slow to make: these serve many tests."""

    client: S3Client
    store: Store
    bucket: Bucket
    identity: Identity

    def reset(self, contents: dict[str, Stored]) -> None:
        """A private bucket that keeps versions, with these objects."""
        blocks = dict.fromkeys(PUBLIC_ACCESS_BLOCKS, True)
        self.client.delete_bucket_policy(Bucket=BUCKET)
        self.client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=blocks)  # type: ignore[arg-type]
        self.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.store.delete([entry.key for entry in self.store.list("")])
        for key, stored in contents.items():
            self.store.put(key, stored.body, stored.headers)


@contextmanager
def open_cloud() -> Iterator[Cloud]:
    """Needs credentials in the environment."""
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Cloud(client, S3Store(BUCKET, region=REGION), DatedBucket(BUCKET, "", REGION), read_identity(REGION))


@contextmanager
def on_stage(cloud: Cloud, root: Path, gate: GateStandIn) -> Iterator[Stage]:
    """The project at `root`, pushed to a bucket that the local edge serves."""
    cloud.reset(objects(root))
    gate.__dict__ |= {"keys": (SECRET.encode(),), "status": 200, "allows": "*", "is_gate": True, "asked": []}
    with Serving(Edge(cloud.store, order_origins=[gate.url])) as serving:
        yield Stage(root, gate, serving.url, cloud, cloud.store, good_distribution(gate.url))
