"""`plan` and `push FILE`: what is shown, saved, refused and carried out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import Flashgen
from support.projects import write_feed, write_sale
from support.shop import Shop, plan_for, push_of

from flashgen.cli.release.plan_text import respelled
from flashgen.store import MemoryStore

PRODUCTION = "targets:\n  production: {store: 'dir:elsewhere', url: 'https://sale.example'}\n"


def edit(project: Path) -> None:
    """Another title: every page changes."""
    path = project / "sale_configs" / "night.yaml"
    path.write_text(path.read_text().replace("title: ", "title: Very "))


def stored(project: Path) -> dict[str, bytes]:
    """What lies in the local store, by path."""
    root = project / ".flashgen" / "store"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def saved(pushed: Flashgen, project: Path) -> Flashgen:
    """An edit, planned into plan.json."""
    edit(project)
    assert pushed("plan", "-o", "plan.json").exit_code == 0
    return pushed


def test_a_saved_plan_is_pushed_and_nothing_is_built(saved: Flashgen, project: Path) -> None:
    """The YAML may have moved on. Doing it twice changes nothing and exits 0."""
    edit(project)
    planned = [change["key"] for change in json.loads((project / "plan.json").read_text())["sales"][0]["changes"]]
    run = saved("push", "plan.json", "--yes", "--json")
    root = ["404.html", "index.html"]  # follows from the sales, and is in no plan
    assert (0, planned + root) == (run.exit_code, [change["key"] for change in run.result["changes"]])
    page = stored(project)["night/index.html"]
    assert (1, 0) == (page.count(b"<title>Very "), page.count(b"Very Very"))
    before = stored(project)
    again = saved("push", "plan.json", "--json")
    assert (0, True, 0) == (again.exit_code, again.result["is_noop"], again.result["uploaded"])
    assert "night: already pushed" in saved("push", "plan.json").out
    assert before == stored(project)


def test_a_stale_plan_exits_4_and_names_the_winner(
    saved: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed."""
    edit(project)
    monkeypatch.setenv("FLASHGEN_WHO", "bob")
    assert saved("push", "--yes").exit_code == 0
    before = stored(project)
    run = saved("push", "plan.json", "--yes", "--json")
    assert (4, "bob") == (run.exit_code, run.result["winner"])
    assert before == stored(project)


def test_another_build_is_refused(saved: Flashgen, project: Path) -> None:
    """What was reviewed is gone from build/."""
    edit(project)
    assert saved("build").exit_code == 0
    run = saved("push", "plan.json", "--yes")
    assert (1, True) == (run.exit_code, "build/ is not what plan.json was made for" in run.err)


def test_a_plan_goes_to_the_target_it_was_made_for(flashgen: Flashgen, project: Path) -> None:
    """Without --target it is the plan's own; another one, or another store, is refused."""
    flashgen("new", "night")
    settings = project / "flashgen.yaml"
    settings.write_text(PRODUCTION)
    assert flashgen("plan", "--target", "production", "-o", "out.plan").exit_code == 0
    run = flashgen("push", "out.plan", "--target", "local", "--yes")
    assert (1, True) == (run.exit_code, "made for target `production`, not for `local`" in run.err)
    settings.write_text(PRODUCTION.replace("elsewhere", "moved"))
    run = flashgen("push", "out.plan", "--yes")
    assert (1, True) == (run.exit_code, "made for dir:elsewhere" in run.err)
    settings.write_text(PRODUCTION)
    run = flashgen("push", "out.plan", "--yes", "--json")
    assert (0, "production") == (run.exit_code, run.result["target"])
    assert (project / "elsewhere" / "night" / "index.html").exists()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("push night plan.json", "by itself"),
        ("push plan.json plan.json", "by itself"),
        ("push plan.json --refresh", "goes with `flashgen plan`"),
    ],
)
def test_a_plan_is_pushed_by_itself(saved: Flashgen, line: str, expected: str) -> None:
    """Wrong usage: exit 2."""
    run = saved(*line.split(), "--yes")
    assert (2, True) == (run.exit_code, expected in run.err)


def test_a_missing_file_is_no_sale(pushed: Flashgen) -> None:
    """An id has neither a point nor a slash."""
    for name in ("typo.json", "./night"):
        run = pushed("push", name, "--yes")
        assert (1, True) == (run.exit_code, "no such file" in run.err)


def test_a_file_that_is_called_as_a_sale_does_not_hide_it(saved: Flashgen, project: Path) -> None:
    """Any other file is a plan, whatever it is called."""
    (project / "plan.json").rename(project / "saved")
    (project / "night").write_text("notes")
    assert saved("push", "saved", "--yes").exit_code == 0
    run = saved("push", "night", "--yes", "--json")
    assert (0, True) == (run.exit_code, run.result["is_noop"])


def test_a_plan_that_cannot_be_written_leaves_the_one_that_was_there(saved: Flashgen, project: Path) -> None:
    """It is renamed into place when it is whole."""
    before = (project / "plan.json").read_bytes()
    (project / "sale_configs" / "night.yaml").write_text("sale: {")
    assert saved("plan", "-o", "plan.json").exit_code == 1
    assert before == (project / "plan.json").read_bytes()
    assert not list(project.glob("*plan.json*"))[1:]


