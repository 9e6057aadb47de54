"""A built sale in a real browser, for what only that can show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext
from support.storefront import ENDS_AT, ORIGIN, STARTS_AT, VERSION, Storefront, build_fair, serving
from support.visitor import Visitor

SALE = f"""\
sale:
  id: fair
  title: Autumn fair
  starts_at: "{STARTS_AT.isoformat()}"
  ends_at: "{ENDS_AT.isoformat()}"
  currency: EUR
  locale: en
  theme: plain
products:
  - {{sku: LAMP, name: Lamp, price: "19.90", list_price: "39.90"}}
  - {{sku: MUG+1, name: Mug, price: "5.00"}}
  - {{sku: RUG, name: Rug, price: "99.00"}}
order:
  servers: [{ORIGIN}]
unlock:
  version: {VERSION}
"""


@pytest.fixture(scope="session")
def built_fair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sale of three products, built with the plain theme."""
    return build_fair(tmp_path_factory.mktemp("fair"), SALE)


@pytest.fixture
def front(built_fair: Path) -> Iterator[Storefront]:
    """That sale on a server whose clock is at ten minutes after the start, with a scheduled pointer."""
    storefront = Storefront(built_fair)
    storefront.set_clock(600)
    with serving(storefront):
        yield storefront


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser profile without history, in English and UTC."""
    context = chromium.new_context(locale="en", timezone_id="UTC")
    context.set_default_timeout(5000)
    yield context
    context.close()


@pytest.fixture
def visitor(context: BrowserContext, front: Storefront) -> Iterator[Visitor]:
    """A visitor whose browser must find nothing wrong with the page: no script error, no breach of its CSP."""
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
    yield Visitor(tab, front)
    assert faults == []
