"""Buying in a real Chromium, on the smallest of phones: the sale's page, the order form, the confirmation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from support.gate_process import SALE, Shop, free_url, gate_process, order_path, run
from support.redis_server import redis_server

from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.store import FolderStore

PHONE: ViewportSize = {"width": 320, "height": 568}
FORM = 'form[method="post"]'


@dataclass
class Sale:
    """A live sale: its pages at `url`, its gates at `servers`."""

    root: Path
    url: str
    servers: tuple[str, ...]
    storage: str

    def order_url(self, sku: str, server: int = 0) -> str:
        """Where a button leads."""
        return f"{self.servers[server]}{order_path(self.root)}?sku={sku}"

    def orders(self, sku: str) -> list[str]:
        """The numbers of all orders."""
        listed = run(self.root, "gate", "orders", "list", SALE, "--storage", self.storage)
        return re.findall(rf"  (\S+)  {sku} ", listed)


@pytest.fixture(scope="module")
def sale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sale]:
    """Two gates that share a Redis; every test has a SKU of its own."""
    root = tmp_path_factory.mktemp("sale")
    servers = free_url(), free_url()
    with ExitStack() as stack:
        edge = stack.enter_context(Serving(Edge(FolderStore(root / "store"), order_origins=servers)))
        redis = stack.enter_context(redis_server(root / "redis"))
        stock = dict.fromkeys(("LAMP", "MUG", "RUG", "BOWL", "VASE"), 5) | {"CUP": 0}
        Shop(servers, stock, url=edge.url).open(root)
        for number, server in enumerate(servers):
            words = ("--storage", redis.url, *(() if number else ("--new-storage",)))
            stack.enter_context(gate_process(root, *words, url=server, name=f"gate-{number}"))
        yield Sale(root, edge.url, servers, redis.url)


@dataclass
class Buyer:
    """Somebody's browser; `faults` are what it found wrong with pages."""

    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    def tab(self, url: str) -> Page:
        """A new one, at `url`."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self.faults.append(line.text))
        page.goto(url)
        return page


@contextmanager
def buyer(browser: Browser, *, java_script: bool = True) -> Iterator[Buyer]:
    """With a phone, and a profile of their own."""
    context = browser.new_context(
        locale="en",
        viewport=PHONE,
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        java_script_enabled=java_script,
    )
    context.set_default_timeout(15_000)
    one = Buyer(context)
    yield one
    context.close()
    assert [] == one.faults


def order_number(page: Page) -> str:
    """What a confirmation says."""
    return page.locator("bdi").inner_text()


def place_order(page: Page) -> str:
    """Press the form's button; the order's number."""
    page.locator(f"{FORM} button").tap()
    page.wait_for_selector("bdi")
    return order_number(page)


def check_fits(page: Page) -> None:
    """Nothing is cut off at the side, and what is to be tapped is large enough (WCAG 2.5.8: 24 pixels)."""
    assert PHONE["width"] == page.evaluate("document.documentElement.scrollWidth")
    for button in page.locator("button, a.button").all():
        box = button.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert box["height"] >= 24


def test_from_the_page_to_the_confirmation(chromium: Browser, sale: Sale) -> None:
    """By tapping alone; and the way back to the sale."""
    with buyer(chromium) as someone:
        page = someone.tab(f"{sale.url}/{SALE}/")
        page.locator('button[data-sku="LAMP"]:enabled').tap()
        page.wait_for_selector(FORM)
        assert "A lamp" in page.locator("main").inner_text()
        check_fits(page)
        assert [place_order(page)] == sale.orders("LAMP")
        check_fits(page)
        page.locator("a.button").tap()
        expect(page).to_have_url(f"{sale.url}/{SALE}/")


def test_a_form_needs_no_script(chromium: Browser, sale: Sale) -> None:
    """Neither to be sent nor to be understood."""
    with buyer(chromium, java_script=False) as someone:
        page = someone.tab(sale.order_url("MUG"))
        check_fits(page)
        assert [place_order(page)] == sale.orders("MUG")
        check_fits(page)


def test_a_form_that_is_shown_says_so_without_a_script(chromium: Browser, sale: Sale) -> None:
    """Its place does not make way when the house is full."""
    pictures: list[tuple[str, int]] = []
    with buyer(chromium, java_script=False) as ada:
        ada.context.on("response", lambda answer: pictures.append((answer.url, answer.status)))
        ada.tab(sale.order_url("MUG"))
    assert [200] == [status for url, status in pictures if "?seen=" in url]


def test_back_and_reload_show_the_order(chromium: Browser, sale: Sale) -> None:
    """The form that was sent does not come back, and nothing asks whether to send it again."""
    with buyer(chromium) as someone:
        page = someone.tab(f"{sale.url}/{SALE}/")
        page.locator('button[data-sku="RUG"]:enabled').tap()
        page.wait_for_selector(FORM)
        order = place_order(page)
        page.reload()
        assert order == order_number(page)
        page.go_back()
        assert page.url == sale.order_url("RUG") or page.url.startswith(sale.servers[1])
        assert order == order_number(page)
        assert [order] == sale.orders("RUG")


def test_two_tabs_have_one_order(chromium: Browser, sale: Sale) -> None:
    """Both forms may be sent; whichever comes second shows what the first one did."""
    with buyer(chromium) as someone:
        first, second = someone.tab(sale.order_url("BOWL")), someone.tab(sale.order_url("BOWL"))
        first.wait_for_selector(FORM)
        second.wait_for_selector(FORM)
        order = place_order(first)
        assert order == place_order(second)
        assert [order] == sale.orders("BOWL")


def test_two_servers_know_one_buyer(chromium: Browser, sale: Sale) -> None:
    """A cookie is for a host, whichever port: a form from each, and one order."""
    with buyer(chromium) as someone:
        first, second = someone.tab(sale.order_url("VASE")), someone.tab(sale.order_url("VASE", 1))
        first.wait_for_selector(FORM)
        second.wait_for_selector(FORM)
        order = place_order(first)
        assert order == place_order(second)
        assert order == order_number(someone.tab(sale.order_url("VASE", 1)))
        assert [order] == sale.orders("VASE")


def test_who_comes_too_late_sees_the_ended_page(chromium: Browser, sale: Sale) -> None:
    """From the gate to a page that does not need it."""
    with buyer(chromium) as someone:
        page = someone.tab(sale.order_url("CUP"))
        expect(page).to_have_url(f"{sale.url}/{SALE}/ended/")
        check_fits(page)


def test_without_a_script_the_waiting_page_tries_until_a_place_is_free(chromium: Browser, tmp_path: Path) -> None:
    """The page is static, and does not know the order URL: the gate's cookie does."""
    with ExitStack() as stack:
        server = free_url()
        edge = stack.enter_context(Serving(Edge(FolderStore(tmp_path / "store"), order_origins=(server,))))
        shop = Shop((server,), {"LAMP": 5, "MUG": 1}, order={"slots_per_server": 1}, url=edge.url)
        shop.open(tmp_path)
        waiting = tmp_path / "store" / SALE / "waiting" / "index.html"
        html = waiting.read_text(encoding="utf-8")
        assert html.count('content="20; url=') == 1
        waiting.write_text(html.replace('content="20; url=', 'content="1; url='), encoding="utf-8")
        stack.enter_context(gate_process(tmp_path, "--new-storage", url=server))
        url = f"{server}{order_path(tmp_path)}?sku="
        holder, late = (stack.enter_context(buyer(chromium, java_script=False)) for _ in range(2))
        first = holder.tab(f"{url}LAMP")
        first.wait_for_selector(FORM)
        tries: list[str] = []
        late.context.on("request", lambda request: tries.append(request.url))
        page = late.tab(f"{url}LAMP")
        expect(page).to_have_url(f"{edge.url}/{SALE}/waiting/?sku=LAMP")
        expect(page.locator("main")).to_contain_text("This page tries again by itself.")
        page.wait_for_event("framenavigated")
        place_order(first)
        page.wait_for_selector(FORM)
        place_order(page)
        assert tries.count(f"{url}LAMP") > 2


