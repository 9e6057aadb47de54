"""Stores with one thing wrong: a permission that is missing, or conditions that are not honoured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flashgen.errors import AccessDenied, Conflict
from flashgen.store import Entry, Headers, Store, Stored


@dataclass(frozen=True)
class CrippledStore:
    """Denies the verbs that are named in `denied`; `ignores` and `refuses` conditions of puts."""

    store: Store
    denied: frozenset[str] = frozenset()
    ignores: frozenset[str] = frozenset()
    refuses_if_match: bool = False

    @property
    def url(self) -> str:
        """That of the store below."""
        return self.store.url

    def get(self, key: str) -> Stored | None:
        """`get`."""
        self._check("get", key)
        return self.store.get(key)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """`put`, without the conditions that are ignored."""
        self._check("put", key)
        if if_match and self.refuses_if_match:
            raise Conflict(f"{key}: not written")
        if_match = None if "if_match" in self.ignores else if_match
        if_absent = if_absent and "if_absent" not in self.ignores
        return self.store.put(key, body, headers, if_match=if_match, if_absent=if_absent)

    def list(self, prefix: str) -> Iterator[Entry]:
        """`list`."""
        self._check("list", prefix)
        return self.store.list(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """`delete`."""
        self._check("delete", "")
        self.store.delete(keys)

    def _check(self, verb: str, key: str) -> None:
        if verb in self.denied:
            raise AccessDenied(f"{self.url}/{key}: access denied", f"allow {verb} on it")
