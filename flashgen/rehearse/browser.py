"""What shoppers and buyers ask the web with: one request at a time, with cookies, and redirects followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A response, of whatever status. `url` is the last of all redirects; names of `fields` are in lower case."""

    status: int
    url: str
    fields: Mapping[str, str]
    body: bytes


class Browser(Protocol):
    """One person's."""

    def open(self, url: str, form: Mapping[str, str] | None = None) -> PageAnswer:
        """GET, or POST of a form. Raises OSError or HTTPException without an answer in ANSWER_SECONDS."""


class PlainBrowser:
    """By the standard library alone; the environment's proxies are not used."""

    def __init__(self) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))

    def open(self, url: str, form: Mapping[str, str] | None = None) -> PageAnswer:
        """As a Browser."""
        body = urlencode(form).encode() if form else None
        try:
            response = self._opener.open(url, body, ANSWER_SECONDS)
        except HTTPError as error:
            response = error
        with response:
            fields = {name.lower(): value for name, value in response.headers.items()}
            return PageAnswer(response.status, response.url, fields, response.read())
