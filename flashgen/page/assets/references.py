"""Finds the files that a stylesheet or a script names, and writes their final names instead.

In css: `@import`, `url()`, `src()` and the strings of `image-set()`. In js: `import`, `export … from`, `import()` of a
string, and `new URL(…, import.meta.url)`. Comments and other strings name nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import tinycss2

from flashgen.document.source import Source
from flashgen.errors import Where

_URL_FUNCTIONS = frozenset({"url", "src"})
_IMAGE_SETS = frozenset({"image-set", "-webkit-image-set"})
_NO_FILE = re.compile(r"\s*(?:#|data:|about:|$)", re.IGNORECASE)
_QUERY_OR_FRAGMENT = re.compile(r"[?#].*", re.DOTALL)

# Each of these stops where it fails, so that no part of a long file is read again for each that begins before it: a
# comment without an end reaches to the end of the file, and what is imported ends at the next `import`.
_COMMENT = r"/\*(?>.*?\*/|.*)"
_GAP = rf"(?:\s|{_COMMENT}|//[^\n]*\n)*+"
_KEYWORD = r"(?<![\w$.])(?:import|export)(?![\w$])"
_FROM = rf"(?:(?!{_KEYWORD})[\w$*{{}},\s]|{_COMMENT})*?(?<![\w$])from{_GAP}"
_MODULE = rf"""{_KEYWORD}(?:{_GAP}|{_FROM}|{_GAP}\({_GAP})(["'])(?P<module>[^"'\\\n]*)\1"""
_URL = rf"""(?<![\w$.])new\s+URL{_GAP}\({_GAP}(["'])(?P<file>[^"'\\\n]*)\3{_GAP},{_GAP}import\.meta\.url"""
_STRING = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
# A regular expression begins where no value can have ended; else the slash divides.
_CLASS = r"\[[^\]\\\n]{0,500}+(?:\\.[^\]\\\n]{0,500}+){0,50}+\]"
_REGEX = rf"(?:[(,=:\[!&|?{{}};]|\breturn)\s*/(?![*/])(?:\\.|{_CLASS}|[^/\\\n\[]){{1,2000}}/"
_ESCAPED = r"\\."
_SCRIPT = re.compile("|".join((_MODULE, _URL, rf"//[^\n]*|{_COMMENT}", _STRING, _REGEX, _ESCAPED)), re.DOTALL)
"""What names a file, or may only look like it: comments, strings and regular expressions are read past. So is an
escaped character outside of these, which would else begin a string that has no end."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A URL in a stylesheet or script, as it was written. `is_module`: it must begin with a slash or dot."""

    url: str
    where: Where
    is_module: bool = False

    @property
    def name(self) -> str:
        """The name of a file in assets/."""
        return unquote(_QUERY_OR_FRAGMENT.sub("", self.url).strip()).removeprefix("./")

    @property
    def suffix(self) -> str:
        """The query and the fragment, such as `?#iefix`; empty if there are none."""
        found = _QUERY_OR_FRAGMENT.search(self.url)
        return found[0].rstrip() if found else ""


FinalUrl = Callable[[Reference], str]
"""Gives the URL to write for a reference."""


def rewritten_stylesheet(source: Source, final_url: FinalUrl) -> str:
    """The css with final URLs. `data:` URLs and fragments stay as they are."""
    nodes = tinycss2.parse_component_value_list(source.text)
    changed = False
    for node in _urls(nodes):
        if not _NO_FILE.match(node.value):
            url = final_url(Reference(node.value, Where(source.file, node.source_line, node.source_column)))
            string = tinycss2.ast.StringToken(0, 0, url, f'"{tinycss2.serializer.serialize_string_value(url)}"')
            node.representation = string.serialize() if node.type == "string" else f"url({string.serialize()})"
            changed = True
    return tinycss2.serialize(nodes) if changed else source.text


def rewritten_script(source: Source, final_url: FinalUrl) -> str:
    """The js with final URLs. A module's begins with `./`, as browsers want it."""

    def final(match: re.Match[str]) -> str:
        group = "file" if match["module"] is None else "module"
        url = match[group]
        if url is None or _NO_FILE.match(url):
            return match[0]
        where = source.where(match.start(group) - 1)
        name = final_url(Reference(url, where, is_module=group == "module"))
        start, end = (edge - match.start() for edge in match.span(group))
        return f"{match[0][:start]}./{name}{match[0][end:]}"

    return _SCRIPT.sub(final, source.text)


def _urls(nodes: Iterable[Any], *, in_image_set: bool = False) -> Iterator[Any]:
    """The tokens that are URLs of files: `url(…)` without quotes, and strings where a URL is meant."""
    statement = ""
    for node in nodes:
        if node.type == "at-keyword":
            statement = node.lower_value
        elif statement == "namespace" and node != ";":  # an identifier, which nothing loads
            continue
        elif node.type == "url" or (node.type == "string" and (in_image_set or statement == "import")):
            yield node
        elif node.type == "function" and node.lower_name in _URL_FUNCTIONS:
            yield from (argument for argument in node.arguments if argument.type == "string")
        elif node.type == "function":
            yield from _urls(node.arguments, in_image_set=node.lower_name in _IMAGE_SETS)
        elif node.type.endswith("block"):
            yield from _urls(node.content)
        if node.type not in ("at-keyword", "whitespace", "comment"):
            statement = ""
