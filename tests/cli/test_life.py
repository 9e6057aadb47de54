"""The whole life of a sale, by the commands a release engineer types."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen

TRANSITION_KEYS = {"sale", "from", "to", "revision", "changed", "who", "written_at", "visible_at"}


def pointer_text(project: Path) -> str:
    """The one pointer in the project's local store."""
    (path,) = (project / ".flashgen" / "store" / "night").glob("unlock.*.js")
    return path.read_text()


def test_a_new_sale_builds_pushes_and_opens_as_it_is(flashgen: Flashgen, project: Path) -> None:
    """What `new` writes needs no editing to be tried."""
    for line in ("new night", "check", "build", "push --yes", "go-live night --early --yes"):
        run = flashgen(*line.split())
        assert run.exit_code == 0, run.err
    assert '"state":"live"' in pointer_text(project)
    assert (project / "flashgen.yaml").exists()
    assert ".flashgen/" in (project / ".gitignore").read_text()


def test_every_transition_answers_with_the_same_keys(pushed: Flashgen) -> None:
    """CI pipelines read them; the revision grows by one with each change."""
    arrows = [
        ("go-live night --early", "scheduled", "live"),
        ("pause night", "live", "paused"),
        ("resume night", "paused", "live"),
        ("sold-out night --sku SHIRT-1", "live", "live"),
        ("resume night --sku SHIRT-1", "live", "live"),
        ("sold-out night", "live", "live"),
        ("rollback night --to 1", "live", "live"),
        ("end night", "live", "ended"),
        ("rollback night --to 0", "ended", "scheduled"),
    ]
    for revision, (line, before, after) in enumerate(arrows, 1):
        run = pushed(*line.split(), "--yes", "--json")
        assert run.exit_code == 0, run.out
        assert set(run.result) == TRANSITION_KEYS
        assert (run.result["from"], run.result["to"]) == (before, after)
        assert (run.result["revision"], run.result["changed"]) == (revision, True)


@pytest.mark.parametrize(
    "line", ["go-live night --early", "sold-out night --sku MUG-1", "sold-out night", "end night", "push"]
)
def test_running_a_command_twice_changes_nothing_the_second_time(pushed: Flashgen, line: str, project: Path) -> None:
    """And exits 0, without asking."""
    assert pushed(*line.split(), "--yes").exit_code == 0
    before = pointer_text(project)
    again = pushed(*line.split(), "--json")
    assert again.exit_code == 0
    assert again.result.get("changed", False) is False
    assert again.result.get("is_noop", True) is True
    assert before == pointer_text(project)


def test_going_live_before_the_start_needs_early(pushed: Flashgen) -> None:
    """It says when the sale starts, and both ways on."""
    run = pushed("go-live", "night", "--yes")
    assert run.exit_code == 1
    assert "starts at" in run.err
    assert "--at start" in run.err
    assert "--early" in run.err


def test_a_public_verb_needs_yes_without_a_terminal(pushed: Flashgen, project: Path) -> None:
    """Wrong usage: exit 2, and nothing happened."""
    before = pointer_text(project)
    run = pushed("go-live", "night", "--early")
    assert run.exit_code == 2
    assert "--yes" in run.err
    assert before == pointer_text(project)


def test_dry_run_says_what_would_change_and_changes_nothing(pushed: Flashgen, project: Path) -> None:
    """Neither the pointer nor the journal."""
    store = project / ".flashgen" / "store"
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    run = pushed("end", "night", "--dry-run")
    assert run.exit_code == 0
    assert "scheduled → ended" in run.err
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_an_arrow_that_does_not_exist_is_refused(pushed: Flashgen) -> None:
    """With the state it would need."""
    run = pushed("pause", "night", "--yes", "--json")
    assert run.exit_code == 1
    assert run.document["ok"] is False
    assert "scheduled" in run.document["problems"][0]["message"]


def test_status_names_state_revision_and_who(pushed: Flashgen) -> None:
    """And the history, newest first."""
    pushed("go-live", "night", "--early", "--yes")
    pushed("pause", "night", "--yes")
    (sale,) = pushed("status", "--json").result["sales"]
    assert ("paused", 2, "tester") == (sale["state"], sale["revision"], sale["who"])
    assert ["pause", "go-live", "push"] == [one["verb"] for one in sale["history"]]


