"""A pushed sale read back through an edge: a local one, over HTTP, that does nothing wrong or exactly one thing."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.clock import Clock
from support.meddling_edge import Change, MeddlingEdge, Reply
from support.operators import KEY, SALE, SERVERS, go_live, writer_of
from support.shop import Shop, push_of

from flashgen.edge.local.app import Edge
from flashgen.edge.local.preview_bar import script_tag
from flashgen.edge.local.serving import Serving
from flashgen.edge.rules.paths import public_path
from flashgen.edge.rules.security import content_security_policy
from flashgen.errors import NoAnswer, Refused
from flashgen.finding import Finding, Level
from flashgen.layout import manifest_key
from flashgen.release.manifest import Claim, Manifest, Published, read_manifest, render_manifest
from flashgen.store import MemoryStore, Store
from flashgen.unlock.transition import transition
from flashgen.verify.model import EdgeConfig, Observed
from flashgen.verify.verification import Report, Verification
from flashgen.verify.viewer import PublicResponse, Viewer

SHOP = Shop(text="words " * 300)
PAGE, LAMP = f"/{SALE}/", f"/{SALE}/lamp/"
POINTER, PRIVATE, MISSING = f"/{KEY}", f"/{manifest_key(SALE)}", f"/{SALE}/not-there.txt"
SITE = "http://sale.example.com"
CLOUDFRONT = EdgeConfig(SITE, "EDFDVBD6EXAMPLE")
OTHER = EdgeConfig(SITE)


@dataclass(frozen=True)
class Rig:
    """A pushed sale, and an edge in front of it that may be meddled with."""

    store: MemoryStore
    meddling: MeddlingEdge
    url: str

    def verify(self, edge: EdgeConfig = CLOUDFRONT, change: Change = lambda reply: reply) -> tuple[Observed, ...]:
        """What is found while every answer goes through `change`."""
        self.meddling.change = change
        with Viewer(self.url) as viewer:
            return verification(self.store, viewer, edge).run()

    def faults(self, edge: EdgeConfig = CLOUDFRONT, change: Change = lambda reply: reply) -> set[tuple[str, str, str]]:
        """Path, level and check of what did not pass. Each has a fix."""
        found = [one for one in self.verify(edge, change) if one.finding.level is not Level.PASS]
        assert all(one.finding.hint for one in found)
        return {(one.path, one.finding.level.value, one.finding.check) for one in found}


def verification(
    store: Store, viewer: Viewer, edge: EdgeConfig = CLOUDFRONT, report: Report = lambda done, total: None
) -> Verification:
    """One that is ready to run, and sleeps for nothing."""
    queries = iter(f"q{number}" for number in range(10_000))
    return Verification(store, SALE, viewer, edge, lambda seconds: None, lambda: next(queries), report)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A sale that was pushed an hour ago. One for all tests: stopping a server takes a moment."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path_factory.mktemp("site")), store).run()
    put_manifest(store, lambda manifest: replace(manifest, objects=an_hour_ago(manifest.objects)))
    meddling = MeddlingEdge(Edge(store, order_origins=SERVERS))
    with Serving(meddling) as serving:
        yield Rig(store, meddling, serving.url)


@pytest.fixture
def rig(served: Rig) -> Rig:
    """With nothing wrong."""
    served.meddling.change = lambda reply: reply
    return served


def put_manifest(store: Store, change: Callable[[Manifest], Manifest]) -> None:
    """Write another manifest over the one that is there."""
    stored = store.get(manifest_key(SALE))
    assert stored is not None
    store.put(manifest_key(SALE), render_manifest(change(read_manifest(store, SALE).manifest)), stored.headers)


def an_hour_ago(objects: Mapping[str, Published]) -> Mapping[str, Published]:
    """The same, pushed earlier, by the store's clock; by that of who pushed, not yet."""
    now = datetime.now(UTC)
    since, stored = now + timedelta(hours=1), now - timedelta(hours=1)
    return {key: replace(one, since=since, stored_before=stored) for key, one in objects.items()}


