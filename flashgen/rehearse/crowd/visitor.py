"""One visitor from arriving to leaving: waits for the start, buys or watches, and is told how it ended."""

from __future__ import annotations

import time
from dataclasses import replace
from http.client import HTTPException
from random import Random

from flashgen.rehearse.browser import Browser
from flashgen.rehearse.buyer import Buyer, BuyResult, Purchase
from flashgen.rehearse.crowd.scenario import CrowdScenario, VisitorRole, VisitRecord
from flashgen.rehearse.shopper import Observation, Shopper, Stop
from flashgen.unlock.polling import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, RETRY_GROWTH, jittered

HURRY_SECONDS = 3.0
BOT_RETRY_SECONDS = 0.5
WRONG_BY_SECONDS = 3600.0
LEFT, WATCHED, NO_PAGE = "left", "watched", "no page"
_HOPEFUL = frozenset({BuyResult.FULL, BuyResult.EARLY, BuyResult.UNAVAILABLE})


class Visitor:
    """`draws` decides everything that is left to chance; `browser` is this visitor's own."""

    def __init__(self, scenario: CrowdScenario, draws: Random, browser: Browser, stop: Stop) -> None:
        self._scenario, self._draws, self._browser, self._stop = scenario, draws, browser, stop
        self.arrives_at = draws.uniform(scenario.arrives_from, scenario.arrives_until)
        self.role = self._role(draws.random())
        self._sku = draws.choice(scenario.skus)
        self._leaves = draws.random() < scenario.leaving_share
        skew = draws.uniform(-WRONG_BY_SECONDS, WRONG_BY_SECONDS) if draws.random() < scenario.wrong_clock_share else 0
        self._shopper = Shopper(
            scenario.page_url, draws.random, stop, browser=browser, clock=lambda: time.time() + skew
        )

    def visit(self) -> VisitRecord:
        """From now, which should be `arrives_at`, until this visitor leaves."""
        since = self._scenario.opens_at
        visit = VisitRecord(self.role, time.time() - since, NO_PAGE)
        try:
            self._shopper.load(self._scenario.objects)
        except (OSError, HTTPException, ValueError):
            return visit
        visit = replace(visit, loaded=time.time() - since)
        forms = self._grab_early() if self.role is VisitorRole.BOT else 0
        opened = self._shopper.watch(lambda seen: seen.state == "open", self._patient_until())
        if opened is None or opened.state != "open":
            return self._ended(replace(visit, result=LEFT, forms_before=forms))
        visit = replace(visit, opened=opened.at - since, forms_before=forms)
        if self.role not in (VisitorRole.BUYER, VisitorRole.BOT):
            self._shopper.watch(lambda _: False, self._scenario.ends_at)
            return self._ended(replace(visit, result=WATCHED))
        purchase = self._buy(opened)
        ordered = time.time() - since if purchase.order_id else None
        bought = replace(visit, result=purchase.result.value, order_id=purchase.order_id, ordered=ordered)
        return self._ended(replace(bought, sku=self._sku, tries=purchase.tries))

    def _ended(self, visit: VisitRecord) -> VisitRecord:
        newest = self._shopper.observations[-1] if self._shopper.observations else None
        polls = self._shopper.polls
        if newest is None:
            return replace(visit, polls=polls)
        return replace(visit, polls=polls, state=newest.state, gone=tuple(sorted(newest.gone)))

    def _role(self, draw: float) -> VisitorRole:
        scenario = self._scenario
        for role, share in (
            (VisitorRole.BOT, scenario.bot_share),
            (VisitorRole.IMPATIENT, scenario.impatient_share if self.arrives_at < scenario.opens_at else 0.0),
            (VisitorRole.BUYER, scenario.buying_share),
        ):
            if draw < share:
                return role
            draw -= share
        return VisitorRole.WATCHER

    def _patient_until(self) -> float:
        if self.role is VisitorRole.IMPATIENT:
            return self._draws.uniform(self.arrives_at, self._scenario.opens_at)
        return self._scenario.ends_at

    def _grab_early(self) -> int:
        """What a bot does that finds the order URL before its page opens: it asks at once. Forms that it got."""
        opens_at = self._scenario.opens_at
        self._shopper.watch(lambda _: bool(self._shopper.early_url()), opens_at)
        forms = 0
        while (url := self._shopper.early_url()) and self._shopper.now() < opens_at - BOT_RETRY_SECONDS:
            try:
                answer = self._browser.open(f"{self._reach(url)}?sku={self._sku}")
                is_form = answer.status == 200 and b'name="lease"' in answer.body
                forms += is_form and self._shopper.now() < opens_at  # a busy gate may answer later than that
            except (OSError, HTTPException):
                pass
            if self._stop.wait(BOT_RETRY_SECONDS * (0.5 + self._draws.random())):
                break
        return forms

    def _buy(self, opened: Observation) -> Purchase:
        """Press the button; wait for a place as the waiting page does, which polls the pointer meanwhile."""
        is_bot = self.role is VisitorRole.BOT
        if not is_bot:
            self._stop.wait(HURRY_SECONDS * self._draws.random())
        thinks = 0.0 if is_bot else self._scenario.thinks_seconds
        url = self._reach(opened.order_url)
        buyer = Buyer(url, self._sku, self._draws.random, thinks, self._shopper.query, self._browser)
        buyer.leaves = self._leaves
        purchase, wait = buyer.buy(self._stop), FIRST_RETRY_SECONDS
        while purchase.result in _HOPEFUL and not self._stop.is_set():
            again = purchase.again_seconds if purchase.result is not BuyResult.FULL else wait
            until = self._shopper.now() + (BOT_RETRY_SECONDS if is_bot else jittered(again, self._draws.random()))
            if until >= self._scenario.ends_at:
                break
            seen = self._shopper.watch(self._is_gone, until)
            if seen and self._is_gone(seen):
                return replace(purchase, result=BuyResult.SOLD_OUT)
            wait = min(LONGEST_RETRY_SECONDS, wait * RETRY_GROWTH)
            purchase = replace(buyer.buy(self._stop), tries=purchase.tries + 1)
        return purchase

    def _is_gone(self, seen: Observation) -> bool:
        return bool({self._sku, "*"} & seen.gone)

    def _reach(self, url: str) -> str:
        return self._scenario.gate + url.removeprefix(self._scenario.origin)
