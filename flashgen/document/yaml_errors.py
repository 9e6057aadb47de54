"""Plain words for libyaml's errors. An error is two texts, so nothing here imports yaml."""

from __future__ import annotations

from typing import NamedTuple


class Advice(NamedTuple):
    """What is wrong and how to fix it. `at_start`: report the start of the construct, not where libyaml stopped."""

    message: str
    hint: str
    at_start: bool = False


_TAB = Advice("a tab where YAML needs spaces", "indent with spaces")
_RULES: tuple[tuple[str, str, Advice], ...] = (
    # (part of the context, part of the problem, advice); the first row that matches both counts
    ("", "tab character", _TAB),
    ("quoted scalar", "end of stream", Advice("this quote is never closed", "close the quote", at_start=True)),
    (
        "quoted scalar",
        "document indicator",
        Advice("this quote is never closed", "close the quote", at_start=True),
    ),
    (
        "quoted scalar",
        "escape",
        Advice("an unknown escape after a backslash", "write \\\\ for a backslash, or use single quotes"),
    ),
    (
        "",
        "mapping values are not allowed",
        Advice(
            "a `: ` inside a text without quotes, or a line indented too far",
            "put the text in quotes, or indent the line like its neighbours",
        ),
    ),
    (
        "",
        "block sequence entries are not allowed",
        Advice("a list item `- ` where a value was expected", "put each `- ` on a line of its own"),
    ),
    (
        "block mapping",
        "expected key",
        Advice("this line does not fit the lines above", "indent it like its neighbours, and check their quotes"),
    ),
    (
        "block collection",
        "expected '-'",
        Advice("this line is neither a list item nor indented as part of one", "start it with `- `, or indent it"),
    ),
    ("flow sequence", "", Advice("this `[` list is never closed", "close it with `]`", at_start=True)),
    ("flow mapping", "", Advice("this `{` is never closed", "close it with `}`", at_start=True)),
    ("simple key", "", Advice("a key without its `: `", "write `key: value`, with a space after the colon")),
    ("", "expected ':'", Advice("a key without its `: `", "write `key: value`, with a space after the colon")),
    (
        "next token",
        "cannot start any token",
        Advice("a text cannot start with this character", "put the text in quotes; indent with spaces, not tabs"),
    ),
    ("block scalar", "", Advice("nothing but a comment may follow `|` or `>`", "start the text on the next line")),
    ("alias", "", Advice("`*` starts an alias, and no name follows", "put the text in quotes")),
    ("anchor", "", Advice("`&` starts an anchor, and no name follows", "put the text in quotes")),
    ("tag", "", Advice("`!` starts a tag, and tags are not used here", "put the text in quotes")),
    ("", "tag handle", Advice("`!` starts a tag, and tags are not used here", "put the text in quotes")),
    ("", "incompatible YAML", Advice("a YAML version nobody knows", "delete the line that starts with `%YAML`")),
    ("directive", "", Advice("a line that starts with `%` is an instruction to YAML", "put the text in quotes")),
)
_ELSE = Advice("not well-formed YAML here", "check quotes, colons and indentation on this line and the one before")


def explain(context: str, problem: str, character: str) -> Advice:
    """What an error of libyaml means.

    `context` says what it was reading ("while scanning a quoted scalar"), and may be empty. `character` is the one at
    which it stopped.
    """
    if character == "\t":
        return _TAB
    for part_of_context, part_of_problem, advice in _RULES:
        if part_of_context in context and part_of_problem in problem:
            return advice
    return _ELSE
