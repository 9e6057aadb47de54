"""Workbooks: what a sheet shows, what a spreadsheet lost, and files that must not be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import feed_of, loaded_problems, refusal_of
from support.workbooks import archive, ods, ods_number, xlsx

HEADER = ("sku", "name", "price")


def styled(value: object, style: int) -> str:
    """A number in the style of that number."""
    return f'<c r="@" s="{style}"><v>{value}</v></c>'


def test_the_first_sheet_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    """Numbers are numbers, whatever they look like; places are cells."""
    body = xlsx({"Sale": [HEADER, ("A", "Lamp", 19.9), ("B", "Mug", 1299)], "My notes": [("x",)]})
    feed = feed_of(tmp_path, body)
    assert [("A", "19.9"), ("B", "1299")] == [(row["sku"], row["price"]) for row in feed.rows]
    assert "Excel workbook, sheet Sale" == feed.understanding.kind
    assert ("other sheets, not read: My notes",) == feed.understanding.notes
    assert f"{tmp_path / 'feed.csv'}:Sale!C3" == str(feed.where(1, "price"))


def test_a_cover_sheet_is_passed_over(tmp_path: Path) -> None:
    """If one other sheet has headings; of two, neither is guessed."""
    cover, sale = [("Black Night",), ("as of", "12 May")], [HEADER, ("A", "Lamp", 1)]
    feed = feed_of(tmp_path, xlsx({"Cover": cover, "Sale": sale}))
    assert (["A"], ("other sheets, not read: Cover",)) == ([row["sku"] for row in feed.rows], feed.understanding.notes)
    (problem,) = refusal_of(tmp_path, xlsx({"Cover": cover, "Sale": sale, "Old": sale}))
    assert "other sheets, for `sheet:`: Sale, Old" in problem.hint


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    """In any case; a wrong name is a problem with a suggestion."""
    body = xlsx({"Old": [("x",)], "Sale": [HEADER, ("A", "Lamp", 1)]})
    assert "A" == feed_of(tmp_path, body, sheet="sale").rows[0]["sku"]
    (problem,) = refusal_of(tmp_path, body, sheet="Sales")
    assert ("no sheet Sales", "did you mean `Sale`?") == (problem.message, problem.hint)
    (problem,) = refusal_of(tmp_path, "sku,name,price\nA,a,1\n", sheet="Sale")
    assert "`sheet` is for workbooks, and this file is none" == problem.message


def test_a_number_is_read_as_its_format_shows_it(tmp_path: Path) -> None:
    """Leading zeros and letters are part of a SKU; decimals of a price are not."""
    rows = [
        HEADER,
        (styled(123, 1), "a", styled(19.9, 3)),
        (styled(7, 2), "b", styled(5, 3)),
        (styled(1234567, 1), "c", 7),
    ]
    feed = feed_of(tmp_path, xlsx({"s": rows}, ["00000", '"SP-"000', "0.000"]))
    assert [("00123", "19.9"), ("SP-007", "5"), ("1234567", "7")] == [(row["sku"], row["price"]) for row in feed.rows]


@pytest.mark.parametrize("code", ["[$$-409]#,##0.00", '#,##0.00" USD"', "[$USD] 0.00", "$#,##0.00"])
def test_a_currency_that_only_the_format_shows_counts(tmp_path: Path, code: str) -> None:
    """A price that the sheet shows in dollars is none in euros."""
    body = xlsx({"s": [HEADER, ("A", "a", styled(5, 1))]}, [code])
    (problem,) = refusal_of(tmp_path, body)
    assert "and the sale in EUR" in problem.message
    assert () == feed_of(tmp_path, body, currency="USD").problems


def test_euro_formats_are_right_in_a_sale_in_euros(tmp_path: Path) -> None:
    """And words in a format are no currency."""
    rows = [HEADER, ("A", "a", styled(5, 1)), ("B", "b", styled(6, 2)), ("C", "c", styled(7, 3))]
    feed = feed_of(tmp_path, xlsx({"s": rows}, ['#,##0.00\\ "€"', "#,##0.00\\ [$€-407]", '0.00" pc"']))
    assert ((), ["5", "6", "7"]) == (feed.problems, [row["price"] for row in feed.rows])


def test_error_values_and_formulas_without_a_result_are_problems(tmp_path: Path) -> None:
    """calamine has empty cells for both; the results of other formulas are values."""
    rows = [
        HEADER,
        ('<c r="@" t="e"><f>B9</f><v>#REF!</v></c>', "a", 1),
        ("B", "b", '<c r="@"><f>1+1</f><v></v></c>'),
        ("C", "c", '<c r="@"><f>1+1</f><v>2</v></c>'),
        ("D", '<c r="@" t="str"><f>"d"</f><v>d</v></c>', 3),
    ]
    first, second = refusal_of(tmp_path, xlsx({"s": rows}))
    assert ("s!A2", "#REF!") == (first.where.cell, first.message.split()[6].rstrip(":"))
    assert ("s!C3", "`price` is a formula that was never calculated") == (second.where.cell, second.message)
    feed = feed_of(tmp_path, xlsx({"s": rows}))
    assert [("C", "2"), ("D", "3")] == [(row["sku"], row["price"]) for row in feed.rows[2:]]


def test_an_error_value_that_calamine_does_not_know_is_named_by_its_cell(tmp_path: Path) -> None:
    """Newer than calamine, which reads nothing of such a sheet."""
    (problem,) = refusal_of(tmp_path, xlsx({"s": [HEADER, ("A", "a", '<c r="@" t="e"><v>#SPILL!</v></c>')]}))
    assert ("s!C2", "the error value #SPILL! makes the sheet unreadable") == (problem.where.cell, problem.message)


def test_error_values_in_cells_without_a_reference_are_found(tmp_path: Path) -> None:
    """Some programs leave references out: a cell follows the one before it."""
    rows = [HEADER, ("<c><v>1</v></c>", '<c t="e"><v>#NAME?</v></c>', "<c><v>2</v></c>")]
    (problem,) = refusal_of(tmp_path, xlsx({"s": rows}))
    assert ("s!B2", True) == (problem.where.cell, "#NAME?" in problem.message)


def test_a_sku_of_more_digits_than_a_spreadsheet_keeps_is_lost(tmp_path: Path) -> None:
    """A number has 15; a barcode of 13 is whole."""
    (problem,) = refusal_of(tmp_path, xlsx({"s": [HEADER, (4006381333931, "a", 1), (12345678901234567890, "b", 1)]}))
    assert ("s!A3", True) == (problem.where.cell, "more than 15 digits" in problem.message)


def test_a_sku_that_became_a_date_is_a_warning(tmp_path: Path) -> None:
    """3-1 is the third of January to Excel."""
    body = xlsx({"s": [HEADER, ('<c r="@" t="d"><v>2026-01-03</v></c>', "a", 1)]})
    (warning,) = feed_of(tmp_path, body).warnings
    assert "`sku` is a date, 2026-01-03" == warning.message


def test_merged_headings_are_explained(tmp_path: Path) -> None:
    """The second heading of a merged pair is empty."""
    body = xlsx({"s": [("sku", "name", "", "Stock"), ("A", "a", 1, 2)]})
    merged = body_with(body, "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="B1:C1"/></mergeCells>')
    (problem,) = refusal_of(tmp_path, merged)
    assert "column `price` is missing" == problem.message
    assert "cells of the first row are merged: give each column its own heading" in problem.hint


def body_with(body: bytes, old: str, new: str) -> bytes:
    """A workbook with other XML in its first sheet."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(body)) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    sheet = parts["xl/worksheets/s1.xml"].decode()
    return archive({**parts, "xl/worksheets/s1.xml": sheet.replace(old, new)})


