"""What `flashgen pass` does: reads customers, writes their links, and withdraws passes."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flashgen.cli.csv_text import csv_text
from flashgen.errors import AccessDenied, InvalidInput, Problem, Refused, Where
from flashgen.layout import passes_key
from flashgen.passes import Pass, PassKeys, Withdrawn, checked_subject, parse_withdrawn
from flashgen.sale.feeds.files.csv_file import read_csv
from flashgen.sale.feeds.table import Grid
from flashgen.store import Headers, Store
from flashgen.store.conditional_write import put_settled

LINK = "link"
HEADERS = Headers("application/json", "private, no-store")
PROBLEMS_MAX = 20

_SUBJECTS = {
    "a subject": ("subject", "sub"),
    "a customer's number": (
        *("customerid", "customerno", "customernumber", "customer", "userid", "user", "clientid", "accountid", "id"),
        *("kundennummer", "kundennr", "kundenid", "kunde", "numeroclient", "idclient", "clientnumber", "numerocliente"),
        *("idcliente", "codicecliente", "klantnummer", "klantid", "numerklienta", "kundnummer", "kundenummer"),
    ),
    "an e-mail address": (
        *("email", "emailaddress", "mail", "customeremail", "emailadresse", "mailadresse", "adresseemail", "courriel"),
        *(
            "correo",
            "correoelectronico",
            "indirizzoemail",
            "eposta",
            "epost",
            "emailadres",
            "adresemail",
            "emailadress",
        ),
    ),
}


@dataclass(frozen=True)
class Customers:
    """The rows of a file, and which of its columns says whom a pass is for. `left_out` are repeated or empty ones."""

    kind: str
    headings: tuple[str, ...]
    subjects: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    heading: str
    meaning: str
    left_out: int


def read_customers(file: Path, locale: str, column: str) -> Customers:
    """The customers of a CSV as spreadsheets save it; `column` is a heading, or empty to find it by its words.

    Raises InvalidInput with the problems of the file, and Refused if it cannot be told which column is meant.
    """
    try:
        body = file.read_bytes()
    except OSError as error:
        raise Refused(f"cannot read {file}: {(error.strerror or str(error)).lower()}") from error
    grid = read_csv(file, body, locale, lambda cells: sum(bool(_meaning(cell)) for cell in cells))
    if not grid.cells:
        raise InvalidInput([Problem(Where(file), "the file is empty", "export your customers as CSV")])
    headings = tuple(cell.strip() for cell in grid.cells[0])
    place = _column(file, headings, column)
    subjects, rows, problems = [], [], []
    seen: set[str] = set()
    for cells, line in zip(grid.cells[1:], grid.lines[1:], strict=True):
        subject = cells[place].strip() if place < len(cells) else ""
        if not subject or subject in seen:
            continue
        if problem := _problem(grid, line, place, subject):
            problems.append(problem)
        seen.add(subject)
        subjects.append(subject)
        rows.append(tuple(cells[: len(headings)]) + ("",) * (len(headings) - len(cells)))
    if problems:
        raise InvalidInput(problems[:PROBLEMS_MAX])
    if not subjects:
        raise InvalidInput([Problem(Where(file), f"no row has a value in the column {headings[place]}")])
    meaning = _meaning(headings[place]) or "as you said"
    left_out = len(grid.cells) - 1 - len(rows)
    return Customers(grid.kind, headings, tuple(subjects), tuple(rows), headings[place], meaning, left_out)


def links(customers: Customers, keys: PassKeys, sale: str, server: str, issued_at: int, expires_at: int) -> str:
    """A CSV of the customers' own columns and their links (RFC 4180); each link is a pass of its own."""

    def row(subject: str, cells: Sequence[str]) -> tuple[str, ...]:
        issued = Pass(subject, sale, issued_at, 0, expires_at, secrets.token_urlsafe(9))
        return (*cells, f"{server}/pass?p={keys.issue(issued)}")

    pairs = zip(customers.subjects, customers.rows, strict=True)
    return csv_text((*customers.headings, LINK), (row(subject, cells) for subject, cells in pairs))


def pass_text(written: str) -> str:
    """The pass in a link, or the text itself."""
    return written.rpartition("?p=")[2].partition("&")[0].strip()


def read_withdrawn(store: Store, sale: str) -> tuple[Withdrawn, str | None]:
    """What was withdrawn of a sale, and the etag of the object that says so; None without one."""
    stored = store.get(passes_key(sale))
    return (parse_withdrawn(stored.body, passes_key(sale)), stored.etag) if stored else (Withdrawn(), None)


def withdraw(store: Store, sale: str, subjects: Sequence[str], ids: Sequence[str]) -> bool:
    """Withdraw passes; False if they all were before. Raises StoreError; Conflict if another was faster."""
    before, etag = read_withdrawn(store, sale)
    after = before.adding(subjects, ids)
    if after == before:
        return False
    try:
        put_settled(store, passes_key(sale), after.render(), HEADERS, if_match=etag, sleep=time.sleep)
    except AccessDenied as denied:
        hint = f"allow s3:PutObject on {passes_key(sale)}; the stack's DeployerPolicy has it"
        raise AccessDenied(denied.message, hint) from denied
    return True


def claims_lines(claims: Mapping[str, object]) -> Iterator[str]:
    """What a pass says, for people, without what would move the cursor of a terminal."""
    for name, value in claims.items():
        text = re.sub(r"[^\x20-\x7e\xa0-\U0010ffff]", "?", f"{name:<11} {value}")
        yield text[:300]


def _column(file: Path, headings: Sequence[str], column: str) -> int:
    if column:
        wanted = [place for place, heading in enumerate(headings) if _plain(heading) == _plain(column)]
    else:
        wanted = [place for place, heading in enumerate(headings) if _meaning(heading)]
    if len(wanted) == 1:
        return wanted[0]
    named = ", ".join(headings)
    if wanted:
        found = " and ".join(f"`{headings[place]}`" for place in wanted)
        raise Refused(
            f"{file.name}: {found} may say whom a pass is for", f'say which: --column "{headings[wanted[0]]}"'
        )
    message = f"no column {column}" if column else "no column says whom a pass is for, such as E-mail or Customer ID"
    raise Refused(f"{file.name}: {message}; found: {named}", f'name one: --column "{headings[0]}"')


def _problem(grid: Grid, line: int, place: int, subject: str) -> Problem | None:
    try:
        checked_subject(subject)
    except ValueError as error:
        return Problem(grid.where(line, place + 1), f"must be {error}", "shorten it, or leave this customer out")
    return None


def _meaning(heading: str) -> str:
    plain = _plain(heading)
    return next((meaning for meaning, words in _SUBJECTS.items() if plain in words), "")


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading.casefold().translate(_WITHOUT_ACCENTS))


_WITHOUT_ACCENTS = str.maketrans("éèêáàâíóôúñç", "eeeaaaioounc")
