"""Each object of a store, damaged in several ways, and each command that meets it: who goes on, and who refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen
from support.projects import tree, write_feed

from flashgen.errors import FlashgenError
from flashgen.gate.sale_reader import SaleReader
from flashgen.store import FolderStore


def of_pointer(store: Path) -> Path:
    """The file of the pointer."""
    return store / "night" / "unlock.abcdefgh23.js"


def of_record(store: Path) -> Path:
    """The file of the journal record of the pointer."""
    nonce = json.loads(of_pointer(store).read_text()[9:-2])["nonce"]
    return store / "_flashgen" / "night" / "journal" / f"{nonce}.json"


def of_first_record(store: Path) -> Path:
    """The file of the record that the pointer's is based on."""
    return of_record(store).with_name(json.loads(of_record(store).read_text())["parent"] + ".json")


def private(name: str) -> Callable[[Path], Path]:
    """The file of another private object."""
    return lambda store: store / "_flashgen" / name


ALL = (
    *("status", "status --json", "plan", "push --yes", "push --yes --refresh", "prune night --yes", "doctor night"),
    *("go-live night --early --yes", "rollback night --to 1 --yes", "end night --yes"),
)
POINTER_READERS = ("status", "status --json", "push --yes --refresh", "doctor night", *ALL[-3:])
SITE_COMMANDS = ("plan", "push --yes", "push --yes --refresh")
SITE_READERS = (*SITE_COMMANDS, "prune night --yes", "doctor night")

OBJECTS: dict[str, tuple[Callable[[Path], Path], str, Any, Collection[str]]] = {
    "the pointer": (of_pointer, "closed", None, POINTER_READERS),
    "the newest record": (of_record, "revision", [], ("rollback night --to 1 --yes",)),
    "an older record": (of_first_record, "verb", None, ("rollback night --to 1 --yes",)),
    "the manifest": (
        private("night/manifest.json"),
        "objects",
        [],
        (*SITE_COMMANDS, "prune night --yes", "doctor night"),
    ),
    "gate.json": (private("night/gate.json"), "forms", None, ()),
    "the host's register": (private("host.json"), "entries", [], SITE_COMMANDS),
}
"""Where it lies, which of its keys gets which wrong value, and which commands refuse.

A transition needs the pointer alone, so that a damaged journal stops no opening and no end.
"""


def spoilt(body: bytes, key: str, value: Any) -> bytes:
    """The same object, but for the value at one key."""
    start, end = body.index(b"{"), body.rindex(b"}") + 1
    return body[:start] + json.dumps(json.loads(body[start:end]) | {key: value}).encode() + body[end:]


DAMAGES: dict[str, Callable[[bytes, str, Any], bytes]] = {
    "a wrong value": spoilt,
    "junk": lambda body, key, value: b"\xff\x00junk",
    "newer": lambda body, key, value: spoilt(body, "format", 99),
}


@pytest.fixture
def store(flashgen: Flashgen, project: Path) -> Path:
    """With a sale that was opened, and is scheduled again."""
    path = write_feed(project, 3)
    path.write_text(path.read_text().replace("https://order.example.com", "http://127.0.0.1:9"))
    for line in ("push --yes", "go-live night --early --yes", "rollback night --to 0 --yes"):
        assert flashgen(*line.split()).exit_code == 0
    return project / ".flashgen" / "store"


def put_back(store: Path, before: dict[str, bytes]) -> None:
    """Have the store as it was."""
    for name in tree(store).keys() - before.keys():
        (store / name).unlink()
    for name, body in before.items():
        (store / name).write_bytes(body)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", OBJECTS)
def test_each_command_goes_on_or_names_the_damaged_object(
    flashgen: Flashgen, store: Path, name: str, damage: str
) -> None:
    """Never a bug's exit code; one that refuses has written nothing, and says what to do."""
    place, key, value, refusing = OBJECTS[name]
    path = place(store)
    path.write_bytes(DAMAGES[damage](path.read_bytes(), key, value))
    before, refused = tree(store), set()
    for command in ALL:
        run = flashgen(*command.split())
        assert run.exit_code in (0, 1), run.err
        if run.exit_code == 1 and path.relative_to(store).as_posix() in run.out + run.err:
            refused.add(command)
            assert before == tree(store)
        put_back(store, before)
    assert set(refusing) == refused


@pytest.mark.parametrize("name", ["the newest record", "an older record", "the manifest"])
def test_status_goes_on_and_says_what_is_damaged(flashgen: Flashgen, store: Path, name: str) -> None:
    """What is wrong with which object, and what to do."""
    place, key, value, _ = OBJECTS[name]
    path = place(store)
    path.write_bytes(spoilt(path.read_bytes(), key, value))
    run = flashgen("status", "night")
    assert (0, True) == (run.exit_code, "night: scheduled" in run.out)
    (line,) = [line for line in run.out.splitlines() if line.startswith("  damaged ")]
    assert path.relative_to(store).as_posix() in line
    assert f"`{key}` is a" in line
    assert "somebody wrote over it" in line
    (damaged,) = flashgen("status", "night", "--json").result["sales"][0]["damaged"]
    assert damaged["message"] in line
    assert damaged["hint"] in line


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["the pointer", "gate.json"])
def test_a_gate_keeps_its_last_reading_and_names_the_damaged_object(store: Path, name: str, damage: str) -> None:
    """It is trusted for ten seconds; then the gate admits nobody."""
    place, key, value, _ = OBJECTS[name]
    troubles: list[FlashgenError | None] = []
    reader = SaleReader(FolderStore(store), "night", lambda: 0.0, troubles.append)
    reader.poll()
    last, path = reader.reading, place(store)
    assert last is not None
    path.write_bytes(DAMAGES[damage](path.read_bytes(), key, value))
    reader.poll()
    assert last is reader.reading
    assert [True] == [trouble is not None and path.name in trouble.message for trouble in troubles]


def test_a_gate_does_not_start_on_a_damaged_object(flashgen: Flashgen, store: Path) -> None:
    """It says which it is."""
    place, key, value, _ = OBJECTS["gate.json"]
    path = place(store)
    path.write_bytes(spoilt(path.read_bytes(), key, value))
    run = flashgen("gate", "serve", "night")
    assert (1, True) == (
        run.exit_code,
        "gate.json in the store is not what a build wrote (`forms` is a null" in run.err,
    )
