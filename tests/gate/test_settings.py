"""gate.json, as a build writes it and a gate reads it."""

from __future__ import annotations

import json

import pytest
from support.gate_house import SETTINGS

from flashgen.errors import Refused
from flashgen.gate.settings import FORMAT, parse, render


def test_what_is_written_is_read() -> None:
    """All of it."""
    assert SETTINGS == parse(render(SETTINGS), "gate.json")


def test_a_newer_format_is_refused() -> None:
    """Even if it could be read: it may mean something else."""
    facts = json.loads(render(SETTINGS)) | {"format": FORMAT + 1}
    with pytest.raises(Refused, match=f"gate.json has format {FORMAT + 1}; this gate reads up to {FORMAT}"):
        parse(json.dumps(facts).encode(), "gate.json")


def test_an_older_format_is_read() -> None:
    """As long as it has everything."""
    facts = json.loads(render(SETTINGS)) | {"format": FORMAT - 1}
    assert SETTINGS == parse(json.dumps(facts).encode(), "gate.json")
