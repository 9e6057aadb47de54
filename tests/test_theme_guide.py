"""docs/themes.md is executed from its first command to its last, with the files that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

GUIDE = (Path(__file__).parent.parent / "docs" / "themes.md").read_text(encoding="utf-8")
STEP = re.compile(r"(?:`(themes/[^`\s]+)`:\n\n)?^```(sh|html|css|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_guide_works_as_written(tmp_path: Path) -> None:
    """The theme builds, warns of nothing that the sale alone does not, and shows what the guide says."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    said = ""
    for file, language, body in STEP.findall(GUIDE):
        if file:
            target = tmp_path / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(body, encoding="utf-8")
        else:
            assert language == "sh", body
            command = ["bash", "-euo", "pipefail", "-c", body]
            done = subprocess.run(
                command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            said += done.stdout + done.stderr
    theme = tmp_path / "themes" / "evergreen"
    names = {file.relative_to(theme).as_posix() for file in theme.rglob("*") if file.is_file()}
    assert {"product.html", "messages/de.yaml", "assets/evergreen.css", "countdown.html", "base.html"} <= names
    assert "themes/evergreen, extends spotlight" in said
    assert "theme `" not in said  # no warning about the theme
    (product, *_) = (
        file for file in (tmp_path / "build/black-friday").glob("*/index.html") if b"care" in file.read_bytes()
    )
    page = product.read_text(encoding="utf-8")
    assert re.search(r"<h2>Care</h2>\n<p>.+ likes a dry place", page)
    assert 'data-label-live="Take it home"' in page
    assert '<dl class="times">' in (tmp_path / "build/black-friday/ended/index.html").read_text(encoding="utf-8")
    assert (
        "--display-font:Georgia" in next((tmp_path / "build/black-friday/assets").glob("evergreen.*.css")).read_text()
    )
