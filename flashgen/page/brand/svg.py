"""Checks that an SVG file draws and does nothing else: no script, no link, nothing of another file.

Such a file is refused and not changed, because what a reduced drawing looks like is for its author to see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat

from flashgen.document.xml_events import SEPARATOR, UnsafeXml, xml_parser
from flashgen.page.pictures.image_file import BadImage

_SVG = "http://www.w3.org/2000/svg"
_DRAWING = frozenset(
    (
        "svg",
        "g",
        "defs",
        "symbol",
        "use",
        "title",
        "desc",
        "metadata",
        "style",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "textPath",
        "image",
        "clipPath",
        "mask",
        "pattern",
        "marker",
        "linearGradient",
        "radialGradient",
        "stop",
        "switch",
        "view",
        "filter",
        "feBlend",
        "feColorMatrix",
        "feComponentTransfer",
        "feComposite",
        "feConvolveMatrix",
        "feDiffuseLighting",
        "feDisplacementMap",
        "feDistantLight",
        "feDropShadow",
        "feFlood",
        "feFuncA",
        "feFuncB",
        "feFuncG",
        "feFuncR",
        "feGaussianBlur",
        "feMerge",
        "feMergeNode",
        "feMorphology",
        "feOffset",
        "fePointLight",
        "feSpecularLighting",
        "feSpotLight",
        "feTile",
        "feTurbulence",
    )
)
_XHTML = "http://www.w3.org/1999/xhtml"
_OWN_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,", re.IGNORECASE)
_URL = re.compile(r"url\(\s*['\"]?\s*(?!#|['\"]?\s*#)", re.IGNORECASE)
_IMPORT = re.compile(r"@import|@font-face|expression\(|javascript:", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:px)?\s*")
_HINT = "export it as plain SVG, with the texts as paths"


@dataclass(frozen=True, slots=True)
class SvgSize:
    """Width and height in the drawing's own units."""

    width: float
    height: float


def checked_svg(body: bytes, name: str) -> SvgSize:
    """The size of a drawing. Raises BadImage for what is no SVG, has no size, or could do more than draw."""
    check = _Check(name)
    try:
        check.parse(body)
    except UnsafeXml as error:
        raise BadImage(f"`{name}` declares the {error}, which may expand without an end", _HINT) from None
    except expat.ExpatError as error:
        raise BadImage(f"`{name}` is not well-formed XML: {error}", _HINT) from None
    return check.size()


class _Check:
    """One reading of a file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._root: dict[str, str] | None = None
        self._open: list[str] = []
        self._style = ""
        self._parser = xml_parser(self._start, self._end, self._text)
        self._parser.ProcessingInstructionHandler = self._instruction

    def parse(self, body: bytes) -> None:
        self._parser.Parse(body, True)

    def size(self) -> SvgSize:
        root = self._root or {}
        lengths = [_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height")]
        box = root.get("viewBox", "").replace(",", " ").split()
        try:
            sides = [float(each[1]) for each in lengths if each] if all(lengths) else [float(each) for each in box[2:]]
        except ValueError:
            sides = []
        if len(sides) != 2 or not all(0 < side < 100_000 for side in sides):
            raise BadImage(f"`{self._name}` has no size", 'give its <svg> a viewBox, such as viewBox="0 0 120 40"')
        return SvgSize(*sides)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(SEPARATOR)
        if self._root is None:
            if (space, local) != (_SVG, "svg"):
                self._refuse(f"begins with <{local}>, not with <svg> in SVG's namespace")
            self._root = attributes
        if space == _XHTML or (space == _SVG and local not in _DRAWING):
            self._refuse(f"holds <{local}>")
        self._open.append(local if space == _SVG else "")
        for key, value in attributes.items():
            self._attribute(key.rpartition(SEPARATOR)[2], value)

    def _attribute(self, key: str, value: str) -> None:
        if key.lower().startswith("on"):
            self._refuse(f"holds the script `{key}`")
        if key in ("href", "src") and not (value.startswith("#") or _OWN_PICTURE.match(value)):
            self._refuse(f"refers to `{value[:60]}`")
        self._refuse_css(value)

    def _text(self, text: str) -> None:
        if "style" in self._open:
            self._style += text

    def _end(self, _: str) -> None:
        if self._open.pop() == "style":
            self._refuse_css(self._style)
            self._style = ""

    def _instruction(self, target: str, _: str) -> None:
        self._refuse(f"holds the instruction <?{target}?>")

    def _refuse_css(self, css: str) -> None:
        if "\\" in css:  # no drawing program writes one
            self._refuse("holds an escape, which may hide a reference,")
        if found := _URL.search(css) or _IMPORT.search(css):
            self._refuse(f"refers to other files: `{css[found.start() : found.start() + 60]}`")

    def _refuse(self, what: str) -> None:
        line = self._parser.CurrentLineNumber
        raise BadImage(f"`{self._name}` {what} in line {line}, and a logo may only draw", _HINT)
