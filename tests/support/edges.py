"""CDNs of a test: edges that keep every page they see for ever, and ones that fail, die or dawdle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from support.operators import SALE
from support.shop import public

from flashgen.errors import StoreError
from flashgen.store import Store


@dataclass
class Edges:
    """The worst edges there may be: somebody asks for every page all the time, and only `invalidate` makes them forget.

    As with CloudFront, a `reference` that was used for the same paths already makes them forget nothing. `told` are
    the paths of each invalidation. `done_after` is how often one asks in vain whether one is done.
    """

    name: str = "edges"
    told: list[tuple[str, ...]] = field(default_factory=list)
    done_after: int = 0
    _references: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _kept: dict[str, bytes] = field(default_factory=dict)
    _asked: int = 0

    def look(self, store: Store) -> None:
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
        if list(self._references).index(reference) < len(self.told):
            return reference
        self.told.append(tuple(paths))
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


@dataclass
class MortalEdges:
    """Edges that end at their first invalidation: `death` is raised, after it was done if `told`."""

    inner: Edges
    death: Callable[[], BaseException]
    told: bool = False
    name: str = "mortal edges"

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        if self.told:
            self.inner.invalidate(paths, reference)
        raise self.death()

    def is_done(self, invalidation: str) -> bool:
        """Nobody gets that far."""
        raise AssertionError("asked after an invalidation that failed")


def _paths(key: str) -> tuple[str, ...]:
    if key.startswith(f"{SALE}/unlock."):
        return ()
    return (f"/{key}", f"/{key.removesuffix('index.html')}") if key.endswith("/index.html") else (f"/{key}",)
