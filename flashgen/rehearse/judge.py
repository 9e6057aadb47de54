"""The verdict of a rehearsal: each promise, whether it was kept, and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from flashgen.rehearse.buyer import BuyResult
from flashgen.rehearse.crowd.scenario import VisitorRole
from flashgen.rehearse.crowd.visitor import LEFT, NO_PAGE
from flashgen.rehearse.recording import Recording, quantile
from flashgen.unlock.polling import JITTER, wait_seconds

ALLOWANCE_SECONDS = 1.0
"""For the network and a busy machine, above the longest wait for a poll and the age of the edge's copy."""

SHARE_IN_TIME = 0.99
FORECAST_BAND = 0.15
CLOCK_ERROR_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the verdict. `found` is what was measured, with units; `kept` None was not judged."""

    name: str
    kept: bool | None
    found: str


def judge(recording: Recording) -> tuple[Promise, ...]:
    """All promises, in the order in which a sale needs them."""
    return (
        _nobody_before(recording),
        _time_to_unlock(recording),
        _origin_load(recording),
        _no_oversell(recording),
        _each_order_once(recording),
        _right_page(recording),
        _forecast(recording),
    )


def is_passed(promises: tuple[Promise, ...]) -> bool:
    """Whether none was broken."""
    return all(one.kept is not False for one in promises)


def unlock_limit(recording: Recording) -> float:
    """Seconds in which 99 of 100 pages must open."""
    return wait_seconds(0.0, is_open=False) * (1 + JITTER) + recording.edge_ttl_seconds + ALLOWANCE_SECONDS


def origin_limit(recording: Recording) -> float:
    """Requests to the store, however large the crowd: the pointer once each TTL, everything else a few times.

    Besides what a visit loads there are the waiting and the ended page, and the gate's texts.
    """
    seconds = recording.ends - recording.begins
    ttl = max(1.0, recording.edge_ttl_seconds)
    return 1.1 * seconds / ttl + (recording.objects + 10) * (1 + seconds / 60)


def _nobody_before(recording: Recording) -> Promise:
    pages = sum(one.opened is not None and one.opened < -CLOCK_ERROR_SECONDS for one in recording.visits)
    forms = sum(one.forms_before for one in recording.visits)
    orders = sum(one.at < -CLOCK_ERROR_SECONDS for one in recording.orders)
    first = min((one.opened for one in recording.visits if one.opened is not None), default=None)
    if pages or forms or orders:
        return Promise("nobody before the start", False, f"{pages} pages, {forms} forms and {orders} orders were early")
    bots = sum(one.role is VisitorRole.BOT for one in recording.visits)
    when = f"the first page opened {first:.3f} s after it" if first is not None else "no page opened"
    return Promise("nobody before the start", True, f"{when}; {bots} bots tried")


def _time_to_unlock(recording: Recording) -> Promise:
    times, limit = recording.unlock_seconds, unlock_limit(recording)
    never = sum(
        one.loaded is not None and one.opened is None and one.role is not VisitorRole.IMPATIENT
        for one in recording.visits
    )
    in_time = quantile(times, SHARE_IN_TIME)
    found = f"half in {quantile(times, 0.5):.2f} s, 99 % in {in_time:.2f} s (limit {limit:.1f} s), "
    found += f"the last in {times[-1] if times else 0:.2f} s"
    if never:
        found += f"; {never} pages never opened"
    return Promise("time to unlock", bool(times) and in_time <= limit and never <= 0.001 * recording.visitors, found)


def _origin_load(recording: Recording) -> Promise:
    count, limit = recording.origin_requests, origin_limit(recording)
    share = f"of {recording.edge_requests():,} at the edge"
    return Promise("origin load", count <= limit, f"{count:,} requests reached the store (limit {limit:.0f}), {share}")


def _no_oversell(recording: Recording) -> Promise:
    seen = Counter(one.sku for one in recording.visits if one.order_id)
    over = {
        sku: most
        for sku, stock in recording.stock.items()
        if stock is not None and (most := max(recording.sold(sku), seen[sku])) > stock
    }
    if over:
        found = ", ".join(f"{sku}: {count} sold of {recording.stock[sku]}" for sku, count in over.items())
        return Promise("no oversell", False, found)
    units = [f"{sku} {recording.sold(sku)} of {'any' if n is None else n}" for sku, n in recording.stock.items()]
    gone = any(n is not None and recording.sold(sku) == n for sku, n in recording.stock.items())
    return Promise(
        "no oversell", True, ", ".join(units) + ("" if gone else "; nothing sold out: try a smaller --stock")
    )


def _each_order_once(recording: Recording) -> Promise:
    shown = Counter(one.order_id for one in recording.visits if one.order_id)
    taken = {one.order_id for one in recording.orders}
    problems = {
        "orders that a buyer saw are in no storage": len(shown.keys() - taken),
        "orders did not reach the order subsystem": len(taken - recording.received.keys()),
        "orders reached it that nobody took": len(recording.received.keys() - taken),
        "orders were shown to two buyers": sum(count > 1 for count in shown.values()),
    }
    broken = [f"{count} {what}" for what, count in problems.items() if count]
    again = sum(recording.received.values()) - len(recording.received)
    fine = f"{len(taken)} orders, {len(recording.received)} at the order subsystem, {again} sent again under their key"
    return Promise("each order once", not broken, "; ".join(broken) or fine)


def _right_page(recording: Recording) -> Promise:
    wrong = Counter(_wrong_pages(recording))
    without = sum(not one.order_id and one.role in (VisitorRole.BUYER, VisitorRole.BOT) for one in recording.visits)
    missing = recording.visitors - len(recording.visits)
    if missing:
        wrong["visitors of whom nothing is known"] = missing
    found = ", ".join(f"{count} × {what}" for what, count in wrong.items())
    return Promise("the right page", not wrong, found or f"{without} buyers without an order were told why")


def _wrong_pages(recording: Recording) -> Iterator[str]:
    gone = {sku for sku, stock in recording.stock.items() if stock is not None and recording.sold(sku) >= stock}
    for one in recording.visits:
        if one.result == NO_PAGE:
            yield "no page at all"
        elif one.result in (
            BuyResult.NOBODY,
            BuyResult.EARLY,
            BuyResult.PAUSED,
            BuyResult.ENDED,
            BuyResult.UNAVAILABLE,
        ):
            yield f"a buyer who was told: {one.result}"
        elif one.result == BuyResult.SOLD_OUT and one.sku not in gone:
            yield "told sold out, and there is stock"
        elif set(one.gone) - gone:
            yield "a page that shows as sold out what is not"
        elif one.opened is not None and one.state != "open" and one.result != LEFT:
            yield f"a page that says {one.state}"


def _forecast(recording: Recording) -> Promise:
    expected = recording.expected
    pairs = {
        "edge": (recording.edge_requests(), expected.edge_requests),
        "origin": (recording.origin_requests, expected.origin_requests),
    }
    found = ", ".join(f"{name} {real:,} requests, forecast {said:,.0f}" for name, (real, said) in pairs.items())
    off = [abs(real - said) / max(said, 1.0) for real, said in pairs.values()]
    if recording.troubles:
        return Promise("forecast", None, f"{found}; not judged with trouble")
    return Promise("forecast", max(off) <= FORECAST_BAND, f"{found} (within {max(off):.0%}, band {FORECAST_BAND:.0%})")
