"""gate.json, as a build writes it and a gate reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from support.running_gate import SETTINGS

from flashgen.errors import Refused
from flashgen.gate.settings import FORMAT, FORMAT_WITH_LIMITS, TranslatedText, parse, render
from flashgen.typed_json import Newer


def test_what_is_written_is_read() -> None:
    """All of it."""
    assert SETTINGS == parse(render(SETTINGS), "gate.json")


def test_a_newer_format_is_refused() -> None:
    """Even if it could be read: it may mean something else."""
    newest = FORMAT_WITH_LIMITS
    facts = json.loads(render(SETTINGS)) | {"format": newest + 1}
    with pytest.raises(Newer, match=f"a newer flashgen: it has format {newest + 1}, and this one reads up to {newest}"):
        parse(json.dumps(facts).encode(), "gate.json")


def test_a_language_without_a_text_of_an_item_is_refused() -> None:
    """Before a buyer asks for it."""
    lamp = TranslatedText("Lampe", "19,90 €", "de/lamp/", "de", "ltr")
    german = {"forms": dict(SETTINGS.forms), "items": {"LAMP": asdict(lamp)}}
    body = json.dumps(json.loads(render(SETTINGS)) | {"languages": {"de": german}}).encode()
    with pytest.raises(Refused, match=r"not what a build wrote \(de lacks MUG\)"):
        parse(body, "gate.json")


def test_an_older_format_is_read() -> None:
    """As long as it has everything."""
    facts = json.loads(render(SETTINGS)) | {"format": FORMAT - 1}
    assert SETTINGS == parse(json.dumps(facts).encode(), "gate.json")


def test_a_cookie_domain_that_build_did_not_write_is_derived() -> None:
    """As in a gate.json of format 1."""
    servers = ("https://a.order.example.com", "https://b.order.example.com")
    written = json.loads(render(replace(SETTINGS, servers=servers)))
    del written["cookie_domain"]
    assert "order.example.com" == parse(json.dumps(written | {"format": 1}).encode(), "k").shared_cookie_domain
    written["cookie_domain"] = "example.com"
    assert "example.com" == parse(json.dumps(written).encode(), "k").shared_cookie_domain