def test_a_sale_as_it_was_pushed_passes(rig: Rig) -> None:
    """One line for each object that shoppers get, and for what they must not get."""
    found = rig.verify()
    assert {Level.PASS} == {one.finding.level for one in found}
    objects = {public_path(key) for key in read_manifest(rig.store, SALE).manifest.objects}
    assert {*objects, POINTER, PRIVATE, MISSING, "/", f"/{SALE}"} == {one.path for one in found}
    assert len(found) == len({one.path for one in found})


def test_what_the_edge_says_of_its_copy_is_told(rig: Rig) -> None:
    """As it says it, from the second look on."""
    rig.verify()
    (page,) = [one for one in rig.verify() if one.path == LAMP]
    assert "Hit from flashgen" == page.x_cache
    assert page.age is not None
    assert "1,883 bytes, gzip 105" == page.finding.message


def of(path: str, change: Change) -> Change:
    """Only this path's answer is changed."""
    return lambda reply: change(reply) if reply.path == path else reply


def says(path: str, **fields: str | None) -> Change:
    """Only this path's header fields are changed."""
    return of(path, lambda reply: reply.saying(**fields))


def is_now(path: str, status: int, body: bytes = b"") -> Change:
    """Another answer in this one's place."""
    return of(path, lambda reply: replace(reply, status=status, body=body).saying(content_encoding=None))


def policy(before: str, after: str) -> Change:
    """Another Content-Security-Policy on one page."""
    name = "content-security-policy"
    return of(
        LAMP, lambda reply: replace(reply, fields={**reply.fields, name: reply.fields[name].replace(before, after)})
    )


def inflated(reply: Reply) -> Reply:
    """Without the compression that was asked for."""
    return replace(reply, body=gzip.decompress(reply.body)).saying(content_encoding=None)


def minified(reply: Reply) -> Reply:
    """A page whose bytes somebody improved."""
    return replace(reply, body=gzip.compress(gzip.decompress(reply.body).replace(b"words ", b"words")))


