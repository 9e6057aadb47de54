"""What a target's `store:` may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.errors import StoreError
from flashgen.store import open_store
from flashgen.store.address import BucketAddress, FolderAddress, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dir:.flashgen/store", FolderAddress(".flashgen/store")),
        ("dir:../elsewhere", FolderAddress("../elsewhere")),
        ("s3://sale-example-com", BucketAddress("sale-example-com")),
        ("s3://sale.example.com/", BucketAddress("sale.example.com")),
        ("s3://flash/a/b.c/", BucketAddress("flash", "a/b.c")),
    ],
)
def test_a_store_is_a_folder_or_a_bucket(text: str, expected: FolderAddress | BucketAddress) -> None:
    """With a prefix, without slashes around."""
    assert expected == parse_address(text)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("s3://flash/../x", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash/x/..", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash/./x", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash//x", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash//", "prefix without empty parts", "write it as s3://flash,"),
        ("s3://flash/_flashgen", "must not lie below _flashgen", "choose another prefix"),
        ("s3://flash/x/_flashgen/y", "must not lie below _flashgen", "choose another prefix"),
        ("s3://flash/a b", "prefix of letters, digits", "such as s3://sale-example-com/shop"),
        ("s3://flash/*", "prefix of letters, digits", "such as s3://sale-example-com/shop"),
        ("s3://flash/a\\b", "prefix of letters, digits", "such as s3://sale-example-com/shop"),
        ("s3://Flash/x", "must name a bucket", "write it as s3://flash/x, if that is the bucket"),
        ("s3://my_bucket", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://ab", "must name a bucket", "such as s3://sale-example-com"),
        (f"s3://{'a' * 64}", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://a..b", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://-flash", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://192.168.5.4", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://arn:aws:s3:::flash/x", "must name a bucket, not its ARN", "write it as s3://flash/x"),
        ("arn:aws-cn:s3:::flash", "must name a bucket, not its ARN", "write it as s3://flash"),
        ("s3://arn:aws:s3:eu-central-1:1:accesspoint/x", "must name a bucket", "such as s3://sale-example-com"),
        ("flash", "must be dir:PATH or s3://BUCKET", "such as dir:.flashgen/store"),
    ],
)
def test_what_is_no_address_is_refused_with_the_fix(text: str, message: str, hint: str) -> None:
    """By the project's settings and by whoever opens a store."""
    with pytest.raises(StoreError) as refused:
        parse_address(text)
    assert (True, True) == (message in refused.value.message, refused.value.hint.startswith(hint)), refused.value.args
    with pytest.raises(StoreError, match=r"^store '") as opened:
        open_store(text, Path())
    assert refused.value.hint == opened.value.hint
