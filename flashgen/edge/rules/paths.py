"""From a request's path to a key of the store, as the distribution's viewer-request function does it, and back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flashgen.store.keys import is_key

INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class ResolvedPath:
    """What a path names: the `key` of an object, or the `location` to go to instead; both empty if neither."""

    key: str = ""
    location: str = ""


def resolve(path: str, query: bytes = b"") -> ResolvedPath:
    """`/x/` is `x/index.html`; `/x`, without a dot in its last segment, leads to `/x/`, and keeps its query.

    `path` is percent-decoded. What cannot be a key (`..`, empty segments, backslashes) is nothing: so a `location`
    never starts with `//`, which would lead to another host.
    """
    if not path.startswith("/"):
        return ResolvedPath()
    key = path[1:] + (INDEX if path.endswith("/") else "")
    if not is_key(key):
        return ResolvedPath()
    if "." in key.rpartition("/")[2]:
        return ResolvedPath(key=key)
    suffix = f"?{query.decode('latin-1')}" if query else ""
    return ResolvedPath(location=f"/{quote(key)}/{suffix}")


def public_path(key: str) -> str:
    """The path that a shopper's browser asks for: `/sale/lamp/` for `sale/lamp/index.html`, `/` for `index.html`."""
    folder, slash, name = key.rpartition("/")
    return f"/{quote(folder)}{slash}" if name == INDEX else f"/{quote(key)}"
