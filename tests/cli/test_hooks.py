"""Commands tell hooks at their end: after the sale is what it is, for a short time, and whatever comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import Flashgen
from support.hook_receiver import SECRET, HookReceiver, hook_receiver

from flashgen.cli import hooks
from flashgen.cli.hooks import LIMIT_SECONDS
from flashgen.hooks import delivery, teller
from flashgen.unlock.pointer_writer import PointerWriter


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookReceiver]:
    """Receivers of every kind, and the secret that they verify with. Tries follow at once."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (0.0, 0.0))
    with hook_receiver() as running:
        yield running


def add_hooks(project: Path, *lines: str) -> None:
    """Write them into flashgen.yaml."""
    path = project / "flashgen.yaml"
    path.write_text(path.read_text() + "hooks:\n" + "".join(f"  - {line}\n" for line in lines))


def signed(name: str, url: str) -> str:
    """A hook that is signed."""
    return f'{{name: {name}, url: "{url}", secret: env:HOOK_SECRET}}'


def test_each_verb_is_told(pushed: Flashgen, project: Path, server: HookReceiver) -> None:
    """Once each, verified, with who did it; what changes nothing is not."""
    add_hooks(project, signed("ops", server.at("ok")), "{name: book, command: [tee, -a, told]}")
    lines = (
        *(
            "go-live night --early",
            "go-live night --early",
            "sold-out night --sku MUG-1",
            "sold-out night",
            "pause night",
        ),
        *("resume night", "rollback night --to 2", "end night"),
    )
    for line in lines:
        run = pushed(*line.split(), "--yes")
        assert (0, False) == (run.exit_code, "warning: hook" in run.err)
    expected = [
        *("sale.live", "sku.closed", "sale.sold-out", "sale.paused", "sale.resumed", "sale.rolled-back", "sale.ended"),
    ]
    assert expected == [told["type"] for told in server.got]
    assert {"tester"} == {told["data"]["who"] for told in server.got}
    assert [1, 2, 3, 4, 5, 6, 7] == [told["data"]["revision"] for told in server.got]
    assert expected == [json.loads(line)["type"] for line in (project / "told").read_text().splitlines()]


