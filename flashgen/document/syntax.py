"""libyaml's complaints in plain words. Nothing here imports yaml: a complaint is two texts."""

from __future__ import annotations

from typing import NamedTuple


class Plain(NamedTuple):
    """What is wrong and how to mend it; `at_start`: the place to show is where the construct began."""

    message: str
    hint: str
    at_start: bool = False


_TAB = Plain("a tab where YAML needs spaces", "indent with spaces")
_RULES: tuple[tuple[str, str, Plain], ...] = (
    # (part of the context, part of the problem, our words); the first that matches both
    ("", "tab character", _TAB),
    ("quoted scalar", "end of stream", Plain("this quote is never closed", "close the quote", at_start=True)),
    ("quoted scalar", "document indicator", Plain("this quote is never closed", "close the quote", at_start=True)),
    (
        "quoted scalar",
        "escape",
        Plain("an unknown escape after a backslash", "write \\\\ for a backslash, or use single quotes"),
    ),
    (
        "",
        "mapping values are not allowed",
        Plain(
            "a `: ` inside a text without quotes, or a line indented too far",
            "put the text in quotes, or indent the line like its neighbours",
        ),
    ),
    (
        "",
        "block sequence entries are not allowed",
        Plain("a list item `- ` where a value was expected", "put each `- ` on a line of its own"),
    ),
    (
        "block mapping",
        "expected key",
        Plain("this line does not fit the lines above", "indent it like its neighbours, and check their quotes"),
    ),
    (
        "block collection",
        "expected '-'",
        Plain("this line is neither a list item nor indented as part of one", "start it with `- `, or indent it"),
    ),
    ("flow sequence", "", Plain("this `[` list is never closed", "close it with `]`", at_start=True)),
    ("flow mapping", "", Plain("this `{` is never closed", "close it with `}`", at_start=True)),
    ("simple key", "", Plain("a key without its `: `", "write `key: value`, with a space after the colon")),
    ("", "expected ':'", Plain("a key without its `: `", "write `key: value`, with a space after the colon")),
    (
        "next token",
        "cannot start any token",
        Plain("a text cannot start with this character", "put the text in quotes; indent with spaces, not tabs"),
    ),
    ("block scalar", "", Plain("nothing but a comment may follow `|` or `>`", "start the text on the next line")),
    ("alias", "", Plain("`*` starts an alias, and no name follows", "put the text in quotes")),
    ("anchor", "", Plain("`&` starts an anchor, and no name follows", "put the text in quotes")),
    ("tag", "", Plain("`!` starts a tag, and tags are not used here", "put the text in quotes")),
    ("", "tag handle", Plain("`!` starts a tag, and tags are not used here", "put the text in quotes")),
    ("", "incompatible YAML", Plain("a YAML version nobody knows", "delete the line that starts with `%YAML`")),
    ("directive", "", Plain("a line that starts with `%` is an instruction to YAML", "put the text in quotes")),
)
_ELSE = Plain("not well-formed YAML here", "check quotes, colons and indentation on this line and the one before")


def plain_words(context: str, problem: str, character: str) -> Plain:
    """What libyaml meant.

    `context` is what it was reading ("while scanning a quoted scalar"), and may be empty; `character` is where it
    stopped.
    """
    if character == "\t":
        return _TAB
    for part_of_context, part_of_problem, words in _RULES:
        if part_of_context in context and part_of_problem in problem:
            return words
    return _ELSE