def test_a_guest_orders_without_a_script(chromium: Browser, tmp_path: Path) -> None:
    """In a right-to-left language; a mistake that the browser lets pass is shown where it is, and nothing is lost."""
    with ExitStack() as stack:
        server = free_url()
        edge = stack.enter_context(Serving(Edge(FolderStore(tmp_path / "store"), order_origins=(server,))))
        order = {"contact": ["email", "name", "address", "phone"]}
        Shop((server,), {"LAMP": 5}, order=order, url=edge.url, locales=("en", "ar")).open(tmp_path)
        stack.enter_context(gate_process(tmp_path, "--new-storage", url=server))
        someone = stack.enter_context(buyer(chromium, java_script=False))
        page = someone.tab(f"{server}{order_path(tmp_path)}?sku=LAMP&lang=ar")
        assert page.locator(".fault:visible").count() == 0
        typed = {"email": "ada@localhost", "name": "Ada", "address": "1 Loop\nTown", "phone": "030 123456"}
        for name, text in typed.items():
            page.locator(f"[name={name}]").fill(text)
        page.locator(f"{FORM} button").tap()
        expect(page.locator(".fault:visible")).to_have_text("يرجى إدخال بريدك الإلكتروني، مثل ada@example.com.")
        expect(page.locator("[aria-invalid=true]")).to_have_attribute("name", "email")
        assert typed == {name: page.locator(f"[name={name}]").input_value() for name in typed}
        check_fits(page)
        page.screenshot(path=tmp_path / "guest.png", full_page=True)
        page.locator("[name=email]").fill("ada@example.com")
        number = place_order(page)
        someone.faults.clear()  # the browser's console says that a page came with 422
        exported = run(tmp_path, "gate", "orders", "export", SALE, "--contacts", "--format", "json")
        (one,) = json.loads(exported)
        assert (number, "ada@example.com", "1 Loop\nTown") == (one["order_id"], one["email"], one["address"])
        assert "ada@" not in run(tmp_path, "gate", "orders", "export", SALE)
        run(tmp_path, "gate", "orders", "purge", SALE, "--days", "0", "--yes")


def test_the_form_is_in_the_language_of_the_page(chromium: Browser, tmp_path: Path) -> None:
    """From a page in Arabic to the confirmation, which leads back to it."""
    with ExitStack() as stack:
        server = free_url()
        edge = stack.enter_context(Serving(Edge(FolderStore(tmp_path / "store"), order_origins=(server,))))
        Shop((server,), {"LAMP": 5}, url=edge.url, locales=("en", "ar")).open(tmp_path)
        stack.enter_context(gate_process(tmp_path, "--new-storage", url=server))
        someone = stack.enter_context(buyer(chromium))
        page = someone.tab(f"{edge.url}/{SALE}/ar/")
        page.locator('button[data-sku="LAMP"]:enabled').tap()
        page.wait_for_selector(FORM)
        html = page.locator("html")
        expect(html).to_have_attribute("lang", "ar")
        expect(html).to_have_attribute("dir", "rtl")
        place_order(page)
        expect(html).to_have_attribute("lang", "ar")
        page.locator("a.button").tap()
        expect(page).to_have_url(f"{edge.url}/{SALE}/ar/")
