"""What people do wrong in a spreadsheet, each found and mended from the message alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import loaded_problems

MISTAKES = {
    "wrong column": (
        "sku,name,cost\nA,Lamp,5\n",
        "column `price` is missing",
        (
            "columns found: sku, name, cost; write price above the right one, "
            "or name it with `columns: {price: …}` beside `from:`"
        ),
    ),
    "a misspelt heading": (
        "Artikelnummer;Bezeichnung;Pries\nA;Lamp;5\n",
        "column `price` is missing",
        "did you mean `preis` by Pries? correct the heading, or name it with `columns: {price: Pries}` beside `from:`",
    ),
    "a misspelt heading of a shop": (
        "Handle,Title,Variant SKU,Variant Pirce,Price / International\nlamp,Lamp,A,5,6\n",
        "column `price` is missing",
        (
            'did you mean `variant price` by "Variant Pirce"? correct the heading, '
            'or name it with `columns: {price: "Variant Pirce"}` beside `from:`'
        ),
    ),
    "an empty heading of a shop": (
        "Handle,,Option1 Value,Variant SKU,Variant Price\nlamp,Lamp,S,A,5\n",
        "column `name` is missing",
        (
            "columns found: Handle, Option1 Value, Variant SKU, Variant Price; write title above the right one, "
            "or name it with `columns: {name: …}` beside `from:`"
        ),
    ),
    "no headings": (
        "A;Lamp;5,90\nB;Mug;6,90\n",
        "no headings found: columns `sku`, `name` and `price` are missing",
        (
            "columns found: A, Lamp, 5,90; write sku, name and price above the right ones, "
            "or name them with `columns: {sku: …, name: …, price: …}` beside `from:`"
        ),
    ),
    "two currencies": (
        "sku,name,price\nA,Lamp,5 €\nB,Mug,5 $\n",
        '`price` is in $ (USD, for example), and the sale in EUR: found "5 $"',
        "write the prices in EUR, or change the sale's `currency`",
    ),
    "text in a price": (
        "sku,name,price\nA,Lamp,from 5\n",
        '`price` must be a number and nothing else, found "from 5"',
        "delete from",
    ),
    "only text in a price": (
        "sku,name,price\nA,Lamp,on request\n",
        '`price` must be a number in plain digits, found "on request"',
        'write the price in EUR, such as "19.90"',
    ),
    "two decimal marks": (
        'sku;name;price\nA;Lamp;"5,90"\nB;Mug;"6,90"\nC;Jug;7.95\n',
        '`price` is not written like the others of its column, "5,90", with a decimal comma: found 7.95',
        "write them alike",
    ),
    "letters among digits": (
        "sku;name;price;stock\nA;Lamp;5;1OO\n",
        "`stock` must be a number and nothing else, found 1OO",
        "there are letters among the digits: write 100, if that is meant",
    ),
    "a percentage": (
        "sku;name;price\nA;Lamp;20%\n",
        "`price` must be a number and nothing else, found 20%",
        "write the amount itself, not a percentage",
    ),
    "a price that became a date": (
        "sku;name;price\nA;Lamp;19.Sep\n",
        "`price` must be a number in plain digits, found 19.Sep",
        'write the price in EUR, such as "19.90"; a spreadsheet may have made a date of it',
    ),
    "duplicated row": (
        "sku,name,price\nA,Lamp,5\nA,Lamp,5\n",
        "`sku` must be unique, found A again, first in A2",
        "give one of them another SKU, or delete it",
    ),
    "lost digits": (
        "sku;name;price\n4,00638E+12;Lamp;5\n",
        '`sku` was lost in a spreadsheet: "4,00638E+12" is a rounded number, its last digits are gone',
        "format the column as text, enter the SKUs again, and export it",
    ),
    "a comma too many": (
        "sku,name,price\nA,Lamp, large,5\n",
        "a row of 4 cells under a header of 3",
        "put text that contains the delimiter in quotes",
    ),
    "an empty variant": (
        "Artikelnummer;Bezeichnung;Preis\nA;Lamp;5\n;;\nA-2;;\n",
        '"Bezeichnung" and "Preis" are empty',
        "fill the cells, or delete the row",
    ),
    "a column that was filled for the first rows": (
        "Artikelnummer;Bezeichnung;Preis\nA;Lamp;5\nB;Mug;\nC;Jug;\nD;Cup;\n",
        '"Preis" is empty, also in 2 more rows: 4, 5',
        "fill the cells, or delete the rows",
    ),
    "an empty cell": ("sku,name,price\nA,,5\n", "`name` is empty", "fill the cell, or delete the row"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_problem_that_says_the_fix(tmp_path: Path, mistake: str) -> None:
    """One for each mistake: nothing follows from it that would hide it."""
    body, message, hint = MISTAKES[mistake]
    (problem,) = loaded_problems(tmp_path, body)
    assert (message, hint) == (problem.message, problem.hint)
    assert problem.where.line


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """With their cells."""
    problems = loaded_problems(tmp_path, "sku,name,price,stock\nA,Lamp,5 $,many\n,Mug,6,1\nC,#REF!,7,1\nD,x,8,1,9\n")
    assert [(2, 3), (2, 4), (3, 1), (4, 2), (5, 0)] == [
        (problem.where.line, problem.where.column) for problem in problems
    ]
