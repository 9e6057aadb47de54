"""A simulated buyer: follows the order URL as a browser without scripts does, and reports the result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from html.parser import HTMLParser
from http.client import HTTPException
from urllib.parse import quote, urlsplit

from flashgen.rehearse.browser import Browser, PageAnswer, PlainBrowser
from flashgen.rehearse.page_script import parse_pointer, pointer_url, unavailable_skus
from flashgen.rehearse.shopper import Stop
from flashgen.unlock.polling import jittered

AGAIN_SECONDS = 1.0
"""How soon a buyer tries again when the page asks for it and does not reload by itself."""

# An id as gates make it, whatever a theme puts around it.
_ORDER_ID = re.compile(r"(?<![\w.-])[a-z2-7]{24}(?![\w.-])")


class BuyResult(StrEnum):
    """How an attempt to buy ended."""

    ORDERED = "ordered"
    FULL = "all places taken"
    SOLD_OUT = "sold out"
    PAUSED = "paused"
    ENDED = "ended"
    EARLY = "early"
    NOBODY = "not known to the gate"
    UNAVAILABLE = "unavailable"
    LEFT = "left the form"


_MAY_CHANGE = frozenset({BuyResult.FULL, BuyResult.EARLY, BuyResult.UNAVAILABLE})
_BY_STATE = {"paused": BuyResult.PAUSED, "ended": BuyResult.ENDED, "scheduled": BuyResult.EARLY}


@dataclass(frozen=True, slots=True)
class Purchase:
    """How an order URL was followed: with ORDERED an `order_id`. `tries` were made, the last one in the end.

    `again_seconds` is when the page asked to be loaded again.
    """

    result: BuyResult
    order_id: str = ""
    tries: int = 1
    again_seconds: float = AGAIN_SECONDS


@dataclass
class Buyer:
    """A browser with cookies of its own. `draw` gives uniform numbers in [0, 1).

    `order_url` is the pointer's, at one server; `thinks_seconds` is how long the buyer reads the form, at most.
    `query` is what the page adds to order URLs: its language, in a sale of several.
    """

    order_url: str
    sku: str
    draw: Callable[[], float]
    thinks_seconds: float = 0.0
    query: str = ""
    browser: Browser = field(default_factory=PlainBrowser, repr=False)
    leaves: bool = False
    """Whether they leave the form without ordering: their place stays taken until its lease is over."""

    def buy_patiently(self, stop: Stop) -> Purchase:
        """Buy; try again while all places are taken, and while it is early, and while the gate cannot answer."""
        outcome = self.buy(stop)
        while outcome.result in _MAY_CHANGE and not stop.wait(jittered(outcome.again_seconds, self.draw())):
            outcome = replace(self.buy(stop), tries=outcome.tries + 1)
        return outcome

    def buy(self, stop: Stop) -> Purchase:
        """Press the page's button, then the form's. `stop` ends the thinking."""
        url = f"{self.order_url}?sku={quote(self.sku, safe='')}{self.query}"
        try:
            answer = self.browser.open(url)
            if form := _Page(answer).form:
                stop.wait(self.thinks_seconds * self.draw())
                if self.leaves:
                    return Purchase(BuyResult.LEFT)
                answer = self.browser.open(url, form)
            return self._outcome(answer)
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            return Purchase(BuyResult.UNAVAILABLE)

    def _outcome(self, answer: PageAnswer) -> Purchase:
        if answer.status != 200:
            return _refused(answer)
        if urlsplit(answer.url).path != urlsplit(self.order_url).path:
            return Purchase(self._result_without_place(answer))
        page = _Page(answer)
        if found := _ORDER_ID.search(page.text):
            return Purchase(BuyResult.ORDERED, found[0])
        return Purchase(BuyResult.FULL if page.form else BuyResult.UNAVAILABLE)  # the form again: the place was lost

    def _result_without_place(self, page: PageAnswer) -> BuyResult:
        """For the pages of those without a place, `waiting/` and `ended/`, whose script reads the pointer."""
        pointer = parse_pointer(self.browser.open(pointer_url(page.body, page.url)).body)
        if pointer["state"] != "live":
            return _BY_STATE[pointer["state"]]
        waits = urlsplit(page.url).path.endswith("/waiting/")
        is_gone = {self.sku, "*"} & unavailable_skus(pointer)
        return BuyResult.FULL if waits and not is_gone else BuyResult.SOLD_OUT


def _refused(answer: PageAnswer) -> Purchase:
    refresh = answer.fields.get("refresh", "")
    again = float(refresh) if refresh.isdigit() else AGAIN_SECONDS
    if answer.status == 403:
        return Purchase(BuyResult.EARLY if refresh else BuyResult.NOBODY, again_seconds=again)
    return Purchase(BuyResult.UNAVAILABLE, again_seconds=again)


class _Page(HTMLParser):
    """The text of a page, and what its form would send."""

    def __init__(self, answer: PageAnswer) -> None:
        super().__init__()
        self.text = ""
        self.form: dict[str, str] = {}
        self.feed(answer.body.decode())

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "input" and (name := attributes.get("name")):
            self.form[name] = attributes.get("value") or ""
