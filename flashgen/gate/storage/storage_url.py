"""A storage's URL for people: whatever its scheme, and however it is mistyped, it shows no password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HOST = r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?"
_PLACE = re.compile(rf"{_HOST}(,{_HOST})*(/[\w.-]*){{0,2}}")


def without_secrets(url: str) -> str:
    """A URL without user, password and options; where one may be taken for another, without all of it.

    What has neither `//` nor `@` is a path or a name, and stays as it is.
    """
    if "//" not in url and "@" not in url:
        return url
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    place = re.split("[?#]", rest.rpartition("@")[2])[0]
    return f"{scheme}{separator}{place if _PLACE.fullmatch(place) else '…'}"


@dataclass(frozen=True, slots=True)
class SecretUrl:
    """A URL that may hold a password, and cannot be printed: as text in any form it is `without_secrets`."""

    _url: str = field(repr=False)

    def reveal(self) -> str:
        """The URL itself, for whoever connects."""
        return self._url

    def __str__(self) -> str:
        return without_secrets(self._url)

    def __repr__(self) -> str:
        return f"SecretUrl({without_secrets(self._url)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)
