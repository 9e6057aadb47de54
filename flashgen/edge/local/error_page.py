"""What a viewer sees instead of a page: small, and without any file that might be missing too."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;padding:2rem;box-sizing:border-box;"
    "font:1.125rem/1.6 system-ui,sans-serif;text-align:center}"
    "h1{margin:0 0 .5rem;font-size:2rem;line-height:1.2}p{margin:0;max-width:32rem}"
)

_TEXTS = {
    404: ("Page not found", "There is nothing at this address. Please check the link."),
    405: ("Not possible", "This address can only be looked at."),
    502: ("Something went wrong", "This page cannot be shown right now. Please try again in a moment."),
    503: ("One moment, please", "This page cannot be shown right now. Please try again in a moment."),
}

CONTENT_TYPE = "text/html; charset=utf-8"

#: Nothing but its own style, by digest: `style-src 'self'` of the site's policy would refuse it.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def shown_status(status: int) -> int:
    """What the viewer is told: without leave to list, S3 says 403 of what is merely missing."""
    return 404 if status == 403 else status


@lru_cache(maxsize=16)
def error_page(status: int) -> bytes:
    """A complete HTML page in UTF-8 for one of the statuses 404, 405, 502 and 503."""
    title, text = _TEXTS[status]
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n</body>\n</html>\n"
    )
    return page.encode()
