"""GETs that nobody waits for take no place."""

from __future__ import annotations

import pytest
from support.running_gate import FOLDER, Browser, RunningGate

from flashgen.gate.metrics import Count

IN_INSTAGRAM = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21A329"
    " Instagram 301.0.0 [FBAN/FBIOS;FBAV/301]"
)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    "field",
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("X-Moz", "prefetch"),
        ("X-Purpose", "preview"),
    ],
)
def test_a_browser_that_fetches_ahead_is_told_to_come_later(running: RunningGate, field: tuple[str, str]) -> None:
    """And its buyer, who comes then, gets the form."""
    ahead = Browser(running, sends=(field,)).get()
    assert (503, "no-store", 0) == (ahead.status, ahead.one("cache-control"), running.in_use())
    assert "" == ahead.one("set-cookie")
    assert (200, 1, 1) == (Browser(running).get().status, running.in_use(), running.count(Count.SPECULATIVE))


@pytest.mark.parametrize(
    "agent",
    [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Jakarta Commons-HttpClient/3.1 +http://www.linkedin.com)",
    ],
)
def test_a_messenger_s_preview_is_of_the_sale(running: RunningGate, agent: str) -> None:
    """It shows its card."""
    answer = Browser(running, sends=(("User-Agent", agent),)).get()
    assert (303, FOLDER, 0) == (answer.status, answer.one("location"), running.in_use())


@pytest.mark.parametrize(
    "sends",
    [
        (("User-Agent", CHROME),),
        (("User-Agent", IN_INSTAGRAM),),
        (("Sec-Purpose", ""),),
        (("X-Moz", ""), ("Purpose", "")),
    ],
)
def test_everybody_else_is_a_buyer(running: RunningGate, sends: tuple[tuple[str, str], ...]) -> None:
    """Also without a `User-Agent`."""
    assert (200, 1) == (Browser(running, sends=sends).get().status, running.in_use())


def test_an_order_is_taken_whatever_the_browser_says_of_itself(running: RunningGate, browser: Browser) -> None:
    """An app that shows pages may call itself as its previews do: only the first GET has another answer."""
    browser.get()
    preview = Browser(running, cookie=browser.cookie, lease=browser.lease, sends=(("User-Agent", "WhatsApp/2.23"),))
    assert 303 == preview.post().status
    assert 1 == len(running.orders())
