"""What a guest types: cleaned, judged, sealed."""

from __future__ import annotations

import pytest

from flashgen.gate.contact import FIELDS, ContactSeal, faults, typed

ADA = {"email": "ada@example.com", "name": "Ada Löve", "address": "1 Loop\n99999 Town", "phone": "+49 30 123456"}
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email", "ada@example.com"),
        ("email", "a.b+c@sub.example.co.jp"),
        ("email", "用户@例子.公司"),
        ("name", "X"),
        ("name", "山田 花子"),
        ("address", "東京都千代田区1-1"),
        ("phone", "030/123 456"),
        ("phone", "+٩٦٦٥٠١٢٣٤٥٦٧"),
    ],
)
def test_what_people_write_is_good(name: str, text: str) -> None:
    """In any script."""
    assert frozenset() == faults({name: text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email", "ada"),
        ("email", "ada@localhost"),
        ("email", "a@b@example.com"),
        ("email", "ada @example.com"),
        ("email", "a" * 250 + "@example.com"),
        ("name", "x" * 101),
        ("name", "Ada\nBcc: all@example.com"),
        ("address", "here"),
        ("phone", "1234"),
        ("phone", "call me on 123456"),
        *((name, "") for name in FIELDS),
    ],
)
def test_what_is_none_is_a_fault(name: str, text: str) -> None:
    """Also too much, and nothing."""
    assert {name} == faults({name: text})


def test_what_cannot_be_seen_is_dropped() -> None:
    """Blanks around and between, control characters, empty lines; a field that is missing is empty."""
    form = {"name": "  Ada \t L\x00ove ", "address": "1 Loop \r\n\r\n  Town\r"}
    expected = {"name": "Ada L ove", "address": "1 Loop\nTown", "phone": ""}
    assert expected == typed(form.get, ["name", "address", "phone"])


def test_a_contact_opens_with_each_key_of_a_rotation() -> None:
    """For its own order alone."""
    sealed = ContactSeal([OLD]).seal("order-1", ADA)
    assert ADA == ContactSeal([NEW, OLD]).open("order-1", sealed)
    assert None is ContactSeal([NEW]).open("order-1", sealed)
    assert None is ContactSeal([OLD]).open("order-2", sealed)


@pytest.mark.parametrize(
    "change", [lambda sealed: sealed[:-8], lambda _: "", lambda _: "é", lambda sealed: "A" + sealed]
)
def test_what_was_changed_does_not_open(change: object) -> None:
    """Nor raises."""
    assert callable(change)
    assert None is ContactSeal([OLD]).open("order-1", change(ContactSeal([OLD]).seal("order-1", ADA)))


def test_the_same_contact_is_never_sealed_the_same() -> None:
    """Who reads a storage does not see who ordered twice."""
    seal = ContactSeal([OLD])
    assert seal.seal("order-1", ADA) != seal.seal("order-1", ADA)
    assert "ada" not in seal.seal("order-1", ADA)
