"""Formats money, percentages and dates for the sale's locale, with Babel's CLDR data."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta, get_datetime_format, get_timezone_name
from babel.numbers import format_currency, format_decimal, format_percent

_DIGIT = re.compile("[0-9]")


def text_direction(tag: str) -> str:
    """The direction in which a language is written, `ltr` or `rtl`, for the attribute `dir`. `tag` is a BCP 47 tag."""
    return str(Locale.parse(tag, sep="-").text_direction)


class LocaleFormat:
    """Formats of one sale. `locale` is a BCP 47 tag, `currency` an ISO 4217 code, `zone` the zone of its times."""

    def __init__(self, locale: str, currency: str, zone: ZoneInfo) -> None:
        self.locale = Locale.parse(locale, sep="-")
        self.lang = locale
        self.direction = text_direction(locale)
        self._currency = currency
        self._zone = zone
        self._patterns: dict[str, str] = {}
        self._percentages: dict[int, str] = {}

    def money(self, amount: Decimal) -> str:
        """An amount with exactly the currency's places, as `sale.model` makes it: `19.90` → `19,90\u00a0€`.

        CLDR's patterns depend on the number of digits only. So Babel formats each number of digits once, with nines,
        and the digits of an amount replace the nines. This takes a tenth of the time for a catalogue of many prices.
        """
        digits = f"{amount:f}"
        nines = _DIGIT.sub("9", digits)
        if nines not in self._patterns:
            self._patterns[nines] = self._pattern(nines)
        return self._patterns[nines].format(*digits.replace(".", ""))

    def _pattern(self, nines: str) -> str:
        """`999.99` → `{}{}{},{}{}\u00a0€`. Raises ValueError if the number of decimal places is not the currency's."""
        text = format_currency(Decimal(nines), self._currency, locale=self.locale)
        if text.count("9") != nines.count("9"):
            raise ValueError(f"{nines} has not the decimal places of {self._currency}")
        return text.replace("9", "{}")

    def saving(self, price: Decimal, list_price: Decimal) -> str:
        """A reduction as a negative percentage, rounded towards zero so that it never claims too much.

        Empty below 1 %.
        """
        percent = int((price - list_price) / list_price * 100)
        if percent == 0:
            return ""
        if percent not in self._percentages:
            text = format_percent(Decimal(percent) / 100, locale=self.locale)
            self._percentages[percent] = text.replace("-", "\N{MINUS SIGN}")
        return self._percentages[percent]

    def duration(self, seconds: int) -> str:
        """A span of time, rounded to a whole unit: `45 seconds`, `3 minutes`. Below two minutes it is in seconds."""
        return format_timedelta(timedelta(seconds=seconds), threshold=2, locale=self.locale)

    def number(self, count: int) -> str:
        """A whole number: `1,500`."""
        return format_decimal(count, locale=self.locale)

    def date_and_time(self, instant: datetime) -> str:
        """Date and time of day in the sale's zone, with its name: `Freitag, 27. November 2026 um 09:00 (…zeit)`."""
        local = instant.astimezone(self._zone)
        date = format_date(local, "full", locale=self.locale)
        time = format_time(local, "short", tzinfo=self._zone, locale=self.locale)
        both = str(get_datetime_format("long", locale=self.locale)).format(time, date)
        return f"{both} ({get_timezone_name(local, 'long', locale=self.locale, zone_variant=_variant(local))})"


def _variant(local: datetime) -> Literal["standard", "daylight"]:
    """Which of a zone's two names is in force: the one with the larger offset from UTC is CLDR's `daylight`.

    Ireland's and Morocco's daylight saving is negative in the IANA database: their winter (or Ramadan) is the
    exception there, an hour behind. Babel takes every exception for `daylight`.
    """
    saving = local.dst() or timedelta()
    if saving:
        return "daylight" if saving > timedelta() else "standard"
    others = ((local + timedelta(days=days)).dst() or timedelta() for days in range(-364, 365, 14))
    return "daylight" if any(other < timedelta() for other in others) else "standard"
