"""`flashgen serve` as a process: what it sends, what it pretends, and what an edit does to a page that is open."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from support.projects import start, write_sale
from support.viewer import Seen, look

from flashgen.cli.commands import serve
from flashgen.page import preview
from flashgen.page.headers import page_headers
from flashgen.unlock.pointer import Pointer, parse

STOP_SECONDS = 20
HOUR = 3600


@dataclass(frozen=True)
class Served:
    """A preview in a process. `url` is the sale's page."""

    process: subprocess.Popen[str]
    url: str

    def get(self, page: str = "") -> Seen:
        """A page or file of the sale."""
        return look(self.url, urlsplit(self.url).path + page)

    def pointer(self) -> tuple[Pointer, Seen]:
        """What pages poll."""
        found = re.search(rb'"pointer": ?"([^"]+)"', self.get().body)
        assert found
        seen = self.get(found[1].decode())
        pointer = parse(seen.body, "pointer")
        assert isinstance(pointer, Pointer)
        return pointer, seen

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one sale; its first preview builds it for all."""
    root = tmp_path_factory.mktemp("served")
    write_sale(root)
    return root


@contextmanager
def served(root: Path, *options: str) -> Iterator[Served]:
    """Preview a project on a free port until it is left."""
    process = start(root, "serve", "--port", "0", *options, AWS_EC2_METADATA_DISABLED="true")
    assert process.stdout
    try:
        yield Served(process, process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


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


def test_the_states_offered_are_those_that_can_be_shown() -> None:
    """The command has a list of its own, since help must not load the other."""
    assert preview.STATES == serve.STATES


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab in which nothing may go wrong."""
    with chromium.new_context(locale="en") as context:
        tab = context.new_page()
        faults: list[str] = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda line: faults.append(line.text))
        yield tab
        assert [] == faults


def test_an_edit_reloads_the_page_and_a_mistake_is_shown_in_it(tmp_path: Path, page: Page) -> None:
    """The old page stays below the mistake, and mending it is one more edit."""
    yaml = write_sale(tmp_path)
    text = yaml.read_text(encoding="utf-8")
    with served(tmp_path) as preview_of_night:
        page.goto(preview_of_night.url + "lamp/", wait_until="load")
        listening(page)
        yaml.write_text(text.replace("name: Lamp", "name: Lantern, slug: lamp"), encoding="utf-8")
        expect(page.locator("h1")).to_have_text("Lantern", timeout=10_000)
        listening(page)
        yaml.write_text(text.replace("19.90", "-1"), encoding="utf-8")
        problem = page.locator("#flashgen-problem")
        expect(problem).to_contain_text("night.yaml", timeout=10_000)
        expect(problem).to_contain_text("`price` must be above 0, found -1")
        expect(page.locator("h1")).to_have_text("Lantern")
        yaml.write_text(text, encoding="utf-8")
        expect(page.locator("h1")).to_have_text("Lamp", timeout=10_000)
        assert 0 == problem.count()


def listening(page: Page) -> None:
    """Wait until the page hears of changes: an edit before that would be missed."""
    page.wait_for_function("performance.getEntriesByType('resource').some(({name}) => name.endsWith('/reload.js'))")
