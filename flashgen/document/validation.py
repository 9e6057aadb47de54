"""Turns plain data into a frozen model, or into problems with a position and our own words instead of pydantic's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from flashgen.document.builder import KeyPath
from flashgen.document.wording import InvalidValue, quoted, suggestion
from flashgen.errors import Problem

_STRUCTURES = {
    "model_type": "must be a mapping of keys",
    "dict_type": "must be a mapping of keys",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be one value",
    "too_short": "must not be empty",
}


class Model(BaseModel):
    """A section of a file: frozen, without unknown keys. A key with an empty value counts as not given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty_values(cls, data: Any) -> Any:
        if isinstance(data, dict) and "" in data.values():
            return {key: value for key, value in data.items() if value != "" or key not in keys_of(cls)}
        return data


class Locator(Protocol):
    """Where data came from: a document or a feed. It turns a path inside the data into a position in a file."""

    def problem(self, path: KeyPath, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with the value at `path`, or with its key."""


M = TypeVar("M", bound=BaseModel)


def validate(
    model: type[M], data: object, locator: Locator, path: KeyPath = (), context: Mapping[str, Any] | None = None
) -> tuple[M | None, tuple[Problem, ...]]:
    """The instance, or None and every problem.

    `path` leads to `data` in `locator`; `context` is passed to the model's validators. A validator refuses a value by
    raising `InvalidValue`, whose message continues after the key's name.
    """
    try:
        return model.model_validate(data, context=context), ()
    except ValidationError as error:
        details = error.errors(include_url=False)
    return None, tuple(_problem(model, detail, locator, path) for detail in details)


def keys_of(model: type[BaseModel]) -> frozenset[str]:
    """The keys of a model as a file spells them."""
    return frozenset(info.alias or name for name, info in model.model_fields.items())


def unknown_key(key: str, known: frozenset[str], locator: Locator, path: KeyPath) -> Problem:
    """The problem of a key that the model does not have."""
    return locator.problem((*path, key), f"unknown key {_in_backticks(key)}", suggestion(key, known), at_key=True)


def _problem(model: type[BaseModel], detail: ErrorDetails, locator: Locator, base: KeyPath) -> Problem:
    path = (*base, *detail["loc"])
    key = _label(path)
    match detail["type"]:
        case "extra_forbidden":
            parent = _model_at(model, detail["loc"][:-1])
            return unknown_key(str(path[-1]), keys_of(parent or model), locator, path[:-1])
        case "missing":
            return locator.problem(path, f"{key} is missing", _hint_for(model, detail["loc"]))
        case "value_error":
            invalid = detail["ctx"]["error"]
            if isinstance(invalid, InvalidValue):
                problem = locator.problem(path, f"{key} {invalid.message}", invalid.hint)
                return replace(problem, quote="") if invalid.is_secret else problem
    words = _STRUCTURES.get(detail["type"], "is not what belongs here")
    return locator.problem(path, f"{key} {words}, found {quoted(detail['input'])}")


def _model_at(annotation: Any, loc: KeyPath) -> type[BaseModel] | None:
    """The model at `loc` inside a type, found through keys of models and mappings and through items of lists."""
    annotation = _bare(annotation)
    if not loc:
        return annotation if _is_model(annotation) else None
    if _is_model(annotation):
        info = _field(annotation, str(loc[0]))
        return _model_at(info.annotation, loc[1:]) if info else None
    inner = get_args(annotation)
    return _model_at(inner[1 if get_origin(annotation) is dict else 0], loc[1:]) if inner else None


def _bare(annotation: Any) -> Any:
    """The type without `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return _bare(next(part for part in get_args(annotation) if part is not NoneType))
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((info for name, info in model.model_fields.items() if key == (info.alias or name)), None)


def _hint_for(model: type[BaseModel], loc: KeyPath) -> str:
    """The example that the model gives for its schema."""
    key, parent = str(loc[-1]), _model_at(model, loc[:-1])
    info = _field(parent, key) if parent else None
    return f"add it, such as `{key}: {info.examples[0]}`" if info and info.examples else "add it"


def _label(path: KeyPath) -> str:
    """What a message calls the value at a path: its key, or an item of a list."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if not key:
        return "the file"
    return _in_backticks(key) if isinstance(path[-1], str) else f"an item of {_in_backticks(key)}"


def _in_backticks(key: str) -> str:
    word = quoted(key).strip('"')
    return f"`{word}`"
