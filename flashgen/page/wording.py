"""Numbers, money and dates the way the sale's locale writes them. Babel's CLDR data decides."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format, get_timezone_name
from babel.numbers import format_currency, format_percent


class Wording:
    """How one sale speaks: `locale` is a BCP 47 tag, `currency` an ISO 4217 code, `zone` where its times are read."""

    def __init__(self, locale: str, currency: str, zone: ZoneInfo) -> None:
        self.locale = Locale.parse(locale, sep="-")
        self.lang = locale
        self.direction: str = self.locale.text_direction
        self._currency = currency
        self._zone = zone
        # A catalogue repeats its prices; formatting one costs 40 µs, looking it up none.
        self.money = lru_cache(maxsize=4096)(self._money)
        self.saving = lru_cache(maxsize=4096)(self._saving)

    def _money(self, amount: Decimal) -> str:
        return format_currency(amount, self._currency, locale=self.locale)

    def _saving(self, price: Decimal, list_price: Decimal) -> str:
        """A reduction as a negative percentage, rounded towards zero: never claim more than is true."""
        fraction = (price - list_price) / list_price
        return format_percent(int(fraction * 100) / Decimal(100), locale=self.locale)

    def moment(self, instant: datetime) -> str:
        """Date and time of day in the sale's zone, with its name: `Freitag, 27. November 2026 um 09:00 (…zeit)`."""
        local = instant.astimezone(self._zone)
        date = format_date(local, "full", locale=self.locale)
        time = format_time(local, "short", tzinfo=self._zone, locale=self.locale)
        both = str(get_datetime_format("long", locale=self.locale)).format(time, date)
        return f"{both} ({get_timezone_name(local, 'long', locale=self.locale)})"
