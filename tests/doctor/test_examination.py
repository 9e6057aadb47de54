"""Checks that fail together, those that must not, and what is a leak when."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.crippled_store import CrippledStore
from support.examined import KEY, REGION, SALE, SECRET, Stage, write_yaml
from support.meddling_edge import MeddlingEdge, Reply
from support.rclone import rclone_s3

from flashgen.aws.identity import read_identity
from flashgen.doctor import gate as order_gate
from flashgen.doctor.clock import clock_finding
from flashgen.doctor.examination import guarded
from flashgen.doctor.public import redirected
from flashgen.doctor.store import check_conditions
from flashgen.edge.local.app import Edge
from flashgen.edge.local.preview_bar import script_tag
from flashgen.edge.local.serving import Serving
from flashgen.errors import AccessDenied, FlashgenError, InvalidInput, NoAnswer, Problem, StoreError, Where
from flashgen.finding import Finding, Level
from flashgen.layout import manifest_key, settings_key
from flashgen.store import Headers, MemoryStore, S3Store, Store
from flashgen.unlock import verbs
from flashgen.unlock.clock_offset import Offset
from flashgen.unlock.pointer import Pointer, parse, render
from flashgen.unlock.state import State
from flashgen.unlock.token import Claims, TokenSigner
from flashgen.unlock.transition import transition
from flashgen.verify.edge_pointer import clock_offset
from flashgen.verify.viewer import PublicResponse

PRIVATE = Headers("application/json", "private, no-store")
MANIFEST = f"/{manifest_key(SALE)}"
WARN, FAIL = Level.WARN, Level.FAIL


def go_live(stage: Stage) -> None:
    """Open the sale, long before its start."""
    writer = stage.writer()
    transition(writer, verbs.go_live(writer.actor.now().replace(microsecond=0), "token-1", early=True))


def raising(error: FlashgenError) -> Iterator[Finding]:
    """A check that cannot be made."""
    yield Finding(Level.PASS, "first", "fine")
    raise error


class TestWhatDependsOnWhat:
    """A failure hides nothing but what could only fail with it."""

    def test_without_credentials_nothing_is_asked_of_aws(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is skipped is said; files and public url are looked at all the same."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        stage.identity = lambda: read_identity(REGION)
        found = {finding.check: finding for finding in stage.findings()}
        assert "sign in with `aws sso login`" in found["credentials"].hint
        for check in ("store", "distribution", "privacy", "night: push", "night: pointer", "conditional writes"):
            assert (Level.WARN, "skipped, for `credentials` did not pass") == (found[check].level, found[check].message)
        for check in ("night: yaml", "night: build", "strength", "public url", "files"):
            assert Level.PASS is found[check].level

    def test_without_a_bucket_the_rest_is_looked_at(self, stage: Stage) -> None:
        """The first line says what to mend."""
        stage.store = S3Store("nowhere", region=REGION)
        found = stage.troubles()
        assert (Level.FAIL, "store") == (found[0].level, found[0].check)
        assert "there is no bucket nowhere" in found[0].message
        assert {Level.WARN} == {finding.level for finding in found[1:]}

    def test_a_store_that_is_not_there_is_waited_for_once(self, stage: Stage) -> None:
        """Each time-out takes long, and there may be many sales."""
        yaml = (stage.root / "sale_configs" / "night.yaml").read_text()
        (stage.root / "sale_configs" / "day.yaml").write_text(yaml.replace("id: night", "id: day"))
        silent = SilentStore(MemoryStore())
        stage.store = silent
        stage.findings()
        assert ["store", "pointer"] == silent.asked

    def test_a_broken_sale_does_not_hide_the_others(self, stage: Stage) -> None:
        """Each has its own lines."""
        (stage.root / "sale_configs" / "day.yaml").write_text("sale: {id: day}\n")
        found = stage.troubles()
        assert {"day: yaml"} == {finding.check for finding in found}
        assert [Level.FAIL] * 4 == [finding.level for finding in found]
        assert "more in the same files" in found[-1].message


class SilentStore(CrippledStore):
    """Nobody answers. Remembers what it was asked for."""

    asked: list[str]

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        object.__setattr__(self, "asked", [])

    def _check(self, verb: str, key: str) -> None:
        self.asked.append("pointer" if key.endswith(".js") else "store")
        raise NoAnswer("no answer")


class TestLeaks:
    """A token is public once the sale is open, and nowhere else than in the pointer."""

    def test_the_token_of_an_open_sale_is_no_leak(self, stage: Stage) -> None:
        """It is in the pointer, as it should be."""
        go_live(stage)
        assert [] == stage.troubles()

    def test_a_token_elsewhere_is_one_even_then(self, stage: Stage) -> None:
        """Somebody has copied it, and it will be there next time too."""
        go_live(stage)
        stored = stage.s3.get(KEY)
        assert stored
        (stage.root / "build" / SALE / "copy.js").write_bytes(stored.body)
        assert ["build/night/copy.js holds an order token"] == [finding.message for finding in stage.troubles()]

    @pytest.mark.parametrize("state", [State.SCHEDULED, State.PAUSED, State.ENDED])
    def test_a_pointer_that_is_shut_holds_no_token(self, stage: Stage, state: State) -> None:
        """Somebody edited it: whoever reads it could order all the same."""
        go_live(stage)
        stored = stage.s3.get(KEY)
        assert stored
        opened = parse(stored.body, KEY)
        assert isinstance(opened, Pointer)
        shut = render(replace(opened, state=replace(opened.state, state=state)))
        assert b"/o/" in shut
        stage.s3.put(KEY, shut, stored.headers)
        assert [f"{KEY} holds an order token"] == [finding.message for finding in stage.troubles()]

    def test_an_expired_token_is_worth_nothing(self, stage: Stage) -> None:
        """As is the one that the gate is shown."""
        stage.s3.put(f"_flashgen/{SALE}/x", order_gate.probe(SALE, (SECRET.encode(),)).encode(), PRIVATE)
        assert [] == stage.troubles()

    def test_no_message_ever_holds_a_secret_or_a_token(self, stage: Stage) -> None:
        """Whatever is found, and whatever is not reached."""
        token = TokenSigner([SECRET.encode()]).sign(Claims(SALE, 1, "n", 0, 2**33))
        (stage.root / "flashgen.yaml").write_text(f"secret: {SECRET}\ntoken: {token}\n")
        (stage.root / "build" / "x").write_text(token)
        write_yaml(stage.root, "http://127.0.0.1:9")
        stage.url = "http://127.0.0.1:9"
        found = stage.findings()
        text = "\n".join(f"{finding.message} {finding.hint}" for finding in found)
        assert {"files", "build"} <= {finding.check for finding in found if finding.level is Level.FAIL}
        assert "no connection" in text
        assert [] == [part for part in (SECRET, "/readyz?token", token, token[:40]) if part in text]


class TestUrgency:
    """A gate that is not there is a failure only when shoppers need it."""

    @pytest.mark.parametrize(("hours", "expected"), [(30, Level.WARN), (20, Level.FAIL), (-1, Level.FAIL)])
    def test_within_a_day_it_is_needed(self, stage: Stage, hours: float, expected: Level) -> None:
        """And while the sale is on."""
        write_yaml(stage.root, stage.gate.url, starts_in=timedelta(hours=hours))
        context = stage.context()
        (header,) = context.headers
        assert expected is order_gate.severity(header, "https://order.example.com", context)
        assert Level.WARN is order_gate.severity(header, stage.gate.url, context)  # on this machine, and not open

    def test_an_open_sale_needs_it(self, stage: Stage) -> None:
        """Whatever the YAML says."""
        go_live(stage)
        context = stage.context()
        (header,) = context.headers
        for server in ("https://order.example.com", stage.gate.url):
            assert Level.FAIL is order_gate.severity(header, server, context)

    @pytest.mark.parametrize(
        ("starts_in", "check", "level", "message"),
        [
            (timedelta(hours=-1), "night: times", Level.FAIL, "and is scheduled"),
            (timedelta(hours=-10), "night: times", Level.FAIL, "it ended at"),
            (timedelta(hours=2), "night: freeze", Level.WARN, "pushes close in 1 h 29 min"),
            (timedelta(minutes=20), "night: freeze", Level.WARN, "pushes are closed until"),
        ],
        ids=["should be open", "over", "freeze soon", "frozen"],
    )
    def test_what_the_time_says(
        self, stage: Stage, starts_in: timedelta, check: str, level: Level, message: str
    ) -> None:
        """Of the start, the end and the freeze."""
        write_yaml(stage.root, stage.gate.url, starts_in=starts_in)
        found = {finding.check: finding for finding in stage.findings()}
        assert level is found[check].level
        assert message in found[check].message
        assert found[check].hint


class TestThePublicSide:
    """What only shoppers see."""

    def test_an_edge_that_adds_nothing_is_found_out(self, stage: Stage) -> None:
        """It serves everything that the store has, and none of the headers."""
        with Serving(OpenEdge(stage)) as serving:
            stage.url = serving.url
            found = [finding.message for finding in stage.troubles() if finding.check == SALE]
        for path in (MANIFEST, f"/{settings_key(SALE)}"):
            assert f"{path} private: expected 403 or 404, found 200: anybody can read it" in found
        assert "/night/ content-security-policy: expected, and not there" in found

    @pytest.mark.parametrize(
        ("status", "expected"),
        [(200, FAIL), (206, FAIL), (301, WARN), (401, None), (403, None), (404, None), (500, WARN), (503, WARN)],
    )
    def test_only_what_can_be_read_is_public(self, stage: Stage, status: int, expected: Level | None) -> None:
        """An edge that is out of order gives nothing away, and says nothing."""
        meddling = MeddlingEdge(Edge(stage.s3, order_origins=[stage.gate.url]))
        meddling.change = lambda reply: replace(reply, status=status) if reply.path == MANIFEST else reply
        with Serving(meddling) as serving:
            stage.url = serving.url
            found = stage.troubles()
        assert ([(expected, SALE)] if expected else []) == [(each.level, each.check) for each in found]

    @pytest.mark.parametrize(("is_here", "expected"), [(True, []), (False, [WARN])])
    def test_a_preview_is_fine_on_this_machine(
        self, stage: Stage, is_here: bool, expected: list[Level], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`flashgen serve` is the edge of the local target, and of no other."""
        meddling = MeddlingEdge(Edge(stage.s3, order_origins=[stage.gate.url]))
        meddling.change = lambda reply: previewed(reply) if reply.path == f"/{SALE}/" else reply
        monkeypatch.setattr("flashgen.doctor.public.is_loopback", lambda url: is_here)
        with Serving(meddling) as serving:
            stage.url = serving.url
            assert expected == [finding.level for finding in stage.troubles() if finding.check == SALE]

    def test_another_stores_pointer_is_a_failure(self, stage: Stage) -> None:
        """The edge shows one pointer, the target has another."""
        store = MemoryStore()
        for entry in stage.s3.list(""):
            stored = stage.s3.get(entry.key)
            assert stored
            store.put(entry.key, stored.body, stored.headers)
        stage.store = store
        writer = stage.writer()
        go_live_in = replace(writer, file=replace(writer.file, store=store))
        transition(go_live_in, verbs.go_live(writer.actor.now().replace(microsecond=0), "token-1", early=True))
        assert [(Level.FAIL, SALE, f"/{KEY} body: expected revision 1 (live), found revision 0 (scheduled)")] == [
            (finding.level, finding.check, finding.message) for finding in stage.troubles()
        ]

    @pytest.mark.parametrize(
        ("status", "location", "expected"),
        [
            (301, "https://sale.example.com/", Level.PASS),
            (301, "http://sale.example.com/", Level.FAIL),
            (200, "", Level.FAIL),
        ],
    )
    def test_plain_http_has_to_lead_to_https(self, status: int, location: str, expected: Level) -> None:
        """And nowhere else."""
        answer = PublicResponse(status, {"location": location}, b"", 0, 0.0, 0.0)
        assert expected is redirected("http://sale.example.com", answer).level


