"""Reads the text of an input file, or says in one problem why that cannot be done. Nothing is parsed here."""

from __future__ import annotations

import codecs
import re
import stat
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flashgen.document.wording import clipped
from flashgen.errors import InvalidInput, Problem, Where

# Characters that YAML 1.2 (5.1) calls not printable; no spreadsheet writes them on purpose. NEL (U+0085) is a line
# break there, so it is allowed.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_LINE_END = re.compile("\r\n|\r|\n")
_WIDE_BOMS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits for a kind of file: its size in bytes, and the hints for a file that is larger or not UTF-8."""

    max_bytes: int
    too_large_hint: str
    encoding_hint: str


@dataclass(frozen=True)
class Source:
    """A file's text, without a byte order mark, with its own line ends. Offsets count characters from 0."""

    file: Path
    text: str = field(repr=False)

    def where(self, offset: int) -> Where:
        """Line and column of a character, both from 1."""
        line = bisect_right(self._line_starts, offset)
        return Where(self.file, line, offset - self._line_starts[line - 1] + 1)

    def quote(self, line: int) -> str:
        """The text of a line, counted from 1 and cut if it is very long. Empty if there is no such line."""
        if not 1 <= line <= len(self._line_starts):
            return ""
        start = self._line_starts[line - 1]
        end = _LINE_END.search(self.text, start)
        return clipped(self.text[start : end.start() if end else len(self.text)])

    def problem(self, offset: int, message: str, hint: str = "") -> Problem:
        """A problem at a character, with its line quoted."""
        where = self.where(offset)
        return Problem(where, message, hint, quote=self.quote(where.line))

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]


def read_source(file: Path, rules: Rules) -> Source:
    """Read a whole UTF-8 file. Raises `InvalidInput` with one problem if that is impossible."""
    body = read_body(file, rules)
    _refuse_workbook(file, body)
    _refuse_wide_encodings(file, body, rules)
    return utf8_source(file, body, rules)


def utf8_source(file: Path, body: bytes, rules: Rules) -> Source:
    """The text of bytes that are UTF-8. Raises `InvalidInput` at the first that is not."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(_not_utf8(file, body, error.start, rules)) from None
    return text_source(file, text)


def text_source(file: Path, text: str) -> Source:
    """A decoded text. Raises `InvalidInput` if a control character is in it."""
    source = Source(file, text.removeprefix("\ufeff"))
    if control := _CONTROL.search(source.text):
        raise _refused(_control(source, control))
    return source


def read_body(file: Path, rules: Rules) -> bytes:
    """All bytes of a regular file of at most `rules.max_bytes`. Raises `InvalidInput` with one problem."""
    try:
        status = file.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _refused(Problem(Where(file), "a folder, not a file"))
        if not stat.S_ISREG(status.st_mode):
            raise _refused(Problem(Where(file), "not a regular file"))
        with file.open("rb") as opened:
            body = opened.read(rules.max_bytes + 1)
    except FileNotFoundError:
        raise _refused(Problem(Where(file), "no such file")) from None
    except PermissionError:
        raise _refused(Problem(Where(file), "may not be read", "give yourself permission to read it")) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _refused(Problem(Where(file), f"cannot be read: {reason}")) from None
    if len(body) > rules.max_bytes:
        message = f"larger than {rules.max_bytes >> 20} MiB"
        raise _refused(Problem(Where(file), message, rules.too_large_hint))
    return body


def _refuse_workbook(file: Path, body: bytes) -> None:
    if body.startswith(b"PK\x03\x04"):
        message, hint = "an Excel workbook or another archive, not text", 'save it as "CSV UTF-8"'
        raise _refused(Problem(Where(file), message, hint))


def _refuse_wide_encodings(file: Path, body: bytes, rules: Rules) -> None:
    for bom, name in _WIDE_BOMS.items():
        if body.startswith(bom):
            raise _refused(Problem(Where(file, 1, 1), f"the file is {name}, not UTF-8", rules.encoding_hint))


def _not_utf8(file: Path, body: bytes, start: int, rules: Rules) -> Problem:
    """The position is that of the first bad byte. The quoted line shows `�` for bytes that do not decode."""
    source = Source(file, body.decode("utf-8", errors="replace"))
    where = source.where(len(body[:start].decode("utf-8")))
    message = f"the file is not UTF-8: found byte 0x{body[start]:02x}"
    return Problem(where, message, rules.encoding_hint, quote=source.quote(where.line))


def _control(source: Source, control: re.Match[str]) -> Problem:
    message = f"control character U+{ord(control.group()):04X} in the text"
    return source.problem(control.start(), message, "delete it: it is invisible in most editors")


def _refused(problem: Problem) -> InvalidInput:
    return InvalidInput([problem])
