"""From a target's `store:` to a store, and from its `distribution:` to a CDN."""

from __future__ import annotations

from pathlib import Path

from flashgen.errors import StoreError
from flashgen.store.cloudfront import CloudFront
from flashgen.store.folder import FolderStore
from flashgen.store.protocol import Cdn, Store
from flashgen.store.s3 import S3Store


def open_store(url: str, root: Path, *, region: str | None = None, endpoint_url: str | None = None) -> Store:
    """The store that `url` names: `dir:PATH`, relative to `root`, or `s3://BUCKET[/PREFIX]`.

    Nothing is read, written or sent. `region` and `endpoint_url` are S3's.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "dir" and rest:
        return FolderStore(root / rest)
    bucket, _, prefix = rest.removeprefix("//").partition("/")
    if scheme == "s3" and rest.startswith("//") and bucket:
        return S3Store(bucket, prefix, region, endpoint_url)
    raise StoreError(f"store {url!r}: must be dir:PATH or s3://BUCKET[/PREFIX]", "correct `store:` in flashgen.yaml")


def open_cdn(distribution: str | None) -> Cdn | None:
    """The CDN that a `distribution` of CloudFront is; None where a target has none. Nothing is sent."""
    return CloudFront(distribution) if distribution else None
