"""A theme of the project's own: the files that it begins with, and copies of its parents' files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flashgen.document.wording import suggestion
from flashgen.errors import InvalidInput, Problem, Refused, Where
from flashgen.page.theme.theme import Theme

_SETTINGS = """\
name: {name}
title: {title}
description: {parent_title} with colours and a footer of its own.
extends: {parent}
"""

_CSS = """\
/* Loaded after the css of {parent}. docs/brand.md lists these properties, and which pairs need contrast. */
:root {{
  --accent: #0f6b4f;
  --on-accent: #fff;
  --accent-strong: #0a4d38;
  --tint: #dff1e9;
  --display-font: Georgia, "Times New Roman", serif;
}}

@media (prefers-color-scheme: dark) {{
  :root {{
    --accent: #6fd3ae;
    --on-accent: #06261b;
    --accent-strong: #97e3c6;
    --tint: #12362a;
  }}
}}
"""

_BASE = """\
{{% extends "{parent}/base.html" %}}
{{# Every page begins with this template. A block that stands here replaces the parent's; super() is what it had.
   Values are in docs/theme-context.md. `flashgen theme eject product.html` copies a page to change it as a whole. #}}
{{% block more_styles %}}
<link rel="stylesheet" href="{{{{ asset("{name}.css") }}}}">
{{% endblock %}}
{{% block footnote %}}
<p>{{{{ sale.title }}}} · {{{{ sale.starts_at_text }}}}</p>
{{% endblock %}}
"""

_README = "{title}: a theme for flashgen that extends {parent}. Choose it with `theme: {name}` in a sale.\n"

_COMMENTS = {
    ".html": "{{# {} #}}\n",
    ".css": "/* {} */\n",
    ".js": "// {}\n",
    ".svg": "<!-- {} -->\n",
    ".yaml": "# {}\n",
}
"""How a file of this kind holds a line that no page shows. Others are copied as they are."""


def child_theme(name: str, parent: Theme) -> dict[str, bytes]:
    """The files of a new theme that extends `parent`, by their path in its folder. It builds as it is."""
    words = {"name": name, "title": _title(name), "parent": parent.name, "parent_title": _title(parent.name)}
    texts = {"theme.yaml": _SETTINGS, f"assets/{name}.css": _CSS, "base.html": _BASE, "README.md": _README}
    return {path: text.format(**words).encode() for path, text in texts.items()}


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Copied:
    """A parent's file for a theme of the project: where it goes, from where it came, and its bytes."""

    path: Path
    source: Path
    body: bytes


def copy_of(theme: Theme, wanted: str, version: str) -> Copied:
    """The nearest parent's file `wanted`: `product.html`, `gate/form.html`, `page.js`, `messages/de.yaml`.

    `version` of flashgen is named in a comment at its top. Raises Refused if no parent has the file.
    """
    own, *parents = theme.folders
    known = {name: path for folder in reversed(parents) for name, path in _files(folder).items()}
    name = wanted if wanted in known else f"assets/{wanted}"
    if name not in known:
        is_text = wanted.startswith("messages/")
        short = [each.removeprefix("assets/") for each in known if each.startswith("messages/") == is_text]
        raise Refused(f"no parent of theme `{theme.name}` has a file `{wanted}`", suggestion(wanted, short))
    source = known[name]
    comment = _COMMENTS.get(source.suffix)
    said = f"From theme {_theme_of(source, name)} of flashgen {version}; updates of flashgen do not reach this copy."
    return Copied(own / name, source, (comment.format(said).encode() if comment else b"") + source.read_bytes())


def _files(folder: Path) -> dict[str, Path]:
    """What can be copied, by its path in the theme: all but theme.yaml and texts for people."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path for name, path in paths.items() if "/" in name or path.suffix == ".html"}


def _theme_of(source: Path, name: str) -> str:
    return source.parents[name.count("/")].name


def own_theme(names: tuple[str, ...], wanted: str | None, themes: Path) -> str:
    """The theme of the project that gets a file: `wanted`, else its only one. `names` are those in `themes`.

    Raises Refused if it is not clear which.
    """
    if wanted is None and len(names) == 1:
        return names[0]
    if not names:
        raise Refused(f"no theme of your own in {themes}", "make one: flashgen theme new mine")
    if wanted is None:
        raise Refused(f"several themes in {themes}: {', '.join(names)}", f"say which: --theme {names[0]}")
    if wanted not in names:
        raise Refused(f"no theme `{wanted}` in {themes}", suggestion(wanted, names))
    return wanted


def refuse_taken(name: str, folder: Path, names: tuple[str, ...]) -> None:
    """Refuse the name of a theme that there is."""
    if name in names:
        raise Refused(f"there is a theme `{name}`", "choose another name; to change that one, extend it")
    if folder.exists():
        raise InvalidInput(
            [Problem(Where(folder), "is there, and is no theme", "move it away, or choose another name")]
        )