@pytest.mark.parametrize("reference", ['r="XFD1048576"', 'r = "XFD1048576"', "r='xfd1048576'"])
def test_a_sparse_sheet_is_refused_before_it_takes_memory(tmp_path: Path, reference: str) -> None:
    """One cell far away makes calamine allocate all cells between; a styled one without a value does not count."""
    body = xlsx({"s": [HEADER, ("A", "a", 1)]})
    far = f'<row r="1048576"><c {reference}><v>1</v></c></row></sheetData>'
    (problem,) = refusal_of(tmp_path, body_with(body, "</sheetData>", far))
    assert "the sheet s reaches to row 1,048,576 and column 16,384" == problem.message
    empty = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert 1 == len(feed_of(tmp_path, body_with(body, "</sheetData>", empty)).rows)


def test_a_bomb_is_refused_by_what_it_unpacks_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is lowered here, so that the test is quick."""
    monkeypatch.setattr("flashgen.sale.feeds.files.workbook.MAX_UNPACKED_BYTES", 1 << 20)
    (problem,) = refusal_of(tmp_path, archive({"xl/workbook.xml": b"0" * (2 << 20)}))
    assert "the workbook unpacks to more than 1 MiB" == problem.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"PK\x03\x04\x14\x00", "the workbook is damaged, or of an unknown kind"),
        (archive({"a.txt": b"a"}), "an archive that is not a workbook"),
        (archive({"xl/workbook.xml": b"<"}), "the workbook is damaged, or of an unknown kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel 97 workbook (.xls), or one with a password"),
    ],
)
def test_what_is_no_workbook_is_one_problem(tmp_path: Path, body: bytes, message: str) -> None:
    """Never a traceback, nor a word of the library."""
    (problem,) = refusal_of(tmp_path, body)
    assert message == problem.message


def test_an_opendocument_sheet_is_read_as_it_is_shown(tmp_path: Path) -> None:
    """Leading zeros, error values, and a currency that only the cell's type shows."""
    money = 'office:value-type="currency" office:currency="{}" office:value="{}"'
    rows = [
        HEADER,
        (ods_number("123", "00123"), "a", ods_number("19.9", "19,90")),
        ("B", "b", f"<table:table-cell {money.format('EUR', '5')}><text:p>5,00 €</text:p></table:table-cell>"),
    ]
    feed = feed_of(tmp_path, ods("Sale", rows))
    assert [("00123", "19.9"), ("B", "5")] == [(row["sku"], row["price"]) for row in feed.rows]
    assert "OpenDocument spreadsheet, sheet Sale" == feed.understanding.kind
    broken = [*rows, ("#REF!", "c", f"<table:table-cell {money.format('USD', '5')}/>")]
    lost, dollars = refusal_of(tmp_path, ods("Sale", broken))
    assert ("Sale!A4", "Sale!C4") == (lost.where.cell, dollars.where.cell)
    assert "is in USD, and the sale in EUR" in dollars.message


