"""`--verify`: the pointer as the public gets it, until it is the one that was written."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from flashgen.cli.session import Session
from flashgen.edge.viewer import Viewer
from flashgen.errors import NoAnswer, Refused
from flashgen.release.invalidation import paths_of
from flashgen.unlock.pointer import Forward, Pointer, parse
from flashgen.unlock.transition import Control, descends
from flashgen.unlock.visibility import Sight, Verdict, await_visible

PATIENCE_SECONDS = 2.0
"""How long a look waits for an answer: a pointer is under 1 KB, and the next look follows."""


@dataclass(frozen=True)
class Witness:
    """Somebody who looks at one pointer from outside. `reached_before` says that it was seen before the write."""

    session: Session
    control: Control
    viewer: Viewer
    reached_before: bool = False

    def look(self) -> Sight:
        """Ask as a page does, with a random query. Raises NoAnswer."""
        (path,) = paths_of((self.control.key,))
        seen = self.viewer.get(f"{path}?{secrets.token_hex(4)}")
        at = datetime.fromtimestamp(seen.answered_at, UTC)
        pointer = _pointer(seen.body, self.control.key) if seen.status == 200 else None
        return Sight(at, seen.status, pointer, seen.age_seconds, seen.fields.get("x-cache", ""))

    def watch(self, ours: Pointer) -> Verdict:
        """Look until `ours` shows, or one that was built on it."""
        control = self.control
        target = self.session.project.target(self.session.target_name)[1]

        def forget() -> None:
            cdn = self.session.project.cdn(self.session.target_name)
            if cdn:
                cdn.invalidate(paths_of((control.key,)), ours.nonce)

        return await_visible(
            self.look,
            lambda pointer: descends(control, pointer, ours),
            forget if target.distribution else None,
            now=control.now,
            sleep=control.sleep,
        )


@contextmanager
def witness_of(session: Session, control: Control) -> Iterator[Witness]:
    """A witness who has looked once already. Raises Refused, before anything is written, if nobody knows where."""
    name, target = session.project.target(session.target_name)
    if not target.url:
        raise Refused(
            f"target `{name}` has no `url:`, so --verify does not know where the public sees it",
            "add `url: https://…` to the target in flashgen.yaml, or leave --verify out",
        )
    with Viewer(target.url, PATIENCE_SECONDS) as viewer:
        witness = Witness(session, control, viewer)
        yield Witness(session, control, viewer, reached_before=_is_reached(session, witness))


def seen_instead(verdict: Verdict) -> str:
    """What the public sees instead: `the edge still shows revision 4 (Age 7 s, Hit from cloudfront)`."""
    sight = verdict.sight
    if sight is None:
        return f"the edge was not reached: {verdict.silence}"
    told = (f"Age {sight.age_seconds:,} s" if sight.age_seconds is not None else "", sight.x_cache)
    about = f" ({', '.join(filter(None, told))})" if any(told) else ""
    if sight.pointer:
        return f"the edge still shows revision {sight.pointer.revision}{about}"
    what = "something that is no pointer" if sight.status == 200 else str(sight.status)
    return f"the edge answers {what}{about}"


def advice(verdict: Verdict, sale: str) -> str:
    """What to do about it."""
    told = ""
    if verdict.trouble:
        told = f"; the invalidation failed too: {verdict.trouble}"
    elif verdict.invalidated:
        told = "; an invalidation did not help"
    if verdict.sight is None:
        return f"look from another network before anything else: what was written stands (flashgen verify {sale})"
    if verdict.sight.pointer and not verdict.sight.is_fresh:
        return f"the edge keeps `*/unlock.*.js` for too long: let it obey s-maxage{told}"
    return f"see whether `url:` and the edge's origin lead to this store: flashgen verify {sale}{told}"


def _pointer(body: bytes, key: str) -> Pointer | None:
    try:
        found = parse(body, key)
    except Refused:
        return None
    return None if isinstance(found, Forward) else found


def _is_reached(session: Session, witness: Witness) -> bool:
    try:
        sight = witness.look()
    except NoAnswer as silence:
        session.note(f"warning: --verify looks through the edge, which does not answer now: {silence}")
        return False
    if sight.pointer is None:
        session.note(f"warning: --verify looks through the edge, which answers {sight.status} now, and no pointer")
    return sight.pointer is not None
