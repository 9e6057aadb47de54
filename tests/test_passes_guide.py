"""The shop's side in docs/passes.md, run as it stands there: what it makes is a pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flashgen.passes import NOTHING, PassKeys

GUIDE = (Path(__file__).parent.parent / "docs" / "passes.md").read_text(encoding="utf-8")
KEY = "k" * 32
RUN = {
    "python": ([sys.executable, "-"], "{code}\nprint(pass_link('customer 7'), end='')\n"),
    "js": (["node", "-"], "{code}\nprocess.stdout.write(passLink('customer 7'));\n"),
    "php": (["php"], "<?php\n{code}\necho pass_link('customer 7');\n"),
}


@pytest.mark.parametrize("language", RUN)
def test_a_shops_code_makes_a_pass(language: str) -> None:
    """In each language that this machine has."""
    command, program = RUN[language]
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}: apt install nodejs php-cli")
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    environment = {**os.environ, "FLASHGEN_PASS_KEY": KEY}
    text = program.replace("{code}", code)
    ended = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=True, timeout=60)
    link, _, made = ended.stdout.partition("?p=")
    assert "https://order.example.com/pass" == link
    found = PassKeys([KEY]).read(made)
    assert ("customer 7", "night", 600) == (found.subject, found.sale, found.expires_at - found.issued_at)
    assert None is found.fault(time.time(), NOTHING)
