"""Two pushes at the same time: one finishes, the other names it, and the manifest describes the winner's pages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from support.aws_process import aws_process
from support.faults import Killed
from support.operators import SALE, Clock, acting
from support.recording_store import RecordingStore
from support.shop import Shop, check_whole, plan_for, public, push_of

from flashgen.errors import LostRace
from flashgen.layout import manifest_key
from flashgen.page.site import Role
from flashgen.release.manifest import read_manifest
from flashgen.release.manifest_claim import LAST_REQUEST_SECONDS, LONGEST_PUSH
from flashgen.release.push import Push
from flashgen.store import Headers, MemoryStore, S3Store, Store

MINE, THEIRS = Shop(text="mine"), Shop(text="theirs", pages=("lamp", "rug"))
MANIFEST = manifest_key(SALE)


def _describes(store: Store, shop: Shop, folder: Path) -> bool:
    """Whether the manifest and the pages are those of `shop`."""
    site = shop.build(folder)
    pages = {file.key: (site.body(file), file.headers) for file in site.having(Role.PAGE)}
    return plan_for(site, store).is_noop and pages.items() <= public(store).items()


def test_a_plan_that_another_push_has_overtaken_is_stale(tmp_path: Path) -> None:
    """It was made on a manifest that is gone."""
    store = MemoryStore()
    stale = push_of(MINE.build(tmp_path), store)
    push_of(THEIRS.build(tmp_path), store, "bob").run()
    before = list(store.list(""))
    with pytest.raises(LostRace, match="bob has pushed fair meanwhile") as lost:
        stale.run()
    assert "bob" == lost.value.winner
    assert before == list(store.list(""))


def test_a_push_under_way_keeps_another_site_out(tmp_path: Path) -> None:
    """Bob meets ann's claim at each request after it; she finishes."""
    store, meetings = MemoryStore(), 0
    mine, theirs = MINE.build(tmp_path), THEIRS.build(tmp_path)

    def bob_tries(number: int, verb: str, key: str) -> None:
        nonlocal meetings
        if read_manifest(store, SALE).manifest.claim:
            meetings += 1
            with pytest.raises(LostRace, match="ann began another push of fair") as lost:
                push_of(theirs, store, "bob").run()
            assert ("ann", True) == (lost.value.winner, "--take-over" in lost.value.hint)

    push_of(mine, RecordingStore(store, bob_tries)).run()
    assert meetings > 5
    assert _describes(store, MINE, tmp_path)


@pytest.mark.parametrize("wave", ["assets", "unlock", "index.html"])
def test_who_is_taken_over_stops_before_the_next_wave(wave: str, tmp_path: Path) -> None:
    """And the manifest is the other's, whose pages are public."""
    store, done = MemoryStore(), False

    def bob_takes_over(number: int, verb: str, key: str) -> None:
        nonlocal done
        is_recheck = (verb, key) == ("get", MANIFEST) and number > 1
        if is_recheck and not done and store.get(MANIFEST) and _has_reached(store, wave):
            done = True
            push_of(THEIRS.build(tmp_path), store, "bob").run(take_over=True)

    with pytest.raises(LostRace, match="bob has pushed") as lost:
        push_of(MINE.build(tmp_path), RecordingStore(store, bob_takes_over), "ann").run()
    assert done
    assert "bob" == lost.value.winner
    assert _describes(store, THEIRS, tmp_path)
    check_whole(store)


def _has_reached(store: MemoryStore, wave: str) -> bool:
    """Whether the wave before has been put."""
    before = {"assets": "", "unlock": "assets", "index.html": "unlock"}[wave]
    return not before or any(before in key for key in public(store))


class NotingStore(RecordingStore):
    """Calls `after` when an object is in the store and its answer is about to be read."""

    def __init__(self, inner: Store, after: Callable[[str], None]) -> None:
        super().__init__(inner)
        self._after = after

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """See `Store.put`."""
        etag = super().put(key, body, headers, if_match=if_match, if_absent=if_absent)
        self._after(key)
        return etag


@pytest.mark.parametrize("slept", [timedelta(hours=8), timedelta(hours=-1)], ids=["asleep", "the clock was set back"])
def test_who_was_taken_over_in_the_middle_of_a_wave_puts_no_more(slept: timedelta, tmp_path: Path) -> None:
    """Ann's machine sleeps, bob takes over and finishes, she opens the lid: not one more page of hers goes up."""
    store, clock, theirs = MemoryStore(), Clock(), replace(MINE, text="theirs")

    def lid_closes(key: str) -> None:
        if key == f"{SALE}/lamp/index.html":
            push_of(theirs.build(tmp_path), store, "bob").run(take_over=True)
            clock.instant += slept

    push_of(replace(MINE, text="old").build(tmp_path), store).run()
    push = push_of(MINE.build(tmp_path), NotingStore(store, lid_closes), "ann")
    with pytest.raises(LostRace, match="bob has pushed fair meanwhile"):
        replace(push, writer=acting(push.writer, now=clock.now), at_once=1).run()
    assert _describes(store, theirs, tmp_path)


def test_a_push_that_is_awake_looks_at_the_manifest_every_few_seconds(
    tmp_path: Path,
) -> None:
    """Not before each of thousands of pages, and not only when a wave begins."""
    clock, pages = Clock(), tuple(f"p{number:02}" for number in range(20))
    store = NotingStore(MemoryStore(), lambda key: clock.sleep(1))
    push = push_of(replace(MINE, pages=pages, assets=()).build(tmp_path), store)
    replace(push, writer=acting(push.writer, now=clock.now), at_once=1).run()
    checks_at = [index for index, request in enumerate(store.requests) if request == ("get", MANIFEST)]
    first, last = (store.requests.index(("put", f"{SALE}/{page}/index.html")) for page in (pages[0], pages[-1]))
    assert 3 == len([index for index in checks_at if first < index < last])


