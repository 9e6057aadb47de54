"""How flashgen speaks: stdout is data, stderr is talk, and the exit code says how it went."""

from __future__ import annotations

import errno
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

import pytest
from support.command import Flashgen

from flashgen.cli.main import main
from flashgen.project import Project
from flashgen.store import FolderStore


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
    run = flashgen("check")
    assert (130, "error: interrupted: nothing public was changed") == (run.exit_code, run.err.strip())


@pytest.mark.parametrize("line", ["go-live night --early --yes", "pause night --yes", "push --yes --refresh"])
def test_an_interrupt_before_the_first_write_changed_nothing(
    pushed: Flashgen, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Wherever it comes: here while the store is asked what is there."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    assert line.startswith("go-live") or pushed("go-live", "night", "--early", "--yes").exit_code == 0
    monkeypatch.setattr(FolderStore, "get", interrupted)
    run = pushed(*line.split())
    assert (130, True) == (run.exit_code, "error: interrupted: nothing public was changed" in run.err)


@pytest.mark.parametrize("line", ["go-live night --early --yes", "push day --yes"])
def test_an_interrupt_while_writing_does_not_say_that_nothing_changed(
    pushed: Flashgen, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """The write may have left already."""
    assert pushed("new", "day").exit_code == 0

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FolderStore, "put", interrupted)
    run = pushed(*line.split())
    assert (130, False) == (run.exit_code, "nothing public was changed" in run.err)


def test_a_bug_without_room_for_its_file_is_told_in_words(flashgen: Flashgen, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk may be what is wrong."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Project, "sale_paths", broken)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    run = flashgen("check")
    assert run.exit_code == 3
    assert "no file could be written with its traceback: no space left on device" in run.err


@pytest.mark.parametrize("step", ["_harden_streams", "explain"])
def test_an_interrupt_outside_the_command_exits_130(step: str) -> None:
    """Before it begins, and while its end is reported: no traceback, and no death by SIGINT."""
    program = (
        "import sys; from flashgen.cli import main\n"
        "def interrupted(*_): raise KeyboardInterrupt\n"
        f"main.{step} = interrupted; sys.argv = ['flashgen', 'no-such-command']; sys.exit(main.run())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (130, "") == (done.returncode, done.stderr)


def test_quiet_says_nothing_but_the_result(flashgen: Flashgen) -> None:
    """No talk on stderr."""
    run = flashgen("new", "night", "-q")
    assert "wrote" in run.out
    assert run.err == ""


def test_quiet_keeps_warnings(flashgen: Flashgen, project: Path) -> None:
    """It drops progress and notes only."""
    flashgen("new", "night")
    path = project / "sale_configs" / "night.yaml"
    path.write_text(re.sub(r"(?m)^  version: .*\n", "", path.read_text()), encoding="utf-8")
    for command in ("check", "build"):
        assert "warning: sale_configs/night.yaml" in flashgen(command, "-q").err


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
    """The CSV is copied beside the YAML, and builds: the sale, a product, and the pages that wait and end."""
    feed = tmp_path / "goods.csv"
    feed.write_text("sku,name,price\nA-1,Lamp,12.50\n")
    assert flashgen("new", "night", "--products", str(feed)).exit_code == 0
    assert (project / "sale_configs" / "goods.csv").read_text() == feed.read_text()
    assert flashgen("build", "--json").result["pages"] == 4


def test_new_and_check_print_what_was_understood(flashgen: Flashgen, project: Path, tmp_path: Path) -> None:
    """The format, the columns and three products, and the same in the JSON; the currency is that of the feed."""
    feed = tmp_path / "goods.tsv"
    feed.write_text("id\ttitle\tprice\timage_link\nL-1\tLamp\t12.50 CHF\t\n")
    made = flashgen("new", "night", "--products", str(feed))
    lines = ("goods.tsv: Google Merchant feed (TSV, UTF-8)", "1 row: 1 product", "1. L-1, Lamp, price 12.50")
    checked = flashgen("check")
    assert all(line in run.out for run in (made, checked) for line in lines)
    assert "currency: CHF" in (project / "sale_configs" / "night.yaml").read_text()
    (understood,) = flashgen("check", "--json").result["feeds"]
    assert ("merchant", 1) == (understood["format"], understood["variants"])


@pytest.mark.parametrize(
    ("heading", "locale"),
    [("Artikelnummer;Bezeichnung;Preis", "de"), ("référence;nom;prix", "fr"), ("sku;name;price", "en")],
)
def test_new_guesses_the_language_of_a_feed(
    flashgen: Flashgen, project: Path, tmp_path: Path, heading: str, locale: str
) -> None:
    """By its headings, and says so if they are no keys."""
    feed = tmp_path / "goods.csv"
    feed.write_text(f"{heading}\nL-1;Lamp;5\n", "utf-8")
    made = flashgen("new", "night", "--products", str(feed))
    assert f"\n  locale: {locale} " in (project / "sale_configs" / "night.yaml").read_text()
    assert ("guessed from the headings" in made.out) == (locale != "en")


def test_check_prints_what_was_understood_of_a_feed_with_problems(flashgen: Flashgen, project: Path) -> None:
    """The wrong column explains the wrong cells."""
    flashgen("new", "night")
    path = project / "sale_configs" / "night.yaml"
    path.write_text(path.read_text().partition("products:")[0] + "products: {from: goods.csv}\n")
    (project / "sale_configs" / "goods.csv").write_text("Code,Product,Stock,Price\nA,Lamp,5,on request\n")
    run = flashgen("check")
    assert run.exit_code == 1
    assert "guessed: sku ← Code, name ← Product" in run.out


def test_new_keeps_what_it_wrote_for_a_feed_that_can_be_mended(
    flashgen: Flashgen, project: Path, tmp_path: Path
) -> None:
    """`columns:` beside `from:` needs a YAML to stand in; the problem names the copy, which is the one to mend."""
    feed = tmp_path / "goods.csv"
    feed.write_text("sku,label,price\nA-1,Lamp,12.50\n")
    run = flashgen("new", "night", "--products", str(feed))
    assert (1, True, True) == (run.exit_code, "sale_configs/goods.csv:1" in run.err, "flashgen check night" in run.err)
    path = project / "sale_configs" / "night.yaml"
    path.write_text(path.read_text().replace("from:", "columns: {name: label}\n  from:"))
    assert 0 == flashgen("check").exit_code


def test_a_file_that_is_no_feed_is_refused_before_anything_is_written(
    flashgen: Flashgen, project: Path, tmp_path: Path
) -> None:
    """`new` leaves nothing half-made behind, and names the user's own file."""
    feed = tmp_path / "goods.xls"
    feed.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
    run = flashgen("new", "night", "--products", str(feed))
    assert (1, True) == (run.exit_code, str(feed) in run.err)
    assert not (project / "sale_configs").exists()


def test_new_says_that_the_currency_is_a_default(flashgen: Flashgen, tmp_path: Path) -> None:
    """Where no price names one."""
    feed = tmp_path / "goods.csv"
    feed.write_text("sku,name,price\nA-1,Lamp,12.50\n")
    assert "currency: EUR, because the prices name none" in flashgen("new", "night", "--products", str(feed)).out
    swiss = tmp_path / "swiss.csv"
    swiss.write_text("sku,name,price\nA-1,Lamp,12.50 CHF\n")
    made = flashgen("new", "day", "--products", str(swiss))
    assert (0, False) == (made.exit_code, "because the prices" in made.out)


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
    pytest.fail(f"{words!r} was never printed")