def previewed(reply: Reply) -> Reply:
    """A page as `flashgen serve` sends it, with its bar."""
    return replace(reply, body=gzip.compress(gzip.decompress(reply.body) + script_tag(1).encode()))


class OpenEdge:
    """An origin without any rule."""

    def __init__(self, stage: Stage) -> None:
        self.store = stage.s3

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        """Any object by its path."""
        assert isinstance(scope, dict)
        assert callable(send)
        assert callable(receive)
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            return await send({"type": "lifespan.shutdown.complete"})  # type: ignore[no-any-return]
        path = scope["path"].removeprefix("/")
        stored = self.store.get(f"{path}index.html" if path.endswith("/") else path) if path else None
        await send({"type": "http.response.start", "status": 200 if stored else 404, "headers": []})
        await send({"type": "http.response.body", "body": stored.body if stored else b""})


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (MemoryStore(), "If-Match and If-None-Match are honoured"),
        (CrippledStore(MemoryStore(), ignores=frozenset({"if_match"})), "the store ignores If-Match: two operators"),
        (
            CrippledStore(MemoryStore(), ignores=frozenset({"if_absent"})),
            "the store ignores If-None-Match: two operators",
        ),
        (CrippledStore(MemoryStore(), refuses_if_match=True), "the store refuses the right If-Match: nobody could"),
    ],
)
def test_each_fault_with_conditions_is_named(stage: Stage, store: Store, expected: str) -> None:
    """And nothing is left of trying."""
    (found,) = check_conditions(replace(stage.context(), store=store))
    assert found.message.startswith(expected)
    assert [] == list(store.list(""))


