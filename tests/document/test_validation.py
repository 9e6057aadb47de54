"""Validation of any model against any document; sales and settings both use it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, field_validator

from flashgen.document.parse import parse_document
from flashgen.document.source import Source
from flashgen.document.validation import Model, validate
from flashgen.document.wording import InvalidValue
from flashgen.sale.text import line


class Target(Model):
    """Inside a mapping of any keys."""

    store: Annotated[str, line(20)] = Field(examples=["dir:x"])
    count: int = Field(default=1, alias="how-many")


class Settings(Model):
    """With models nested in every way."""

    targets: dict[str, Target] = Field(default={})
    items: tuple[Target, ...] = ()
    one: Target | None = None
    name: str = "none"

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if value == "bad":
            raise InvalidValue("must be good, found bad", "be good")
        return value


def checked(text: str) -> tuple[Settings | None, list[tuple[str, str, str]]]:
    """The settings, and place, message and hint of each problem."""
    document, _ = parse_document(Source(Path("f"), text))
    settings, problems = validate(Settings, document.data, document)
    return settings, [(str(each.where), each.message, each.hint) for each in problems]


def test_valid_data_becomes_the_model() -> None:
    """A key with an empty value takes its default."""
    settings, problems = checked("targets: {a: {store: x}}\nname:\n")
    assert problems == []
    assert settings == Settings(targets={"a": Target(store="x")})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("targets: {store: {}}", ("f:1:18", "`store` is missing", "add it, such as `store: dir:x`")),
        ("targets: {a: {store: x, stroe: y}}", ("f:1:25", "unknown key `stroe`", "did you mean `store`?")),
        ("items: [{store: x, y: }]", ("f:1:20", "unknown key `y`", "known here: how-many, store")),
        ("one: {store: x, z: 1}", ("f:1:17", "unknown key `z`", "known here: how-many, store")),
        ("one: text", ("f:1:6", "`one` must be a mapping of keys, found text", "")),
        ("targets: [a]", ("f:1:10", "`targets` must be a mapping of keys, found a list", "")),
        ("items: {a: b}", ("f:1:8", "`items` must be a list, found a mapping", "")),
        ("name: bad", ("f:1:7", "`name` must be good, found bad", "be good")),
        ("name: [x]", ("f:1:7", "`name` must be one value, found a list", "")),
        ("one: {store: x, how-many: few}", ("f:1:27", "`how-many` is not what belongs here, found few", "")),
    ],
)
def test_each_kind_of_error_is_put_in_our_words(text: str, expected: tuple[str, str, str]) -> None:
    """Also for conversions that a model leaves to pydantic."""
    assert (None, [expected]) == checked(text)


def test_every_problem_is_reported() -> None:
    """Not only the first."""
    _, problems = checked("a: 1\nb: 2\nname: bad\none: x\n")
    assert [place for place, _, _ in problems] == ["f:4:6", "f:3:7", "f:1:1", "f:2:1"]
