"""Writes docs/theme-context.md: what a theme's templates are given, from the classes that give it, and the themes.

python docs/theme_context.py
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from markupsafe import Markup

from flashgen.page.theme import BASE_THEME, find_theme, theme_names
from flashgen.page.views import CONTEXTS, Context

PAGE = Path(__file__).with_name("theme-context.md")

HEAD = """\
# What templates are given

Made by `python docs/theme_context.py` from the classes in `flashgen/page/` and from the themes. How to use it:
[themes.md](themes.md).

Templates are [Jinja](https://jinja.palletsprojects.com/en/stable/templates/). A value that is not here is an error of
the build. Nothing depends on the sale's state or on the time of the build: what changes, `page.js` changes in the page.
All text is in the page's language; all URLs are relative to the page, unless it says otherwise.
"""

BLOCK = re.compile(r"{%-? block (\w+)")
MACRO = re.compile(r"{%-? macro ((\w+)\([^)]*\))")
COMMENT = re.compile(r"{# (.*?) #}", re.DOTALL)


def document() -> str:
    """The whole page."""
    return "\n".join((HEAD, *_variables(), *_views(), *_templates(), *_parts()))


def _variables() -> Iterator[str]:
    yield "## In every template\n"
    yield _table(Context)
    yield "## In one template\n"
    shared = get_type_hints(Context)
    for template, context in CONTEXTS.items():
        fields = {name: kind for name, kind in get_type_hints(context).items() if name not in shared}
        more = ", ".join(f"`{name}`: {_kind(kind)}{_remark(context, name)}" for name, kind in fields.items())
        yield f"- `{template}`: {_lower(_doc(context))}{f' {more}.' if more else ''}"
    yield ""


def _remark(owner: type, name: str) -> str:
    text = _field_docs(owner).get(name, "").rstrip(".")
    return f" ({_lower(text)})" if text else ""


def _views() -> Iterator[str]:
    yield "## Values with values of their own\n"
    for view in _reachable():
        yield f"### {_name(view)}\n"
        yield f"{_doc(view)}\n"
        yield _table(view)


def _reachable() -> list[type]:
    """Every view, in the order in which a reader meets them."""
    found: list[type] = []

    def visit(kind: Any) -> None:
        if isinstance(kind, type) and kind.__module__.startswith("flashgen.") and kind not in found:
            found.append(kind)
            for _, field in _fields(kind):
                visit(field)
        for part in get_args(kind):
            visit(part)

    for context in (Context, *CONTEXTS.values()):
        for kind in get_type_hints(context).values():
            visit(kind)
    return found


def _name(view: type) -> str:
    return view.__name__.removesuffix("View") if view.__name__.endswith("View") else view.__name__


def _fields(view: type) -> list[tuple[str, Any]]:
    """Names and types: annotations, then properties."""
    hints = [(name, kind) for name, kind in get_type_hints(view).items() if not name.startswith("_")]
    found = [(name, _getter(value)) for name, value in vars(view).items() if _getter(value)]
    return hints + [(name, get_type_hints(getter)["return"]) for name, getter in found if not name.startswith("_")]


def _getter(value: object) -> Any:
    return value.func if isinstance(value, cached_property) else value.fget if isinstance(value, property) else None


def _table(view: type) -> str:
    docs = _field_docs(view)
    rows = [f"| `{name}` | {_kind(kind)} | {docs.get(name, '')} |" for name, kind in _fields(view)]
    return "\n".join(("| value | is | |", "|---|---|---|", *rows, ""))


def _field_docs(owner: type) -> dict[str, str]:
    """The text below each annotation, and that of each property."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for one, following in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(following, ast.Expr):
            if isinstance(following.value, ast.Constant):
                docs[one.target.id] = " ".join(str(following.value.value).split())
        elif isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            docs[one.name] = " ".join((ast.get_docstring(one) or "").split())
    return docs


def _doc(owner: type) -> str:
    paragraphs = (inspect.getdoc(owner) or "").split("\n\n")
    return " ".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _kind(kind: Any) -> str:
    """A type in words."""
    if kind in _WORDS:
        return _WORDS[kind]
    parts = [part for part in get_args(kind) if part is not Ellipsis]
    if get_origin(kind) in (Union, UnionType):
        return " or ".join("none" if part is NoneType else _kind(part) for part in parts)
    if get_origin(kind) is tuple and Ellipsis in get_args(kind):
        return f"list of {_kind(parts[0])}"
    if get_origin(kind) is tuple:
        return f"({', '.join(map(_kind, parts))})"
    if get_origin(kind) is Mapping or getattr(get_origin(kind), "__name__", "") == "Mapping":
        return "texts by name"
    if isinstance(kind, type):
        return f"[{_name(kind)}](#{_name(kind).lower()})"
    return "function" if get_origin(kind) is not None else str(kind)


_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    bool: "yes or no",
    Markup: "HTML",
    SimpleNamespace: "texts by name",
    Callable[[str], str]: "function",
}


def _templates() -> Iterator[str]:
    yield "## Templates of the packaged themes\n"
    yield "A theme that extends one of them replaces a block of it, or the whole template ([themes.md](themes.md)).\n"
    yield "| template | in | blocks |\n|---|---|---|"
    for template, texts in _packaged().items():
        if names := dict.fromkeys(f"`{name}`" for text in texts.values() for name in BLOCK.findall(text)):
            yield f"| `{template}` | {', '.join(texts)} | {', '.join(names)} |"
    yield ""


def _parts() -> Iterator[str]:
    yield "## Parts of pages\n"
    yield "What several templates share, for templates of one's own as well. A theme may replace each of them.\n"
    yield "| part | in | put in by | what it is |\n|---|---|---|---|"
    for template, texts in _packaged().items():
        if not any(BLOCK.search(text) for text in texts.values()):
            own = texts.get(BASE_THEME, next(iter(texts.values())))
            yield f"| `{template}` | {', '.join(texts)} | {_ways(template, texts)} | {_first_comment(template, own)} |"
    yield ""


def _packaged() -> dict[str, dict[str, str]]:
    """By template its text in each packaged theme that has it."""
    found: dict[str, dict[str, str]] = {}
    for name in theme_names(Path("none")):
        folder = find_theme(name, Path("none")).folders[0]
        for path in sorted(folder.rglob("*.html")):
            text = path.read_text(encoding="utf-8")
            found.setdefault(path.relative_to(folder).as_posix(), {})[folder.name] = text
    return dict(sorted(found.items()))


def _ways(template: str, texts: Mapping[str, str]) -> str:
    """How a part is put in; with the theme, if that differs between themes."""
    homes: dict[str, list[str]] = {}
    for theme, text in texts.items():
        calls = [f'`{{% from "{template}" import {name} %}}` `{{{{ {call} }}}}`' for call, name in MACRO.findall(text)]
        for way in calls or [f'`{{% include "{template}" %}}`']:
            homes.setdefault(way, []).append(theme)
    return "<br>".join(way if len(themes) == len(texts) else f"{themes[0]}: {way}" for way, themes in homes.items())


def _first_comment(template: str, text: str) -> str:
    """What a part is, as it says itself. Raises ValueError for a part that does not."""
    comment = COMMENT.match(text)
    if not comment:
        raise ValueError(f"{template} is to begin with a comment that says what it is")
    return " ".join(comment[1].split())


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
