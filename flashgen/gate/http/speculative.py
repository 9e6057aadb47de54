"""Requests that no buyer waits for: a browser that fetches a link ahead, and a messenger that makes a preview of one.

Neither takes a place: it would be held for nobody until its time is over.
"""

from __future__ import annotations

import re

from flashgen.gate.http.request import Scope, header_values
from flashgen.gate.http.response import TEXT, Reply, redirect, reply
from flashgen.gate.metrics import Count

#: Fetch, 3.1 has `Sec-Purpose`; `Purpose`, `X-Purpose` and `X-Moz` are of older Chromium, Safari and Firefox.
_FIELDS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_AHEAD = re.compile(r"prefetch|prerender|preview", re.I)

#: Programs that fetch the links in messages, by what their makers say that they send as `User-Agent`. A search engine
#: has no token. The browsers inside of messengers are not among them: they have buyers.
_PREVIEWERS = re.compile(
    r"facebookexternalhit|facebookcatalog|meta-externalfetcher|WhatsApp/|Twitterbot|Slackbot|Slack-ImgProxy|"
    r"TelegramBot|Discordbot|LinkedInBot|Pinterestbot|redditbot|SkypeUriPreview|MicrosoftPreview|Mastodon/|"
    r"Iframely|Embedly|BingPreview|Google-PageRenderer|kakaotalk-scrap",
    re.I,
)

_LATER = reply(503, b"Not ahead of time.\n", TEXT, Count.SPECULATIVE, (("Retry-After", "1"),))
"""A browser drops a failed speculation, and asks again when its user comes (Speculation Rules, "prefetch")."""


def unasked(scope: Scope, sale_page: str) -> Reply | None:
    """The answer to such a GET: none yet to a browser, the sale's page to a messenger; None for a buyer's."""
    if any(_AHEAD.search(value) for name in _FIELDS for value in header_values(scope, name)):
        return _LATER
    if any(_PREVIEWERS.search(value) for value in header_values(scope, b"user-agent")):
        return redirect(sale_page, Count.SPECULATIVE)
    return None