class TestTheClock:
    """By what is certain, as `Date` counts whole seconds."""

    @pytest.mark.parametrize(
        ("offset", "expected"),
        [
            (Offset(-0.1, 0.1), Level.PASS),
            (Offset(0.05, 1.5), Level.PASS),
            (Offset(1.1, 1.2), Level.WARN),
            (Offset(-2.5, -1.9), Level.WARN),
            (Offset(-9, -5.1), Level.FAIL),
            (Offset(60, 61), Level.FAIL),
        ],
        ids=str,
    )
    def test_the_least_possible_difference_decides(self, offset: Offset, expected: Level) -> None:
        """A tenth of a second is fine, two seconds are not."""
        assert expected is clock_finding("store", offset).level

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"x-now": "100500"}, Offset(0.0, 1.0)),
            ({"date": "Thu, 01 Jan 1970 00:01:40 GMT"}, Offset(-0.5, 1.5)),
            ({"date": "Thu, 01 Jan 1970 00:01:30 GMT", "age": "10"}, Offset(-0.5, 2.5)),
            ({}, None),
        ],
        ids=["x-now", "Date", "Date and Age", "nothing"],
    )
    def test_what_a_reply_tells(self, fields: dict[str, str], expected: Offset | None) -> None:
        """Sent at 99.5, received at 100.5 by our clock."""
        assert expected == clock_offset(seen(fields), 99.5, 100.5)

    @pytest.mark.parametrize(
        "fields",
        [
            {"x-now": "²"},
            {"x-now": "9" * 5000},
            {"date": "garbage"},
            {"date": ""},
            {"date": "Thu, 01 Jan 2026 00:00:00 +99999999999999999"},
        ],
        ids=["superscript", "endless", "garbage", "empty", "a zone beyond the world"],
    )
    def test_what_an_edge_says_wrongly_is_not_said(self, fields: dict[str, str]) -> None:
        """Of headers that no clock sends, none is believed."""
        assert None is clock_offset(seen(fields), 99.5, 100.5)

    def test_an_age_that_is_no_number_is_none(self) -> None:
        """`²` is a digit, and no number."""
        fields = {"date": "Thu, 01 Jan 1970 00:01:40 GMT", "age": "²"}
        assert Offset(-0.5, 1.5) == clock_offset(seen(fields), 99.5, 100.5)

    def test_an_edge_with_a_broken_clock_hides_no_other_check(self, stage: Stage) -> None:
        """What it sends is its own affair."""
        meddling = MeddlingEdge(Edge(stage.s3, order_origins=[stage.gate.url]))
        meddling.change = lambda reply: reply.saying(date="garbage", x_now=None)
        with Serving(meddling) as serving:
            stage.url = serving.url
            found = stage.findings()
        assert "store" == found[-1].check


