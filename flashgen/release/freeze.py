"""No push and no prune around T0: caches should hold what they held before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.errors import Refused
from flashgen.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class FreezeWindow:
    """From `before` each of the `starts` of a sale until `after` it, which is no longer part of the window."""

    sale: str
    starts: tuple[datetime, ...]
    before: timedelta
    after: timedelta

    def check(self, now: datetime) -> None:
        """Raises Refused inside the window."""
        if frozen := self._frozen(now):
            start = frozen[0]
            raise Refused(
                f"{self.sale} starts at {timestamps.to_text(start)}: from {timestamps.to_text(start - self.before)} to "
                f"{timestamps.to_text(start + self.after)} nothing is pushed or pruned",
                "wait, or use --force; `freeze` in flashgen.yaml sets the window",
            )

    def closes_at(self, now: datetime) -> datetime | None:
        """When the window begins next; None when no start lies ahead."""
        return min((start - self.before for start in self.starts if start - self.before > now), default=None)

    def opens_at(self, now: datetime) -> datetime | None:
        """When the window that `now` lies in ends; None outside of it."""
        opens = None
        while frozen := self._frozen(opens or now):  # the windows of two starts may overlap
            opens = max(start + self.after for start in frozen)
        return opens

    def _frozen(self, at: datetime) -> list[datetime]:
        return [start for start in self.starts if start - self.before <= at < start + self.after]


def freeze_window_of(manifest: Manifest, starts_at: datetime, before: timedelta, after: timedelta) -> FreezeWindow:
    """Around the start that the site has now, and the one that was pushed, which shoppers know."""
    pushed = (manifest.pointer.starts_at,) if manifest.pointer else ()
    return FreezeWindow(manifest.sale, tuple(sorted({starts_at, *pushed})), before, after)
