"""Every page of every language: well-formed, the right direction, nothing inline, no dead link."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.projects import png, write_sale

from flashgen.packaged_files import packaged
from flashgen.page.build import build_sale

LOCALES = sorted(
    {path.stem for path in (packaged("themes") / "plain" / "messages").glob("*.yaml")} | {"hi-IN", "de-AT"}
)
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
DATA = ("application/json", "application/ld+json")  # blocks of data, which are not run
VOID = {"meta", "link", "img", "br", "hr", "input", "source"}
MARKETING_S = "https://x.example"
PRODUCTS = f"""\
products:
  - {{sku: A&B, name: "Lamp <large>", slug: lamp, price: "10", image: "a b#1.png", description: "- [x]({MARKETING_S})"}}
  - {{sku: "קפה", name: "مصباح", slug: mug, price: "5", list_price: "9", summary: 'He said "yes"'}}
"""


class Page(HTMLParser):
    """What of a page can be checked without a browser."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.links: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.ids: list[str] = []
        self._open: list[str] = []
        self._doctype = False
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]
        self.faults += [] if self._doctype else ["no doctype"]
        self.faults += [f"id {one} twice" for one in set(self.ids) if self.ids.count(one) > 1]

    def handle_decl(self, decl: str) -> None:
        """`<!doctype html>`."""
        self._doctype = decl.lower() == "doctype html"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element and its attributes."""
        given = dict(attrs)
        self.attributes.setdefault(tag, given)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given[name]) for name in ("href", "src", "action", "poster") if name in given]
        self.links += [each.split()[0] for each in str(given.get("srcset") or "").split(",") if each.strip()]
        self.faults += self._faults(tag, given)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Elements close in the order in which they were opened."""
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def _faults(self, tag: str, given: dict[str, str | None]) -> Iterator[str]:
        yield from (f"<{tag} {name}> is inline code" for name in given if name == "style" or name.startswith("on"))
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") not in DATA):
            yield f"<{tag}> is inline"
        if tag == "img" and not {"alt", "width", "height"} <= set(given):
            yield "<img> without alt, width or height"


@pytest.fixture(scope="module", params=LOCALES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A locale, and the folder of a sale built in it."""
    root = tmp_path_factory.mktemp("site")
    path = write_sale(root, PRODUCTS, locale=request.param, currency="JPY", description="Up to **half** off")
    (path.parent / "a b#1.png").write_bytes(png())
    build_sale(path, root, root / "build", 1)
    return request.param, root / "build" / "night"


def pages(folder: Path) -> Iterator[tuple[Path, Page]]:
    """Each page of a built sale."""
    found = sorted(folder.rglob("*.html"))
    assert 5 == len(found)
    for path in found:
        yield path, Page(path.read_text(encoding="utf-8"))


def test_pages_are_well_formed_and_hold_no_code(site: tuple[str, Path]) -> None:
    """The security policy allows no inline style or script."""
    for path, page in pages(site[1]):
        assert [] == page.faults, path


def test_pages_have_their_language_and_direction(site: tuple[str, Path]) -> None:
    """`dir="rtl"` for Arabic, Persian, Hebrew and Urdu."""
    locale, folder = site
    direction = "rtl" if locale in RIGHT_TO_LEFT else "ltr"
    for _, page in pages(folder):
        assert (locale, direction) == (page.attributes["html"]["lang"], page.attributes["html"]["dir"])


def test_every_link_is_relative_and_leads_to_a_file(site: tuple[str, Path]) -> None:
    """A sale works under any domain and path. Only links that marketing writes are absolute."""
    for path, page in pages(site[1]):
        for link in page.links:
            if link in ("#main", MARKETING_S):
                continue
            assert not link.startswith(("/", "http:", "https:"))
            target = path.parent / unquote(link.partition("#")[0].partition("?")[0])
            assert (target / "index.html" if link.endswith("/") else target).is_file(), f"{path}: {link}"


def test_no_page_is_left_in_english(site: tuple[str, Path]) -> None:
    """For the texts that shoppers read most."""
    locale, folder = site
    html = "".join(path.read_text() for path, _ in pages(folder))
    for word in ("Skip to content", "Opens soon", "Starts in", "The sale has ended"):
        assert (locale == "en") == (word in html), word


def test_the_check_bites() -> None:
    """Each fault is found."""
    html = '<p style="a" id=x><b></p></b><img src=x><script>1</script><i id=x>'
    expected = {"<p style> is inline code", "</p> closes something else", "</b> closes something else", "no doctype"}
    expected |= {"<img> without alt, width or height", "<script> is inline", "<i> is never closed", "id x twice"}
    assert expected <= set(Page(html).faults)
