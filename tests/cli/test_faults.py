"""Each verb of sale time, as typed, on S3 over a line that fails: what stands in the end, and what the exit code says.

0 is done, 1 failed and said so, 4 another operator; the journal agrees, and there is one revision of ours at most.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from support.aws_process import BUCKET, aws_process
from support.command import Flashgen
from support.fault_proxy import REFUSED, SURVIVED, UNKNOWN, Fault, FaultProxy, fault_proxy
from support.operators import ENDS_AT, STARTS_AT, Clock, writer_of
from support.projects import finish, start, write_sale

from flashgen.aws import clients as aws
from flashgen.cli.main import main
from flashgen.store import FolderStore, S3Store, Store, Stored
from flashgen.unlock import journal, verbs
from flashgen.unlock.pointer import Pointer, pointer_key
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import Verb

READ_TIMEOUT_SECONDS = 0.5
KEY = pointer_key("night", "abcdefgh23")
SECRET = "correct-horse-battery-staple-and-more"
LAMP, MUG, RUG = frozenset({"LAMP"}), frozenset({"MUG"}), frozenset({"RUG"})
ARMED_FOR = timedelta(seconds=7)
"""Enough for a few processes to start at once."""

SEEDS = {
    "scheduled": "push --yes",
    "live": "go-live night --early --yes",
    "live without lamps": "sold-out night --sku LAMP --yes",
    "paused": "pause night --yes",
    "ended": "end night --yes",
}
"""How a sale comes to be so, each from the one before."""

LIVE_REVISION = 1


LIVE_REVISION = 1


CLOSE_RUG = verbs.close(RUG)


@dataclass(frozen=True)
class Case:
    """A command, from where it starts, to what it leads; and what another operator may do there instead."""

    command: str
    seed: str
    state: State
    closed: frozenset[str]
    same: Verb
    other: Verb = CLOSE_RUG


SCHEDULED, LIVE, PAUSED_AGAIN = (
    SaleState(state, STARTS_AT, ENDS_AT, STARTS_AT, 1, "t") for state in (State.SCHEDULED, State.LIVE, State.PAUSED)
)
NONE: frozenset[str] = frozenset()
CASES = (
    Case("go-live night --early", "scheduled", State.LIVE, NONE, verbs.go_live(STARTS_AT, "t", early=True)),
    Case("pause night", "live", State.PAUSED, NONE, verbs.pause()),
    Case("resume night", "paused", State.LIVE, LAMP, verbs.resume()),
    Case("sold-out night --sku LAMP", "live", State.LIVE, LAMP, verbs.close(LAMP)),
    Case("resume night --sku LAMP", "live without lamps", State.LIVE, NONE, verbs.reopen(LAMP, LAMP | RUG)),
    Case("end night", "live", State.ENDED, NONE, verbs.end()),
    Case("rollback night --to 0", "live", State.SCHEDULED, NONE, verbs.rollback(SCHEDULED, STARTS_AT, "t")),
    Case(
        *(f"rollback night --to {LIVE_REVISION}", "ended", State.LIVE, NONE),
        *(verbs.rollback(LIVE, STARTS_AT, "t"), verbs.rollback(PAUSED_AGAIN, STARTS_AT, "t")),
    ),
)
EVERY_FAULT = (
    *("request lost", "reply lost", "reply late", "sent twice", "late, met by the next"),
    *("409 for nothing", "412 for nothing", "503, three times", "gone for 10 s, not written", "gone for 10 s, written"),
)
"""Of those that are survived; the rest differ for the store's client alone."""

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.command)


@dataclass(frozen=True)
class Cloud:
    """A bucket, directly and over a proxy, and the pointers of a sale in each stage of its life."""

    direct: Store
    spoilt: Store
    proxy: FaultProxy
    pointers: dict[str, Stored]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FolderStore]:
    """What real commands make of a sale, one after the other."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("seeds")
        patch.chdir(root)
        patch.setenv("FLASHGEN_WHO", "seeder")
        patch.setenv("FLASHGEN_SECRET", SECRET)
        (root / "flashgen.yaml").write_text("secret: env:FLASHGEN_SECRET\n", encoding="utf-8")
        write_sale(root)
        for seed, line in SEEDS.items():
            assert 0 == main(line.split())
            found[seed] = FolderStore(
                shutil.copytree(root / ".flashgen" / "store", tmp_path_factory.mktemp("seed") / "s")
            )
    return found


@pytest.fixture(scope="class")
def cloud(aws_credentials_of_class: None, seeds: dict[str, FolderStore]) -> Iterator[Cloud]:
    """With the journal of every seed."""
    with aws_process() as server, fault_proxy(server.url) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "SMALL_TIMEOUTS", (2.0, READ_TIMEOUT_SECONDS))
        bucket = server.empty_bucket(BUCKET)
        direct, spoilt = (S3Store(bucket, endpoint_url=url) for url in (server.url, proxy.url))
        for seed in seeds.values():
            plant(seed, direct)
        yield Cloud(direct, spoilt, proxy, {name: pointer_in(seed) for name, seed in seeds.items()})


def plant(seed: Store, store: Store) -> None:
    """Pointer and journal; nothing else matters at sale time."""
    for entry in seed.list(""):
        if entry.key == KEY or "/journal/" in entry.key:
            stored = seed.get(entry.key)
            assert stored
            store.put(entry.key, stored.body, stored.headers)


def pointer_in(store: Store) -> Stored:
    """As it is stored."""
    stored = store.get(KEY)
    assert stored
    return stored


def hand(store: Store, who: str) -> PointerWriter:
    """Somebody else's, on the same sale."""
    writer = writer_of(store, who, key=KEY)
    return replace(writer, file=replace(writer.file, sale="night"))


