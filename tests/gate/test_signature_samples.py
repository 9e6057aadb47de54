"""What docs/gate.md tells the order subsystem's team to do with a signature works as it is written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.s3_server import lacking

from flashgen.gate.orders.order_subsystem import signature

DOCS = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")
KEY, BODY = bytes(range(32)), '{"order_id":"ö"}'.encode()
Verify = Callable[[str, bytes, str], bool]


def sample(language: str) -> str:
    """The one block of a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    return str(found)


def in_python(header: str, body: bytes, key: str) -> bool:
    """As the sample in Python says."""
    names: dict[str, Verify] = {}
    exec(sample("python"), names)
    return names["is_genuine"](header, body, key)


def in_node(header: str, body: bytes, key: str) -> bool:
    """As the sample in JavaScript says."""
    call = f"isGenuine({json.dumps(header)}, Buffer.from({json.dumps(body.hex())}, 'hex'), {json.dumps(key)})"
    program = f"{sample('javascript')}\nconsole.log({call})"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "true"


@pytest.mark.parametrize("verify", [in_python, in_node])
def test_the_sample_tells_the_gate_from_others(verify: Verify) -> None:
    """Another body, key or moment is not the gate's."""
    if verify is in_node and not shutil.which("node"):
        lacking("node is missing: apt-get install nodejs")
    now = int(time.time())
    good = signature(KEY, now, BODY)
    assert verify(good, BODY, KEY.hex())
    assert not verify(good, BODY + b" ", KEY.hex())
    assert not verify(good, BODY, bytes(32).hex())
    assert not verify(good.replace(f"t={now}", f"t={now + 1}"), BODY, KEY.hex())
    assert not verify(good[:-2], BODY, KEY.hex())
    assert not verify(signature(KEY, now - 600, BODY), BODY, KEY.hex())
    assert not verify("", BODY, KEY.hex())
