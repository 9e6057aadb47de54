"""The files that a build makes for the order gate: gate.json, and pages that the gate fills in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.projects import PRODUCTS, REST, png, write_sale, write_theme

from flashgen.addresses import SecretUrl
from flashgen.errors import InvalidInput
from flashgen.gate import forms
from flashgen.gate.forms import Form
from flashgen.gate.settings import GateSettings, Item, parse
from flashgen.layout import settings_key
from flashgen.packaged_files import packaged
from flashgen.page import build as building
from flashgen.page.build import Built, build_sale
from flashgen.page.site import Role, Site

KEY = settings_key("night")
PICTURED = 'products:\n  - {sku: LAMP, name: Lamp, price: "19.90", stock: 7, image: lamp.png}\n'
ORDER = """\
order:
  servers: [https://a.example.com, https://b.example.com:8443]
  slots_per_server: 25
  lease: 2m
  buyer: header:X-User
  trusted_proxies: [10.0.0.0/8]
  forward_to: https://orders.example.com/api
unlock: {version: abcdefgh23, edge_ttl_seconds: 2}
"""
LOCALES = sorted(path.stem for path in (packaged("themes") / "plain" / "messages").glob("*.yaml"))
VALUES = {
    "site": "https://sale.example.com/night/",
    "name": "Lamp <b> \"&'",
    "price": "$19.90",
    "image": "assets/lamp.jpg",
    "page": "lamp/",
    "lease": "id.seal",
    "remaining": "2:58",
    "order_id": "o-1",
}
SIGN_OF_LIFE = f"?seen={VALUES['lease']}"
FIELDS_OF = {
    forms.FORM: {"site", "name", "price", "page", "lease", "remaining"},
    forms.FORM_PICTURED: {"site", "name", "price", "page", "image", "lease", "remaining"},
    forms.ORDER: {"site", "name", "price", "order_id"},
    forms.ORDER_PICTURED: {"site", "name", "price", "image", "order_id"},
    forms.EARLY: {"site"},
    forms.NOBODY: {"site"},
    forms.UNAVAILABLE: {"site"},
}


def build(root: Path, products: str = PRODUCTS, order: str = REST, **fields: str) -> Built:
    """A project with one sale, built."""
    path = write_sale(root, products, **fields)
    path.write_text(path.read_text(encoding="utf-8").replace(REST, order), encoding="utf-8")
    (path.parent / "lamp.png").write_bytes(png())
    return build_sale(path, root, root / "build", 1)


def settings(site: Site) -> GateSettings:
    """Its gate.json, parsed."""
    return parse((site.folder / KEY).read_bytes(), KEY)


def pages(site: Site) -> dict[str, Form]:
    """The gate's pages by name."""
    return {name: Form.parse((site.folder / key).read_text("utf-8")) for name, key in settings(site).forms.items()}


class Seen(HTMLParser):
    """Tags with their attributes, and each mark that is neither in text nor in a quoted attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.code: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One that has code in it, or a mark where no escaping helps."""
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        named = "".join(name for name, _ in attrs) + tag
        started = self.get_starttag_text() or ""
        unquoted = re.findall(r"=[^\s>]*\ue000", re.sub(r"\"[^\"]*\"|'[^']*'", "", started))
        coded = [name for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag in ("script", "style") or coded or "\ue000" in named or unquoted:
            self.code.append(started)

    def handle_data(self, data: str) -> None:
        """Text of the page."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """A page has none: a mark in one could end it."""
        self.code.append(data)

    def all(self, tag: str, name: str) -> list[str | None]:
        """An attribute of every such element."""
        return [attributes.get(name) for seen, attributes in self.tags if seen == tag]


def test_gate_json_has_the_values_of_the_yaml(tmp_path: Path) -> None:
    """All of them, and it reads back as it was written."""
    site = build(tmp_path, PICTURED, ORDER, locale="de").site
    found = settings(site)
    image = found.items["LAMP"].image
    assert (site.folder / "night" / image).is_file()
    assert image.endswith((".png", ".jpg"))
    assert found == GateSettings(
        sale="night",
        pointer="night/unlock.abcdefgh23.js",
        edge_ttl_seconds=2,
        servers=("https://a.example.com", "https://b.example.com:8443"),
        slots_per_server=25,
        lease_seconds=120,
        buyer="header:X-User",
        trusted_proxies=("10.0.0.0/8",),
        forward_to=SecretUrl("https://orders.example.com/api"),
        currency="EUR",
        forms=found.forms,
        items={"LAMP": Item("Lamp", "19,90\u00a0€", "lamp/", price="19.90", stock=7, image=image)},
        cookie_domain="example.com",
    )


def test_a_missing_stock_is_no_limit_and_a_missing_image_is_empty(tmp_path: Path) -> None:
    """For a product without both keys."""
    assert {("MUG", None, ""), ("RUG", None, ""), ("LAMP", None, "")} == {
        (sku, item.stock, item.image) for sku, item in settings(build(tmp_path).site).items.items()
    }


@pytest.mark.parametrize(
    ("locale", "currency", "price", "text"),
    [
        ("en", "USD", "1290.00", "$1,290.00"),
        ("de", "EUR", "1290.00", "1.290,00\u00a0€"),
        ("ja", "JPY", "1290", "¥1,290"),
    ],
)
def test_a_price_is_there_as_digits_and_as_localized_text(
    tmp_path: Path, locale: str, currency: str, price: str, text: str
) -> None:
    """In the sale's language."""
    products = f'products:\n  - {{sku: LAMP, name: Lamp, price: "{price}"}}\n'
    item = settings(build(tmp_path, products, locale=locale, currency=currency).site).items["LAMP"]
    assert (price, text) == (item.price, item.price_text.replace("\uffe5", "¥"))


def test_a_sale_without_orders_has_nothing_for_a_gate(tmp_path: Path) -> None:
    """And the files of an earlier build are deleted; the record stays."""
    before = build(tmp_path).site
    assert {KEY, *settings(before).forms.values()} == {
        file.key for file in before.files if file.role in (Role.GATE, Role.FORM)
    }
    site = build(tmp_path, order="unlock: {version: abcdefgh23}\n").site
    assert () == (*site.having(Role.GATE), *site.having(Role.FORM))
    private = site.folder / "_flashgen" / "night"
    assert {"site.json", "site.lock"} == {path.name for path in private.rglob("*")}
    assert not any("gate" in file.key for file in site.files)


def test_an_old_form_is_deleted(tmp_path: Path) -> None:
    """Its name holds the hash of its content; gate.json names the new one."""
    old = settings(build(tmp_path).site).forms[forms.EARLY]
    write_theme(
        tmp_path, "mine", {"gate/early.html": "{% extends 'gate/base.html' %}{% block said %}Soon{% endblock %}"}
    )
    after = build(tmp_path, theme="mine").site
    new = settings(after).forms[forms.EARLY]
    assert old != new
    assert [False, True] == [(after.folder / key).exists() for key in (old, new)]
    assert b"Soon" in (after.folder / new).read_bytes()


def test_another_stock_changes_only_gate_json(tmp_path: Path) -> None:
    """No page shows the stock."""
    before = build(tmp_path, PICTURED).site
    built = build(tmp_path, PICTURED.replace("stock: 7", "stock: 6"))
    changed = {file.key for file in built.site.files} ^ {file.key for file in before.files}
    digests = {file.key: file.sha256 for file in before.files}
    assert (set(), {KEY}, 1) == (
        changed,
        {file.key for file in built.site.files if file.sha256 != digests[file.key]},
        built.written,
    )


def test_forms_do_not_count_as_pages(tmp_path: Path) -> None:
    """The number of pages is that of public pages."""
    assert 6 == build(tmp_path).pages


@pytest.fixture(params=["plain", "spotlight"], scope="module")
def themed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A sale in each theme."""
    return build(tmp_path_factory.mktemp("site"), PICTURED, theme=request.param).site


def test_every_page_has_marks_for_what_the_gate_knows(themed: Site) -> None:
    """Each page has its own marks and no others: a notice has no product."""
    assert tuple(FIELDS_OF) == tuple(name for name in forms.NAMES if name in pages(themed))
    assert FIELDS_OF == {name: set(page.fields) for name, page in pages(themed).items()}
    others = {"name_lang", "name_dir"}  # in a sale of several languages
    others |= {one for one in forms.FIELDS if one.startswith(("value_", "fault_"))}  # in one whose buyers are guests
    assert set(forms.FIELDS) - others == {field for fields in FIELDS_OF.values() for field in fields}


def test_nothing_in_a_page_is_code(themed: Site) -> None:
    """The gate's policy allows no script and no inline style; marks are only where escaping is safe."""
    for key in settings(themed).forms.values():
        html = (themed.folder / key).read_text("utf-8")
        assert [] == Seen(html).code
        assert html.count("\ue000") == html.count("\ue001")


def test_the_check_bites() -> None:
    """Each fault is found."""
    bad = ["<p onclick=x>", "<style></style>", "<a href=\ue000site\ue001>", "<!-- a -->", "<p \ue000site\ue001='a'>"]
    assert [1] * len(bad) == [len(Seen(html).code) for html in bad]


def test_values_are_text_also_if_they_look_like_markup(themed: Site) -> None:
    """The value is escaped."""
    page = pages(themed)[forms.FORM_PICTURED]
    odd, plain = (Seen(page.fill({**VALUES, "name": name}).decode()) for name in (VALUES["name"], "Lamp"))
    assert VALUES["name"] in odd.text
    assert plain.tags == odd.tags


def test_links_lead_to_the_sale_and_to_files_it_has(themed: Site) -> None:
    """They are absolute, so they work at any gate's address; but for the skip link and the sign of life."""
    known = {file.key for file in themed.files}
    for name, page in pages(themed).items():
        seen = Seen(page.fill({**VALUES, "image": settings(themed).items["LAMP"].image}).decode())
        links = {*seen.all("a", "href"), *seen.all("link", "href"), *seen.all("img", "src")} - {"#main", SIGN_OF_LIFE}
        assert VALUES["site"] in links, name
        for link in links:
            path = str(link).removeprefix("https://sale.example.com/")
            assert (f"{path}index.html" if path.endswith("/") else path) in known, (name, link)


def test_a_form_is_sent_to_its_own_address(themed: Site) -> None:
    """By POST, with the lease and nothing else; without JavaScript."""
    for name, page in pages(themed).items():
        seen = Seen(page.fill(VALUES).decode())
        expected = [{"method": "post"}] if name in (forms.FORM, forms.FORM_PICTURED) else []
        assert expected == [attributes for tag, attributes in seen.tags if tag == "form"]
        assert (["lease"] if expected else []) == seen.all("input", "name")
        assert (["submit"] if expected else []) == seen.all("button", "type")


def test_a_picture_is_shown_where_there_is_one(themed: Site) -> None:
    """Pages without one have no `<img>`, but for the sign of life of a form."""
    shown = {name: Seen(page.fill(VALUES).decode()).all("img", "src") for name, page in pages(themed).items()}
    source = VALUES["site"] + VALUES["image"]
    assert {
        forms.FORM: [SIGN_OF_LIFE],
        forms.FORM_PICTURED: [source, SIGN_OF_LIFE],
        forms.ORDER_PICTURED: [source],
    } == {name: one for name, one in shown.items() if one}


def test_search_engines_do_not_index_gate_pages(themed: Site) -> None:
    """The addresses of these pages hold a token."""
    for page in pages(themed).values():
        seen = Seen(page.fill(VALUES).decode())
        assert {"name": "robots", "content": "noindex"} in [given for tag, given in seen.tags if tag == "meta"]


@pytest.fixture(params=LOCALES, scope="module")
def localized(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Site]:
    """A locale, and a sale in it."""
    return request.param, build(tmp_path_factory.mktemp("site"), locale=request.param).site


def test_pages_are_in_the_sale_s_language(localized: tuple[str, Site]) -> None:
    """In the right direction; every language shows how long a place is kept."""
    locale, site = localized
    for name, page in pages(site).items():
        seen = Seen(page.fill(VALUES).decode())
        (html,) = [attributes for tag, attributes in seen.tags if tag == "html"]
        assert (locale, "rtl" if locale in ("ar", "fa", "he", "ur") else "ltr") == (html["lang"], html["dir"])
        assert "{time}" not in seen.text
        assert (name in (forms.FORM, forms.FORM_PICTURED)) == ("2:58" in seen.text)


@pytest.mark.parametrize(("order", "word"), [(REST, "allow cookies"), (ORDER, "sign in")])
def test_an_unidentified_buyer_sees_what_helps(tmp_path: Path, order: str, word: str) -> None:
    """It depends on how buyers are identified."""
    text = Seen(pages(build(tmp_path, order=order).site)[forms.NOBODY].fill(VALUES).decode()).text
    assert [word] == [each for each in ("allow cookies", "sign in") if each in text]


def test_a_theme_may_change_one_page(tmp_path: Path) -> None:
    """By extending it; the other pages stay."""
    page = "{% extends 'plain/gate/order.html' %}{% block details %}{{ super() }}<p>Wave!</p>{% endblock %}"
    before = pages(build(tmp_path, theme="spotlight").site)
    write_theme(tmp_path, "mine", {"theme.yaml": "extends: spotlight\n", "gate/order.html": page})
    after = pages(build(tmp_path, theme="mine").site)
    assert [forms.ORDER, forms.ORDER_PICTURED] == [name for name in forms.NAMES if before[name] != after[name]]
    assert b"<p>Wave!</p>" in after[forms.ORDER].fill(VALUES)


def test_a_theme_without_gate_pages_still_builds(tmp_path: Path) -> None:
    """Its base.html does not handle pages without a script."""
    base = "<!doctype html><title>{% block title %}{% endblock %}</title>{{ page }}{% block main %}{% endblock %}"
    write_theme(tmp_path, "mine", {"base.html": base})
    with_own = pages(build(tmp_path, theme="mine").site)
    assert b"<h1>" in with_own[forms.EARLY].fill(VALUES)


def test_a_field_that_a_page_does_not_have_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    """The gate could not fill it in."""
    write_theme(tmp_path, "mine", {"gate/early.html": "<p>\n{{ order_id }}"})
    with pytest.raises(InvalidInput) as caught:
        build(tmp_path, theme="mine")
    (problem,) = caught.value.problems
    assert ("template error: there is no `order_id`", 2) == (problem.message, problem.where.line)


def test_an_unchanged_sale_is_not_built_and_a_damaged_form_is(tmp_path: Path) -> None:
    """Like every other file of a build."""
    first = build(tmp_path)
    assert 0 == build(tmp_path).written
    key = settings(first.site).forms[forms.FORM]
    (first.site.folder / key).write_bytes(b"damaged")
    assert 1 == build(tmp_path).written


def test_a_failed_build_leaves_what_the_gate_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No staged file stays."""
    first = build(tmp_path)
    before = _private(first.site)
    write_theme(tmp_path, "mine", {"gate/early.html": "other"})

    def full(folder: Path, keys: Iterable[str]) -> None:
        assert list(folder.rglob(".writing-early.*"))
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(building, "commit", full)
        with pytest.raises(OSError, match="disk full"):
            build(tmp_path, theme="mine")
    assert before == _private(first.site)
    assert replace(first, written=0, warnings=(), loaded=None) == build(tmp_path)


def _private(site: Site) -> dict[str, bytes]:
    return dict(_files(site.folder / "_flashgen"))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.as_posix(), path.read_bytes()


def test_a_sale_with_passes_says_so_beforehand(tmp_path: Path) -> None:
    """Its pages lead to where a pass is; the gate's say why one is refused."""
    url = "https://shop.example.com/in?a=1&b=2"
    order = f"order: {{servers: [https://a.example.com], buyer: pass, pass_url: '{url}'}}"
    site = build(tmp_path, PICTURED, order).site
    for page in ("night/index.html", "night/lamp/index.html"):
        seen = Seen((site.folder / page).read_text(encoding="utf-8"))
        assert url in seen.all("a", "href"), page
        assert [("needed", False), ("ready", True)] == [
            (str(found["data-pass"]), "hidden" in found) for tag, found in seen.tags if "data-pass" in found
        ]
    assert {*forms.NAMES, *forms.REFUSALS} == set(pages(site))
    for name in (forms.NOBODY, *forms.REFUSALS):
        assert url in Seen(pages(site)[name].fill(VALUES).decode()).all("a", "href"), name
    assert 5 == len({pages(site)[name] for name in (forms.NOBODY, *forms.REFUSALS)})


def test_other_sales_know_nothing_of_passes(tmp_path: Path) -> None:
    """No word of it in their pages."""
    site = build(tmp_path).site
    assert "data-pass" not in (site.folder / "night/index.html").read_text(encoding="utf-8")
    assert set(forms.NAMES) == set(pages(site))
