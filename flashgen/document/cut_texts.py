"""Finds texts without quotes that YAML ends at ` #`, where a comment begins: `title: Sale #1` is `Sale`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flashgen.document.builder import KeyPath, Node
from flashgen.document.parse import Document
from flashgen.document.wording import quoted
from flashgen.errors import Problem

# A comment that is meant as one has a space behind its `#`; `# 2` is still more likely to be a number.
_COMMENT = re.compile(r"[ \t]+(#(?:[^\s#]|[ \t]\d)[^\r\n]*)")


def cut_texts(document: Document, keys: frozenset[str]) -> Iterator[Problem]:
    """A warning for each text that is cut, at a path with one of these keys, also as `name:de`."""
    comments = {match.start(): match[1].rstrip() for match in _COMMENT.finditer(document.source.text)}
    if not comments:  # spares most files the second pass
        return
    for path, span in document.spans.items():
        if span.end in comments and any(str(step).partition(":")[0] in keys for step in path):
            text = _value(document.data, path)
            written = document.source.text[span.start : span.end]
            if isinstance(text, str) and written.split() == text.split():  # so it is without quotes
                comment = comments[span.end]
                message = f"`{path[-1]}` ends before ` #`, where a comment begins: found {quoted(text)}"
                hint = f"if {quoted(comment)} belongs to it, put all of it in quotes"
                yield document.problem(path, message, hint)


def _value(node: Node, path: KeyPath) -> Node:
    for step in path:
        node = node[step]  # type: ignore[index]
    return node
