"""`flashgen pass`: links for customers, what is in them, and taking them back."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import jwt
import pytest
from support.command import Flashgen

KEY = "k" * 32


@pytest.fixture
def shop(flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> Flashgen:
    """A project with a sale and a key for passes."""
    assert flashgen("new", "night").exit_code == 0
    settings = project / "flashgen.yaml"
    settings.write_text(settings.read_text() + "\npass_keys: env:PASS_KEY\n")
    monkeypatch.setenv("PASS_KEY", KEY)
    return flashgen


def issue(shop: Flashgen, project: Path, body: str | bytes, *more: str) -> list[list[str]]:
    """The rows of links.csv, for these customers."""
    (project / "customers.csv").write_bytes(body if isinstance(body, bytes) else body.encode())
    run = shop("pass", "issue", "night", "--customers", "customers.csv", "--out", "links.csv", *more)
    assert run.exit_code == 0, run.err
    return list(csv.reader(io.StringIO((project / "links.csv").read_text())))


def test_each_customer_gets_a_link(shop: Flashgen, project: Path) -> None:
    """With their own columns beside it; whoever is there twice gets one. Nobody else can read the file."""
    rows = issue(shop, project, "Name;E-Mail\nAda;ada@example.com\nBob;bob@example.com\nAda;ada@example.com\n;\n")
    assert ["Name", "E-Mail", "link"] == rows[0]
    assert ["Ada", "ada@example.com"] == rows[1][:2]
    assert 3 == len(rows)
    claims = jwt.decode(rows[1][2].partition("/pass?p=")[2], KEY, algorithms=["HS256"], audience="night")
    assert ("ada@example.com", {"sub", "aud", "iat", "exp", "jti"}) == (claims["sub"], set(claims))
    assert 0o600 == (project / "links.csv").stat().st_mode & 0o777


@pytest.mark.parametrize(
    "heading",
    ["email", "E-Mail", "E-mail address", "Customer ID", "customer_id", "Kundennummer", "Adresse e-mail", "SUBJECT"],
)
def test_headings_are_as_people_write_them(shop: Flashgen, project: Path, heading: str) -> None:
    """In any spelling."""
    assert "1001" == issue(shop, project, f"Name,{heading}\nAda,1001\n")[1][1]


def test_what_was_understood_is_printed(shop: Flashgen, project: Path) -> None:
    """How many, of which column, until when."""
    (project / "c.csv").write_text("email\na@example.com\n\n")
    run = shop("pass", "issue", "night", "--customers", "c.csv", "--out", "o.csv", "--expires", "2099-01-01T00:00:00Z")
    assert "`email` says whom a pass is for (an e-mail address)" in run.out
    assert "1 link in o.csv, until 2099-01-01T00:00:00Z" in run.out
    assert "does not ask for passes" in run.err


def test_formulas_stay_text(shop: Flashgen, project: Path) -> None:
    """Customers choose their names themselves."""
    assert "'=1+1" == issue(shop, project, "Name,email\n=1+1,a@example.com\n")[1][0]


@pytest.mark.parametrize(
    ("body", "more", "message"),
    [
        ("E-Mail,Customer ID\na@example.com,1\n", (), '--column "E-Mail"'),
        ("Name\nAda\n", (), "no column says whom a pass is for"),
        ("Name\nAda\n", ("--column", "Nr"), "no column Nr"),
        ("email\n" + "x" * 201 + "\n", (), "1 to 200 printable characters"),
        ("email\n", (), "no row has a value"),
        ("email\na@example.com\n", ("--expires", "2001-01-01T00:00:00Z"), "would have expired"),
        ("email\na@example.com\n", ("--expires", "soon"), "--expires"),
    ],
    ids=["two", "none", "unknown", "long", "empty", "past", "odd time"],
)
def test_what_cannot_be_issued_says_why(
    shop: Flashgen, project: Path, body: str, more: tuple[str, ...], message: str
) -> None:
    """One error, with the fix; no file."""
    (project / "c.csv").write_text(body)
    run = shop("pass", "issue", "night", "--customers", "c.csv", "--out", "o.csv", *more)
    assert run.exit_code in (1, 2)
    assert message in run.err
    assert not (project / "o.csv").exists()


def test_a_column_is_chosen(shop: Flashgen, project: Path) -> None:
    """By its heading."""
    rows = issue(shop, project, "E-Mail,Customer ID\na@example.com,1\n", "--column", "customer id")
    assert "1" == jwt.decode(rows[1][2].partition("p=")[2], options={"verify_signature": False})["sub"]


def test_a_missing_key_is_named(flashgen: Flashgen, project: Path) -> None:
    """With what to write."""
    flashgen("new", "night")
    (project / "c.csv").write_text("email\na@example.com\n")
    run = flashgen("pass", "issue", "night", "--customers", "c.csv", "--out", "o.csv")
    assert (1, True) == (run.exit_code, "pass_keys: [env:FLASHGEN_PASS_KEY]" in run.err)


def test_a_pass_is_inspected_and_revoked(shop: Flashgen, project: Path) -> None:
    """By its link; and again by its subject alone."""
    ada, bob = (row[1] for row in issue(shop, project, "email\nada@example.com\nbob@example.com\n")[1:])
    found = shop("pass", "inspect", ada, "--json")
    assert (0, True, "ada@example.com") == (
        found.exit_code, found.result["accepted"], found.result["claims"]["sub"]
    )  # fmt: skip
    assert shop("pass", "revoke", "night", "--subject", "ada@example.com", "--yes", "--json").result["changed"]
    assert not shop("pass", "revoke", "night", "--subject", "ada@example.com", "--yes", "--json").result["changed"]
    assert "it was withdrawn" == shop("pass", "inspect", ada, "--json").result["reason"]
    one = shop("pass", "inspect", bob, "--json").result
    assert one["accepted"]
    shop("pass", "revoke", "night", "--jti", one["claims"]["jti"], "--yes")
    assert "refused" in shop("pass", "inspect", bob).out


def test_inspect_says_why_a_pass_is_refused(shop: Flashgen) -> None:
    """Expired, another key, another sale, half of it."""
    claims = {"sub": "ada", "aud": "night", "iat": 1, "exp": 2}
    later = {**claims, "exp": 4_000_000_000}
    reasons = {
        jwt.encode(claims, KEY): "it has expired",
        jwt.encode(later, "x" * 32): "none of `pass_keys` signed it",
        jwt.encode({**later, "aud": "day"}, KEY): "no sale `day`",
        jwt.encode(later, KEY).rpartition(".")[0]: "it is not a whole pass",
        "half": "it is not a whole pass",
    }
    for text, reason in reasons.items():
        run = shop("pass", "inspect", text, "--json")
        assert 1 == run.exit_code
        assert run.result["reason"].startswith(reason), run.result


def test_check_and_doctor_miss_the_keys(flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sale that asks for passes; with them both are content."""
    flashgen("new", "night")
    sale = project / "sale_configs" / "night.yaml"
    sale.write_text(re.sub(r"^order:\n", "order:\n  buyer: pass\n", sale.read_text(), flags=re.MULTILINE))
    assert "flashgen.yaml has no `pass_keys`" in (run := flashgen("check")).err, run.err
    assert "`order.pass_url` does not say where" in run.err
    assert "there is no key for passes" in flashgen("doctor", "night").out
    settings = project / "flashgen.yaml"
    settings.write_text(settings.read_text() + "\npass_keys: env:PASS_KEY\n")
    monkeypatch.setenv("PASS_KEY", KEY)
    assert "no `pass_keys`" not in flashgen("check").err
    assert "one key; passes of each are accepted" in flashgen("doctor", "night").out