@dataclass(frozen=True)
class Night:
    """A sale in its bucket, and the command line before it."""

    store: Store
    proxy: FaultProxy
    flashgen: Flashgen
    seed: Pointer

    def run(self, case: Case, fault: Fault, **meddling: Callable[[Store], object]) -> str:
        """The command, with what befalls its write, and how that ended by its exit code and JSON."""
        meddle = {when: partial(act, self.store) for when, act in meddling.items()}
        self.proxy.spoil(fault, **meddle)
        run = self.flashgen(*case.command.split(), "--yes", "--json")
        self.proxy.deliver()
        self.proxy.mend()
        return ending(run.exit_code, run.document)

    def stands(self) -> tuple[State, frozenset[str], list[str]]:
        """What it is, and who made each revision since the seed, newest first: a chain that agrees with the pointer."""
        pointer = hand(self.store, "reader").file.read().pointer
        history = journal.history(self.store, "night", pointer.nonce)
        records = list(takewhile(lambda record: record.nonce != self.seed.nonce, history))
        assert list(range(pointer.revision, self.seed.revision, -1)) == [record.revision for record in records]
        assert all((pointer.nonce, pointer.state) == (record.nonce, record.state) for record in records[:1])
        return pointer.state.state, pointer.state.closed, [record.who for record in records]


def ending(exit_code: int, document: dict[str, Any]) -> str:
    """In a few words."""
    result, problems = document["result"], document["problems"]
    assert document["ok"] == (exit_code == 0) == (not problems)
    if exit_code == 4:
        return f"4, lost to {result['winner']}"
    if exit_code:
        is_unknown = "nobody knows yet" in problems[0]["message"]
        assert is_unknown == ("running the same command again is safe" in problems[0]["hint"])
        return f"{exit_code}, {'unknown' if is_unknown else 'refused'}"
    return "0, changed" if result["changed"] else f"0, by {result['who']}"


def gate_sells(store: Store) -> object:
    """It sells out what nobody closes."""
    return transition(hand(store, "gate"), verbs.record_sold(MUG))


def bob(verb: Verb) -> Callable[[Store], object]:
    """Another operator."""
    return lambda store: transition(hand(store, "bob"), verb)