def test_a_living_push_that_is_taken_over_ends_before_the_other_begins(tmp_path: Path) -> None:
    """Its last request is under way as bob claims: he waits until it has come to its end, and puts his over it."""
    store, claimed, landed = MemoryStore(), Event(), Event()

    def sleep(seconds: float) -> None:
        assert LAST_REQUEST_SECONDS == seconds
        claimed.set()
        assert landed.wait(10)

    def slow_request(number: int, verb: str, key: str) -> None:
        if (verb, key) == ("put", f"{SALE}/lamp/index.html"):
            bob.start()
            assert claimed.wait(10)

    push = push_of(MINE.build(tmp_path), RecordingStore(store, slow_request), "ann")

    def bob_takes_over() -> None:
        his = push_of(THEIRS.build(tmp_path), store, "bob")
        replace(his, writer=acting(his.writer, sleep=sleep)).run(take_over=True)

    bob = Thread(target=bob_takes_over)
    with pytest.raises(LostRace, match="bob is pushing fair meanwhile"):
        push.run()
    landed.set()
    bob.join(10)
    assert _describes(store, THEIRS, tmp_path)


@pytest.mark.parametrize(
    ("shop", "after", "expected"),
    [
        (THEIRS, timedelta(minutes=30), [LAST_REQUEST_SECONDS]),
        (THEIRS, -timedelta(minutes=10), [LAST_REQUEST_SECONDS]),
        (THEIRS, LONGEST_PUSH + timedelta(minutes=1), []),
        (MINE, timedelta(minutes=1), []),
    ],
    ids=["another's", "by a clock that is behind", "of yesterday", "the same"],
)
def test_only_what_may_be_alive_and_differs_is_waited_for(
    shop: Shop, after: timedelta, expected: list[float], tmp_path: Path
) -> None:
    """A minute is long on the night of a sale."""
    store, clock, slept = MemoryStore(), Clock(), list[float]()
    dying = RecordingStore(store, lambda number, verb, key: _die_at_pages(key))
    with suppress(Killed):
        push_of(MINE.build(tmp_path), dying).run()
    clock.instant += after
    push = push_of(shop.build(tmp_path), store, "bob")
    replace(push, writer=acting(push.writer, now=clock.now, sleep=slept.append)).run(take_over=True)
    assert expected == slept
    assert _describes(store, shop, tmp_path)


def _die_at_pages(key: str) -> None:
    if key.endswith("index.html"):
        raise Killed


def test_the_same_site_is_resumed_without_asking(tmp_path: Path) -> None:
    """Its claim carries the same digest."""
    store = MemoryStore()

    def dies(number: int, verb: str, key: str) -> None:
        if key.endswith("index.html"):
            raise Killed

    with pytest.raises(Killed):
        push_of(MINE.build(tmp_path), RecordingStore(store, dies)).run()
    push_of(MINE.build(tmp_path / "elsewhere"), store, "bob").run()
    assert _describes(store, MINE, tmp_path)


def test_a_forward_is_not_left_by_who_was_taken_over(tmp_path: Path) -> None:
    """The old pointer must lead to the winner's version, or nowhere."""
    store, done = MemoryStore(), False
    push_of(MINE.build(tmp_path), store).run()
    old = MINE.build(tmp_path).pointer_file.key

    def bob_goes_back(number: int, verb: str, key: str) -> None:
        nonlocal done
        manifest_is_last = (verb, key) == ("get", MANIFEST) and b"next" in store.get(f"{SALE}/index.html").body  # type: ignore[union-attr]
        if manifest_is_last and not done:
            done = True
            push_of(MINE.build(tmp_path), store, "bob").run(take_over=True)

    with pytest.raises(LostRace):
        push_of(replace(MINE, version="next").build(tmp_path), RecordingStore(store, bob_goes_back)).run()
    assert done
    assert b"forward" not in store.get(old).body  # type: ignore[union-attr]
    assert _describes(store, MINE, tmp_path)


def test_of_two_pushes_that_start_together_in_a_bucket_one_wins(tmp_path: Path, aws_credentials: None) -> None:
    """Their plans were made on the same manifest; the conditional put of the claim elects."""
    with aws_process() as aws:
        store = S3Store(aws.empty_bucket(), endpoint_url=aws.url)
        pushes = {
            who: push_of(shop.build(tmp_path), S3Store("flash", endpoint_url=aws.url), who)
            for who, shop in (("ann", MINE), ("bob", THEIRS))
        }
        together = Barrier(len(pushes))

        def run(push: Push) -> LostRace | None:
            together.wait()
            try:
                push.run()
            except LostRace as lost:
                return lost
            return None

        with ThreadPoolExecutor(len(pushes)) as pool:
            ends = dict(zip(pushes, pool.map(run, pushes.values()), strict=True))
        (winner,) = [who for who, lost in ends.items() if lost is None]
        (lost,) = [lost for lost in ends.values() if lost]
        assert (winner, 4) == (lost.winner, lost.exit_code)
        assert _describes(store, {"ann": MINE, "bob": THEIRS}[winner], tmp_path)
        check_whole(store)
