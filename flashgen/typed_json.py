"""Reads JSON that others wrote, from a store or a file, as the frozen dataclasses that the code works with.

Such an object may be damaged, hostile or a newer flashgen's. Whatever it holds, a reader returns a whole value with
every bound kept, or raises Damaged or Newer. No value is quoted in a message: it may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError

from flashgen import timestamps
from flashgen.errors import Refused

T = TypeVar("T")

MAX_WHOLE = 2**53 - 1
"""What JavaScript's numbers hold exactly (RFC 8259, 6)."""
MAX_SKUS = 100_000
"""As many as a sale may have products."""
_MAX_PATH = 80
_YEARS = range(1970, 9000)
"""Far from both ends of what a datetime can be, so that adding to one cannot overflow."""


def _instant(value: object) -> datetime:
    """Raises ValueError, which pydantic reports with its place."""
    instant = timestamps.from_text(value) if isinstance(value, str) else None
    if instant is None or instant.year not in _YEARS:
        raise ValueError
    return instant


Whole = Annotated[int, Field(ge=0, le=MAX_WHOLE)]
Text = Annotated[str, Field(max_length=4096)]
Line = Annotated[str, Field(max_length=1024, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""Printed in terminals and sent in headers: without line breaks and escape sequences."""
Price = Annotated[str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,4})?$")]
"""Plain digits, as orders are forwarded: `19.90`."""
Skus = Annotated[frozenset[Line], Field(max_length=MAX_SKUS)]
Instant = Annotated[datetime, PlainValidator(_instant)]


class UnreadableObject(Refused):
    """What lies at a place cannot be read, and reading it again will not help."""


class Damaged(UnreadableObject):
    """What lies at a place is not what belongs there: it was overwritten, or a proxy on the way has answered."""


class Newer(UnreadableObject):
    """What lies at a place was written by a newer flashgen."""


@dataclass(frozen=True)
class JsonReader(Generic[T]):
    """Reads `shape`, a dataclass, which messages call `noun` (`a manifest`), from at most `max_bytes`.

    Unknown keys are ignored. Where `format` is above `newest_format`, an unknown key may matter: that is Newer. An
    object without `format` has the first.
    """

    shape: type[T]
    noun: str
    max_bytes: int
    newest_format: int = 1

    def read(self, body: bytes, place: str, hint: str) -> T:
        """The value in `body`. Raises Damaged with `place` and `hint`, and Newer."""
        if len(body) > self.max_bytes:
            reason = f"{len(body):,} bytes, and at most {self.max_bytes:,} are read"
            raise Damaged(f"{place} is not {self.noun} ({reason})", hint)
        try:
            found = self._format.validate_json(body, strict=True).format
            if found > self.newest_format:
                raise Newer(
                    f"{place} was written by a newer flashgen: it has format {found}, and this one reads up to "
                    f"{self.newest_format}",
                    "update flashgen",
                )
            return self._adapter.validate_json(body, strict=True)
        except ValidationError as error:
            raise Damaged(f"{place} is not {self.noun} ({_reason(error)})", hint) from None

    @cached_property
    def _format(self) -> TypeAdapter[_Format]:
        return TypeAdapter(_Format)

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        # Made when it is first needed: a command pays for the objects that it reads.
        return TypeAdapter(self.shape)


@dataclass(frozen=True, slots=True)
class _Format:
    format: Whole = 1


def _reason(error: ValidationError) -> str:
    """The first problem in a few words, without what was found."""
    detail: Mapping[str, Any] = error.errors(include_url=False)[0]
    path = ".".join(str(step) for step in detail["loc"])
    path = "".join(each if each.isprintable() else "?" for each in path)[:_MAX_PATH]
    match detail["type"]:
        case "json_invalid":
            return f"no JSON: {detail['ctx']['error']}"
        case "missing":
            return f"`{path}` is missing"
        case "value_error" if isinstance(detail["input"], dict):  # of an object's parts together
            return str(detail["ctx"]["error"])
    subject = f"`{path}`" if path else "it"
    return f"{subject} is {_KINDS.get(type(detail['input']), 'something')} that cannot be there"


_KINDS = {
    type(None): "a null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}
