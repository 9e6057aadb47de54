"""The host's root: made of what every sale registers, by pushes that meet, die and find files of others."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from dataclasses import replace

import pytest
from support.faults import Killed, dying
from support.operators import actor_of
from support.recording_store import RecordingStore
from support.shop import ENTRY

from flashgen.errors import LostRace, Refused
from flashgen.layout import host_key
from flashgen.page.headers import PAGE_CACHE
from flashgen.page.host.entry import HostEntry, HostLink
from flashgen.page.host.files import host_files
from flashgen.release.host import MOST_TRIES, HostPlan, plan_host, push_host
from flashgen.release.host_registry import read_registry
from flashgen.store import Headers, MemoryStore, Store

HTML = Headers("text/html", "no-store")


def entry(sale: str, **fields: object) -> HostEntry:
    """What a sale registers."""
    links = (HostLink("en", "ltr", "English", sale.capitalize(), f"{sale}/"),)
    maps = (f"https://sale.example.com/{sale}/sitemap.xml",)
    one = replace(ENTRY, sale=sale, links=links, sitemaps=maps, styles=(f"{sale}/assets/a.css",), favicon="AAAB")
    return replace(one, **fields)  # type: ignore[arg-type]


NIGHT, SPRING = entry("night"), entry("spring", starts_at="2027-03-01T08:00:00Z")


class Edges:
    """A CDN that notes which paths it was told."""

    name = "edges"

    def __init__(self) -> None:
        self.told: set[str] = set()

    def invalidate(self, paths: Iterable[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        self.told |= {*paths}
        return reference

    def is_done(self, invalidation: str) -> bool:
        """See `Cdn.is_done`."""
        return True


def remove(store: Store, sale: str, who: str = "ann") -> tuple[str, ...]:
    """Take a sale off the root; the paths that were put."""
    return push_host(plan_host(store, (), PAGE_CACHE, removed=[sale]), store, actor_of(who), None)


def push(store: Store, *entries: HostEntry, who: str = "ann", cdn: Edges | None = None) -> tuple[str, ...]:
    """Plan and push; the paths that were put."""
    return push_host(plan_for_host(store, *entries), store, actor_of(who), cdn)


def plan_for_host(store: Store, *entries: HostEntry, refresh: bool = False) -> HostPlan:
    """What a push of these entries would do now."""
    return plan_host(store, entries, PAGE_CACHE, refresh=refresh)


def text(store: Store, key: str = "index.html") -> str:
    """A file at the root."""
    stored = store.get(key)
    assert stored is not None
    return stored.body.decode()


def is_root_of(store: Store, *entries: HostEntry) -> bool:
    """Whether the root is exactly that of these sales, and the register says so."""
    registry = read_registry(store).registry
    made = {key: (body, headers) for key, body, headers in host_files(entries)}
    found = {key: (stored.body, stored.headers) for key in made if (stored := store.get(key))}
    return found == made and not registry.is_unfinished and set(registry.entries) == {one.sale for one in entries}


def test_one_sale_has_the_root_lead_to_it() -> None:
    """Without a script; a second one makes it a list, with the sale that starts last as the look."""
    store = MemoryStore()
    assert ("/", "/404.html", "/favicon.ico", "/index.html", "/robots.txt", "/sitemap.xml") == push(store, NIGHT)
    assert '<meta http-equiv="refresh" content="0; url=night/">' in text(store)
    push(store, SPRING, who="bob")
    assert "refresh" not in text(store)
    assert text(store).index('href="night/"') < text(store).index('href="spring/"')
    assert 'href="spring/assets/a.css"' in text(store)
    assert 'href="/spring/assets/a.css"' in text(store, "404.html")
    assert is_root_of(store, NIGHT, SPRING)


def test_an_unchanged_push_reads_once_and_writes_nothing() -> None:
    """The register tells all."""
    store = MemoryStore()
    push(store, NIGHT)
    before = list(store.list(""))
    seen = RecordingStore(store)
    assert plan_for_host(seen, NIGHT).is_noop
    assert 1 == len(seen.requests)
    assert before == list(store.list(""))


def test_a_plan_says_what_a_push_will_do() -> None:
    """Each file, with its reason."""
    store = MemoryStore()
    push(store, NIGHT)
    changed = plan_for_host(store, replace(NIGHT, starts="Start: Monday"))
    assert [("update", "404.html", "content"), ("update", "index.html", "content")] == [
        (one.op.value, one.key, one.reason) for one in changed.changes
    ]
    other = plan_host(store, [NIGHT], "public, max-age=5, s-maxage=5")
    assert {"headers: cache-control"} == {one.reason for one in other.changes}


def test_pushes_that_meet_at_any_moment_end_with_both_sales() -> None:
    """Bob pushes another sale, whole, before any one of Ann's requests."""
    store = RecordingStore(MemoryStore())
    push(store, NIGHT)
    for moment in range(1, len(store.requests) + 1):
        inner = MemoryStore()

        def bob(number: int, verb: str, key: str, moment: int = moment, inner: MemoryStore = inner) -> None:
            if number == moment:
                push(inner, SPRING, who="bob")

        push(RecordingStore(inner, bob), NIGHT)
        assert is_root_of(inner, NIGHT, SPRING), moment
        assert plan_for_host(inner, NIGHT, SPRING, refresh=True).is_noop, moment


