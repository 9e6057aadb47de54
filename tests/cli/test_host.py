"""`host list` and `host remove`: a sale leaves the host's root, whose YAML may be long gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Flashgen
from support.projects import finish, start, store_of
from support.recording_store import RecordingStore

from flashgen.layout import host_key
from flashgen.page.host.files import HOST_KEYS
from flashgen.project import Project


@pytest.fixture
def two(flashgen: Flashgen, project: Path) -> Flashgen:
    """Two sales are pushed; the YAML of `old` is gone since."""
    for line in ("new old", "new spring", "push --yes"):
        assert 0 == flashgen(*line.split()).exit_code
    (project / "sale_configs" / "old.yaml").unlink()
    return flashgen


def names_at_root(project: Path) -> set[str]:
    """The sales that files at the root name."""
    bodies = [path.read_text() for key in HOST_KEYS if (path := root_file(project, key)).exists() and key[0] != "f"]
    return {sale for sale in ("old", "spring", "late") if any(f"{sale}/" in body for body in bodies)}


def root_file(project: Path, key: str) -> Path:
    """A file at the root of the store."""
    return project / ".flashgen" / "store" / key


def listed(flashgen: Flashgen) -> list[str]:
    """The sales that `host list` names."""
    return [row["sale"] for row in flashgen("host", "list", "--json").result["sales"]]


def test_a_sale_without_a_yaml_leaves_the_root(two: Flashgen, project: Path) -> None:
    """The root leads to the other one; pages stay; what changed is shown with reasons."""
    assert {"old", "spring"} == names_at_root(project)
    run = two("host", "remove", "old", "--yes")
    assert (0, True) == (run.exit_code, "index.html" in run.out)
    assert {"spring"} == names_at_root(project)
    assert 'content="0; url=spring/"' in root_file(project, "index.html").read_text()
    assert root_file(project, "old/index.html").is_file()
    assert ["spring"] == listed(two)
    assert "still there" not in run.err


def test_it_is_repeated_without_a_question(two: Flashgen, project: Path) -> None:
    """Nothing is written, nothing is asked; those that are there are named, as it may be a slip."""
    first = two("host", "remove", "old", "--yes", "--json").result
    before = store_of(project).get(host_key())
    again = two("host", "remove", "old")
    assert (True, False) == (first["removed"], first["is_noop"])
    assert (0, True) == (again.exit_code, "old is not at the root" in again.out)
    assert "there: spring" in again.err
    assert before == store_of(project).get(host_key())
    result = two("host", "remove", "old", "--json").result
    assert (False, True, []) == (result["removed"], result["is_noop"], result["changes"])


def test_it_asks_first(two: Flashgen, project: Path) -> None:
    """Without a terminal it needs --yes: exit 2, and nothing has changed."""
    run = two("host", "remove", "old")
    assert (2, True) == (run.exit_code, "--yes" in run.err)
    assert {"old", "spring"} == names_at_root(project)


def test_a_push_in_between_is_not_lost(two: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another operator pushes a third sale just before the register is written."""
    assert 0 == two("new", "late").exit_code
    pushes: list[tuple[int, str, str]] = []

    def push_of_another(number: int, verb: str, key: str) -> None:
        if (verb, key) == ("put", host_key()) and not pushes:
            pushes.append(finish(start(project, "push", "late", "--yes", FLASHGEN_WHO="bob")))

    store = RecordingStore(store_of(project), push_of_another)
    with monkeypatch.context() as patched:
        patched.setattr(Project, "store", lambda *_: store)
        run = two("host", "remove", "old", "--yes")
    assert [0] == [code for code, _, _ in pushes]
    assert 0 == run.exit_code
    assert {"spring", "late"} == names_at_root(project)
    assert {"spring", "late"} == {*listed(two)}


def test_a_yaml_that_is_still_there_is_named(two: Flashgen, project: Path) -> None:
    """Because the sale's next push puts it back, as it says."""
    run = two("host", "remove", "spring", "--yes")
    assert "sale_configs/spring.yaml is still there: the sale's next push puts it back" in run.err
    assert ["old"] == listed(two)
    assert 0 == two("push", "--yes").exit_code
    assert ["old", "spring"] == sorted(listed(two))


def test_the_last_sale_leaves_a_root_without_names(two: Flashgen, project: Path) -> None:
    """Files stay, as only prune deletes; the list says so."""
    for sale in ("old", "spring"):
        assert 0 == two("host", "remove", sale, "--yes").exit_code
    assert set() == names_at_root(project)
    assert "no sale is at the root of" in two("host", "list").out


def test_a_secret_sale_is_listed_for_operators(flashgen: Flashgen, project: Path) -> None:
    """It has an entry, which the root does not show."""
    assert 0 == flashgen("new", "old").exit_code
    path = project / "sale_configs" / "old.yaml"
    path.write_text(path.read_text().replace("sale:\n", "sale:\n  noindex: true\n", 1))
    assert 0 == flashgen("push", "--yes").exit_code
    assert "noindex: not shown" in flashgen("host", "list").out
    run = flashgen("host", "remove", "old", "--yes")
    assert 0 == run.exit_code
    assert [] == listed(flashgen)
