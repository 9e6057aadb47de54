"""Builds dicts, lists and text from libyaml's events, without recursion.

`flashgen.document.parse` calls it with each event. Nothing in this module imports yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from flashgen.document.source import Source
from flashgen.document.wording import quoted
from flashgen.errors import InvalidInput, Problem, Where

Node: TypeAlias = "str | list[Node] | dict[str, Node]"
KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list indexes that lead to a value: `("products", 3, "price")`."""

MAX_DEPTH = 32
MAX_ALIASED_NODES = 1_000_000
# Unquoted, these two mean "no value" in YAML; in quotes they are ordinary text.
_NULLS = {"null": "", "~": ""}
_TAG_PREFIX = "tag:yaml.org,2002:"
_PLAIN_TAGS = {"!", _TAG_PREFIX + "str", _TAG_PREFIX + "seq", _TAG_PREFIX + "map"}


@dataclass(frozen=True, slots=True)
class Note:
    """A problem that does not stop the parse; `offset` counts characters. `twice`: the key at `path` came before."""

    path: KeyPath
    offset: int
    message: str
    hint: str
    twice: bool = False


@dataclass(frozen=True, slots=True)
class _Outer:
    """What to restore when the open container closes; `nodes` is the count before it was opened."""

    container: list[Node] | dict[str, Node]
    key: str | None
    anchor: str | None
    nodes: int


def dotted(path: KeyPath) -> str:
    """A path as `Problem.path` spells it: `products.3.price`."""
    return ".".join(map(str, path))


class TreeBuilder:
    """Builds the data. The parser calls a method for each event; at the end `root()` returns the result.

    Problems that do not stop the parse are collected in `notes`; any other raises `InvalidInput`.
    """

    def __init__(self, source: Source) -> None:
        self.notes: list[Note] = []
        self._source = source
        self._roots: list[Node] = []
        self._container: list[Node] | dict[str, Node] = self._roots
        self._key: str | None = None  # waits for its value in the open mapping
        self._outer: list[_Outer] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}  # None while the anchored container is open
        self._nodes = 0
        self._aliased = 0

    @property
    def is_empty(self) -> bool:
        """Whether the file holds nothing, or only comments."""
        return not self._roots or self._roots[0] == ""

    def root(self) -> dict[str, Node]:
        """The mapping in the file. Raises `InvalidInput` if it holds anything else."""
        if self.is_empty:
            raise InvalidInput([Problem(Where(self._source.file), "the file is empty")])
        root = self._roots[0]
        if not isinstance(root, dict):
            message = f"the file must hold `key: value` lines, found {quoted(root)}"
            raise InvalidInput([self._source.problem(0, message)])
        return root

    def document(self, event: Any) -> None:
        """A document starts. A second one is refused."""
        if self._roots:
            hint = "keep one document in a file: delete the `---`"
            self._refuse(event, "a second document starts here", hint)

    def scalar(self, event: Any) -> None:
        """A key or a scalar value."""
        self._nodes += 1
        text: str = event.value
        if event.tag is not None:
            self._check_tag(event)
        if self._key is None and type(self._container) is dict:
            self._take_key(text, event)
        else:
            if not event.style:
                text = _NULLS.get(text, text)
            self._add(text)
        if event.anchor is not None:
            self._anchors[event.anchor] = (text, 1)

    def open(self, event: Any, new: list[Node] | dict[str, Node]) -> None:
        """A mapping or a list starts; `new` is its empty value."""
        self._check_key_not_expected(event, quoted(new))
        if len(self._outer) == MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels", "take a level out")
        if event.tag is not None:
            self._check_tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._outer.append(_Outer(self._container, self._key, event.anchor, self._nodes))
        self._nodes += 1
        self._add(new)
        self._container = new

    def close(self, _: Any) -> None:
        """The open mapping or list ends."""
        closed, outer = self._container, self._outer.pop()
        self._container = outer.container
        if outer.anchor is not None:
            self._anchors[outer.anchor] = (closed, self._nodes - outer.nodes)

    def alias(self, event: Any) -> None:
        """`*name`: the anchored value again. Shared, not copied, yet counted as if it were written out."""
        name = event.anchor
        self._check_key_not_expected(event, f"alias `*{name}`")
        if name not in self._anchors:
            self._refuse(event, f"alias `*{name}` has no anchor before it", "put the text in quotes if it is text")
        target = self._anchors[name]
        if target is None:
            self._refuse(event, f"alias `*{name}` stands inside its own anchor", "write the values out")
        value, nodes = target
        self._nodes += nodes
        self._aliased += nodes
        if self._aliased > MAX_ALIASED_NODES:
            message = f"aliases expand to more than {MAX_ALIASED_NODES:,} values"
            self._refuse(event, message, "write the values out")
        self._add(value)

    def _take_key(self, key: str, event: Any) -> None:
        if key in self._container:
            self._note(event, key, f"`{key}` is given twice", "keep one of them", twice=True)
        elif key == "<<":
            self._note(event, key, "merge keys (`<<`) are not used here", "write the keys out")
        elif key == "":
            self._refuse(event, "a key must be text, found nothing", "write `key: value`")
        self._key = key

    def _add(self, value: Node) -> None:
        if isinstance(self._container, list):
            self._container.append(value)
        elif self._key is not None:
            self._container.setdefault(self._key, value)
            self._key = None

    def _check_key_not_expected(self, event: Any, found: str) -> None:
        if self._key is None and type(self._container) is dict:
            self._refuse(event, f"a key must be text, found {found}", "put it in quotes if it is text")

    def _check_tag(self, event: Any) -> None:
        if event.tag not in _PLAIN_TAGS:
            last = len(self._container) if type(self._container) is list else self._key
            tag = event.tag.replace(_TAG_PREFIX, "!!")
            hint = "delete it: every value is read as the text it is"
            self._note(event, last, f"tags are not used here, found `{tag}`", hint)

    def _note(self, event: Any, last: str | int | None, message: str, hint: str, *, twice: bool = False) -> None:
        steps = [outer.key if outer.key is not None else len(outer.container) - 1 for outer in self._outer[1:]]
        path = tuple(steps) if last is None else (*steps, last)
        self.notes.append(Note(path, event.start_mark.index, message, hint, twice))

    def _refuse(self, event: Any, message: str, hint: str) -> NoReturn:
        raise InvalidInput([self._source.problem(event.start_mark.index, message, hint)])
