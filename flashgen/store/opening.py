"""From a target's `store:` to a store, and from its `distribution:` to a CDN."""

from __future__ import annotations

from pathlib import Path

from flashgen.aws.cloudfront import CloudFront
from flashgen.errors import StoreError
from flashgen.store.address import FolderAddress, parse_address
from flashgen.store.folder import FolderStore
from flashgen.store.protocol import Cdn, Store
from flashgen.store.s3.store import S3Store


def open_store(url: str, root: Path, *, region: str | None = None, endpoint_url: str | None = None) -> Store:
    """The store that `url` names: `dir:PATH`, relative to `root`, or `s3://BUCKET[/PREFIX]`.

    Nothing is read, written or sent. `region` and `endpoint_url` are S3's. Raises StoreError for what is no address.
    """
    try:
        address = parse_address(url)
    except StoreError as error:
        raise StoreError(f"store {url!r}: {error.message}", error.hint) from error
    if isinstance(address, FolderAddress):
        return FolderStore(root / address.path)
    return S3Store(address.bucket, address.prefix, region, endpoint_url)


def open_cdn(distribution: str | None) -> Cdn | None:
    """The CDN that a `distribution` of CloudFront is; None where a target has none. Nothing is sent."""
    return CloudFront(distribution) if distribution else None
