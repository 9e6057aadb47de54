"""Where each value of a document stands: the second pass, made only when somebody asks."""

from __future__ import annotations

from typing import Any, NamedTuple

from flashgen.document.builder import Node, Place


class Span(NamedTuple):
    """Offsets in characters: of the key (for a list item, of the item), and of the value's beginning and end."""

    key: int
    start: int
    end: int


class Places:
    """Takes the same events as `Tree`. Of a key given twice it keeps the first; an alias is a place of its own."""

    def __init__(self) -> None:
        self.spans: dict[Place, Span] = {}
        self._path: list[str | int] = []
        self._key: int | None = None  # offset of the key that waits for its value
        self._open: list[tuple[int, int, bool]] = []  # offsets of key and start; whether it is a mapping

    def document(self, _: Any) -> None:
        """Nothing stands here."""

    def scalar(self, event: Any) -> None:
        """A key, or a value with its place."""
        if self._open and self._open[-1][2] and self._key is None:
            self._path[-1] = event.value
            self._key = event.start_mark.index
        else:
            self._leaf(event)

    def alias(self, event: Any) -> None:
        """A value of which we know no inside."""
        self._leaf(event)

    def open(self, event: Any, new: list[Node] | dict[str, Node]) -> None:
        """A container begins; its path grows by the key or index to come."""
        start = event.start_mark.index
        self._open.append((start if self._key is None else self._key, start, isinstance(new, dict)))
        self._key = None
        self._path.append("" if isinstance(new, dict) else 0)

    def close(self, event: Any) -> None:
        """A container ends, and has its place."""
        self._path.pop()
        key, start, _ = self._open.pop()
        self._put(Span(key, start, event.end_mark.index))

    def _leaf(self, event: Any) -> None:
        start = event.start_mark.index
        self._put(Span(start if self._key is None else self._key, start, event.end_mark.index))

    def _put(self, span: Span) -> None:
        self.spans.setdefault(tuple(self._path), span)
        self._key = None
        if self._path and isinstance(self._path[-1], int):
            self._path[-1] += 1
