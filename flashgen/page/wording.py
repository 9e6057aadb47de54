"""Numbers, money and dates the way the sale's locale writes them. Babel's CLDR data decides."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format, get_timezone_name
from babel.numbers import format_currency, format_percent

_DIGIT = re.compile("[0-9]")


class Wording:
    """How one sale speaks: `locale` is a BCP 47 tag, `currency` an ISO 4217 code, `zone` where its times are read."""

    def __init__(self, locale: str, currency: str, zone: ZoneInfo) -> None:
        self.locale = Locale.parse(locale, sep="-")
        self.lang = locale
        self.direction: str = self.locale.text_direction
        self._currency = currency
        self._zone = zone
        self._patterns: dict[str, str] = {}
        self._percentages: dict[int, str] = {}

    def money(self, amount: Decimal) -> str:
        """An amount with exactly the currency's places, as `sale.model` makes it: `19.90` → `19,90\u00a0€`.

        CLDR's patterns look at how many digits there are, never at which: so Babel is asked once for each number of
        digits (with nines), and later amounts put theirs in. A tenth of the time, and a catalogue has many prices.
        """
        digits = f"{amount:f}"
        nines = _DIGIT.sub("9", digits)
        if nines not in self._patterns:
            self._patterns[nines] = self._pattern(nines)
        return self._patterns[nines].format(*digits.replace(".", ""))

    def _pattern(self, nines: str) -> str:
        """`999.99` → `{}{}{},{}{}\u00a0€`. Raises ValueError for other places than the currency's."""
        text = format_currency(Decimal(nines), self._currency, locale=self.locale)
        if text.count("9") != nines.count("9"):
            raise ValueError(f"{nines} has not the decimal places of {self._currency}")
        return text.replace("9", "{}")

    def saving(self, price: Decimal, list_price: Decimal) -> str:
        """A reduction as a negative percentage, rounded towards zero: never claim more than is true.

        Empty below 1 %.
        """
        percent = int((price - list_price) / list_price * 100)
        if percent == 0:
            return ""
        if percent not in self._percentages:
            text = format_percent(Decimal(percent) / 100, locale=self.locale)
            self._percentages[percent] = text.replace("-", "\N{MINUS SIGN}")
        return self._percentages[percent]

    def moment(self, instant: datetime) -> str:
        """Date and time of day in the sale's zone, with its name: `Freitag, 27. November 2026 um 09:00 (…zeit)`."""
        local = instant.astimezone(self._zone)
        date = format_date(local, "full", locale=self.locale)
        time = format_time(local, "short", tzinfo=self._zone, locale=self.locale)
        both = str(get_datetime_format("long", locale=self.locale)).format(time, date)
        return f"{both} ({get_timezone_name(local, 'long', locale=self.locale)})"
