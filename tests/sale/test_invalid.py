"""Every file in `tests/data/sale/invalid` is refused with exactly the text of the file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.errors import InvalidInput, Problem
from flashgen.sale.load import load_sale

FOLDER = Path(__file__).parents[1] / "data" / "sale" / "invalid"
CASES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def rendered(problem: Problem) -> str:
    """A problem as a person would see it, in four lines at most."""
    lines = [f"{problem.where}: {problem.message}"]
    lines += [f"  | {problem.quote}"] if problem.quote else []
    lines += [f"  hint: {problem.hint}"] if problem.hint else []
    lines += [f"  path: {problem.path}"] if problem.path else []
    return "\n".join(lines)


def test_there_are_cases() -> None:
    """An empty folder would pass every test below."""
    assert len(CASES) > 80


@pytest.mark.parametrize("name", CASES)
def test_each_invalid_sale_gets_its_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Position, message, what was found and the fix, for all problems at once, from the top down."""
    monkeypatch.chdir(FOLDER)
    with pytest.raises(InvalidInput) as caught:
        load_sale(Path(f"{name}.yaml"), Path())
    expected = Path(f"{name}.expected").read_text("utf-8")
    assert expected == "\n\n".join(map(rendered, caught.value.problems)) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_messages_keep_to_the_style(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, lower case, no final period, nothing of pydantic's or libyaml's own words."""
    monkeypatch.chdir(FOLDER)
    with pytest.raises(InvalidInput) as caught:
        load_sale(Path(f"{name}.yaml"), Path())
    for problem in caught.value.problems:
        assert problem.message == problem.message.strip().rstrip(".")
        assert not problem.message[0].isupper()
        assert not {"\n", "pydantic", "Input should", "token"} & set(problem.message.split(" "))
        assert problem.quote.count("\n") == 0
