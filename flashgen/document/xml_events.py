"""Parses XML into events with expat. Entities that a file declares are refused: they can expand to gigabytes."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

SEPARATOR = " "
"""Stands between the namespace and the name of an element: no URI contains a blank."""


class UnsafeXml(ValueError):
    """The file declares an entity."""


def xml_parser(
    start: Callable[[str, dict[str, str]], object], end: Callable[[str], object], text: Callable[[str], object]
) -> expat.XMLParserType:
    """A parser that calls the three with names such as `namespace name`. It raises `UnsafeXml` at a declared entity."""
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = _refuse_entity
    return parser


def _refuse_entity(name: str, *_: object) -> None:
    raise UnsafeXml(f"entity {name}")