def test_a_sale_that_leaves_and_a_push_meet_at_any_moment() -> None:
    """Bob pushes another sale, whole, before any one request; or the removal dies there, and Bob's push finishes it."""
    counting = MemoryStore()
    push(counting, NIGHT, SPRING)
    recorded = RecordingStore(counting)
    remove(recorded, "night")
    assert is_root_of(counting, SPRING)
    late = entry("late", starts_at="2027-02-01T08:00:00Z")
    for moment in range(1, len(recorded.requests) + 1):
        inner, mortal = MemoryStore(), MemoryStore()
        push(inner, NIGHT, SPRING)
        push(mortal, NIGHT, SPRING)

        def bob(number: int, verb: str, key: str, moment: int = moment, inner: MemoryStore = inner) -> None:
            if number == moment:
                push(inner, late, who="bob")

        remove(RecordingStore(inner, bob), "night")
        assert is_root_of(inner, SPRING, late), moment
        with contextlib.suppress(Killed):
            remove(dying(mortal, moment), "night")
        push(mortal, late, who="bob")
        assert is_root_of(mortal, *read_registry(mortal).registry.entries.values()), moment
        remove(mortal, "night")
        assert is_root_of(mortal, SPRING, late), moment


def test_pushes_from_many_machines_end_with_all_sales() -> None:
    """At the same time, each of its own sale."""
    store, sales = MemoryStore(), [entry(f"sale-{number}") for number in range(6)]
    threads = [threading.Thread(target=push, args=(store, one), kwargs={"who": one.sale}) for one in sales]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_root_of(store, *sales)


def test_a_push_that_dies_is_finished_by_the_next() -> None:
    """Of the same sale or of another; nothing is taken for somebody else's, and the CDN is told."""
    counting = RecordingStore(MemoryStore())
    push(counting, NIGHT)
    push(counting, replace(NIGHT, description="New"))
    for moment in range(1, len(counting.requests) + 1):
        for following in (replace(NIGHT, description="New"), SPRING):
            inner = MemoryStore()

            store = dying(inner, moment)
            try:
                push(store, NIGHT)
                push(store, replace(NIGHT, description="New"))
            except Killed:
                pass
            was_unfinished = read_registry(inner).registry.is_unfinished
            edges = Edges()
            if not plan_for_host(inner, following).is_noop:
                push(inner, following, who="bob", cdn=edges)
            registry = read_registry(inner).registry
            assert is_root_of(inner, *registry.entries.values()), moment
            assert following == registry.entries[following.sale]
            assert () == registry.others
            assert not was_unfinished or "/" in edges.told


def test_a_push_that_is_overtaken_and_dies_leaves_nothing_older() -> None:
    """Bob pushes before any of Ann's requests, and she dies at any one after it: the root is right, or unfinished."""
    counting = RecordingStore(MemoryStore())
    push(counting, NIGHT)
    last = len(counting.requests) + 1
    for moment in range(1, last):
        for death in range(moment, last + 1):
            inner = MemoryStore()

            def meets(number: int, verb: str, key: str, moment: int = moment, death: int = death) -> None:
                if number == moment:
                    push(inner, SPRING, who="bob")  # noqa: B023
                if number >= death + 1:
                    raise Killed

            with contextlib.suppress(Killed):
                push(RecordingStore(inner, meets), NIGHT)
            registry = read_registry(inner).registry
            assert registry.is_unfinished or is_root_of(inner, *registry.entries.values()), (moment, death)


