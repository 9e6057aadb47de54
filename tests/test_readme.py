"""The README is executed: its commands in an empty folder, its YAML by the loader."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.ports import free_port

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.project import read_settings
from flashgen.sale.load import load_sale
from flashgen.store import FolderStore

ROOT = Path(__file__).parent.parent
NEW_GATE = "http://127.0.0.1:8090"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In one shell that stops at the first failure."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_sale_works_as_written(tmp_path: Path) -> None:
    """Every line of it; the gate beside it, on a port that is free, until the others are done."""
    first, _ = blocks("sh")
    port = free_port()
    beside = f"coproc flashgen gate serve black-friday --port {port} --server {NEW_GATE}\n"
    beside += 'trap "kill $COPROC_PID; wait" EXIT; read -r said <&"${COPROC[0]}"; echo "$said"\n'
    done = run(re.sub(r"^flashgen gate serve black-friday .*\n", lambda _: beside, first, flags=re.MULTILINE), tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"listening on http://127.0.0.1:{port}" in done.stdout
    assert "black-friday: live" in done.stdout


def test_the_commands_of_a_target_work_as_written(tmp_path: Path) -> None:
    """All but the one that needs an AWS account; where the public sees it stands the local edge."""
    _, second = blocks("sh")
    infra, *others = second.splitlines()
    assert "flashgen infra apply" in infra
    gate = f"http://127.0.0.1:{free_port()}"
    assert run(f"flashgen new black-friday; sed -i s,{NEW_GATE},{gate}, sale_configs/*", tmp_path).returncode == 0
    with Serving(Edge(FolderStore(tmp_path / ".flashgen" / "store"), order_origins=[gate])) as serving:
        settings = f'targets: {{local: {{store: "dir:.flashgen/store", url: "{serving.url}"}}}}\n'
        (tmp_path / "flashgen.yaml").write_text(settings, encoding="utf-8")
        # Without a terminal, what asks needs --yes.
        lines = re.sub(r"flashgen (push tonight.json|host remove black-friday)", r"\g<0> --yes", "\n".join(others))
        done = run(lines, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no failures" in done.stdout
    assert "nothing to delete" in done.stdout
    assert "host's root: pushed" in done.stdout


def test_the_two_commands_are_one_line_each() -> None:
    """To be pasted; the second is what CI runs."""
    commands = blocks("console")
    assert [1, 1] == [command.count("\n") for command in commands]
    assert "flashgen demo" in commands[0]
    assert "pytest" in commands[1]


def test_the_sale_shown_is_valid(tmp_path: Path) -> None:
    """Without a single warning."""
    sale, _ = blocks("yaml")
    path = tmp_path / "black-friday.yaml"
    path.write_text(sale, encoding="utf-8")
    assert load_sale(path, tmp_path).warnings == ()


def test_the_settings_shown_are_valid(tmp_path: Path) -> None:
    """And name the targets the text speaks of."""
    _, settings = blocks("yaml")
    path = tmp_path / "flashgen.yaml"
    path.write_text(settings, encoding="utf-8")
    assert {"local", "production"} == set(read_settings(path).targets)


def test_the_five_lines_are_five() -> None:
    """What flashgen is, in no more than that."""
    first_paragraph = README.split("\n\n")[1]
    assert first_paragraph.count("\n") + 1 == 5
