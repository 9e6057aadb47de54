"""Advice with commands in it, which are aimed at a target only where it is printed.

The code that writes a hint does not know which target was chosen:
`Hint("wait for it; or ", command_line("push night"))`.
"""

from __future__ import annotations

from typing import Self

_PROGRAM = "flashgen"


class Hint(str):
    """A text made of parts. As a str it reads as without `--target`: `wait for it; or flashgen push night`."""

    _parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> Self:
        flat = tuple(one for part in parts for one in (part._parts if isinstance(part, Hint) else (part,)))
        self = super().__new__(cls, "".join(flat))
        self._parts = flat
        return self

    @classmethod
    def joined(cls, *hints: str) -> Hint:
        """Those that are not empty, one after the other."""
        first, *others = [hint for hint in hints if hint] or [""]
        return cls(first, *(part for hint in others for part in ("; ", hint)))

    def for_target(self, name: str) -> str:
        """The text in which each command goes to the target `name`, to be pasted as it is."""
        return "".join(f"{_PROGRAM} --target {name}" if part == _PROGRAM else part for part in self._parts)


def command_line(words: str) -> Hint:
    """A command to type: `flashgen push night` for `push night`."""
    return Hint(_PROGRAM, f" {words}")