def test_status_of_a_sale_that_was_never_pushed_says_so(flashgen: Flashgen) -> None:
    """With the command to type, and exit 0: a question is no failure."""
    flashgen("new", "night")
    run = flashgen("status")
    assert run.exit_code == 0
    assert "not pushed" in run.out
    assert "flashgen push night" in run.err


def test_moved_times_show_as_drift_and_push_brings_them_over(pushed: Flashgen, project: Path) -> None:
    """Postponing is an edit and a push; the state stays."""
    pushed("go-live", "night", "--early", "--yes")
    path = project / "sale_configs" / "night.yaml"
    path.write_text(re.sub(r'(ends_at: )"[^"]*"', r'\1"2099-01-01T00:00:00Z"', path.read_text()))
    (sale,) = pushed("status", "--json").result["sales"]
    assert "ends_at" in sale["drift"][0]
    plan = pushed("plan", "--json").result
    assert {"times: ends_at"} == {c["reason"] for c in plan["changes"] if "unlock" in c["key"]}
    assert pushed("push", "--yes", "--force").exit_code == 0
    (sale,) = pushed("status", "--json").result["sales"]
    assert ("live", "2099-01-01T00:00:00Z", []) == (sale["state"], sale["ends_at"], sale["drift"])


def test_rotate_and_push_leave_a_forward_at_the_old_name(pushed: Flashgen, project: Path) -> None:
    """Pages that are still cached find the new pointer; comments in the YAML stay."""
    path = project / "sale_configs" / "night.yaml"
    comments = [line for line in path.read_text().splitlines() if "#" in line]
    (old,) = (project / ".flashgen" / "store" / "night").glob("unlock.*.js")
    run = pushed("rotate", "night", "--yes", "--json")
    assert run.exit_code == 0
    version = run.result["to"]
    assert comments == [
        line.replace(version, run.result["from"]) for line in path.read_text().splitlines() if "#" in line
    ]
    assert pushed("push", "--yes").exit_code == 0
    assert f'"forward":"unlock.{version}.js"' in old.read_text()
    assert pushed("push", "--json").result["is_noop"] is True
    assert pushed("go-live", "night", "--early", "--yes").exit_code == 0


def test_rotate_is_refused_once_the_sale_is_open(pushed: Flashgen) -> None:
    """Pages in shoppers' hands name the old version."""
    pushed("go-live", "night", "--early", "--yes")
    assert pushed("rotate", "night", "--yes").exit_code == 1


def test_push_is_frozen_around_the_start(pushed: Flashgen, project: Path) -> None:
    """Unless forced: caches should be warm at T0, and what is in them known."""
    path = project / "sale_configs" / "night.yaml"
    starts_at = datetime.now(UTC) + timedelta(minutes=10)
    path.write_text(re.sub(r'(starts_at: )"[^"]*"', rf'\1"{starts_at:%Y-%m-%dT%H:%M:%SZ}"', path.read_text()))
    assert pushed("plan").exit_code == 0
    run = pushed("push", "--yes")
    assert run.exit_code == 1
    assert "--force" in run.err
    assert pushed("push", "--yes", "--force").exit_code == 0


def test_the_token_of_a_live_sale_is_accepted(pushed: Flashgen, project: Path) -> None:
    """`token inspect` takes the token, or the whole order URL."""
    pushed("go-live", "night", "--early", "--yes")
    found = re.search(r'"path":"(/o/[^"]+)"', pointer_text(project))
    assert found
    run = pushed("token", "inspect", f"http://127.0.0.1:8090{found[1]}?sku=MUG-1", "--json")
    assert (run.exit_code, run.result["accepted"], run.result["claims"]["sale"]) == (0, True, "night")
    forged: dict[str, Any] = pushed("token", "inspect", found[1][:-3] + "AAA", "--json").result
    assert (forged["accepted"], forged["claims"]["sale"]) == (False, "night")