def test_a_plan_is_not_written_over_something_else(pushed: Flashgen, project: Path) -> None:
    """A slip of the hand, and a hint that would have led there."""
    sale = project / "sale_configs" / "night.yaml"
    before = sale.read_bytes()
    slip = pushed("push", "sale_configs/night.yaml")
    assert (1, True) == (slip.exit_code, "hint: push a sale by its id: flashgen push night\n" in slip.err)
    for name, code in (("sale_configs/night.yaml", 1), ("sale_configs", 2), ("nowhere/p.json", 1)):
        run = pushed("plan", "-o", name)
        assert (code, True) == (run.exit_code, name in run.err)
    assert before == sale.read_bytes()


def test_refresh_finds_what_was_done_by_hand(pushed: Flashgen, project: Path) -> None:
    """Without it, a plan trusts the manifest; untracked objects are reported."""
    sale = project / ".flashgen" / "store" / "night"
    page = sorted(sale.glob("*/index.html"))[0]
    page.unlink()
    (sale / "note.txt").write_text("mine")
    assert pushed("plan", "--json").result["is_noop"] is True
    run = pushed("plan", "--refresh")
    (row,) = [line for line in run.out.splitlines() if "drifted: gone" in line]
    assert row.split()[:2] == ["!", page.relative_to(sale).as_posix()]
    assert ", 1 drifted" in run.out
    assert "1 untracked object, left alone: night/note.txt" in run.err
    assert "push --refresh" in run.err
    run = pushed("push", "--refresh", "--yes", "--json")
    assert (0, 1, ["drifted: gone"]) == (
        run.exit_code,
        run.result["uploaded"],
        [change["reason"] for change in run.result["changes"]],
    )
    assert page.exists()
    assert pushed("plan", "--refresh", "--json").result["is_noop"] is True


def test_json_of_a_plan(saved: Flashgen) -> None:
    """Stable keys; the base by who pushed it."""
    result = saved("plan", "-o", "again.json", "--json").result
    keys = {"target", "store", "is_noop", "changes", "others_at_root", "uploaded", "unchanged", "sales", "saved"}
    assert keys == result.keys()
    (sale,) = result["sales"]
    assert ("local", "again.json", "tester", False) == (
        result["target"],
        result["saved"],
        sale["base"]["who"],
        sale["is_noop"],
    )


def test_a_thousand_pages_are_cut_and_counted(flashgen: Flashgen, project: Path) -> None:
    """What is alike is counted with its reason; -v shows all. The head says where it goes."""
    write_feed(project, 30)
    lines = flashgen("plan").out.splitlines()
    assert ["local", "http://127.0.0.1:8080"] == [lines[0].split()[0], lines[0].split()[-1]]
    assert lines[0].split()[1].startswith("dir:")
    assert "night  never pushed" in lines
    pages = lines[lines.index("  pages") + 1 : lines.index("  sale page")]
    assert ["+ calendar/night.ics", "… 28 more"] == [" ".join(line.split()[:-1]) for line in (pages[0], pages[-1])]
    assert {"new"} == {line.split()[-1] for line in pages}
    assert 6 == len(pages)
    whole = flashgen("plan", "-v").out.splitlines()
    assert 33 == whole.index("  sale page") - whole.index("  pages") - 1
    assert whole[-1] == lines[-1] == "    + index.html   new"


def test_addresses_that_change_with_the_spelling_are_named(flashgen: Flashgen, project: Path) -> None:
    """Old and new in one line, with the key that keeps the old one."""
    write_sale(project, 'products:\n  - {sku: A, name: Mütze, slug: mutze, price: "1.00"}\n', locale="de")
    assert 0 == flashgen("push", "--yes").exit_code
    path = write_sale(project, 'products:\n  - {sku: A, name: Mütze, price: "1.00"}\n', locale="de")
    planned = flashgen("plan")
    line = "night: addresses change with the spelling: mutze → muetze; `slug: mutze` keeps an old one"
    assert line in planned.out.splitlines()
    assert {"mutze": "muetze"} == flashgen("plan", "--json").result["sales"][0]["respelled"]
    path.write_text(path.read_text("utf-8").replace("name: Mütze", "name: Mütze, slug: mutze"), "utf-8")
    assert "addresses change" not in flashgen("plan").out


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (("mutze", "blue-rug"), ("muetze", "blue-rug"), {"mutze": "muetze"}),
        (("rod-grod", "mug"), ("roed-groed", "mug"), {"rod-grod": "roed-groed"}),
        (("muetze",), ("mutze",), {"muetze": "mutze"}),
        (("de/mutze", "en/mutze"), ("de/muetze", "en/muetze"), {"mutze": "muetze"}),
        (("mutze",), ("muetze", "mutze"), {}),
        (("mutze",), ("rug",), {}),
        (("mutze",), (), {}),
    ],
)
def test_a_page_that_moves_because_of_spelling_is_known(
    tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...], moved: dict[str, str]
) -> None:
    """Whichever language it was and is spelled in; no other page that comes or goes is taken for one."""
    store = MemoryStore()
    push_of(Shop(pages=before).build(tmp_path), store).run()
    assert moved == respelled(plan_for(Shop(pages=after).build(tmp_path), store))
