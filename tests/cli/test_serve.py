"""`flashgen serve` as a process: what it sends, what it pretends, and that its bar is in no build."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from support.previews import served
from support.projects import finish, start, tree, write_sale

from flashgen.cli.commands import serve
from flashgen.page import preview
from flashgen.page.headers import page_headers

HOUR = 3600


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one sale; its first preview builds it for all."""
    root = tmp_path_factory.mktemp("served")
    write_sale(root)
    return root


def test_a_page_comes_with_the_headers_of_the_cdn(night: Path) -> None:
    """Cache-Control of the store, the security policy of the edge; `Ctrl-C` ends it, with the code for that."""
    with served(night) as preview_of_night:
        fields = preview_of_night.get().fields
        assert page_headers().cache_control == fields["cache-control"]
        assert "connect-src 'self' https://order.example.com;" in fields["content-security-policy"]
        assert {"etag", "x-cache", "date", "x-content-type-options"} <= set(fields)
        assert 130 == preview_of_night.interrupt()


@pytest.mark.parametrize(
    ("state", "pretended", "sold"),
    [
        ("scheduled", "scheduled", frozenset()),
        ("live", "live", frozenset()),
        ("paused", "paused", frozenset()),
        ("ended", "ended", frozenset()),
        ("sold-out", "live", {"*"}),
    ],
)
def test_a_state_can_be_pretended(night: Path, state: str, pretended: str, sold: frozenset[str]) -> None:
    """It is in the pointer, which says where to order when, and only when, the sale is live."""
    with served(night, "--state", state) as preview_of_night:
        pointer, _ = preview_of_night.pointer()
    assert (pretended, sold) == (pointer.state.state, pointer.state.sold)
    assert (pretended == "live") == (pointer.order is not None)


def test_a_time_can_be_pretended(night: Path) -> None:
    """The edge's clock stands there, and the sale opens at its start."""
    at = datetime.fromisoformat("2027-11-27T08:59:00+00:00")
    with served(night, "--at", at.isoformat()) as preview_of_night:
        pointer, seen = preview_of_night.pointer()
    assert 0 <= int(seen.fields["x-now"]) / 1000 - at.timestamp() < HOUR
    assert ("live", pointer.state.starts_at) == (pointer.state.state, pointer.state.opens_at)


def test_a_state_that_no_page_can_show_is_refused(night: Path) -> None:
    """Before anything is served."""
    code, out, err = finish(start(night, "serve", "--port", "0", "--state", "live", "--at", "end"))
    assert (1, "") == (code, out)
    assert "--state live needs a time before the sale's end" in err


def test_nothing_of_the_bar_is_in_the_build(tmp_path: Path) -> None:
    """What is served has it, what is built has not: both with the sale's theme and with another."""
    write_sale(tmp_path)
    with served(tmp_path) as preview_of_night:
        assert b"_flashgen/preview/" in preview_of_night.get().body
        built = tree(tmp_path / "build")
        preview_of_night.ask(theme="plain")
        assert built == tree(tmp_path / "build")
        dressed = tree(tmp_path / ".flashgen" / "preview")
    assert 0 == finish(start(tmp_path, "build"))[0]
    assert built == tree(tmp_path / "build")
    assert "plain/night/index.html" in dressed
    assert [] == [
        name for name, body in (built | dressed).items() if re.search(rb"_flashgen/preview|data-revision", body)
    ]


def test_the_states_offered_are_those_that_can_be_shown() -> None:
    """The command has a list of its own, since help must not load the other."""
    assert preview.STATES == serve.STATES