@pytest.mark.parametrize("place", ["before", "after"])
def test_global_options_stand_before_or_after_the_command(pushed: Flashgen, project: Path, place: str) -> None:
    """Nobody remembers which."""
    options = ["--json", "--project", str(project)]
    line = [*options, "status"] if place == "before" else ["status", *options]
    assert pushed(*line).document["command"] == "status"


def test_an_unknown_sale_or_sku_gets_a_suggestion(pushed: Flashgen) -> None:
    """Names are typed by tense people."""
    assert "did you mean `night`?" in pushed("status", "nigth").err
    assert "SHIRT-1" in pushed("sold-out", "night", "--sku", "shirt-1", "--yes").err


def test_a_sale_without_orders_builds_and_cannot_go_live(flashgen: Flashgen, project: Path) -> None:
    """Check, push and go-live each say what to add."""
    flashgen("new", "night")
    path = project / "sale_configs" / "night.yaml"
    path.write_text(re.sub(r"(?ms)^order:\n.*?^(?=\w)", "", path.read_text()))
    assert "there is no section `order`: nobody can buy in this sale" in flashgen("check").err
    pushed = flashgen("push", "--yes")
    assert pushed.exit_code == 0
    assert "night has no section `order`: it cannot go live" in pushed.err
    run = flashgen("go-live", "night", "--early", "--yes")
    assert run.exit_code == 1
    assert "order" in run.err


def test_a_target_that_is_not_local_needs_a_secret_of_its_own(flashgen: Flashgen, project: Path) -> None:
    """A secret made on the spot would not be the gate's."""
    flashgen("new", "night")
    (project / "flashgen.yaml").write_text("targets:\n  production: {store: 'dir:elsewhere'}\n")
    assert flashgen("push", "--yes", "--target", "production").exit_code == 0
    run = flashgen("go-live", "night", "--early", "--yes", "--target", "production")
    assert run.exit_code == 1
    assert "secret" in run.err


def test_a_build_of_another_version_pushes_its_own_pointer(pushed: Flashgen, project: Path) -> None:
    """`--no-build` after `rotate`: what is pushed is the build, and pages and pointer belong together."""
    assert pushed("rotate", "night", "--yes").exit_code == 0
    assert pushed("push", "--no-build", "--yes").exit_code == 0
    run = pushed("go-live", "night", "--early", "--yes")
    assert run.exit_code == 1
    assert "back into the YAML" in run.err
    assert len(list((project / ".flashgen" / "store" / "night").glob("unlock.*.js"))) == 1


def test_a_yaml_of_another_version_is_told_what_was_pushed(pushed: Flashgen, project: Path) -> None:
    """At sale time a sale that is there is never said to be missing."""
    pushed("go-live", "night", "--early", "--yes")
    path = project / "sale_configs" / "night.yaml"
    (old,) = re.findall(r"version: (\w+)", path.read_text())
    path.write_text(path.read_text().replace(old, "another2345"))
    for line in ("status night", "end night --yes", "pause night --yes"):
        run = pushed(*line.split())
        assert run.exit_code == 1
        assert f"version: {old}" in run.err


