"""An armed go-live on S3, over a line that fails at T0, with everything that others may write at that moment.

Time is virtual, but for how long the client waits for a reply; the server is a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from support.armed import Watching, at_once
from support.aws_process import BUCKET, aws_process
from support.fault_proxy import REFUSED, SURVIVED, UNKNOWN, Fault, FaultProxy, Silence, fault_proxy, nothing
from support.operators import ENDS_AT, KEY, SALE, STARTS_AT, Clock, bring, chain, gate_sells, go_live, writer_of

from flashgen.aws import clients as aws
from flashgen.errors import LostRace, NoAnswer, StoreError
from flashgen.store import MemoryStore, S3Store, Store
from flashgen.unlock import verbs
from flashgen.unlock.arm import Moment, await_moment, fire
from flashgen.unlock.journal import record_key
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import Verb

READ_TIMEOUT_SECONDS = 0.5
ARMED_AT = STARTS_AT - timedelta(seconds=3)
A = frozenset({"A"})

MEDDLED_WITH = (
    "request lost",
    "reply lost",
    "sent twice",
    "late, met by the next",
    "late, meets the next",
    "409 for nothing",
)
"""Each in its own way; to others the rest look like one of these."""

FAULTS: dict[str, Fault] = {**SURVIVED, **REFUSED, **UNKNOWN}

Meddle = Callable[[Store], object]


def _bob(verb: Callable[[], Verb]) -> Meddle:
    return lambda store: transition(writer_of(store, "bob"), verb())


CROSSING: dict[str, Meddle] = {
    "the gate sells": lambda store: gate_sells(store, "S"),
    "a push moves the end": _bob(lambda: verbs.reschedule(STARTS_AT, ENDS_AT + timedelta(hours=1), STARTS_AT)),
    "bob closes a SKU": _bob(lambda: verbs.close(A)),
}
"""What others may do without being in the way of an armed go-live, nor it in theirs."""


@dataclass
class Line:
    """A store with a scheduled sale, and the same over a proxy, by whose clock it is gone."""

    direct: Store
    spoilt: Store
    proxy: FaultProxy
    clock: Clock

    def go_live(self, fault: Fault, *, before: Meddle | None = None, after: Meddle | None = None) -> str:
        """How Ann's armed go-live ended for her. At last everything has arrived, and nothing fails any more."""
        self.proxy.spoil(
            fault,
            (lambda: before(self.direct)) if before else nothing,
            (lambda: after(self.direct)) if after else nothing,
        )
        ending = _ending(self._armed)
        self.proxy.deliver()
        self.proxy.mend()
        return ending

    def revisions(self) -> list[str]:
        """Who made each, newest first, without the first push."""
        return [record.who for record in chain(self.direct)][:-1]

    def attempts(self) -> int:
        """How many there ever were, elected or not."""
        return len(list(self.direct.list(record_key(SALE, "").removesuffix(".json"))))

    def _armed(self) -> Outcome:
        writer, verb = writer_of(self.spoilt, "ann", self.clock), go_live()
        moment = Moment(lambda state: state.starts_at)
        return fire(writer, verb, await_moment(writer, verb, moment, Watching(), writer.file.read(), at_once))


def _ending(act: Callable[[], Outcome]) -> str:
    try:
        outcome = act()
    except LostRace as lost:
        return f"lost to {lost.winner}"
    except NoAnswer as silence:
        return "unknown" if "running the same command again is safe" in silence.hint else "no word of what to do"
    except StoreError:
        return "refused"
    return "changed" if outcome.changed else f"unchanged since {outcome.who}"


@pytest.fixture(scope="class")
def ends(aws_credentials_of_class: None) -> Iterator[tuple[Store, Store, FaultProxy]]:
    """Both ways to a bucket; over the proxy, a reply is waited for no longer than READ_TIMEOUT_SECONDS."""
    with aws_process() as cloud, fault_proxy(cloud.url) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "SMALL_TIMEOUTS", (2.0, READ_TIMEOUT_SECONDS))
        bucket = cloud.empty_bucket(BUCKET)
        yield S3Store(bucket, endpoint_url=cloud.url), S3Store(bucket, endpoint_url=proxy.url), proxy