def test_a_file_of_somebody_else_is_left_alone() -> None:
    """The plan says so, and it does not come between a sale and the other files."""
    store = MemoryStore()
    store.put("index.html", b"<h1>The brand</h1>", HTML)
    plan = plan_for_host(store, NIGHT)
    assert ("index.html",) == plan.others
    assert "index.html" not in [one.key for one in plan.changes]
    push(store, NIGHT)
    assert "<h1>The brand</h1>" == text(store)
    assert "Sitemap: https://sale.example.com/sitemap.xml" in text(store, "robots.txt")
    assert plan_for_host(store, NIGHT).is_noop
    store.delete(["index.html"])
    assert ["index.html"] == [one.key for one in plan_for_host(store, NIGHT, refresh=True).changes]
    push(store, replace(NIGHT, description="New"))
    assert "url=night/" in text(store)


def test_a_file_that_somebody_wrote_over_is_left_alone() -> None:
    """It is theirs from then on; one that somebody deleted is put again."""
    store = MemoryStore()
    push(store, NIGHT)
    store.put("404.html", b"<h1>Nothing here</h1>", HTML)
    store.delete(["robots.txt"])
    assert plan_for_host(store, NIGHT).is_noop
    plan = plan_for_host(store, NIGHT, refresh=True)
    assert (("404.html",), ["robots.txt"]) == (plan.others, [one.key for one in plan.changes])
    assert plan.changes[0].is_drift
    push_host(plan, store, actor_of(), None)
    assert "<h1>Nothing here</h1>" == text(store, "404.html")
    assert "User-agent" in text(store, "robots.txt")


def test_headers_that_somebody_changed_are_set_right() -> None:
    """The body says that the file is flashgen's."""
    store = MemoryStore()
    push(store, NIGHT)
    stored = store.get("index.html")
    assert stored is not None
    store.put("index.html", stored.body, HTML)
    push_host(plan_for_host(store, NIGHT, refresh=True), store, actor_of(), None)
    assert is_root_of(store, NIGHT)


def test_a_secret_sale_is_nowhere_at_the_root() -> None:
    """Not even by the address of a style sheet; if it is the only one, there is no page."""
    store = MemoryStore()
    push(store, replace(NIGHT, is_listed=False, sitemaps=()))
    assert [host_key(), "robots.txt"] == [one.key for one in store.list("")]
    push(store, SPRING)
    assert not any("night" in text(store, key) for key in ("index.html", "404.html", "sitemap.xml", "robots.txt"))


def test_the_last_sale_that_leaves_the_list_leaves_nothing_behind() -> None:
    """Files stay, as only prune deletes; they name nothing any more, and are still flashgen's."""
    store = MemoryStore()
    push(store, NIGHT)
    push(store, replace(NIGHT, is_listed=False, sitemaps=()))
    assert not any(
        "night" in text(store, key).lower() for key in ("index.html", "404.html", "sitemap.xml", "robots.txt")
    )
    push(store, NIGHT)
    assert is_root_of(store, NIGHT)
    assert () == read_registry(store).registry.others


def test_a_store_that_ignores_conditions_is_noticed() -> None:
    """Somebody is always ahead: it ends, and says so."""
    inner = MemoryStore()

    def bob(number: int, verb: str, key: str) -> None:
        push(inner, entry("bob", description=str(number)), who="bob")

    with pytest.raises(LostRace, match="never first"):
        push_host(plan_for_host(inner, NIGHT), RecordingStore(inner, bob), actor_of(), None)
    assert MOST_TRIES > 5


def test_a_damaged_register_is_named() -> None:
    """With what to do about it."""
    store = MemoryStore()
    store.put(host_key(), b"[]", HTML)
    with pytest.raises(Refused, match="register of the host's root") as refused:
        read_registry(store)
    assert "push each sale again" in str(refused.value.hint)


def test_an_address_with_a_path_is_where_the_404_page_links_to() -> None:
    """It answers at any depth, so its links are absolute."""
    store = MemoryStore()
    push(store, entry("night", url="https://example.com/sales"))
    assert 'href="/sales/night/"' in text(store, "404.html")
    assert 'href="night/"' in text(store)