def test_a_sale_that_is_over_does_not_open(pushed: Flashgen, project: Path) -> None:
    """Its token would be refused by every gate."""
    reschedule(project, "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
    assert pushed("push", "--yes").exit_code == 0
    for more in ((), ("--early",), ("--at", "start", "--late-ok")):
        run = pushed("go-live", "night", "--yes", *more)
        assert run.exit_code == 1
        assert "nothing left to open" in run.err


def test_going_live_again_after_the_start_changes_nothing(pushed: Flashgen, project: Path) -> None:
    """Also with `--at start`, whose time has passed by then."""
    reschedule(project, "2020-01-01T00:00:00Z", "2099-01-02T00:00:00Z")
    assert pushed("push", "--yes").exit_code == 0
    assert pushed("go-live", "night", "--at", "start", "--late-ok", "--yes").exit_code == 0
    run = pushed("go-live", "night", "--at", "start", "--json")
    assert (run.exit_code, run.result["changed"]) == (0, False)


def test_moving_the_start_does_not_thaw_a_sale_that_is_about_to_begin(pushed: Flashgen, project: Path) -> None:
    """The caches of the start that shoppers know are what the freeze protects."""
    soon = datetime.now(UTC) + timedelta(minutes=10)
    reschedule(project, f"{soon:%Y-%m-%dT%H:%M:%SZ}", "2099-01-02T00:00:00Z")
    assert pushed("push", "--yes", "--force").exit_code == 0
    reschedule(project, "2098-01-01T00:00:00Z", "2099-01-02T00:00:00Z")
    assert pushed("push", "--yes").exit_code == 1


def test_an_edited_start_has_to_be_pushed_before_going_live(pushed: Flashgen, project: Path) -> None:
    """Else the sale would open at a time that no page shows."""
    reschedule(project, "2020-01-01T00:00:00Z", "2099-01-02T00:00:00Z")
    run = pushed("go-live", "night", "--yes")
    assert run.exit_code == 1
    assert "flashgen push night" in run.err


def test_a_broken_product_does_not_keep_another_one_open(pushed: Flashgen, project: Path) -> None:
    """`sold-out --sku` takes the SKU as typed when the YAML cannot be read."""
    pushed("go-live", "night", "--early", "--yes")
    path = project / "sale_configs" / "night.yaml"
    path.write_text(path.read_text().replace('price: "19.90"', "price: -1"))
    run = pushed("sold-out", "night", "--sku", "MUG-1", "--yes")
    assert run.exit_code == 0, run.err
    assert '"closed":["MUG-1"]' in pointer_text(project)


def test_a_range_closed_before_the_sale_can_be_opened_again(pushed: Flashgen, project: Path) -> None:
    """The undo that is printed works."""
    run = pushed("sold-out", "night", "--yes")
    assert "undo: flashgen resume night" in run.err
    assert pushed("resume", "night", "--yes").exit_code == 0
    assert '"state":"scheduled"' in pointer_text(project)
    assert '"closed":[]' in pointer_text(project)


def test_a_dry_run_refuses_what_the_real_one_would(flashgen: Flashgen, project: Path) -> None:
    """Yesterday's rehearsal has to prove something."""
    flashgen("new", "night")
    path = project / "sale_configs" / "night.yaml"
    path.write_text(re.sub(r"(?ms)^order:\n.*?^(?=\w)", "", path.read_text()))
    assert flashgen("push", "--yes").exit_code == 0
    assert flashgen("go-live", "night", "--early", "--dry-run").exit_code == 1


def test_one_broken_yaml_does_not_hide_the_other_sales(pushed: Flashgen, project: Path) -> None:
    """Their status is shown, then the problem."""
    (project / "sale_configs" / "broken.yaml").write_text("sale: {\n")
    run = pushed("status")
    assert run.exit_code == 1
    assert "night: scheduled" in run.out
    assert "broken.yaml" in run.err


def reschedule(project: Path, starts_at: str, ends_at: str) -> None:
    """Edit both times of the sale."""
    path = project / "sale_configs" / "night.yaml"
    text = re.sub(r'(starts_at: )"[^"]*"', rf'\1"{starts_at}"', path.read_text())
    path.write_text(re.sub(r'(ends_at: )"[^"]*"', rf'\1"{ends_at}"', text))


@pytest.mark.parametrize("settings", ["", "# targets:\n#   local: {}\n", "---\n"])
def test_empty_settings_are_no_settings(flashgen: Flashgen, project: Path, settings: str) -> None:
    """Somebody made the file and wrote nothing yet, or commented everything out."""
    assert flashgen("new", "night").exit_code == 0
    (project / "flashgen.yaml").write_text(settings)
    for line in ("check", "build", "push --yes"):
        run = flashgen(*line.split())
        assert run.exit_code == 0, run.err


def test_an_empty_sale_is_an_error(flashgen: Flashgen, project: Path) -> None:
    """Nothing of it can be guessed."""
    flashgen("new", "night")
    (project / "sale_configs" / "night.yaml").write_text("# soon\n")
    run = flashgen("build")
    assert (1, True) == (run.exit_code, "night.yaml: the file is empty" in run.err)
