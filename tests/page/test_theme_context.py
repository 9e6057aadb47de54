"""docs/theme-context.md says what templates are given: no more, no less."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from support.projects import png, write_sale

from flashgen.page.build import build_sale
from flashgen.page.theme import Theme
from flashgen.page.views import CONTEXTS

DOCS = Path(__file__).parents[2] / "docs"
PRODUCTS = """\
products:
  - {sku: LAMP, name: Lamp, price: "19.90", list_price: "39.90", images: [a.png], specs: {Height: 1 m}, stock: 7}
  - {sku: MUG, name: Mug, price: "5.00", category: Kitchen}
brand: {note: Free shipping, links: {imprint: "https://example.com/"}}
"""


def test_the_page_is_current() -> None:
    """After a change of a view or of a template's blocks: `python docs/theme_context.py`."""
    document: Callable[[], str] = runpy.run_path(str(DOCS / "theme_context.py"))["document"]
    assert document() == (DOCS / "theme-context.md").read_text(encoding="utf-8")


def test_templates_get_what_is_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each template of a sale with pictures, languages, a brand and a gate: these names, and values of these types."""
    seen: dict[str, list[Mapping[str, Any]]] = {}
    rendered = Theme.render

    def render(theme: Theme, template: str, variables: Mapping[str, Any]) -> bytes:
        seen.setdefault(template, []).append(variables)
        return rendered(theme, template, variables)

    monkeypatch.setattr(Theme, "render", render)
    path = write_sale(tmp_path, PRODUCTS, locales="[en, ar]", theme="catalogue", show_limit="true")
    (path.parent / "a.png").write_bytes(png(800, 600))
    build_sale(path, tmp_path, tmp_path / "build", 1, site_url="https://sale.example.com")
    assert CONTEXTS.keys() == seen.keys()
    checked: set[str] = set()
    for template, all_variables in seen.items():
        for variables in all_variables:
            assert get_type_hints(CONTEXTS[template]).keys() == variables.keys(), template
            for name, kind in get_type_hints(CONTEXTS[template]).items():
                check(variables[name], kind, f"{template}: {name}", checked)
    assert {
        "SaleView",
        "ProductView",
        "ImageView",
        "BrandView",
        "LinkView",
        "PageMeta",
        "CardView",
        "ItemView",
    } <= checked


def check(value: Any, kind: Any, place: str, checked: set[str]) -> None:
    """Assert that a value is of a type, and its public values of the types that its class declares."""
    if kind is Any:
        return
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        fitting = [part for part in get_args(kind) if isinstance(value, get_origin(part) or part)]
        assert fitting, f"{place}: {value!r}"
        check(value, fitting[0], place, checked)
    elif origin is tuple and Ellipsis in get_args(kind):
        assert isinstance(value, tuple), place
        for one in value:
            check(one, get_args(kind)[0], place, checked)
    elif isinstance(kind, type) and kind.__module__.startswith("flashgen.page") and kind is not NoneType:
        assert isinstance(value, kind), f"{place}: {value!r}"
        checked.add(kind.__name__)
        hints = {name: one for name, one in get_type_hints(kind).items() if not name.startswith("_")}
        for name, one in hints.items():
            check(getattr(value, name), one, f"{place}.{name}", checked)
        own = {name for name in getattr(value, "__dict__", {}) if not name.startswith("_")}
        assert own <= {*hints, *(name for name in vars(kind) if not name.startswith("_"))}, place
    else:
        assert isinstance(value, origin or kind), f"{place}: {value!r}"
        assert not isinstance(value, SimpleNamespace) or kind is SimpleNamespace, place
