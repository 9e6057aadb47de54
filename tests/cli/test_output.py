"""How flashgen speaks: stdout is data, stderr is talk, and the exit code says how it went."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest
from support.command import Flashgen

from flashgen.cli.main import main
from flashgen.project import Project


def test_every_problem_of_every_file_is_shown_with_place_line_and_fix(flashgen: Flashgen, project: Path) -> None:
    """Two files, three problems, one run."""
    flashgen("new", "one")
    flashgen("new", "two")
    for name, old, new in (
        ("one", 'price: "19.90"', "price: -5"),
        ("one", "currency: EUR", "currency: EURO"),
        ("two", "title:", "titel:"),
    ):
        path = project / "sale_configs" / f"{name}.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
    run = flashgen("check")
    assert run.exit_code == 1
    for part in ("sale_configs/one.yaml:", "price: -5", "EURO", "sale_configs/two.yaml:", "did you mean `title`?"):
        assert part in run.err
    assert run.out == ""


def test_problems_in_json_have_file_line_and_column(flashgen: Flashgen, project: Path) -> None:
    """For editors and pipelines; stdout stays one document."""
    flashgen("new", "one")
    path = project / "sale_configs" / "one.yaml"
    lines = path.read_text().replace("currency: EUR", "currency: EURO").splitlines()
    path.write_text("\n".join(lines))
    run = flashgen("check", "--json")
    assert run.exit_code == 1
    problems = {problem["path"]: problem for problem in run.document["problems"]}
    expected_line = next(number for number, line in enumerate(lines, 1) if "EURO" in line)
    assert ("sale_configs/one.yaml", expected_line) == (
        problems["sale.currency"]["file"],
        problems["sale.currency"]["line"],
    )


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["go-life", "night"], "go-live"),
        (["build", "--nonsense"], "--nonsense"),
        (["status", "--target"], "--target"),
        (["go-live"], "sale"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_is_meant(flashgen: Flashgen, arguments: list[str], word: str) -> None:
    """With the usage line, and a suggestion for a mistyped command."""
    run = flashgen(*arguments)
    assert run.exit_code == 2
    assert word in run.err.lower()


def test_a_bug_exits_3_and_leaves_a_traceback_in_a_log(
    flashgen: Flashgen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One line for the user; the traceback, without local variables, for us."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def broken(*_: object) -> None:
        secret = "never-in-a-log"
        raise RuntimeError("boom " + str(len(secret)))

    monkeypatch.setattr(Project, "sale_paths", broken)
    run = flashgen("check")
    (log,) = tmp_path.glob("flashgen-*.log")
    assert run.exit_code == 3
    assert str(log) in run.err
    assert "Traceback" not in run.err
    assert "RuntimeError: boom" in log.read_text()
    assert "never-in-a-log" not in log.read_text().replace('secret = "never-in-a-log"', "")


def test_an_interrupt_exits_130(flashgen: Flashgen, monkeypatch: pytest.MonkeyPatch) -> None:
    """As shells expect of Ctrl-C."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Project, "sale_paths", interrupted)
    assert flashgen("check").exit_code == 130


def test_quiet_says_nothing_but_the_result(flashgen: Flashgen) -> None:
    """No talk on stderr."""
    run = flashgen("new", "night", "-q")
    assert "wrote" in run.out
    assert run.err == ""


def test_colour_only_where_it_is_wanted(project: Path) -> None:
    """On a terminal, and there not with NO_COLOR; never in a pipe."""
    main(["new", "night", "-q"])
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    assert "\x1b[" in on_a_terminal(plain)
    assert "\x1b[" not in on_a_terminal({**plain, "NO_COLOR": "1"})
    piped = subprocess.run(STATUS, capture_output=True, text=True, env=plain, check=True)
    assert "\x1b[" not in piped.stdout + piped.stderr


STATUS = (sys.executable, "-m", "flashgen", "status")