def seen(fields: dict[str, str]) -> PublicResponse:
    """An answer with these header fields."""
    return PublicResponse(200, fields, b"", 0, 0.0, 0.0)


class TestGuarded:
    """Errors are findings too."""

    @pytest.mark.parametrize(
        ("error", "level", "message"),
        [
            (AccessDenied("s3://flash: access denied", "allow it"), Level.WARN, "cannot be looked at: s3://flash: "),
            (StoreError("s3://flash: is gone", "allow it"), Level.FAIL, "s3://flash: is gone"),
            (InvalidInput([Problem(Where(Path("a.yaml"), 3), "no", "allow it")]), Level.FAIL, "a.yaml:3: no"),
        ],
    )
    def test_an_error_is_a_finding_after_those_before(self, error: FlashgenError, level: Level, message: str) -> None:
        """With the place, and the fix."""
        first, found = guarded("check", raising(error))
        assert "first" == first.check
        assert (level, "check", "allow it") == (found.level, found.check, found.hint)
        assert found.message.startswith(message)


def test_rclone_is_found_out(stage: Stage, tmp_path: Path) -> None:
    """A real server that ignores conditions; and nothing is left in it."""
    with rclone_s3(tmp_path / "rclone") as server:
        store = S3Store(server.bucket, endpoint_url=server.url)
        (found,) = check_conditions(replace(stage.context(), store=store))
        assert [] == list(store.list(""))
    assert (Level.FAIL, "conditional writes") == (found.level, found.check)
    assert "ignores If-None-Match and ignores If-Match: two operators at once" in found.message
