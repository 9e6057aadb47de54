"""A forecast as text: the two answers first, then how they come about. 80 columns are enough."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from textwrap import wrap

import click

from flashgen.cli.forecast.amounts import brief
from flashgen.cli.forecast.periods import PeakRates, periods
from flashgen.cli.forecast.report import GB, Report
from flashgen.forecast.costs import Cost
from flashgen.forecast.first_visit import Kind
from flashgen.forecast.quotas import gate_cores
from flashgen.forecast.time_to_unlock import TimeToUnlock

_LABEL = 20
_NARROW = 80
_BAR_FROM = 104
_BAR = 24
_FILES = (Kind.CSS, Kind.SCRIPT, Kind.FONT, Kind.PICTURE, Kind.ICON)


def width() -> int:
    """Columns to write into: those of the terminal, 80 to 120; elsewhere 80."""
    return min(120, max(_NARROW, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else _NARROW


def lines(report: Report, columns: int) -> Iterator[str]:
    """The whole forecast."""
    scenario = report.forecast.scenario
    title = click.style(report.title, bold=True)
    yield f"{title}: {brief(scenario.arrivals.visitors)} visitors, {scenario.arrivals.name}"
    yield ""
    yield from _answers(report, columns)
    for heading, rows in (
        ("A first visit, and what follows", _kinds(report)),
        ("Over time: the busiest second of each period", _over_time(report, columns)),
        ("Until buttons open", _unlock(report)),
        ("Quotas", _quotas(report, columns)),
        ("Order gate", _gate(report, columns)),
        ("Cost in USD, before tax, of one month in which there is nothing else", _costs(report)),
    ):
        yield ""
        yield click.style(heading, bold=True)
        yield from rows


def _answers(report: Report, columns: int) -> Iterator[str]:
    requests, at = report.peak
    passed = [one for one in report.quotas if one.is_passed]
    quota = report.quotas[0]
    much = f"{brief(requests)} requests/s and {_gbit(report.peak_gbit)} Gbit/s at the peak, {_when(at)}"
    much += f": {_times(quota.share)} of CloudFront's default quota" if quota.share >= 0.005 else ""
    yield from _row("How much CDN?", much, columns, bold=True)
    for one in passed:
        yield from _row("", f"{_ahead(one.days_ahead)}: {one.advice}", columns)
    cheapest, by_use, usage = report.cheapest, report.by_use, report.usage
    cost = (
        f"{_usd(cheapest.usd)} USD with {cheapest.name}, for {brief(usage.requests)} requests and {brief(usage.gb)} GB"
    )
    yield from _row("What does it cost?", cost, columns, bold=True)
    if cheapest.name != by_use.name:
        yield from _row("", f"{_usd(by_use.usd)} USD with {by_use.name}", columns)


def _kinds(report: Report) -> Iterator[str]:
    forecast = report.forecast
    yield _dim(f"  {'':<10}{'objects':>8}{'bytes':>10}{'requests':>10}{'peak/s':>9}{'GB':>8}{'to store':>10}")
    for kind, traffic in forecast.traffic.items():
        objects = [one for one in forecast.scenario.objects if one.kind is kind]
        size = sum(one.response_bytes for one in objects)
        numbers = (sum(traffic.requests), forecast.peak(traffic.requests)[0], sum(traffic.edge_bytes) / GB)
        total, peak, gb = (brief(number) for number in numbers)
        store = brief(sum(traffic.store))
        yield f"  {kind.value:<10}{len(objects):>8}{size:>10,}{total:>10}{peak:>9}{gb:>8}{store:>10}"


def _over_time(report: Report, columns: int) -> Iterator[str]:
    rows = periods(report.forecast)
    bar = _BAR if columns >= _BAR_FROM else 0
    most = max(one.edge_requests for one in rows)
    yield _dim(
        f"  {'from':<9}{'open':>8}{'page':>8}{'files':>8}{'pointer':>9}"
        f"{'all/s':>8}{'Gbit/s':>9}{'regional':>10}{'store':>8}"
    )
    for one in rows:
        yield f"  {_period(one)}{f'  {_bar(one.edge_requests / most, bar)}' if bar else ''}".rstrip()


def _period(one: PeakRates) -> str:
    files = sum(one.by_kind.get(kind, 0.0) for kind in _FILES)
    page, pointer = one.by_kind[Kind.PAGE], one.by_kind[Kind.POINTER]
    rates = (brief(page).rjust(8), brief(files).rjust(8), brief(pointer).rjust(9), brief(one.edge_requests).rjust(8))
    tiers = f"{brief(one.regional_requests):>10}{brief(one.store_requests):>8}"
    return f"{_at(one.start):<9}{brief(one.pages_open):>8}{''.join(rates)}{_gbit(one.edge_gbit):>9}{tiers}"


def _bar(share: float, length: int) -> str:
    eighths = round(share * length * 8)
    return click.style("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip(), fg="cyan")


def _unlock(report: Report) -> Iterator[str]:
    forecast = report.forecast
    yield _dim(f"  {'':<24}{'half':>8}{'95 %':>8}{'last':>8}   after the start")
    yield _quantiles("without a lead", forecast.unlock)
    if lead := forecast.scenario.lead_seconds:
        yield _quantiles(f"with --lead {lead:g}s", forecast.unlock_with_lead)


def _quantiles(label: str, one: TimeToUnlock) -> str:
    return f"  {label:<24}{one.p50_seconds:>6.2f} s{one.p95_seconds:>6.2f} s{one.last_seconds:>6.2f} s"


def _quotas(report: Report, columns: int) -> Iterator[str]:
    for one in report.quotas:
        word = click.style("PASSED", fg="red", bold=True) if one.is_passed else click.style("  ok  ", fg="green")
        used = f"{brief(one.forecast)} of {brief(one.limit)} {one.unit} ({_times(one.share)})"
        yield f"  {word}  {one.name}: {used}"
        if one.is_passed:
            advice = f"{_ahead(one.days_ahead)}: {one.advice}"
            yield from (f"          {line}" for line in wrap(advice, columns - 10))


def _gate(report: Report, columns: int) -> Iterator[str]:
    forecast, orders, setup = report.forecast, report.forecast.orders, report.forecast.scenario.gate
    if orders is None or setup is None:
        yield "  none: the sale has no `order` section"
        return
    requests, at = forecast.peak(orders.requests)
    slots = setup.servers * setup.slots_per_server
    busy = f"{brief(requests)} requests/s at the peak, {_when(at)}: {gate_cores(requests):,} cores of gates"
    yield from _row("  requests", busy, columns)
    held = f"each held {setup.slot_seconds_an_order:.0f} s for an order"
    yield from _row("  orders", f"{setup.orders_per_second_max:.3g} orders/s with {slots:,} slots, {held}", columns)
    if setup.stock is None:
        yield from _row("  stock", "no limit: not every product has a `stock`", columns)
    elif orders.sold_out_seconds is None:
        yield from _row(
            "  stock", f"{brief(orders.total)} of {setup.stock:,} units are sold before visitors have left", columns
        )
    else:
        lasts = f"{setup.stock:,} units last {_span(orders.sold_out_seconds)}"
        yield from _row("  stock", f"{lasts}; {orders.slots_for_a_minute:,} slots would sell them in a minute", columns)


def _costs(report: Report) -> Iterator[str]:
    yield from _offer(report.by_use)
    yield f"  {'  with the rate limit (WAF)':<36}{_usd(report.by_use.usd + report.rate_limit_usd):>8}"
    for one in (*report.plans, *report.others):
        yield from _offer(one)
    oldest = report.prices.oldest()
    yield _dim(f"  prices were read on {oldest.date} or later; --prices FILE has yours")


def _offer(one: Cost) -> Iterator[str]:
    if one.exceeded:
        yield _dim(f"  {one.name:<36}{_usd(one.usd):>8}  not enough {one.exceeded}")
        return
    parts = [f"{what} {_usd(amount)}" for what, amount in one.parts if amount >= 0.5]
    yield f"  {one.name:<36}{_usd(one.usd):>8}  {', '.join(parts) if len(parts) > 1 else ''}".rstrip()


def _row(label: str, text: str, columns: int, *, bold: bool = False) -> Iterator[str]:
    parts: Sequence[str] = wrap(text, columns - _LABEL - 1) or [""]
    for index, part in enumerate(parts):
        name = f"{label if index == 0 else '':<{_LABEL}}"
        yield f"{click.style(name, bold=True) if bold else name} {part}"


def _dim(text: str) -> str:
    return click.style(text, dim=True)


def _usd(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 10 else f"{amount:,.2f}"


def _gbit(rate: float) -> str:
    return f"{rate:.3g}" if rate >= 0.001 else "<0.001"


def _times(share: float) -> str:
    return f"{share:,.1f} times" if share >= 2 else f"{share:.0%}"


def _ahead(days: float) -> str:
    return f"{days:.0f} days ahead" if days >= 1 else f"{days * 24:.0f} h ahead"


def _when(seconds: float) -> str:
    if seconds == 0:
        return "at the start"
    return f"{_span(abs(seconds))} {'before' if seconds < 0 else 'after'} the start"


def _at(seconds: float) -> str:
    if seconds == 0:
        return "start"
    return f"{'−' if seconds < 0 else '+'}{_span(abs(seconds))}"


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
