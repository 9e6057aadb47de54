"""The passes of a sale that are no longer accepted: a private object of the store, without any address in clear."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from flashgen.errors import Refused
from flashgen.typed_json import JsonReader, Line

MAX_WITHDRAWN = 10_000
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The passes of a sale that are no longer accepted: digests of subjects and of ids, so that no address lies there
    in clear."""

    digests: Annotated[frozenset[Line], Field(max_length=MAX_WITHDRAWN)] = frozenset()

    def has(self, subject: str, pass_id: str) -> bool:
        """Whether the subject or this pass of theirs was withdrawn."""
        return bool(self.digests) and not self.digests.isdisjoint(_digests(subjects=[subject], ids=[pass_id]))

    def adding(self, subjects: Iterable[str], ids: Iterable[str]) -> Withdrawn:
        """The same with more. Raises Refused when there would be too many."""
        digests = self.digests | _digests(subjects, ids)
        if len(digests) > MAX_WITHDRAWN:
            raise Refused(
                f"at most {MAX_WITHDRAWN:,} passes of a sale can be withdrawn",
                "replace the key in `pass_keys`: that withdraws all passes that it signed",
            )
        return Withdrawn(digests)

    def render(self) -> bytes:
        """The object's bytes, sorted."""
        return (json.dumps({"format": 1, "digests": sorted(self.digests)}, indent=0) + "\n").encode()


NOTHING = Withdrawn()
"""No pass was withdrawn."""


def parse_withdrawn(body: bytes, key: str) -> Withdrawn:
    """What `Withdrawn.render` wrote. Raises Damaged, naming `key`, and Newer."""
    return _READER.read(body, f"{key} in the store", "restore an older version of the object, or delete it")


def _digests(subjects: Iterable[str], ids: Iterable[str]) -> frozenset[str]:
    named = [*(f"sub\n{one}" for one in subjects if one), *(f"jti\n{one}" for one in ids if one)]
    return frozenset(hashlib.sha256(each.encode()).hexdigest()[:32] for each in named)


_READER = JsonReader(Withdrawn, "a list of withdrawn passes", MAX_BYTES)
