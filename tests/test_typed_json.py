"""What is read from a store or a file, when others have written it: whole and within bounds, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.operators import ENDS_AT, KEY, SALE, STARTS_AT, bring
from support.running_gate import SETTINGS

from flashgen.gate import settings
from flashgen.layout import host_key, manifest_key, settings_key
from flashgen.page.host.entry import HostEntry, HostLink
from flashgen.page.site import Role, Site, SiteFile, read_record, record_path, render_record
from flashgen.release.host_registry import HostRegistry, read_registry, write_registry
from flashgen.release.manifest import (
    HEADERS,
    Claim,
    Manifest,
    Published,
    PublishedPointer,
    read_manifest,
    render_manifest,
)
from flashgen.release.plan import Change, Op, Wave
from flashgen.release.saved_plan import SavedPlan, SavedSale, is_plan, parse_plan, render_plan
from flashgen.store import Headers, MemoryStore
from flashgen.typed_json import MAX_WHOLE, Damaged, JsonReader, Newer
from flashgen.unlock import journal, pointer
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer_writer import Actor
from flashgen.unlock.state import SaleState, State

AT = datetime(2026, 11, 20, tzinfo=UTC)
STATE = SaleState(State.LIVE, STARTS_AT, ENDS_AT, STARTS_AT, 1, "t", frozenset({"A"}), frozenset({"S"}))
ENTRY = HostEntry(
    *(SALE, True, (HostLink("en", "ltr", "English", "Fair", "fair/"),), "d", "2026", "a", "b", "https://x"),
    *(("https://x/s.xml",), ("fair/a.css",), "fair/i.svg", "AAAA", "none"),
)


def _stored(key: str, body: bytes) -> MemoryStore:
    store = MemoryStore()
    store.put(key, body, HEADERS)
    return store


def _written(write: Callable[[MemoryStore], object], key: str) -> bytes:
    store = MemoryStore()
    write(store)
    return store.get(key).body  # type: ignore[union-attr]


RECORD_KEY = journal.record_key(SALE, "n2")
RECORD = Record("n2", "n1", 2, "go-live", "ann", STARTS_AT, State.SCHEDULED, STATE)
MANIFEST = Manifest(
    *(SALE, "ann", AT, {"k": Published("s", Headers("a/b", "c"), AT, AT)}, {"old": AT}),
    PublishedPointer("p", STARTS_AT, ENDS_AT, Headers("a/b", "c"), ("https://x",)),
    Claim("bob", AT, "t", ("k",), "n"),
)
REGISTRY = HostRegistry({SALE: ENTRY}, {"index.html": MANIFEST.objects["k"]}, {"index.html": ("s",)}, ("404.html",))
PLAN = SavedPlan(
    *("local", "dir:x", "ann", AT),
    (SavedSale(SALE, "e", "b", "t", (Change(Op.CREATE, "k", "new", Wave.PAGES),), {"k": "gone"}),),
)
ACTOR = Actor("ann", lambda: AT, lambda: "n", lambda seconds: None)


def _in_a_call(body: bytes) -> bytes:
    return b"flashgen(" + body + b")\n"


READERS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "a pointer": (
        _written(lambda store: bring(store, State.LIVE), KEY)[9:-2],
        lambda body: pointer.parse(_in_a_call(body), KEY),
    ),
    "a journal record": (
        _written(lambda store: journal.write(store, SALE, RECORD), RECORD_KEY),
        lambda body: journal.read(_stored(RECORD_KEY, body), SALE, "n2"),
    ),
    "a manifest": (render_manifest(MANIFEST), lambda body: read_manifest(_stored(manifest_key(SALE), body), SALE)),
    "a register": (
        _written(lambda store: write_registry(store, ACTOR, REGISTRY, None), host_key()),
        lambda body: read_registry(_stored(host_key(), body)),
    ),
    "a plan": (render_plan(PLAN), lambda body: parse_plan(body, "p.json")),
    "gate.json": (settings.render(SETTINGS), lambda body: settings.parse(body, settings_key(SALE))),
}

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where a value has parts, itself included."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inside for found in paths(part, (*path, key)))]


def replaced(value: Any, path: tuple[str | int, ...], part: Any) -> Any:
    """A copy of `value` with another part at a path."""
    if not path:
        return part
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], part)
    return copy


@pytest.mark.parametrize("name", READERS)
def test_what_is_written_is_read(name: str) -> None:
    """The samples below are good, until one part of them is replaced."""
    body, read = READERS[name]
    assert read(body)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_one_strange_part_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """Whatever stands where, nothing but the project's own error comes of it."""
    body, read = READERS[name]
    good = json.loads(body)
    path = data.draw(st.sampled_from(paths(good)))
    strange = json.dumps(replaced(good, path, data.draw(ANY_JSON))).encode()
    try:
        read(strange)
    except (Damaged, Newer) as error:
        assert error.message.isprintable()  # noqa: PT017  it need not be raised


