"""Renders a theme's templates: Jinja2, in its sandbox unless every template is trusted.

A theme is code. In the sandbox a template reaches only the values that it is given: no file, secret, module or process.
The sandbox does not guard what a theme's scripts do in shoppers' browsers, and bounds only roughly how long a template
may take.
"""

from __future__ import annotations

import operator
import traceback
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import MAX_RANGE, ImmutableSandboxedEnvironment

from flashgen.document.wording import suggestion
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.packaged_files import packaged

_NUMBER_BITS_MAX = 64
"""No price, size or count of a page is larger."""


class Templates:
    """The templates of the theme `name`. `folders` are its own first, then those of the themes that it extends."""

    def __init__(self, name: str, folders: tuple[Path, ...], *, is_trusted: bool) -> None:
        self._name = name
        self._folders = folders
        self._packaged = packaged("themes").resolve()
        self._has_own_files = any(not folder.resolve().is_relative_to(self._packaged) for folder in folders)
        # Templates whose blocks were looked at. Packaged themes are right, and a project's base.html may know less.
        self._checked: set[str] = set()
        # `{% extends "base.html" %}` finds the nearest base.html, `"plain/base.html"` the one of the theme `plain`.
        # If a project has its own `plain`, "plain/" means the packaged one, which the project's extends.
        by_name = {folder.name: FileSystemLoader(folder) for folder in folders}
        nearest = [FileSystemLoader(folder) for folder in folders]
        self._environment = (Environment if is_trusted else _Sandbox)(
            loader=ChoiceLoader([*nearest, PrefixLoader(by_name)]),
            autoescape=True,
            undefined=_Undefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def render(self, template: str, variables: Mapping[str, Any]) -> bytes:
        """A page's bytes. Raises InvalidInput, with the template's file and line, for any error inside."""
        try:
            page = self._environment.get_template(template).render(variables).encode()
            if self._has_own_files and template not in self._checked:
                self._checked.add(template)
                self._refuse_lost_blocks(template)
            return page
        except InvalidInput:
            raise
        except Exception as error:
            raise InvalidInput([self._problem(template, error)]) from error

    def _refuse_lost_blocks(self, template: str) -> None:
        """Refuse a block that no parent has a place for: Jinja leaves it out without a word."""
        path, tree = self._parsed(template)
        extends = tree.find(nodes.Extends)
        if extends is None or not isinstance(extends.template, nodes.Const):
            return
        self._refuse_lost_blocks(extends.template.value)
        if path.resolve().is_relative_to(self._packaged):
            return
        known = self._block_names(extends.template.value)
        lost = [one for one in tree.body if isinstance(one, nodes.Block) and one.name not in known]
        if lost:
            raise InvalidInput(
                Problem(
                    where := Where(path, one.lineno),
                    f"no block `{one.name}` in {extends.template.value} and what it extends: nothing would show this",
                    suggestion(one.name, known),
                    quote=_line_of(where),
                )
                for one in lost
            )

    def _block_names(self, template: str) -> set[str]:
        """The blocks of a template and of those that it extends."""
        tree = self._parsed(template)[1]
        names = {block.name for block in tree.find_all(nodes.Block)}
        extends = tree.find(nodes.Extends)
        if extends is not None and isinstance(extends.template, nodes.Const):
            names |= self._block_names(extends.template.value)
        return names

    def _parsed(self, template: str) -> tuple[Path, nodes.Template]:
        assert self._environment.loader  # noqa: S101  every environment here has one
        source, file, _ = self._environment.loader.get_source(self._environment, template)
        return Path(file or template), self._environment.parse(source)

    def _problem(self, template: str, error: Exception) -> Problem:
        if isinstance(error, TemplateNotFound):
            where = self._position_of(error) or Where(self._folders[0])
            message = f"theme `{self._name}` needs a template `{error.name}`, and there is none"
            hint = f"looked in {', '.join(str(folder) for folder in self._folders)}"
            return Problem(where, message, hint, quote=_line_of(where))
        where = self._position_of(error) or Where(self._folders[0] / template)
        if isinstance(error, SecurityError):
            return Problem(where, f"the sandbox refuses this: {_reason(error)}", _SANDBOX_HINT, quote=_line_of(where))
        return Problem(where, f"template error: {_reason(error)}", quote=_line_of(where))

    def _position_of(self, error: Exception) -> Where | None:
        if isinstance(error, TemplateSyntaxError) and error.filename:
            return Where(Path(error.filename), error.lineno)
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if any(Path(f.filename).is_relative_to(folder) for folder in self._folders)]
        return Where(Path(ours[-1].filename), ours[-1].lineno or 0) if ours else None


_SANDBOX_HINT = (
    "use only values of docs/theme-context.md and Jinja's filters; "
    "if you trust every file of the project's themes, write `trusted_themes: true` in flashgen.yaml"
)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which limits `range`; also what `*` and `**` make, because one of them could fill the memory."""

    intercepted_binops = frozenset(("*", "**"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals["range"] = _range

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A product or power. Raises SecurityError if it is too large."""
        return _OPERATORS[operator](left, right)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise SecurityError(f"a range of {len(numbers):,} numbers; at most {MAX_RANGE:,}")
    return numbers


def _product(left: Any, right: Any) -> Any:
    for one, times in ((left, right), (right, left)):
        if isinstance(times, int) and hasattr(one, "__len__") and len(one) * times > MAX_RANGE:
            raise SecurityError(f"a text or list repeated to {len(one) * times:,} parts; at most {MAX_RANGE:,}")
    return operator.mul(left, right)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and abs(right) * abs(left).bit_length() > _NUMBER_BITS_MAX:
        raise SecurityError(f"{left} ** {right} is too large")
    return operator.pow(left, right)


_OPERATORS = {"*": _product, "**": _power}


class _Undefined(StrictUndefined):
    """An unknown name in a template. Its message names no Python classes."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        known = [each for each in dir(self._undefined_obj) if not each.startswith("_")]
        close = get_close_matches(name, known, n=1)
        return self._undefined_hint or f"there is no `{name}`" + (f"; did you mean `{close[0]}`?" if close else "")


def _reason(error: Exception) -> str:
    """An exception's message in one line; its class if the message is empty."""
    message = error.message if isinstance(error, TemplateError) and error.message else str(error)
    return " ".join(message.split()) or type(error).__name__


def _line_of(where: Where) -> str:
    try:
        lines = where.file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    return lines[where.line - 1] if 0 < where.line <= len(lines) else ""
