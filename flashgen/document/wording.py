"""How a message quotes a value and suggests a word, and the error for a value that does not fit its key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

MAX_QUOTED = 60
_BARE = re.compile(r"[\w.+/:@%-]+")


class InvalidValue(ValueError):
    """A value that does not fit its key. The message continues after the key's name: "must be above 0, found -5".

    `is_secret`: the line that holds the value is not to be shown.
    """

    def __init__(self, message: str, hint: str = "", *, is_secret: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.is_secret = is_secret


def quoted(value: object) -> str:
    """A value as a message shows it: one line, at most 60 characters, in quotes unless it is a single word."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    if _BARE.fullmatch(text) and len(text) <= MAX_QUOTED:
        return text
    if len(text) > MAX_QUOTED:
        text = text[: MAX_QUOTED - 1] + "…"
    return '"' + "".join(map(_printable, text)) + '"'


def clipped(line: str, max_length: int = 160) -> str:
    """A line of a file, safe to print: control characters escaped, cut after `max_length` characters."""
    line = line if len(line) <= max_length else line[: max_length - 1] + "…"
    return "".join(character if character == "\t" else _printable(character) for character in line)


def suggestion(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown word: the word that was probably meant, else all known words."""
    words = sorted(known)
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(words)}"


def joined(words: Sequence[str], last: str) -> str:
    """`a`, `a and b`, `a, b and c`; `last` is the word before the last, such as "and"."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def counted(count: int, noun: str) -> str:
    """`1 cell`, `2 cells`, `20,000 characters`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
