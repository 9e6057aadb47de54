"""What flashgen.yaml may say of hooks; each mistake has a line and a fix, and shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.errors import InvalidInput, Problem, Refused
from flashgen.hooks.receiver import open_receiver, parse_webhook_keys
from flashgen.hooks.settings import EVENT_TYPES, HookFormat
from flashgen.project import read_settings

GOOD = """\
hooks:
  - {name: ops, url: "https://ops.example.com/x?y=1", secret: env:HOOK_SECRET, events: [sale.live, problem]}
  - {name: here, url: "http://127.0.0.1:9/x", secret: "file:.secret"}
  - {name: chat, url: env:SLACK_URL, format: slack}
  - {name: book, command: [logger, --tag, flashgen]}
"""
NAMED = "hooks:\n  - name: ops\n    "


def problem(folder: Path, text: str) -> Problem:
    """The only one of a file."""
    path = folder / "flashgen.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_settings(path)
    (found,) = caught.value.problems
    return found


def test_hooks_are_read(tmp_path: Path) -> None:
    """Without `events` a hook gets all."""
    path = tmp_path / "flashgen.yaml"
    path.write_text(GOOD)
    ops, here, chat, book = read_settings(path).hooks
    assert ("sale.live", "problem") == ops.events
    assert EVENT_TYPES == here.events
    assert HookFormat.SLACK is chat.format
    assert ("logger", "--tag", "flashgen") == book.command


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("url: http://ops.example.com/KEPT\n    secret: env:X", 3, "`url` must be https"),
        ("url: htps://ops.example.com/KEPT\n    secret: env:X", 3, "`url` must be an https URL"),
        ("url: https://u:KEPT@ops.example.com\n    secret: env:X", 3, "`url` must be an https URL"),
        ("url: https://ops.example.com/KEPT", 2, "an item of `hooks` must have a `secret`, which signs what is sent"),
        ("url: https://ops.example.com\n    secret: whsec_KEPT", 4, "`secret` must say where the secret is kept"),
        ("secret: env:X", 2, "an item of `hooks` must have either `url` or `command`"),
        ("url: env:X\n    command: [a]", 2, "an item of `hooks` must have either `url` or `command`"),
        ("command: notify it", 3, '`command` must be a list, found "notify it"'),
        ("command: [a]\n    secret: env:X", 2, "an item of `hooks` must have no `secret`"),
        ("command: [a]\n    format: slack", 2, "an item of `hooks` must have no `format`"),
        ("command: [a]\n    events: [sale.liv]", 4, "an item of `events` must be the name of an event, found sale.liv"),
        ("url: env:KEPT_URL\n    format: teams", 4, "`format` must be standard or slack, found teams"),
        ("urls: https://ops.example.com/KEPT", 3, "unknown key `urls`"),
        ("command: [a]\n  - name: ops\n    command: [b]", 2, "`hooks` must have names of their own, found ops twice"),
    ],
)
def test_a_mistake_has_its_line_and_shows_no_secret(tmp_path: Path, text: str, line: int, message: str) -> None:
    """A receiver's URL often is the secret."""
    found = problem(tmp_path, f"{NAMED}{text}\n")
    assert found.message.startswith(message)
    assert line == found.where.line
    assert "KEPT" not in found.message + found.hint + found.quote


@pytest.mark.parametrize("text", ["whsec_" + "A" * 32, "A" * 32, "A" * 34 + "=="])
def test_a_key_is_base64_of_24_bytes_or_more(text: str) -> None:
    """With or without its prefix."""
    assert 1 == len(parse_webhook_keys("ops", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("whsec_AAAA", "hook ops: its secret has 3 bytes, and must have 24 to 64"),
        ("not base64 at all!", "hook ops: its secret"),
        (",", "hook ops: its secret is empty"),
    ],
)
def test_any_other_key_is_refused(text: str, message: str) -> None:
    """And not shown."""
    with pytest.raises(Refused) as caught:
        parse_webhook_keys("ops", text)
    assert caught.value.message.startswith(message)
    assert "all!" not in str(caught.value)


def test_a_url_that_is_kept_elsewhere_is_checked_when_it_is_read(tmp_path: Path) -> None:
    """By the same rules, and without showing it."""
    path = tmp_path / "flashgen.yaml"
    path.write_text(GOOD)
    chat = read_settings(path).hooks[2]
    assert "https://a.example/K" == open_receiver(chat, tmp_path, lambda _: "https://a.example/K\n").url.reveal()
    for text in ("http://a.example/KEPT", "env:KEPT", "KEPT"):
        with pytest.raises(Refused, match="hook chat: env:SLACK_URL must be") as caught:
            open_receiver(chat, tmp_path, lambda _, text=text: text)  # type: ignore[misc]
        assert "KEPT" not in caught.value.message + caught.value.hint
    assert "a.example/K" not in repr(open_receiver(chat, tmp_path, lambda _: "https://a.example/K"))
