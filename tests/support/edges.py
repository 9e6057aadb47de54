"""The CDN of a test: edges that keep every page they see for ever, and may dawdle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from support.operators import SALE
from support.shop import public

from flashgen.errors import StoreError
from flashgen.store import Store


@dataclass
class Edges:
    """The worst case: shoppers visit every page all the time, and the edges drop a copy only at `invalidate`.

    As with CloudFront, a `reference` that was used for the same paths already makes them forget nothing.
    `invalidations` has the paths of each. `done_after` is how often one asks in vain whether one is done.
    """

    name: str = "edges"
    invalidations: list[tuple[str, ...]] = field(default_factory=list)
    done_after: int = 0
    _references: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _kept: dict[str, bytes] = field(default_factory=dict)
    _asked: int = 0

    def visit(self, store: Store) -> None:
        """Shoppers ask for everything that is public but the pointers."""
        for key, (body, _) in public(store).items():
            for path in _paths(key):
                self._kept.setdefault(path, body)

    def check_fresh(self, store: Store) -> None:
        """No edge shows anything but what is in the store."""
        now = {path: body for key, (body, _) in public(store).items() for path in _paths(key)}
        assert {} == {path: body for path, body in self._kept.items() if now[path] != body}

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        known = self._references.setdefault(reference, tuple(paths))
        if known != tuple(paths):
            raise StoreError(f"{self.name}: {reference} was for other paths")
        if list(self._references).index(reference) < len(self.invalidations):
            return reference
        self.invalidations.append(tuple(paths))
        for path in paths:
            self._forget(path)
        return reference

    def is_done(self, invalidation: str) -> bool:
        """See `Cdn.is_done`."""
        self._asked += 1
        return self._asked > self.done_after

    def _forget(self, path: str) -> None:
        if path.endswith("*"):
            self._kept = {kept: body for kept, body in self._kept.items() if not kept.startswith(path[:-1])}
        self._kept.pop(path, None)


def _paths(key: str) -> tuple[str, ...]:
    if key.startswith(f"{SALE}/unlock."):
        return ()
    return (f"/{key}", f"/{key.removesuffix('index.html')}") if key.endswith("/index.html") else (f"/{key}",)
