"""Numbers of people and shares as people write them, and large numbers in few characters."""

from __future__ import annotations

import re
from collections.abc import Collection

import click

VISITORS_MAX = 10_000_000_000
_COUNT = re.compile(r"([0-9]+(?:[.,][0-9]{3})+|[0-9]+(?:[.,][0-9]{1,2})?)(k|m|mio|million|g|bn)?", re.IGNORECASE)
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "mio": 10**6, "million": 10**6, "g": 10**9, "bn": 10**9}


def people(text: str) -> float:
    """`5M`, `250k`, `1.5M`, `2,000,000`. Raises a usage error."""
    found = _COUNT.fullmatch(re.sub(r"[\s_']", "", text))
    if found:
        digits, unit = found[1], (found[2] or "").lower()
        plain = re.sub("[.,]", "", digits) if _GROUPED.fullmatch(digits) and not unit else digits.replace(",", ".")
        if plain.count(".") <= 1 and 1 <= float(plain) * _UNITS[unit] <= VISITORS_MAX:
            return float(plain) * _UNITS[unit]
    raise click.UsageError(
        f"--visitors must be a number of people up to {brief(VISITORS_MAX)}, found `{text}`; write 250000, 250k or 5M"
    )


def share(option: str, text: str) -> float:
    """`30%` or `0.3`, below 1. Raises a usage error that names the option."""
    number = text.strip().removesuffix("%")
    try:
        value = float(number) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        value = -1.0
    if 0 <= value <= 1:
        return value
    raise click.UsageError(f"{option} must be a share from 0% to 100%, found `{text}`; write 30%")


def mix(text: str, known: Collection[str]) -> dict[str, float]:
    """`eu`, or `eu=70%,us=30%`, as shares of 1. Raises a usage error."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, amount = part.strip().partition("=")
        if name not in known:
            raise click.UsageError(f"--viewers must name regions of {', '.join(known)}, found `{name}`")
        shares[name] = share("--viewers", amount or "100%")
    if not 0.999 <= sum(shares.values()) <= 1.001:
        raise click.UsageError(f"--viewers must add up to 100%, found {sum(shares.values()):.0%}; write eu=70%,us=30%")
    return shares


def brief(amount: float) -> str:
    """Three digits at most, with a unit: `36`, `4.2k`, `2.43M`, `1.2G`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if amount >= size * 0.9995:
            value = amount / size
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            text = f"{value:.{digits}f}"
            return (text.rstrip("0").rstrip(".") if "." in text else text) + unit
    return f"{amount:.0f}" if amount >= 9.95 or amount == 0 else f"{amount:.1f}"
