"""Reading the pointer from outside after a write: what counts as an answer, and what is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.meddling_edge import Change, MeddlingEdge, Reply
from support.operators import KEY, bring, go_live, writer_of

from flashgen.cli.session import Session
from flashgen.cli.transition.public_check import open_public_check
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.project import Project
from flashgen.store import MemoryStore
from flashgen.unlock.pointer import Forward, Pointer, render
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.transition import transition
from flashgen.unlock.visibility import Visibility


@dataclass
class Scene:
    """A scheduled sale behind an edge, and a project whose target is there; waiting takes no time."""

    writer: PointerWriter
    edge: MeddlingEdge
    session: Session

    def opened(self) -> Pointer:
        """Go live; the pointer that was written."""
        return transition(self.writer, go_live()).after

    def shows(self, body: bytes, status: int = 200) -> None:
        """The edge answers so from now on."""
        self.edge.change = lambda reply: replace(reply, body=body, status=status)

    def watched(self, ours: Pointer) -> Visibility:
        """What a check finds that begins after the write."""
        with open_public_check(self.session, self.writer) as check:
            return check.await_visible(ours)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Where nothing goes wrong yet."""
    store = MemoryStore()
    bring(store)
    edge = MeddlingEdge(Edge(store))
    with Serving(edge) as serving:
        settings = f"targets: {{local: {{store: 'dir:store', url: '{serving.url}', distribution: E2EXAMPLE}}}}\n"
        (tmp_path / "flashgen.yaml").write_text(settings, encoding="utf-8")
        yield Scene(writer_of(store), edge, Session(tmp_path))


@pytest.fixture(autouse=True)
def cdn(monkeypatch: pytest.MonkeyPatch) -> Cdn:
    """That of the target."""
    cdn = Cdn()
    monkeypatch.setattr(Project, "cdn", lambda *_: cdn)
    return cdn


@dataclass
class Cdn:
    """Notes what it is told."""

    name: str = "cdn"
    told: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        self.told.append((tuple(paths), reference))
        return reference

    def is_done(self, invalidation: str) -> bool:
        """See `Cdn.is_done`."""
        return True


def test_every_look_asks_for_something_else(scene: Scene) -> None:
    """Or a cache on the way would go on answering."""
    queries: list[str] = []

    def noted(reply: Reply) -> Reply:
        queries.append(reply.query)
        return reply

    ours = scene.opened()
    scene.edge.change = noted
    assert scene.watched(ours).is_visible
    assert (len(queries), True) == (len(set(queries)), all(queries))


def test_an_error_that_carries_the_pointer_is_an_error(scene: Scene) -> None:
    """No page would take it."""
    ours = scene.opened()
    scene.shows(render(ours), 503)
    verdict = scene.watched(ours)
    assert (False, 503, None) == (verdict.is_visible, verdict.last.status, verdict.last.pointer)


def test_a_forward_is_no_pointer(scene: Scene) -> None:
    """Even one that was written with the same nonce."""
    ours = scene.opened()
    scene.shows(render(Forward(ours.revision, ours.nonce, "unlock.abcdefgh23.js")))
    verdict = scene.watched(ours)
    assert (False, "shows a forward to unlock.abcdefgh23.js") == (verdict.is_visible, verdict.last.problem)


def test_an_invalidation_is_named_after_the_revision(scene: Scene, cdn: Cdn) -> None:
    """A name that was used before would make no edge forget anything."""
    old, ours = scene.writer.file.read().pointer, scene.opened()
    scene.shows(render(old))
    assert scene.watched(ours).invalidated
    assert [((f"/{KEY}",), ours.nonce)] == cdn.told


ANSWERS: dict[str, tuple[Change, bool, str]] = {
    "the pointer": (lambda reply: reply, True, ""),
    "a refusal": (lambda reply: replace(reply, status=403, body=b"no"), False, "and now the edge answers 403"),
    "a login page": (
        lambda reply: replace(reply, body=b"<html>"),
        False,
        "and now the edge shows something else than a pointer",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_witness_knows_what_was_seen_before_the_write(
    scene: Scene, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A way that was closed before says nothing about the write; and whoever relies on it is warned."""
    scene.edge.change, reached, warning = ANSWERS[name]
    with open_public_check(scene.session, scene.writer) as witness:
        assert reached == witness.reached_before
    said = capsys.readouterr().err
    assert (warning in said, not warning) == (True, not said)


def test_nor_was_it_seen_where_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With where it was looked for."""
    store = MemoryStore()
    bring(store)
    with Serving(Edge(store)) as serving:
        url = serving.url
    (tmp_path / "flashgen.yaml").write_text(f"targets: {{local: {{store: 'dir:store', url: '{url}'}}}}\n")
    with open_public_check(Session(tmp_path), writer_of(store)) as witness:
        assert not witness.reached_before
    assert f"the edge was not reached at {url}/{KEY}: no connection" in capsys.readouterr().err


def test_whoever_waits_hears_what_there_is_instead(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """Every five seconds until it is given up; nothing where it shows at once."""
    old, ours = scene.writer.file.read().pointer, scene.opened()
    assert scene.watched(ours).is_visible
    assert "" == capsys.readouterr().err
    scene.shows(render(old))
    scene.watched(ours)
    said = capsys.readouterr().err.splitlines()
    expected = (f"still looking after {seconds} s: the edge still shows revision 0" for seconds in (5, 10))
    assert list(expected) == [re.sub(r" \(.*", "", line) for line in said]
