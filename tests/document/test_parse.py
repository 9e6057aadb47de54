"""A YAML file as plain text values, each with its position."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.document.parse import Document, parse_document, read_document
from flashgen.document.source import Source
from flashgen.errors import InvalidInput, Problem, Where


def parsed(text: str) -> Document:
    """The parsed text. A malformed one fails the test."""
    document, problems = parse_document(Source(Path("x.yaml"), text))
    assert problems == ()
    return document


def only_problem(path: Path) -> Problem:
    """The one problem with which a file is refused."""
    with pytest.raises(InvalidInput) as caught:
        read_document(path)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    "text",
    ["19.90", "0100", "NO", "off", "12:30", "20:00", "2026-11-27", "1e3", "0x1F", "True", "Null", ".inf", "=", "1_000"],
)
def test_scalars_stay_the_text_that_was_written(text: str) -> None:
    """YAML 1.1 makes numbers, booleans, dates and base-60 numbers of these."""
    assert {"key": text, text: "value"} == parsed(f"key: {text}\n{text}: value\n").data


def test_null_is_the_empty_text() -> None:
    """`null` and `~` are no value unless they are quoted: `endpoint_url: null` in flashgen.yaml."""
    text = "a:\nb: ''\nc: null\nd: ~\ne: 'null'\nf: \"~\"\n"
    assert parsed(text).data == {"a": "", "b": "", "c": "", "d": "", "e": "null", "f": "~"}


def test_aliases_repeat_their_anchor_and_plain_tags_pass() -> None:
    """Ordinary uses of both are allowed."""
    assert parsed("a: &x {b: 1}\nc: *x\nd: !!str 2\n").data == {"a": {"b": "1"}, "c": {"b": "1"}, "d": "2"}


def test_positions_of_values_keys_and_items() -> None:
    """Lines and columns count from 1. A missing value has the position of its nearest ancestor."""
    document = parsed(
        "sale:\r\n  id: x\r\nproducts:\r\n  - sku: A\r\n    price:   5\r\n  - {sku: \U0001f455, name: B}\r\n"
    )
    file = Path("x.yaml")
    assert Where(file, 2, 7) == document.where(("sale", "id"))
    assert Where(file, 2, 3) == document.where(("sale", "id"), at_key=True)
    assert Where(file, 5, 14) == document.where(("products", 0, "price"))
    assert Where(file, 6, 20) == document.where(("products", 1, "name"))
    assert Where(file, 4, 5) == document.where(("products", 0, "nothing", "here"))
    assert document.quote(5) == "    price:   5"


def test_a_line_separator_inside_a_text_does_not_move_the_lines() -> None:
    """YAML 1.1 breaks lines at U+2028, editors do not."""
    assert Where(Path("x.yaml"), 2, 4) == parsed('a: "x\u2028y"\nb: 1\n').where(("b",))


def test_a_problem_is_quoted_with_its_dotted_path() -> None:
    """It has all that the command line and `--json` print."""
    expected = Problem(Where(Path("x.yaml"), 2, 6), "bad", "mend it", "a.0", "  -  b")
    assert expected == parsed("a:\n  -  b\n").problem(("a", 0), "bad", "mend it")


def test_a_file_of_fifty_megabytes_is_refused_unread(tmp_path: Path) -> None:
    """Millions of products belong in a feed."""
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: " + b"x" * 50_000_000)
    expected = Problem(
        Where(path), "larger than 32 MiB", "put the products in a CSV feed: `products: {from: products.csv}`"
    )
    assert expected == only_problem(path)


def test_a_hundred_thousand_nestings_are_one_problem(tmp_path: Path) -> None:
    """PyYAML's composer overflows the stack here."""
    path = tmp_path / "deep.yaml"
    path.write_text("a: " + "[" * 100_000)
    assert Where(path, 1, 35) == only_problem(path).where


def test_files_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    """A missing file, a folder, a pipe and an impossible path each have a message."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("a: b")
    assert only_problem(tmp_path / "none").message == "no such file"
    assert only_problem(tmp_path).message == "a folder, not a file"
    assert only_problem(tmp_path / "pipe").message == "not a regular file"
    assert only_problem(tmp_path / "file" / "x").message == "cannot be read: not a directory"
    assert only_problem(tmp_path / ("x" * 300)).message == "cannot be read: file name too long"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything: run the tests as another user")
def test_a_file_without_permission_is_a_problem(tmp_path: Path) -> None:
    """The hint names the permission."""
    path = tmp_path / "x.yaml"
    path.write_text("a: b")
    path.chmod(0)
    assert only_problem(path).message == "may not be read"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """Windows editors write one; the columns of the first line do not count it."""
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: b".encode())
    document = read_document(path)
    assert document.data == {"a": "b"}
    assert Where(path, 1, 4) == document.where(("a",))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff")))
def test_quoted_text_stays_itself(text: str) -> None:
    """Any text in single quotes on one line is read unchanged."""
    text = text.replace("\u2028", "").replace("\u2029", "")
    quoted = text.replace("'", "''")
    assert {"a": text} == parsed(f"a: '{quoted}'\n").data


def test_a_file_of_settings_may_be_empty(tmp_path: Path) -> None:
    """It then says nothing, and a problem with it is at its beginning."""
    path = tmp_path / "theme.yaml"
    path.write_text("# extends: plain\n")
    document = read_document(path)
    assert ({}, Where(path, 1, 1)) == (document.data, document.where(("extends",)))
