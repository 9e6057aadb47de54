"""What may name an object: one rule for every store, so that a site that fits one store fits all."""

from __future__ import annotations

from flashgen.errors import StoreError

#: S3's limit, in bytes of UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
LONGEST_KEY_BYTES = 1024

#: Where a folder store keeps what is not a body; reserved everywhere.
RESERVED = ".meta"


def checked_key(key: str) -> str:
    """The key itself, if it may name an object; else `StoreError`."""
    if fault := _fault(key):
        raise StoreError(f"key {key!r}: {fault}", "name objects like `sale/index.html`")
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself, if a key may start with it; else `StoreError`. The empty prefix is every key's."""
    folder, _, _ = prefix.rpartition("/")
    if folder:
        checked_key(folder)
    return prefix


def is_key(name: str) -> bool:
    """Whether an object may have that name. Listings leave out everything else: flashgen did not put it there."""
    return not _fault(name)


def _fault(key: str) -> str:
    segments = key.split("/")
    if not key:
        return "is empty"
    if any(segment in ("", ".", "..") for segment in segments):
        return "is absolute, or has a segment that is empty, `.` or `..`"
    if "\\" in key or "\0" in key:
        return "holds a backslash or a null character"
    if segments[0].lower() == RESERVED:
        return f"`{RESERVED}` is reserved for the store's own files"
    return _encoding_fault(key)


def _encoding_fault(key: str) -> str:
    try:
        size = len(key.encode("utf-8"))
    except UnicodeEncodeError:
        return "is not valid Unicode"
    return f"has {size} bytes, above {LONGEST_KEY_BYTES}" if size > LONGEST_KEY_BYTES else ""
