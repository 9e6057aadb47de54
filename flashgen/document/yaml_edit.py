"""Replaces or adds one value in a YAML text. Comments, quotes, order and line ends stay byte for byte."""

from __future__ import annotations

import copy
import re
from pathlib import Path

from flashgen.document.builder import Node
from flashgen.document.parse import Document, parse_document
from flashgen.document.source import Source
from flashgen.errors import InvalidInput, Refused

_PLAIN = re.compile(r"(?!null$)[A-Za-z0-9][A-Za-z0-9_.-]*")


def replace_scalar(text: str, path: tuple[str, ...], value: str) -> str:
    """The text with `value` as the scalar at `path`. Missing mappings and keys are added.

    The result is parsed again and must differ in this value only. Otherwise, for example because an alias elsewhere
    repeats the value, `Refused` asks for an edit by hand. A malformed text raises `InvalidInput`.
    """
    if text.startswith("\ufeff"):
        return "\ufeff" + replace_scalar(text[1:], path, value)
    document = _parsed(text)
    scalar = value if _PLAIN.fullmatch(value) else _quoted(value)
    edited = _edited(document, path, scalar)
    if not _holds(edited, _expected(document.data, path, value)):
        key = ".".join(path)
        raise Refused(f"`{key}` cannot be changed without changing more", f"write `{key}: {scalar}` by hand")
    return edited


def _quoted(value: str) -> str:
    """In double quotes; characters that editors do not show are escaped (YAML 1.2, 5.7)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in escaped) + '"'


def _edited(document: Document, path: tuple[str, ...], scalar: str) -> str:
    text, present = document.source.text, _present_part(document.data, path)
    if len(present) == len(path):
        return _replaced(document, path, scalar)
    missing = path[len(present) :]
    newline = "\r\n" if "\r\n" in text else "\n"
    parent = _at(document.data, present)
    if parent == "":
        start = document.span(present).start
        indent = _column(document, present) + 2
        return text[:start] + newline + _lines(missing, scalar, indent, newline) + text[start:]
    if not present:
        return _appended(text, _lines(missing, scalar, 0, newline) + newline, newline)
    return _inserted(document, present, missing, scalar, newline)


def _replaced(document: Document, path: tuple[str, ...], scalar: str) -> str:
    text, span = document.source.text, document.span(path)
    if span.start == span.end:
        return text[: span.start] + " " + scalar + text[span.end :]
    old = text[span.start : span.end]
    return text[: span.start] + scalar + old[len(old.rstrip("\r\n")) :] + text[span.end :]


def _appended(text: str, lines: str, newline: str) -> str:
    gap = "" if text.endswith(("\n", "\r")) else newline
    return text + gap + newline + lines


def _inserted(document: Document, present: tuple[str, ...], missing: tuple[str, ...], scalar: str, newline: str) -> str:
    """Insert before the first key of the mapping at `present`. It is not empty unless it is written as `{}`."""
    text, start = document.source.text, document.span(present).start
    if text[start] == "{":
        separator = ", " if _at(document.data, present) else ""
        opened = "".join(f"{key}: {{" for key in missing[:-1])
        closed = "}" * (len(missing) - 1)
        return f"{text[: start + 1]}{opened}{missing[-1]}: {scalar}{closed}{separator}{text[start + 1 :]}"
    indent = document.source.where(start).column - 1
    return text[:start] + _lines(missing, scalar, indent, newline).lstrip(" ") + newline + " " * indent + text[start:]


def _lines(keys: tuple[str, ...], scalar: str, indent: int, newline: str) -> str:
    lines = [" " * (indent + 2 * depth) + f"{key}:" for depth, key in enumerate(keys)]
    return newline.join(lines) + " " + scalar


def _present_part(data: Node, path: tuple[str, ...]) -> tuple[str, ...]:
    """The longest start of `path` that exists in the data."""
    for length, key in enumerate(path):
        if not isinstance(data, dict) or key not in data:
            return path[:length]
        data = data[key]
    return path


def _at(data: Node, path: tuple[str, ...]) -> Node:
    for key in path:
        data = data[key] if isinstance(data, dict) else ""
    return data


def _column(document: Document, path: tuple[str, ...]) -> int:
    return document.where(path, at_key=True).column - 1


def _expected(data: dict[str, Node], path: tuple[str, ...], value: str) -> Node:
    expected = copy.deepcopy(data)
    inner = expected
    for key in path[:-1]:
        below = inner.get(key)
        if not isinstance(below, dict):
            below = inner[key] = {}
        inner = below
    inner[path[-1]] = value
    return expected


def _holds(text: str, expected: Node) -> bool:
    try:
        return _parsed(text).data == expected
    except InvalidInput:
        return False


def _parsed(text: str) -> Document:
    document, problems = parse_document(Source(Path("sale.yaml"), text))
    if problems:
        raise InvalidInput(problems)
    return document
