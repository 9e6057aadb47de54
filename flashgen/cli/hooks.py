"""Tells a sale's hooks what a command has done: at its end, for a few seconds at most, whatever they do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flashgen.cli.session import Session
from flashgen.errors import FlashgenError
from flashgen.hint import command_line

if TYPE_CHECKING:
    from flashgen.hooks.delivery import Delivery
    from flashgen.hooks.event import HookEvent, WrittenRevision
    from flashgen.hooks.receiver import Receiver
    from flashgen.hooks.settings import Hook
    from flashgen.unlock.transition import Outcome

LIMIT_SECONDS = 8.0
"""How long a command waits for its hooks: two tries of a receiver that hangs."""

SLOW_SECONDS = 1.0

Tell = Callable[[str, "Outcome"], None]
"""Takes a verb's name, as in the journal, and how it ended."""


@contextmanager
def telling(session: Session, sale: str) -> Iterator[Tell]:
    """What the block tells is sent when it ends, however it does. Without hooks nothing is loaded.

    Never raises: a hook that fails is a warning.
    """
    outcomes: list[tuple[str, Outcome]] = []
    try:
        yield lambda verb, outcome: outcomes.append((verb, outcome))
    finally:
        if session.project.settings.hooks and any(outcome.changed for _, outcome in outcomes):
            _tell(session, sale, outcomes)


def open_hook(session: Session, hook: Hook) -> Receiver:
    """Read what it needs. Raises FlashgenError."""
    from flashgen.aws.secrets import read_secret
    from flashgen.hooks.receiver import MAKE_A_KEY, open_receiver

    project = session.project
    region = project.target(session.target_name)[1].region
    return open_receiver(
        hook, project.root, lambda source: read_secret(source, project.root, region, f"set it; {MAKE_A_KEY}")
    )


def open_hooks(session: Session, *, only: str = "") -> tuple[Receiver, ...]:
    """The receivers of flashgen.yaml, or the `only` one. One that cannot be opened is a warning."""
    found: list[Receiver] = []
    for hook in session.project.settings.hooks:
        if only in ("", hook.name):
            try:
                found.append(open_hook(session, hook))
            except FlashgenError as error:
                session.warn(f"hook {hook.name} cannot be told: {error.message}", error.hint)
    return tuple(found)


def _tell(session: Session, sale: str, outcomes: list[tuple[str, Outcome]]) -> None:
    from flashgen.hooks.event import events_of

    try:
        events = tuple(
            event for verb, one in outcomes if one.changed for event in events_of(_change(session, sale, verb, one))
        )
        for delivery in send(session, events):
            if not delivery.ok:
                session.warn(delivery.text, command_line(f"hooks test {delivery.hook}"))
    except KeyboardInterrupt:
        session.warn("interrupted while hooks were told; what was written stands")
    except Exception as error:  # noqa: BLE001  the sale is what it is now, whoever was told
        why = error.message if isinstance(error, FlashgenError) else type(error).__name__
        session.warn(f"hooks were not told: {why}")


def send(session: Session, events: tuple[HookEvent, ...], *, only: str = "") -> list[Delivery]:
    """Send events to the hooks that take them. Returns within LIMIT_SECONDS, with what came back, by hook.

    Raises NoAnswer if secrets are not read by then.
    """
    from flashgen.errors import NoAnswer
    from flashgen.hooks.teller import Teller
    from flashgen.store.background import in_background

    deadline = time.monotonic() + LIMIT_SECONDS
    opening = in_background(lambda: open_hooks(session, only=only))
    try:
        receivers = opening.result(LIMIT_SECONDS)
    except TimeoutError:
        raise NoAnswer("where their secrets are kept does not answer") from None
    deliveries: list[Delivery] = []
    teller = Teller(receivers, deliveries.append)
    teller.tell(events)
    if teller.close(min(SLOW_SECONDS, deadline - time.monotonic())):
        session.note("waiting for hooks to answer")
    late = teller.close(deadline - time.monotonic())
    order = [hook.name for hook in session.project.settings.hooks]
    return sorted((*deliveries, *late), key=lambda one: order.index(one.hook))


def _change(session: Session, sale: str, verb: str, outcome: Outcome) -> WrittenRevision:
    from flashgen.cli.runtime import now
    from flashgen.hooks.event import WrittenRevision

    target = session.project.target(session.target_name)[0]
    return WrittenRevision(sale, target, verb, outcome.before, outcome.after, outcome.who, outcome.when or now())