class TestTheTable:
    """Each fault × each verb. Nobody really sleeps."""

    @pytest.fixture
    def night(
        self,
        cloud: Cloud,
        flashgen: Flashgen,
        project: Path,
        aws_credentials: None,
        case: Case,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Night:
        """The sale as the case wants it. Commands share one client, which takes longer to make than to use."""
        clock = Clock()
        monkeypatch.setattr(time, "sleep", clock.sleep)
        monkeypatch.setattr("flashgen.project.S3Store", lambda *_: cloud.spoilt)
        monkeypatch.setenv("FLASHGEN_SECRET", SECRET)
        settings = (
            f"secret: env:FLASHGEN_SECRET\ndefault_target: cloud\ntargets: {{cloud: {{store: 's3://{BUCKET}'}}}}\n"
        )
        (project / "flashgen.yaml").write_text(settings, encoding="utf-8")
        write_sale(project)
        cloud.proxy.clock = lambda: clock.instant.timestamp()
        cloud.proxy.mend()
        seed = cloud.pointers[case.seed]
        cloud.direct.put(KEY, seed.body, seed.headers)
        return Night(cloud.direct, cloud.proxy, flashgen, hand(cloud.direct, "reader").file.read().pointer)

    @pytest.mark.parametrize("fault", EVERY_FAULT)
    @every_case
    def test_a_fault_is_survived(self, night: Night, case: Case, fault: str) -> None:
        """Done by one revision, and said so; the same again changes nothing."""
        assert "0, changed" == night.run(case, SURVIVED[fault])
        assert (case.state, case.closed, ["tester"]) == night.stands()
        assert "0, by tester" == night.run(case, Fault(0))

    @every_case
    def test_credentials_that_have_expired_are_told(self, night: Night, case: Case) -> None:
        """Nothing was done; the same again, with others, does it."""
        assert "1, refused" == night.run(case, REFUSED["credentials expired"])
        assert [] == night.stands()[2]
        assert "0, changed" == night.run(case, Fault())
        assert (case.state, case.closed, ["tester"]) == night.stands()

    @pytest.mark.parametrize("fault", ["gone for good, not written", "reply lost, then credentials expired"])
    @every_case
    def test_what_cannot_be_known_is_not_claimed(self, night: Night, case: Case, fault: str) -> None:
        """Either it is done or it is not; the same again tells, and does it if it is not."""
        is_written = UNKNOWN[fault].sent > 0
        assert "1, unknown" == night.run(case, UNKNOWN[fault])
        assert ["tester"] * is_written == night.stands()[2]
        assert ("0, by tester" if is_written else "0, changed") == night.run(case, Fault())
        assert (case.state, case.closed, ["tester"]) == night.stands()

    @pytest.mark.parametrize("when", ["before", "after"])
    @every_case
    def test_the_gates_write_crosses(self, night: Night, case: Case, when: str) -> None:
        """Both are done; what it sold stays sold."""
        is_first = when == "after"
        assert "0, changed" == night.run(case, SURVIVED["reply lost"], **{when: gate_sells})
        assert (case.state, case.closed, ["gate", "tester"] if is_first else ["tester", "gate"]) == night.stands()
        assert MUG == hand(night.store, "reader").file.read().pointer.state.sold

    @pytest.mark.parametrize("fault", ["reply lost", "request lost"])
    @every_case
    def test_another_operator_who_was_first_is_named(self, night: Night, case: Case, fault: str) -> None:
        """Nothing of ours is done; the same again, on what one knows now, does it."""
        assert "4, lost to bob" == night.run(case, SURVIVED[fault], before=bob(case.other))
        assert ["bob"] == night.stands()[2]
        assert "0, changed" == night.run(case, Fault())
        assert (case.state, ["tester", "bob"]) == night.stands()[::2]

    @every_case
    def test_another_operator_may_have_done_it(self, night: Night, case: Case) -> None:
        """It is done, by them."""
        assert "0, by bob" == night.run(case, SURVIVED["request lost"], before=bob(case.same))
        assert (case.state, case.closed, ["bob"]) == night.stands()

    @every_case
    def test_what_another_decides_upon_ours_does_not_undo_that_it_was_done(self, night: Night, case: Case) -> None:
        """Ours is an ancestor of what stands there."""
        upon = State.ENDED if case.state is State.SCHEDULED else State.SCHEDULED
        verb = verbs.rollback(replace(SCHEDULED, state=upon), STARTS_AT, "t")
        assert "0, changed" == night.run(case, SURVIVED["sent twice"], after=bob(verb))
        assert (upon, ["bob", "tester"]) == night.stands()[::2]


IN_TIME: dict[str, tuple[Fault, str, list[str]]] = {
    "reply lost": (SURVIVED["reply lost"], "0, changed", ["tester"]),
    "reply late": (SURVIVED["reply late"], "0, changed", ["tester"]),
    "gone for 10 s, written": (SURVIVED["gone for 10 s, written"], "0, changed", ["tester"]),
    "gone for 10 s, not written": (SURVIVED["gone for 10 s, not written"], "0, changed", ["tester"]),
    "credentials expired": (REFUSED["credentials expired"], "1, refused", []),
}


@dataclass(frozen=True)
class Row:
    """One fault at T0: the target of its own that it happens to, and what is to come of it."""

    target: str
    store: Store
    proxy: FaultProxy
    ending: str
    revisions: list[str]

    @property
    def settings(self) -> str:
        """Of its target."""
        return f"  {self.target}: {{store: 's3://{BUCKET}/{self.target}', endpoint_url: '{self.proxy.url}'}}\n"


@pytest.fixture
def rows(aws_credentials: None, seeds: dict[str, FolderStore]) -> Iterator[list[Row]]:
    """Each with a scheduled sale."""
    found = []
    with ExitStack() as stack:
        server = stack.enter_context(aws_process())
        bucket = server.empty_bucket(BUCKET)
        for number, (fault, expected, revisions) in enumerate(IN_TIME.values()):
            store = S3Store(bucket, f"row{number}", endpoint_url=server.url)
            plant(seeds["scheduled"], store)
            proxy = stack.enter_context(fault_proxy(server.url))
            proxy.spoil(fault)
            found.append(Row(f"row{number}", store, proxy, expected, revisions))
        yield found


def test_at_t0_in_processes_and_time_as_they_are(project: Path, flashgen: Flashgen, rows: list[Row]) -> None:
    """Armed before, spoilt at T0, and nothing is patched: waits and time-outs are those of a night."""
    write_sale(project)
    settings = "secret: env:FLASHGEN_SECRET\ntargets:\n" + "".join(row.settings for row in rows)
    (project / "flashgen.yaml").write_text(settings, encoding="utf-8")
    seed = hand(rows[0].store, "reader").file.read().pointer
    at = (datetime.now(UTC) + ARMED_FOR).replace(microsecond=0).isoformat()
    line = ("go-live", "night", "--early", "--at", at, "--yes", "--json", "--target")
    armed = [start(project, *line, row.target, FLASHGEN_SECRET=SECRET) for row in rows]
    ended = [finish(process) for process in armed]
    for row, (exit_code, out, err) in zip(rows, ended, strict=True):
        assert (row.ending, row.target) == (ending(exit_code, json.loads(out)), row.target), err
        assert row.revisions == Night(row.store, row.proxy, flashgen, seed).stands()[2]
