"""What a target's `store:` may be: a folder, or a bucket and a prefix in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from flashgen.errors import StoreError
from flashgen.layout import PRIVATE_FOLDER

_FORMS: Final = "must be dir:PATH or s3://BUCKET[/PREFIX]"
_EXAMPLE: Final = "s3://sale-example-com"

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BUCKET_ARN = re.compile(r"(?:s3://)?arn:aws[a-z-]*:s3:::([^/]+)(.*)")

#: The characters that need no escape in a URL and have no meaning in a policy.
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder, relative to the project's or absolute."""

    path: str


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket, and the prefix of every key in it, without slashes around; often empty."""

    bucket: str
    prefix: str = ""


def parse_address(text: str) -> FolderAddress | BucketAddress:
    """The address that `text` is. Raises StoreError, whose message goes on from the name of the setting."""
    scheme, _, rest = text.partition(":")
    if scheme == "dir" and rest:
        return FolderAddress(rest)
    if arn := _BUCKET_ARN.fullmatch(text):
        raise StoreError("must name a bucket, not its ARN", f"write it as s3://{arn[1]}{arn[2].rstrip('/')}")
    bucket, slash, prefix = rest.removeprefix("//").partition("/")
    if scheme != "s3" or not rest.startswith("//") or not bucket:
        raise StoreError(_FORMS, f"such as dir:.flashgen/store, or {_EXAMPLE}")
    _check_bucket(bucket, slash + prefix)
    _check_prefix(bucket, prefix)
    return BucketAddress(bucket, prefix.removesuffix("/"))


def _check_bucket(bucket: str, rest: str) -> None:
    if _BUCKET.fullmatch(bucket):
        return
    meant = bucket.lower() if _BUCKET.fullmatch(bucket.lower()) else ""
    raise StoreError(
        "must name a bucket: 3 to 63 of a-z, 0-9, hyphens and dots",
        f"write it as s3://{meant}{rest}, if that is the bucket" if meant else f"such as {_EXAMPLE}",
    )


def _check_prefix(bucket: str, prefix: str) -> None:
    segments = prefix.removesuffix("/").split("/") if prefix else []
    if any(segment in ("", ".", "..") for segment in segments):
        plain = "/".join([bucket, *(segment for segment in segments if segment not in ("", ".", ".."))])
        raise StoreError(
            "must have a prefix without empty parts, `.` and `..`", f"write it as s3://{plain}, for example"
        )
    if PRIVATE_FOLDER in segments:
        raise StoreError(f"must not lie below {PRIVATE_FOLDER}, where what is private is kept", "choose another prefix")
    if not all(map(_SEGMENT.fullmatch, segments)):
        raise StoreError("must have a prefix of letters, digits, `.`, `_`, `-` and `/`", f"such as {_EXAMPLE}/shop")