ASSET = public_path(next(key for key in (f"{SALE}/assets/one.7692c3ad35.css",)))
FAULTS: Mapping[str, tuple[Change, tuple[str, str, str]]] = {
    "page missing": (is_now(LAMP, 404), (LAMP, "FAIL", "status")),
    "page denied": (is_now(LAMP, 403), (LAMP, "FAIL", "status")),
    "page fails": (is_now(LAMP, 502), (LAMP, "FAIL", "status")),
    "page moved": (
        of(LAMP, lambda reply: replace(reply, status=301).saying(location="https://elsewhere.example/")),
        (LAMP, "FAIL", "status"),
    ),
    "other body": (of(LAMP, minified), (LAMP, "FAIL", "body")),
    "empty body": (is_now(LAMP, 200), (LAMP, "FAIL", "body")),
    "other type": (says(LAMP, content_type="text/plain"), (LAMP, "FAIL", "content-type")),
    "no charset": (says(LAMP, content_type="text/html"), (LAMP, "FAIL", "content-type")),
    "no type": (says(LAMP, content_type=None), (LAMP, "FAIL", "content-type")),
    "other caching": (says(LAMP, cache_control="public, max-age=60"), (LAMP, "FAIL", "cache-control")),
    "no caching": (says(LAMP, cache_control=None), (LAMP, "FAIL", "cache-control")),
    "asset not immutable": (says(ASSET, cache_control="max-age=60"), (ASSET, "FAIL", "cache-control")),
    "not compressed": (of(LAMP, inflated), (LAMP, "FAIL", "compression")),
    "no policy": (says(LAMP, content_security_policy=None), (LAMP, "FAIL", "content-security-policy")),
    "inline scripts": (
        policy("script-src 'self'", "script-src 'self' 'unsafe-inline'"),
        (LAMP, "FAIL", "content-security-policy"),
    ),
    "eval": (policy("script-src", "script-src 'unsafe-eval'"), (LAMP, "FAIL", "content-security-policy")),
    "order server": (policy(SERVERS[0], "https://old.example"), (LAMP, "FAIL", "content-security-policy")),
    "sniffing": (says(LAMP, x_content_type_options=None), (LAMP, "FAIL", "x-content-type-options")),
    "no sniffing rule": (says(LAMP, x_content_type_options="on"), (LAMP, "FAIL", "x-content-type-options")),
    "no referrer policy": (says(LAMP, referrer_policy=None), (LAMP, "FAIL", "referrer-policy")),
    "loose referrer policy": (says(LAMP, referrer_policy="unsafe-url"), (LAMP, "FAIL", "referrer-policy")),
    "pointer missing": (is_now(POINTER, 404), (POINTER, "FAIL", "status")),
    "pointer of another revision": (
        is_now(POINTER, 200, b"flashgen({})\n"),
        (POINTER, "FAIL", "body"),
    ),
    "pointer kept by the edge": (says(POINTER, age="6"), (POINTER, "FAIL", "age")),
    "pointer kept by browsers": (says(POINTER, cache_control="public, max-age=60"), (POINTER, "FAIL", "cache-control")),
    "pointer without a rule": (says(POINTER, cache_control=None), (POINTER, "FAIL", "cache-control")),
    "pointer's type": (says(POINTER, content_type="text/plain"), (POINTER, "FAIL", "content-type")),
    "no clock": (says(POINTER, x_now=None), (POINTER, "WARN", "x-now")),
    "clock in seconds": (says(POINTER, x_now="1700000000.5"), (POINTER, "FAIL", "x-now")),
    "query in the key": (says(POINTER, x_cache="Miss from cloudfront"), (POINTER, "FAIL", "x-cache")),
    "no slash": (is_now(f"/{SALE}", 404), (f"/{SALE}", "FAIL", "folder")),
    "another folder": (says(f"/{SALE}", location="/elsewhere/"), (f"/{SALE}", "FAIL", "folder")),
    "private files": (is_now(PRIVATE, 200, b"{}"), (PRIVATE, "FAIL", "private")),
    "private files unknown": (is_now(PRIVATE, 503), (PRIVATE, "WARN", "private")),
    "listing": (is_now("/", 200, b"<?xml?><ListBucketResult/>"), ("/", "FAIL", "listing")),
    "page for everything": (is_now(MISSING, 200, b"<html>"), (MISSING, "FAIL", "missing")),
    "errors unknown": (is_now(MISSING, 503), (MISSING, "WARN", "missing")),
    "errors kept by browsers": (says(MISSING, cache_control="max-age=300"), (MISSING, "FAIL", "missing")),
    "errors kept by the edge": (says(MISSING, age="11"), (MISSING, "FAIL", "missing")),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(name: str, rig: Rig) -> None:
    """That one, and no other."""
    change, fault = FAULTS[name]
    assert {fault} == rig.faults(change=change)


@pytest.mark.parametrize("name", ["not compressed", "no policy", "sniffing", "no slash", "query in the key"])
def test_what_only_an_edge_can_do_is_a_warning_without_a_distribution(name: str, rig: Rig) -> None:
    """A store with nothing but a web server before it sells too."""
    change, (path, _, check) = FAULTS[name]
    assert {(path, "WARN", check)} == rig.faults(OTHER, change)


def test_a_policy_that_shuts_out_an_order_server_fails_everywhere(rig: Rig) -> None:
    """Nobody could buy."""
    assert {(LAMP, "FAIL", "content-security-policy")} == rig.faults(OTHER, FAULTS["order server"][0])


OURS = content_security_policy(SERVERS)


@pytest.mark.parametrize(
    ("said", "level"),
    [
        (OURS.replace("connect-src 'self'", "connect-src 'self' https://of-another-sale.example"), None),
        ("default-src 'none'; connect-src *; script-src 'self'; style-src 'self'; img-src 'self'", "WARN"),
        ("upgrade-insecure-requests", "WARN"),
        ("default-src 'self'", "FAIL"),
        (OURS.replace("connect-src 'self'", "connect-src"), "FAIL"),
    ],
)
def test_a_policy_is_judged_by_what_it_does(said: str, level: str | None, rig: Rig) -> None:
    """One that protects nothing is the edge's affair; one that breaks pages fails everywhere."""
    expected = {(LAMP, level, "content-security-policy")} if level else set()
    assert expected == rig.faults(OTHER, says(LAMP, content_security_policy=said))


def test_what_a_policy_lets_in_and_keeps_out_is_said(rig: Rig) -> None:
    """Each in its own line."""
    said = "default-src 'self' https://evil.example; connect-src https:"
    found = rig.verify(change=says(LAMP, content_security_policy=said))
    assert [
        "lets in more than pages need: default-src https://evil.example; connect-src https:",
        "keeps pages from polling the unlock script",
    ] == [one.finding.message for one in found if one.finding.level is Level.FAIL]


STS = "strict-transport-security"
EXACTLY, A_YEAR = "max-age=63072000", "max-age=31536000"


@pytest.mark.parametrize(
    ("edge", "said", "is_fine"),
    [
        (CLOUDFRONT, EXACTLY, True),
        (CLOUDFRONT, "includesubdomains;MAX-AGE=63072000", True),
        (CLOUDFRONT, A_YEAR, False),
        (CLOUDFRONT, "max-age=1", False),
        (OTHER, A_YEAR, True),
        (OTHER, "max-age=31535999", False),
        (OTHER, "includeSubDomains", False),
        (OTHER, None, False),
    ],
)
def test_strict_transport_security_is_wanted_over_https(
    edge: EdgeConfig, said: str | None, is_fine: bool, rig: Rig
) -> None:
    """From flashgen's distribution as the stack has it, from others for a year."""
    secure = replace(edge, url="https://sale.example.com")
    expected = set() if is_fine else {(path, edge.duty.value, STS) for path in pages(rig)}
    assert expected == rig.faults(secure, lambda reply: reply.saying(strict_transport_security=said))


def test_strict_transport_security_is_not_wanted_over_http(rig: Rig) -> None:
    """It must not be sent there (RFC 6797, 7.2)."""
    assert set() == rig.faults(CLOUDFRONT)


@pytest.mark.parametrize(("edge", "expected"), [(CLOUDFRONT, "FAIL"), (OTHER, None)])
def test_another_referrer_policy_is_for_others(edge: EdgeConfig, expected: str | None, rig: Rig) -> None:
    """flashgen's distribution sends what the stack says; elsewhere a stricter one is fine."""
    faults = rig.faults(edge, says(LAMP, referrer_policy="no-referrer"))
    assert ({(LAMP, expected, "referrer-policy")} if expected else set()) == faults


def pages(rig: Rig) -> list[str]:
    """The paths of all pages."""
    keys = read_manifest(rig.store, SALE).manifest.objects
    return [public_path(key) for key in keys if key.endswith(".html")]


def test_other_spellings_of_the_same_headers_pass(rig: Rig) -> None:
    """Proxies order and capitalise as they like."""
    change = says(
        LAMP,
        content_type="Text/HTML;Charset=UTF-8",
        cache_control="max-age=60,PUBLIC, stale-if-error=86400, s-maxage=60,  stale-while-revalidate=60",
    )
    assert set() == rig.faults(change=change)


def test_an_error_that_says_it_must_not_be_kept_passes(rig: Rig) -> None:
    """Whatever else it says."""
    assert set() == rig.faults(change=says(MISSING, cache_control="no-store, max-age=300"))


def test_a_pointer_with_a_warning_is_a_pointer_all_the_same(rig: Rig) -> None:
    """Its revision and state are told; with a failure they are in doubt."""
    for name, expected in (("no clock", ["WARN", "PASS"]), ("pointer kept by browsers", ["FAIL"])):
        found = rig.verify(change=FAULTS[name][0])
        assert sorted(expected) == sorted(one.finding.level for one in found if one.path == POINTER)


def test_a_preview_is_told_apart(rig: Rig) -> None:
    """`flashgen serve` puts its bar into pages that are otherwise as pushed."""
    script = script_tag(7).encode()
    change = of(LAMP, lambda reply: replace(reply, body=gzip.compress(gzip.decompress(reply.body) + script)))
    assert {(LAMP, "WARN", "preview")} == rig.faults(change=change)


def test_an_encoding_that_was_not_asked_for_is_named(rig: Rig) -> None:
    """Browsers that did not ask for it cannot read it."""
    change = of(LAMP, lambda reply: replace(reply, body=b"?" * 2000).saying(content_encoding="dcb"))
    assert {(LAMP, "FAIL", "body"), (LAMP, "FAIL", "compression")} == rig.faults(change=change)


def test_an_old_copy_at_the_edge_is_told_from_a_changed_object(tmp_path: Path) -> None:
    """The one passes by itself or by an invalidation, the other does not."""
    store = MemoryStore()
    edge = Edge(store, order_origins=SERVERS)
    with Serving(edge) as serving, Viewer(serving.url) as viewer:
        push_of(SHOP.build(tmp_path), store).run()
        assert {Level.PASS} == {one.finding.level for one in verification(store, viewer).run()}
        push_of(replace(SHOP, text="other " * 300).build(tmp_path), store).run()
        stale = [one.finding for one in verification(store, viewer).run() if one.finding.level is Level.FAIL]
        assert {"stale"} == {finding.check for finding in stale}
        assert 3 == len(stale)
        assert "an older version (body changed with the push of" in stale[0].message
        assert f"--distribution-id EDFDVBD6EXAMPLE --paths '/{SALE}/*'" in stale[0].hint
        edge.invalidate(f"/{SALE}/*")
        assert {Level.PASS} == {one.finding.level for one in verification(store, viewer).run()}


def test_a_header_that_changed_is_stale_too(tmp_path: Path) -> None:
    """The bytes are the same: only the headers tell."""
    store = MemoryStore()
    with Serving(Edge(store, order_origins=SERVERS)) as serving, Viewer(serving.url) as viewer:
        push_of(SHOP.build(tmp_path), store).run()
        verification(store, viewer).run()
        longer = replace(SHOP.page_headers, cache_control="public, max-age=5, s-maxage=9")
        push_of(replace(SHOP, page_headers=longer).build(tmp_path), store).run()
        found = verification(store, viewer, OTHER).run()
    stale = [one.finding for one in found if one.finding.level is Level.FAIL]
    assert {"stale"} == {finding.check for finding in stale}
    assert "(cache-control changed" in stale[0].message
    assert f"purge /{SALE}/* at the edge" in stale[0].hint


def test_a_transition_of_just_now_is_given_the_time_to_show(tmp_path: Path) -> None:
    """The edge keeps a pointer for a second; after three it is a fault."""
    store, clock = MemoryStore(), Clock(time.time())
    push_of(SHOP.build(tmp_path), store).run()
    with Serving(Edge(store, order_origins=SERVERS, clock=clock)) as serving, Viewer(serving.url) as viewer:
        viewer.get(POINTER)
        assert transition(writer_of(store), go_live()).changed
        frozen = _but_for_x_now(verification(store, viewer).run())
        (fault,) = [one for one in frozen if one.level is Level.FAIL]
        assert ("body", "expected revision 1 (live), found revision 0 (scheduled)") == (fault.check, fault.message)
        found = _but_for_x_now(replace(verification(store, viewer), sleep=clock.wait).run())
    assert {Level.PASS} == {one.level for one in found}


def _but_for_x_now(observed: Iterable[Observed]) -> list[Finding]:
    """The edge's clock stands still here, which is a fault of its own when a machine is slow."""
    return [one.finding for one in observed if one.finding.check != "x-now"]


def test_a_pointer_is_asked_for_as_pages_do(rig: Rig) -> None:
    """Each time with another query."""
    asked: list[str] = []

    def noted(reply: Reply) -> Reply:
        if reply.path == POINTER:
            asked.append(reply.query)
        return reply

    rig.faults(change=noted)
    assert ["q0", "q1", "q2"] == asked


def test_a_pointer_that_is_never_kept_may_miss(tmp_path: Path) -> None:
    """With `edge_ttl_seconds: 0` that is what was asked for."""
    store = MemoryStore()
    push_of(replace(SHOP, edge_ttl_seconds=0).build(tmp_path), store).run()
    with Serving(Edge(store, order_origins=SERVERS)) as serving, Viewer(serving.url) as viewer:
        found = verification(store, viewer).run()
    assert {Level.PASS} == {one.finding.level for one in found}


def test_a_clock_that_is_kept_with_the_copy_is_found(rig: Rig) -> None:
    """Added on the way into the cache, it stands still."""

    def slow(reply: Reply) -> Reply:
        if reply.path == POINTER:
            time.sleep(0.005)
        return says(POINTER, x_now="1700000000000")(reply)

    assert {(POINTER, "FAIL", "x-now")} == rig.faults(change=slow)


def test_no_token_is_in_a_finding(tmp_path: Path) -> None:
    """What is found is printed in CI."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    transition(writer_of(store), go_live())
    meddling = MeddlingEdge(Edge(store, order_origins=SERVERS))
    meddling.change = of(POINTER, lambda reply: replace(reply, body=reply.body.replace(b'"rev":1', b'"rev":2')))
    with Serving(meddling) as serving, Viewer(serving.url) as viewer:
        found = verification(store, viewer).run()
    assert "/o/" not in repr(found)
    assert "revision 2 (live)" in repr(found)


def test_a_sale_that_was_not_pushed_is_refused(rig: Rig) -> None:
    """With what to type."""
    with Viewer(rig.url) as viewer, pytest.raises(Refused) as caught:
        verification(MemoryStore(), viewer).run()
    assert f"flashgen push {SALE}" == caught.value.hint


def test_a_pointer_that_is_gone_from_the_store_fails(tmp_path: Path) -> None:
    """Pages would poll in vain."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    store.delete([KEY])
    with Serving(Edge(store, order_origins=SERVERS)) as serving, Viewer(serving.url) as viewer:
        found = verification(store, viewer).run()
    assert [(POINTER, "pointer")] == [(one.path, one.finding.check) for one in found if one.finding.level is Level.FAIL]


def test_a_push_under_way_is_told(tmp_path: Path) -> None:
    """What is found may be half of it."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    claim = Claim("ann", writer_of(store).actor.now(), "target", (f"{SALE}/index.html",))
    put_manifest(store, lambda manifest: replace(manifest, claim=claim))
    with Serving(Edge(store, order_origins=SERVERS)) as serving, Viewer(serving.url) as viewer:
        found = verification(store, viewer).run()
    (warning,) = [one.finding for one in found if one.finding.level is Level.WARN]
    assert warning.message.startswith("the push that ann began at ")


class Deaf(Viewer):
    """Gets no answer where `silent` says so."""

    silent: Callable[[str], bool] = staticmethod(lambda path: True)

    def get(self, path: str, fields: Mapping[str, str] = {}) -> PublicResponse:
        """The answer, or none."""
        if self.silent(path):
            raise NoAnswer(f"{self.base_url}{path}: no answer within 5 s", "check the network")
        return super().get(path, fields)


def test_an_object_without_an_answer_is_a_fault(rig: Rig) -> None:
    """One of them: the others are looked at all the same."""
    with Deaf(rig.url) as viewer:
        viewer.silent = lambda path: path == LAMP
        found = verification(rig.store, viewer).run()
    (fault,) = [one for one in found if one.finding.level is Level.FAIL]
    assert (LAMP, "answer", "no answer within 5 s") == (fault.path, fault.finding.check, fault.finding.message)


@pytest.mark.parametrize("silent", [lambda path: True, lambda path: path.endswith(("/", ".css")) and path != "/"])
def test_a_network_that_is_down_is_one_error(rig: Rig, silent: Callable[[str], bool]) -> None:
    """At once, or when it goes down on the way: not one for each object."""
    with Deaf(rig.url) as viewer:
        viewer.silent = silent
        with pytest.raises(NoAnswer, match="no answer within 5 s"):
            verification(rig.store, viewer).run()


def test_progress_is_told_after_each_object(rig: Rig) -> None:
    """Up to the last."""
    told: list[tuple[int, int]] = []
    with Viewer(rig.url) as viewer:
        verification(rig.store, viewer, report=lambda done, total: told.append((done, total))).run()
    count = len(read_manifest(rig.store, SALE).manifest.objects)
    assert [(number, count) for number in range(1, count + 1)] == told