def on_a_terminal(environment: dict[str, str]) -> str:
    """What `flashgen status` prints there."""
    ours, theirs = pty.openpty()
    subprocess.run(STATUS, stdout=theirs, stderr=theirs, env=environment, check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        return terminal.read1(65536).decode()


def test_a_folder_without_sales_says_how_to_write_one(flashgen: Flashgen) -> None:
    """The first thing a new user types may be `build`."""
    run = flashgen("build")
    assert run.exit_code == 1
    assert "flashgen new" in run.err


def test_settings_have_places_too(flashgen: Flashgen, project: Path) -> None:
    """flashgen.yaml is read by the same rules as a sale."""
    flashgen("new", "night")
    (project / "flashgen.yaml").write_text("targets:\n  local:\n    stroe: dir:x\n")
    run = flashgen("status")
    assert run.exit_code == 1
    assert "flashgen.yaml:3:5" in run.err
    assert "did you mean `store`?" in run.err


def test_new_never_overwrites(flashgen: Flashgen, project: Path) -> None:
    """Neither a sale nor a feed."""
    flashgen("new", "night")
    before = (project / "sale_configs" / "night.yaml").read_bytes()
    assert flashgen("new", "night").exit_code == 1
    assert before == (project / "sale_configs" / "night.yaml").read_bytes()


def test_new_takes_a_feed(flashgen: Flashgen, project: Path, tmp_path: Path) -> None:
    """The CSV is copied beside the YAML, and builds."""
    feed = tmp_path / "goods.csv"
    feed.write_text("sku,name,price\nA-1,Lamp,12.50\n")
    assert flashgen("new", "night", "--products", str(feed)).exit_code == 0
    assert (project / "sale_configs" / "goods.csv").read_text() == feed.read_text()
    assert flashgen("build", "--json").result["pages"] == 3


def test_a_bad_feed_is_refused_before_anything_is_written(flashgen: Flashgen, project: Path, tmp_path: Path) -> None:
    """`new` leaves nothing half-made behind."""
    feed = tmp_path / "goods.csv"
    feed.write_text("sku,price\nA-1,12.50\n")
    run = flashgen("new", "night", "--products", str(feed))
    assert run.exit_code == 1
    assert "name" in run.err
    assert not (project / "sale_configs").exists()


@pytest.mark.parametrize("name", ["UPPER", "a b", "../x", "-x", ""])
def test_new_refuses_a_name_that_is_no_id(flashgen: Flashgen, project: Path, name: str) -> None:
    """The id is in the URL."""
    run = flashgen("new", "--", name)
    assert run.exit_code in (1, 2)
    assert not list(project.rglob("*.yaml"))


def test_watch_builds_again_after_an_edit_and_survives_a_mistake(project: Path) -> None:
    """Marketing keeps it running beside the editor."""
    main(["new", "night", "-q"])
    sale = project / "sale_configs" / "night.yaml"
    good = sale.read_text()
    with subprocess.Popen(
        [sys.executable, "-m", "flashgen", "build", "--watch"], stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stderr is not None
        deadline = threading.Timer(60, watching.kill)
        deadline.start()
        try:
            wait_for(watching.stderr, "built into")
            sale.write_text(good.replace('price: "19.90"', "price: -1"))
            wait_for(watching.stderr, "must be above 0")
            sale.write_text(good.replace("19.90", "18.90"))
            wait_for(watching.stderr, "built into")
        finally:
            watching.send_signal(signal.SIGINT)
            deadline.cancel()
        assert watching.wait(10) == 130
    pages = [path.read_text() for path in (project / "build").rglob("index.html")]
    assert any("18.90" in page for page in pages)


def wait_for(stream: IO[str], words: str) -> None:
    """Read lines until one has the words; the end of the stream fails the test."""
    for line in stream:
        if words in line:
            return
    pytest.fail(f"{words!r} was never said")
