"""Times and durations are unambiguous, or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.document.wording import InvalidValue
from flashgen.sale.instant import in_words, instant, seconds, zone_name

NINE = datetime(2026, 11, 27, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27T09:00:00+01:00",
        "2026-11-27 09:00+0100",
        "2026-11-27T08:00Z",
        "2026-11-27 08:00:00 z",
        "2026-11-27 09:00",
        "2026-11-27T09:00:00",
        " 2026-11-27  09:00 ",
    ],
)
def test_an_instant_in_any_of_its_spellings(text: str) -> None:
    """With an offset, or as local time in the sale's zone; seconds are optional."""
    assert instant(text, "Europe/Berlin") == NINE


def test_an_offset_wins_over_the_zone() -> None:
    """The zone decides how the page shows a time, not which instant it is."""
    assert datetime(2026, 11, 27, 0, tzinfo=UTC) == instant("2026-11-27T09:00+09:00", "Europe/Berlin")


def test_an_instant_of_python_is_put_into_utc() -> None:
    """Code can build a sale without texts."""
    assert UTC is instant(NINE.astimezone(timezone(timedelta(hours=5))), None).tzinfo


@given(st.datetimes(datetime(2000, 1, 2), datetime(2037, 12, 30)), st.sampled_from(["Europe/Berlin", "Asia/Tehran"]))
def test_local_times_round_trip_unless_they_are_refused(local: datetime, zone: str) -> None:
    """A clock in that zone shows an accepted time as it was written, and only once."""
    text = local.replace(microsecond=0).isoformat()
    try:
        found = instant(text, zone)
    except InvalidValue:
        stamp = datetime.fromisoformat(text)
        assert (
            stamp.replace(tzinfo=ZoneInfo(zone)).utcoffset() != stamp.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset()
        )
        return
    assert text == found.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()


@pytest.mark.parametrize(
    "text", ["2026-11-27", "09:00", "2026-11-27T24:01Z", "2026-11-27T09:00:00.5Z", "٢٠٢٦-١١-٢٧ ٠٩:٠٠"]
)
def test_other_spellings_are_refused(text: str) -> None:
    """A date without a time, an hour that is none, fractions, digits of another script."""
    with pytest.raises(InvalidValue):
        instant(text, "UTC")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("New York", "America/New_York")],
)
def test_a_zone_is_suggested(text: str, expected: str) -> None:
    """People write the city, or forget the capitals."""
    with pytest.raises(InvalidValue) as caught:
        zone_name(text)
    assert f"did you mean `{expected}`?" == caught.value.hint


@pytest.mark.parametrize(
    "name", ["localtime", "posixrules", "Factory", "CET-1CEST", "EST5EDT,M3.2.0,M11.1.0", "+02:00"]
)
def test_only_names_of_the_database_are_zones(name: str) -> None:
    """What this machine is set to, or a rule of POSIX, is not what a page can name."""
    with pytest.raises(InvalidValue, match="must be a zone of the IANA database"):
        zone_name(name)


@given(st.integers(1, 3600))
def test_durations_round_trip(count: int) -> None:
    """A duration in a message can be copied into the file."""
    assert count == seconds(in_words(count), 1, 3600)


@pytest.mark.parametrize("text", ["", "3", "3 m", "m", "1m1h", "-3m", "3M"])
def test_durations_need_a_unit(text: str) -> None:
    """A bare number could be anything."""
    with pytest.raises(InvalidValue, match="must be a duration"):
        seconds(text, 1, 3600)
