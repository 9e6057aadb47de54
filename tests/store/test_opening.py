"""A target's `store:` opens a store, cheaply."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flashgen.errors import StoreError
from flashgen.store import FolderStore, S3Store, open_store


def test_a_folder_is_relative_to_the_project() -> None:
    """And its address is what people recognise."""
    store = open_store("dir:.flashgen/store", Path("shop"))
    assert isinstance(store, FolderStore)
    assert "dir:shop/.flashgen/store" == store.url


@pytest.mark.parametrize("url", ["s3://sale-example-com", "s3://sale-example-com/a/b"])
def test_a_bucket_may_have_a_prefix(url: str, aws_credentials: None) -> None:
    """What follows the bucket's name is put before every key."""
    store = open_store(url, Path(), region="eu-central-1")
    assert isinstance(store, S3Store)
    assert url == store.url


@pytest.mark.parametrize("url", ["", "dir:", "folder", "s3:", "s3://", "s3:///prefix", "s3:bucket", "gs://bucket"])
def test_other_addresses_are_refused(url: str) -> None:
    """With the forms that there are."""
    with pytest.raises(StoreError, match=r"must be dir:PATH or s3://BUCKET\[/PREFIX\]"):
        open_store(url, Path())


def test_importing_the_package_loads_no_boto3() -> None:
    """Only a bucket needs it, and it is slow to load."""
    code = "import sys, flashgen.store; print([name for name in ('boto3', 'botocore') if name in sys.modules])"
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    assert "[]" == subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