@pytest.fixture
def line(ends: tuple[Store, Store, FaultProxy], aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> Line:
    """Whole, in virtual time for all who sleep; the sale is scheduled."""
    direct, spoilt, proxy = ends
    clock, scheduled = Clock(ARMED_AT), MemoryStore()
    monkeypatch.setattr(time, "sleep", clock.sleep)
    proxy.clock = lambda: clock.instant.timestamp()
    proxy.mend()
    bring(scheduled)
    for entry in scheduled.list(""):
        if stored := scheduled.get(entry.key):
            direct.put(entry.key, stored.body, stored.headers)
    return Line(direct, spoilt, proxy, clock)


class TestAtT0:
    """One server and one proxy for all."""

    @pytest.mark.parametrize("fault", SURVIVED)
    def test_a_fault_is_survived(self, line: Line, fault: str) -> None:
        """The sale is open, by one revision, and she is told; one attempt is enough; the same again changes nothing."""
        before = line.attempts()
        assert "changed" == line.go_live(SURVIVED[fault])
        assert (["ann"], 1) == (line.revisions(), line.attempts() - before)
        assert "unchanged since ann" == line.go_live(Fault(0, Silence.HANG_UP))

    @pytest.mark.parametrize("fault", REFUSED)
    def test_a_refusal_is_told(self, line: Line, fault: str) -> None:
        """Nothing has happened; the same again opens the sale."""
        assert "refused" == line.go_live(REFUSED[fault])
        assert [] == line.revisions()
        assert "changed" == line.go_live(Fault())

    @pytest.mark.parametrize("fault", UNKNOWN)
    def test_what_cannot_be_known_is_not_claimed(self, line: Line, fault: str) -> None:
        """Neither done nor failed: to run the same again is safe, and tells."""
        assert "unknown" == line.go_live(UNKNOWN[fault])
        is_written = UNKNOWN[fault].sent > 0
        assert ["ann"] * is_written == line.revisions()
        assert ("unchanged since ann" if is_written else "changed") == line.go_live(Fault())
        assert ["ann"] == line.revisions()

    @pytest.mark.parametrize("spared", range(3))
    def test_nor_is_it_when_others_have_built_on_it(self, line: Line, spared: int) -> None:
        """Whether hers is an ancestor of what stands there, she may not read any more: pointer, again, or journal."""
        fault = replace(UNKNOWN["reply lost, then credentials expired"], spared=spared)
        assert "unknown" == line.go_live(fault, after=CROSSING["the gate sells"])
        assert ["gate-S", "ann"] == line.revisions()

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("meddling", CROSSING)
    @pytest.mark.parametrize("fault", MEDDLED_WITH)
    def test_others_may_write_meanwhile(self, line: Line, fault: str, meddling: str, when: str) -> None:
        """Both are done, in the order in which they reached the store."""
        assert "changed" == line.go_live(SURVIVED[fault], **{when: CROSSING[meddling]})
        is_first = when == "after" and SURVIVED[fault].sent > 0
        assert [False, True][:: -1 if is_first else 1] == [who != "ann" for who in line.revisions()]

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("fault", MEDDLED_WITH)
    def test_of_two_who_open_it_one_does(self, line: Line, fault: str, when: str) -> None:
        """Whose write reached the store; the other is told who."""
        is_first = when == "after" and SURVIVED[fault].sent > 0
        ending = line.go_live(SURVIVED[fault], **{when: _bob(go_live)})
        assert ("changed" if is_first else "unchanged since bob") == ending
        assert ["ann" if is_first else "bob"] == line.revisions()

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("fault", MEDDLED_WITH)
    def test_another_decision_wins_if_it_is_first(self, line: Line, fault: str, when: str) -> None:
        """If it is second, hers was made all the same."""
        is_first = when == "after" and SURVIVED[fault].sent > 0
        ending = line.go_live(SURVIVED[fault], **{when: _bob(verbs.end)})
        assert ("changed" if is_first else "lost to bob") == ending
        assert (["bob", "ann"] if is_first else ["bob"]) == line.revisions()

    def test_a_go_live_that_was_taken_back_is_a_decision_too(self, line: Line) -> None:
        """Scheduled, as she saw it; but somebody has thought better of it."""

        def open_and_shut(store: Store) -> None:
            scheduled = writer_of(store).file.read().pointer.state
            transition(writer_of(store, "bob"), go_live())
            transition(writer_of(store, "carl"), verbs.rollback(scheduled, STARTS_AT, "t"))

        assert "lost to carl" == line.go_live(SURVIVED["request lost"], before=open_and_shut)
        assert ["carl", "bob"] == line.revisions()

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_spoilt_put_reaches_the_server_as_often_as_is_said(self, line: Line, fault: str) -> None:
        """What is tested here is the proxy."""
        spoilt = FAULTS[fault]
        line.proxy.spoil(spoilt)
        stored = line.direct.get(KEY)
        assert stored
        heard = _heard(lambda: line.spoilt.put(KEY, b"1", stored.headers, if_match=stored.etag))
        assert [200, 412][: spoilt.sent] == line.proxy.heard
        assert (b"1" if spoilt.sent else stored.body) == getattr(line.direct.get(KEY), "body", b"")
        assert heard != "an etag"


def _heard(put: Callable[[], str]) -> str:
    try:
        put()
    except StoreError as error:
        return type(error).__name__
    return "an etag"
