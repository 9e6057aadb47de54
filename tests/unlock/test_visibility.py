"""What the public sees of a write, on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from support.operators import STARTS_AT, Clock

from flashgen.errors import NoAnswer, StoreError
from flashgen.unlock.pointer import Pointer, first_pointer
from flashgen.unlock.visibility import GIVE_UP_AFTER, INVALIDATE_AFTER, EdgePointer, Visibility, await_visible

OLD = first_pointer("fair", "7k2mq9xw4t", STARTS_AT, STARTS_AT + timedelta(hours=1))
OURS = replace(OLD, revision=1, nonce="ours")
LATER = replace(OLD, revision=2, nonce="later")
SILENCE = EdgePointer(STARTS_AT, problem="no route")


@dataclass
class Edge:
    """Shows what it keeps until `shows_at` seconds, or until it is told to forget; then `then`.

    From `silent_at` on it says nothing.
    """

    kept: EdgePointer
    then: Pointer = OURS
    silent_at: float = 3600
    shows_at: float = 3600
    forgets: bool = False
    refuses: StoreError | None = None
    clock: Clock = field(default_factory=Clock)
    told: list[timedelta] = field(default_factory=list)
    heard: list[tuple[EdgePointer, timedelta]] = field(default_factory=list)
    looks: int = 0

    def __post_init__(self) -> None:
        self.began = self.clock.instant

    @property
    def passed(self) -> timedelta:
        """Since the write."""
        return self.clock.instant - self.began

    def look(self) -> EdgePointer:
        """A request."""
        self.looks += 1
        if self.passed >= timedelta(seconds=self.shows_at) or (self.told and self.forgets):
            return EdgePointer(self.clock.instant, 200, self.then, age_seconds=0, x_cache="Hit from edge")
        kept = SILENCE if self.passed >= timedelta(seconds=self.silent_at) else self.kept
        return replace(kept, at=self.clock.instant)

    def forget(self) -> None:
        """An invalidation."""
        self.told.append(self.passed)
        if self.refuses:
            raise self.refuses

    def watched(self, is_ours: Callable[[Pointer], bool] = lambda one: one == OURS, *, cdn: bool = True) -> Visibility:
        """What is found when somebody looks."""
        forget = self.forget if cdn else None
        return await_visible(
            self.look,
            is_ours,
            forget,
            now=self.clock.now,
            sleep=self.clock.sleep,
            on_poll=lambda seen, passed: self.heard.append((seen, passed)),
        )


def seen(pointer: Pointer | None = OLD, *, status: int = 200, age: int | None = 0, x_cache: str = "Hit") -> EdgePointer:
    """An answer."""
    return EdgePointer(STARTS_AT, status, pointer, "" if pointer else "no pointer", age, x_cache)


@pytest.mark.parametrize("shows_at", [0, 0.9, 1.9])
def test_it_is_visible_as_soon_as_it_shows(shows_at: float) -> None:
    """To a fifth of a second; nothing is invalidated."""
    edge = Edge(seen(), shows_at=shows_at)
    verdict = edge.watched()
    assert verdict.is_visible
    assert verdict.last.at
    assert timedelta(seconds=shows_at) <= verdict.last.at - edge.began < timedelta(seconds=shows_at + 0.21)
    assert [] == edge.told


def test_an_edge_that_keeps_it_too_long_is_told_once() -> None:
    """After 5 s, and then it shows."""
    edge = Edge(seen(age=5), forgets=True)
    verdict = edge.watched()
    assert (True, True) == (verdict.is_visible, verdict.invalidated)
    (told,) = edge.told
    assert INVALIDATE_AFTER <= told < INVALIDATE_AFTER + timedelta(seconds=0.3)


def test_it_gives_up_after_15_s() -> None:
    """With the last answer, and one invalidation."""
    edge = Edge(seen(age=7))
    verdict = edge.watched()
    assert (False, 1, 7) == (verdict.is_visible, len(edge.told), verdict.last.age_seconds)
    assert GIVE_UP_AFTER <= edge.passed < GIVE_UP_AFTER + timedelta(seconds=0.3)
    assert 70 < edge.looks <= 76


def test_where_there_is_no_cdn_to_tell_it_only_looks() -> None:
    """For as long."""
    edge = Edge(seen())
    verdict = edge.watched(cdn=False)
    assert (False, False, []) == (verdict.is_visible, verdict.invalidated, edge.told)
    assert edge.passed >= GIVE_UP_AFTER


def test_a_refused_invalidation_is_no_end() -> None:
    """It is tried once, and the edge may still come round."""
    edge = Edge(seen(), shows_at=8, refuses=StoreError("not allowed"))
    verdict = edge.watched()
    assert (True, False, "not allowed", 1) == (
        verdict.is_visible,
        verdict.invalidated,
        str(verdict.trouble),
        len(edge.told),
    )


def test_nobody_is_told_to_forget_by_one_who_sees_nothing() -> None:
    """Our own network is no reason to work on the edge."""
    edge = Edge(SILENCE)
    verdict = edge.watched()
    assert (False, 0, "no route", []) == (verdict.is_visible, verdict.last.status, verdict.last.problem, edge.told)


@pytest.mark.parametrize("answer", [seen(age=1), seen(None, status=403, x_cache="Error from cloudfront")])
def test_a_network_that_goes_is_not_held_against_the_edge(answer: EdgePointer) -> None:
    """It answered wrongly and freshly, and then we heard no more: by now it may show what was written."""
    assert Edge(answer).watched(cdn=False).is_fresh_and_wrong(1, reached_before=True)
    verdict = Edge(answer, silent_at=14).watched(cdn=False)
    assert "no route" == verdict.last.problem
    assert not verdict.is_fresh_and_wrong(1, reached_before=True)


def test_whoever_waits_hears_of_every_look_but_the_last() -> None:
    """With the time that has passed."""
    edge = Edge(seen(), shows_at=0.7)
    assert edge.watched().is_visible
    assert [OLD] * 4 == [sight.pointer for sight, _ in edge.heard]
    assert [0, 0.2, 0.4, 0.6] == pytest.approx([passed.total_seconds() for _, passed in edge.heard], abs=0.01)


def test_a_network_that_comes_back_is_enough() -> None:
    """What counts is what is seen in the end."""
    assert Edge(SILENCE, shows_at=9).watched().is_visible


def test_a_later_revision_that_was_built_on_ours_will_do() -> None:
    """Its ancestors may take two tries to read."""
    edge, tries = Edge(seen(), then=LATER, shows_at=0), 0

    def descends(pointer: Pointer) -> bool:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise NoAnswer("silent")
        return pointer == LATER

    assert edge.watched(descends).is_visible
    assert 2 == edge.looks


WRONG = {
    "an old revision, asked for just now": (seen(age=1), True),
    "an old revision, a miss": (seen(age=None, x_cache="Miss from cloudfront"), True),
    "an old revision, no cache at all": (seen(age=None, x_cache=""), True),
    "an old revision, a hit of nobody knows which age": (seen(age=None, x_cache="HIT"), False),
    "an old revision, a hit behind a miss": (seen(age=None, x_cache="MISS, HIT"), False),
    "an old revision, kept while it is renewed": (seen(age=None, x_cache="STALE"), False),
    "the revision itself, but another one": (seen(replace(OURS, nonce="theirs")), False),
    "an old revision, kept too long": (seen(age=7), False),
    "a later revision whose ancestors cannot be read": (seen(LATER), False),
    "no pointer": (seen(None), False),
    "a refusal of the edge": (seen(None, status=403, x_cache="Error from cloudfront"), True),
    "a refusal of nobody knows whom": (seen(None, status=403, x_cache=""), False),
    "a proxy that wants a password": (seen(None, status=407), False),
    "a limit on those who ask too often": (seen(None, status=429), False),
    "an edge that fails": (seen(None, status=503, x_cache="Error from cloudfront"), False),
}


@pytest.mark.parametrize("name", WRONG)
def test_only_a_fresh_wrong_answer_of_the_edge_is_held_against_it(name: str) -> None:
    """Closing an open sale needs more than a bad network."""
    sight, wrong = WRONG[name]
    assert wrong == Visibility(last=sight).is_fresh_and_wrong(1, reached_before=True)


def test_a_refusal_counts_only_where_the_pointer_was_seen_before() -> None:
    """Else the way from here may always have been closed."""
    refusal = Visibility(last=seen(None, status=403))
    assert not refusal.is_fresh_and_wrong(1, reached_before=False)
    assert Visibility(last=seen()).is_fresh_and_wrong(1, reached_before=False)


def test_silence_is_never_held_against_the_edge() -> None:
    """Nor is what is visible."""
    assert not Visibility(last=SILENCE).is_fresh_and_wrong(1, reached_before=True)
    assert not Visibility(is_visible=True, last=seen(OURS)).is_fresh_and_wrong(1, reached_before=True)