@pytest.mark.parametrize("repeated", ['="16384"', "='16384'", ' = "16384"', '="16384" table:style-name="a>b"'])
def test_a_repeated_cell_of_opendocument_is_bounded(tmp_path: Path, repeated: str) -> None:
    """A few bytes may stand for a million rows, however the attribute is quoted."""
    many = f'table:number-columns-repeated{repeated} office:value-type="string"'
    cell = f"<table:table-cell {many}><text:p>x</text:p></table:table-cell>"
    (problem,) = refusal_of(tmp_path, ods("s", [HEADER, ("A", "a", "1"), (cell,)]))
    assert "reaches to row 3 and column 16,384" in problem.message


def test_all_problems_of_a_sheet_are_told_with_their_cells(tmp_path: Path) -> None:
    """A price in words, a row twice."""
    rows = [HEADER, ("A", "Lamp", "on request"), ("B", "Mug", 5), ("B", "Mug", 5)]
    problems = loaded_problems(tmp_path, xlsx({"s": rows}))
    assert ["s!C2", "s!A4"] == [problem.where.cell for problem in problems]


@pytest.mark.parametrize("written", ["2026-03-01T10:30:00", "2026-03-01"])
def test_a_date_as_sku_is_one_warning(tmp_path: Path, written: str) -> None:
    """With or without a time: it may have been a text such as 3-1. It builds, because it may be meant."""
    cell = f'<c r="@" t="d"><v>{written}</v></c>'
    body = xlsx({"Sale": [HEADER, (cell, "Lamp", 1), ("B", "Mug", 2)]})
    (warning,) = feed_of(tmp_path, body).warnings
    assert (f"`sku` is a date, {written.replace('T', ' ')}", "Sale!A2") == (warning.message, warning.where.cell)
    assert "format the column as text" in warning.hint
    assert () == loaded_problems(tmp_path, body)


@pytest.mark.parametrize(
    "start", ["<table>", "<!DOCTYPE html>\n<html>", "\ufeff\n<html xmlns:o='x'>", "<meta charset=utf-8>"]
)
def test_a_web_page_that_is_called_a_workbook_is_one_problem(tmp_path: Path, start: str) -> None:
    """Some shops export one as .xls."""
    (problem,) = refusal_of(tmp_path, f"{start}<table><tr><td>sku</td></tr></table>")
    assert "a web page, which some shops call an Excel file" == problem.message