@pytest.mark.parametrize("name", READERS)
@given(body=st.binary() | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_arbitrary_bytes_are_refused(name: str, body: bytes) -> None:
    """Nothing that is short and random is one of these objects."""
    with pytest.raises((Damaged, Newer)):
        READERS[name][1](body)


HOSTILE: dict[str, bytes] = {
    "deep": b'{"rev":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a huge number": b'{"rev":' + b"9" * 100_000 + b"}",
    "no number": b'{"format":NaN,"rev":Infinity}',
    "half a character": b'{"nonce":"\\ud800"}',
    "a list": b"[]",
    "null": b"null",
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_refused_at_once(name: str, body: bytes) -> None:
    """Neither the stack nor the time is exhausted."""
    with pytest.raises(Damaged):
        READERS[name][1](body)


@pytest.mark.parametrize("name", READERS)
def test_a_newer_flashgens_object_is_not_called_damaged(name: str) -> None:
    """Restoring or deleting it would lose what somebody with the newer one wrote."""
    body, read = READERS[name]
    with pytest.raises(Newer, match="was written by a newer flashgen: it has format 99") as newer:
        read(json.dumps(json.loads(body) | {"format": 99}).encode())
    assert "update flashgen" == newer.value.hint


def test_a_body_above_its_bound_is_not_parsed() -> None:
    """Even if all of it is good."""
    reader = JsonReader(HostLink, "a link", max_bytes=100)
    with pytest.raises(Damaged, match=r"x is not a link \(2,000,002 bytes, and at most 100 are read\)"):
        reader.read(b"{" + b" " * 2_000_000 + b"}", "x", "")


@pytest.mark.parametrize(
    ("name", "path", "value", "reason"),
    [
        ("a journal record", ("revision",), [], "`revision` is a list that cannot be there"),
        ("a journal record", ("revision",), True, "`revision` is true or false that cannot be there"),
        ("a journal record", ("revision",), MAX_WHOLE + 1, "`revision` is a number that cannot be there"),
        ("a journal record", ("verb",), None, "`verb` is a null that cannot be there"),
        ("a journal record", ("verb",), "record-sold", "`record-sold` is the gate's, which changes no state"),
        ("a journal record", ("who",), "ann\x1b[2J", "`who` is a text that cannot be there"),
        ("a journal record", ("nonce",), "n3", "it is another one's"),
        ("a journal record", ("when",), "9999-12-31T23:59:59Z", "`when` is a text that cannot be there"),
        ("a journal record", ("state", "closed", 0), {}, "`state.closed.0` is an object that cannot be there"),
        ("a pointer", ("epoch",), -1, "`epoch` is a number that cannot be there"),
        ("a pointer", ("ends_at",), "2020-01-01T00:00:00Z", "a sale ends after it starts"),
        ("gate.json", ("forms",), None, "`forms` is a null that cannot be there"),
        ("gate.json", ("slots_per_server",), 10**9, "`slots_per_server` is a number that cannot be there"),
        ("gate.json", ("trusted_proxies",), ["here"], "`trusted_proxies.0` is a text that cannot be there"),
        ("gate.json", ("forward_to",), "http://[", "`forward_to` is a text that cannot be there"),
        ("gate.json", ("forward_to",), "http://x:port/?key=hidden", "`forward_to` is a text that cannot be there"),
        ("a register", ("entries", SALE, "favicon"), "=", f"`entries.{SALE}.favicon` is a text that cannot be there"),
    ],
)
def test_a_message_says_where_and_not_what(name: str, path: tuple[str | int, ...], value: Any, reason: str) -> None:
    """The value may be a secret, or escape sequences for a terminal."""
    body, read = READERS[name]
    with pytest.raises(Damaged) as damaged:
        read(json.dumps(replaced(json.loads(body), path, value)).encode())
    assert damaged.value.message.endswith(f"({reason})")


def test_a_missing_part_is_named() -> None:
    """Unless it may be missing."""
    body, read = READERS["a manifest"]
    facts = json.loads(body)
    del facts["claim"]
    with pytest.raises(Damaged, match=r"\(`claim` is missing\)"):
        read(json.dumps(facts).encode())


def test_an_unknown_part_is_left_out() -> None:
    """A later flashgen of the same format may add what older ones do without."""
    body, read = READERS["a manifest"]
    assert read(body).manifest == read(json.dumps(json.loads(body) | {"colour": "red"}).encode()).manifest


@given(data=st.data())
def test_a_strange_record_of_a_build_is_none(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Then the next build builds everything."""
    folder: Path = tmp_path_factory.getbasetemp()
    site = Site(SALE, folder, (SiteFile("k", Role.PAGE, "s", 1, Headers("a/b", "c")),), ENTRY, ("https://x",))
    path = record_path(folder, SALE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body := render_record(site, {"digest": "x"}))
    assert (site, {"digest": "x"}) == read_record(folder, SALE)
    good = json.loads(body)
    path.write_text(json.dumps(replaced(good, data.draw(st.sampled_from(paths(good))), data.draw(ANY_JSON))))
    read_record(folder, SALE)
    path.write_bytes(data.draw(st.binary()))
    assert read_record(folder, SALE) is None


@given(st.binary() | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_whether_a_file_is_a_plan_is_always_answered(body: bytes) -> None:
    """It decides whether another plan may replace the file."""
    assert not is_plan(body)