def test_it_is_told_after_it_is_public(
    pushed: Flashgen, project: Path, server: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the pointer is written nothing is sent."""
    add_hooks(project, signed("ops", server.at("ok")))
    at_the_write: list[int] = []
    put = PointerWriter.put

    def noting(self: PointerWriter, *given: Any, **more: Any) -> None:
        put(self, *given, **more)
        at_the_write.append(len(server.heard))

    monkeypatch.setattr(PointerWriter, "put", noting)
    assert 0 == pushed("go-live", "night", "--early", "--yes").exit_code
    assert [0] == at_the_write
    assert 1 == len(server.heard)


def test_before_the_write_nothing_of_hooks_is_loaded(
    pushed: Flashgen, project: Path, server: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time to the PUT is what it is without hooks."""
    add_hooks(project, signed("ops", server.at("ok")))
    program = (
        "import sys\n"
        "from flashgen.unlock import pointer_writer\n"
        "put = pointer_writer.PointerWriter.put\n"
        "def noting(self, *given, **more):\n"
        "    print('at the write:', sorted(one for one in sys.modules if one.startswith('flashgen.hooks.')"
        " or one == 'standardwebhooks'))\n"
        "    return put(self, *given, **more)\n"
        "pointer_writer.PointerWriter.put = noting\n"
        "from flashgen.cli.main import main\n"
        "sys.exit(main(['go-live', 'night', '--early', '--yes']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True)
    assert "at the write: ['flashgen.hooks.settings']" in done.stdout.splitlines()
    assert 1 == len(server.got)


def test_hooks_that_fail_are_warnings(pushed: Flashgen, project: Path, server: HookReceiver) -> None:
    """The sale is open, the exit code 0, and each is named with what came back. No line has an address or a secret."""
    add_hooks(
        project,
        signed("sick", server.at("500")),
        signed("gone", server.at("404")),
        signed("down", "http://127.0.0.1:1/KEPT"),
        "{name: unset, url: env:NOT_SET, format: slack}",
        "{name: lost, command: [/no/such/program]}",
    )
    run = pushed("go-live", "night", "--early", "--yes")
    assert 0 == run.exit_code
    assert "night is LIVE" in run.out
    for line in (
        "warning: hook sick: sale.live: HTTP 500 (3 tries)\nhint: flashgen hooks test sick",
        "warning: hook gone: sale.live: HTTP 404\n",
        "warning: hook down: sale.live: no answer: cannot connect (3 tries)\n",
        "warning: hook unset cannot be told: secret env:NOT_SET: is not set, or empty\n",
        "warning: hook lost: sale.live: cannot run: no such file or directory\n",
    ):
        assert line in run.err
    for secret in ("KEPT", SECRET, server.url):
        assert secret not in run.out + run.err


def test_a_receiver_that_hangs_is_waited_for_shortly(
    pushed: Flashgen, project: Path, server: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are told in the meantime. With `--json` there is one document as ever."""
    assert LIMIT_SECONDS < 10
    monkeypatch.setattr(hooks, "LIMIT_SECONDS", 2.0)
    add_hooks(project, signed("hangs", server.at("hang")), signed("ops", server.at("ok")))
    run = pushed("go-live", "night", "--early", "--yes", "--json")
    assert (0, "live") == (run.exit_code, run.result["to"])
    assert "warning: hook hangs: sale.live: no answer yet, not waited for" in run.err
    assert ["sale.live"] == [told["type"] for told in server.got]


def test_ctrl_c_while_hooks_are_told_leaves_the_exit_code(
    pushed: Flashgen, project: Path, server: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sale is open: that is what the code says."""

    def interrupted(self: object, limit_seconds: float) -> tuple[()]:
        raise KeyboardInterrupt

    monkeypatch.setattr(teller.Teller, "close", interrupted)
    add_hooks(project, signed("ops", server.at("ok")))
    run = pushed("go-live", "night", "--early", "--yes")
    assert 0 == run.exit_code
    assert "interrupted while hooks were told; what was written stands" in run.err


def test_a_bug_of_hooks_fails_no_sale(
    pushed: Flashgen, project: Path, server: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a warning, too."""

    def broken(*given: object) -> None:
        raise RuntimeError("KEPT")

    monkeypatch.setattr(teller.Teller, "tell", broken)
    add_hooks(project, signed("ops", server.at("ok")))
    run = pushed("go-live", "night", "--early", "--yes")
    assert 0 == run.exit_code
    assert "warning: hooks were not told: RuntimeError" in run.err
    assert "KEPT" not in run.err


def test_a_dry_run_tells_nobody(pushed: Flashgen, project: Path, server: HookReceiver) -> None:
    """Nothing has happened."""
    add_hooks(project, signed("ops", server.at("ok")))
    assert 0 == pushed("go-live", "night", "--early", "--dry-run").exit_code
    assert [] == server.heard


def test_hooks_are_tried_beforehand(pushed: Flashgen, project: Path, server: HookReceiver) -> None:
    """Each gets a test, whatever its events are; one that fails is exit code 1."""
    add_hooks(
        project, signed("ops", server.at("ok"))[:-1] + ", events: [sale.ended]}", signed("sick", server.at("500"))
    )
    run = pushed("hooks", "test", "ops")
    assert (0, "ops              told: HTTP 204\n") == (run.exit_code, run.out)
    assert ["test"] == [told["type"] for told in server.got]
    run = pushed("hooks", "test", "--json")
    assert 1 == run.exit_code
    assert [("ops", True), ("sick", False)] == [(one["hook"], one["ok"]) for one in run.result["hooks"]]
    assert "did you mean `ops`?" in pushed("hooks", "test", "opps").err


def test_without_hooks_there_is_nothing_to_try(pushed: Flashgen) -> None:
    """And the error says where they are described."""
    run = pushed("hooks", "test")
    assert 1 == run.exit_code
    assert "has no `hooks`" in run.err


def test_doctor_looks_at_hooks(
    pushed: Flashgen, project: Path, server: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that cannot be read fails; who cannot be reached is a warning. Nobody is told."""
    add_hooks(
        project,
        signed("ops", server.at("ok")),
        signed("down", "http://127.0.0.1:1/KEPT"),
        '{name: unset, url: "https://a.example", secret: env:NOT_SET}',
        "{name: book, command: [tee, told]}",
        "{name: lost, command: [no-such-program]}",
    )
    run = pushed("doctor", "--json")
    found = {one["check"]: one for one in run.result["checks"] if one["group"] == "hooks"}
    assert ["PASS", "WARN", "FAIL", "PASS", "WARN"] == [one["level"] for one in found.values()]
    assert "127.0.0.1: no answer: cannot connect" == found["down"]["message"]
    assert "secret env:NOT_SET: is not set, or empty" == found["unset"]["message"]
    assert [] == server.heard
