"""Names that users and chance give to things."""

from __future__ import annotations

import secrets

import click

from flashgen.document.wording import InvalidValue
from flashgen.sale.text import name

VERSION_LENGTH = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without 0, 1, l and o, which people mistake for one another: 32 letters, 50 random bits a version."""


def new_version() -> str:
    """A version for a pointer's name."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(VERSION_LENGTH))


def checked_id(text: str) -> str:
    """A sale's id, before there is a file to point at. Raises a usage error."""
    try:
        return name(text, 63, "a name")
    except InvalidValue as unfit:
        hint = f" ({unfit.hint})" if unfit.hint else ""
        raise click.UsageError(f"a sale's id {unfit.message}{hint}") from unfit
