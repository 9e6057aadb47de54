"""`--verify`: the pointer as the public gets it, until it is the one that was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from flashgen.cli.session import Session
from flashgen.edge.viewer import Viewer
from flashgen.errors import Refused
from flashgen.release.invalidation import paths_of
from flashgen.unlock.control import Control
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.transition import is_descendant_of
from flashgen.unlock.visibility import EdgePointer, Visibility, await_visible
from flashgen.verify.edge_pointer import TIMEOUT_SECONDS, look

TOLD_EVERY = timedelta(seconds=5)
"""So often somebody who waits hears what there is instead."""


@dataclass(frozen=True)
class PublicCheck:
    """Somebody who looks at one pointer from outside. `reached_before` says that it was seen before the write."""

    session: Session
    control: Control
    viewer: Viewer
    reached_before: bool = False

    def look(self) -> EdgePointer:
        """Ask as a page does."""
        return look(self.viewer, self.control.key)

    def watch(self, ours: Pointer) -> Visibility:
        """Look until `ours` shows, or one that was built on it."""
        control = self.control
        target = self.session.project.target(self.session.target_name)[1]

        def forget() -> None:
            cdn = self.session.project.cdn(self.session.target_name)
            if cdn:
                cdn.invalidate(paths_of((control.key,)), ours.nonce)

        return await_visible(
            self.look,
            lambda pointer: is_descendant_of(control, pointer, ours),
            forget if target.distribution else None,
            now=control.now,
            sleep=control.sleep,
            tell=_now_and_then(self.session.note),
        )


@contextmanager
def witness_of(session: Session, control: Control) -> Iterator[PublicCheck]:
    """A witness who has looked once already. Raises Refused, before anything is written, if nobody knows where."""
    name, target = session.project.target(session.target_name)
    if not target.url:
        raise Refused(
            f"target `{name}` has no `url:`, so --verify does not know where the public sees it",
            "add `url: https://…` to the target in flashgen.yaml, or leave --verify out",
        )
    with Viewer(target.url, TIMEOUT_SECONDS) as viewer:
        sight = look(viewer, control.key)
        if sight.pointer is None:
            session.warn(f"--verify looks through the edge, and now {seen_instead(sight)}")
        yield PublicCheck(session, control, viewer, reached_before=sight.pointer is not None)


def seen_instead(sight: EdgePointer) -> str:
    """What the public sees instead: `the edge still shows revision 4 (Age 7 s, Hit from cloudfront)`."""
    if not sight.status:
        return f"the edge was not reached at {sight.url}: {sight.problem}"
    told = (f"Age {sight.age_seconds:,} s" if sight.age_seconds is not None else "", sight.x_cache)
    about = f" ({', '.join(filter(None, told))})" if any(told) else ""
    return f"the edge {sight.problem or f'still shows revision {sight.revision}'}{about}"


def advice(verdict: Visibility, sale: str) -> str:
    """What to do about it."""
    told = ""
    if verdict.trouble:
        told = f"; the invalidation failed too: {verdict.trouble}"
    elif verdict.invalidated:
        told = "; an invalidation did not help"
    if not verdict.sight.status:
        return f"look from another network before anything else: what was written stands (flashgen verify {sale})"
    if verdict.sight.pointer and not verdict.sight.is_fresh:
        return f"the edge keeps `*/unlock.*.js` for too long: let it obey s-maxage{told}"
    return f"see whether `url:` and the edge's origin lead to this store: flashgen verify {sale}{told}"


def _now_and_then(note: Callable[[str], None]) -> Callable[[EdgePointer, timedelta], None]:
    due = TOLD_EVERY

    def tell(sight: EdgePointer, passed: timedelta) -> None:
        nonlocal due
        if passed >= due:
            due += TOLD_EVERY
            note(f"still looking after {passed.total_seconds():.0f} s: {seen_instead(sight)}")

    return tell
