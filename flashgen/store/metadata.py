"""The headers of a folder store's objects: one small JSON file for each key, read by the body's etag.

A file names the headers of the body that lies there and, while a write is under way, of its successor too.
So there is no instant at which a body is without the headers that belong to it.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from flashgen.store.protocol import Headers


def metadata_path(folder: Path, key: str) -> Path:
    """Where the headers of `key` lie: a flat name, so that no two keys clash and no name is too long."""
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def encode_metadata(key: str, headers: Mapping[str, Headers]) -> bytes:
    """The file's bytes. `headers` is by etag; the key is in it for people who search the folder."""
    document = {"key": key, "headers": {etag: asdict(value) for etag, value in headers.items()}}
    return json.dumps(document, indent=1).encode()


def read_metadata(path: Path) -> dict[str, Headers]:
    """Headers by etag. A missing or damaged file holds none. May raise `OSError`."""
    try:
        document = json.loads(path.read_bytes())
        return {etag: Headers(**value) for etag, value in document["headers"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def guessed_headers(key: str) -> Headers:
    """For a body that somebody put there by hand: the type its name suggests, and no rule for caches."""
    return Headers(mimetypes.guess_type(key)[0] or "application/octet-stream", "")
