"""The theme `plain`: its texts, its languages and its weight."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from support.storefront import VERSION, Storefront, pointer
from support.visitor import Visitor

from flashgen.document.parse import read_document
from flashgen.packaged_files import packaged

LANGUAGES = [
    "ar",
    "bg",
    "bn",
    "ca",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "fa",
    "fi",
    "fr",
    "he",
    "hi",
    "hr",
    "hu",
    "id",
    "it",
    "ja",
    "ko",
    "ms",
    "nb",
    "nl",
    "pl",
    "pt",
    "pt-BR",
    "ro",
    "ru",
    "si",
    "sk",
    "sr",
    "sr-Latn",
    "sv",
    "th",
    "tr",
    "uk",
    "ur",
    "vi",
    "zh",
    "zh-Hant",
]
FIRST_FLIGHT_BYTES = 14_600
"""Ten segments of 1,460 bytes: what a server may send at once (RFC 6928)."""

ENDED_PAGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("scheduled", {}),
    ("live", {}),
    ("paused", {}),
    ("live", {"closed": ["*"]}),
    ("ended", {}),
)


def messages(language: str) -> dict[str, Any]:
    """The theme's texts in a language, from its file."""
    return read_document(packaged("themes") / "plain" / "messages" / f"{language}.yaml").data


def compressed_bytes(path: Path) -> int:
    """A file's size on the wire, by gzip."""
    return len(gzip.compress(path.read_bytes()))


def test_speaks_these_languages() -> None:
    """One file a language."""
    folder = packaged("themes") / "plain" / "messages"
    assert LANGUAGES == sorted(path.stem for path in folder.glob("*.yaml"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_complete(language: str) -> None:
    """The same messages as in English, none of them empty."""
    assert sorted(messages("en")) == sorted(key for key, text in messages(language).items() if text.strip())


def test_a_product_page_paints_after_the_first_flight(built_fair: Path) -> None:
    """HTML, css and js together; the script alone has 4 KB."""
    (css,) = built_fair.glob("fair/assets/plain.*.css")
    (script,) = built_fair.glob("fair/assets/page.*.js")
    html = built_fair / "fair" / "lamp" / "index.html"
    assert sum(map(compressed_bytes, (html, css, script))) <= FIRST_FLIGHT_BYTES
    assert compressed_bytes(script) <= 4 * 1024


def test_the_ended_page_shows_the_state_of_the_sale(visitor: Visitor, front: Storefront) -> None:
    """Five reasons for not getting a place, read from the pointer."""
    shown = {}
    for state, changed in ENDED_PAGE:
        front.pointers[VERSION] = pointer(state, **changed)
        visitor.open("ended/")
        shown[(state, *changed)] = visitor.tab.locator(".status p:visible").all_text_contents()
    assert {
        ("scheduled",): ["The sale has not started yet."],
        ("live",): ["The sale is still open. See what is left."],
        ("paused",): ["Orders are paused for a moment. This page goes on by itself."],
        ("live", "closed"): ["Everything is sold out. Thank you for your interest!"],
        ("ended",): ["The sale has ended."],
    } == shown


def test_without_javascript_the_ended_page_explains_itself(chromium: Browser, front: Storefront) -> None:
    """It cannot know the state of the sale, and does not guess."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front.url("ended/"))
    texts = page.locator(".notice p:visible").all_inner_texts()
    context.close()
    assert ["You did not get a place this time.", "No order was placed.", "Back to the sale"] == texts


def test_without_javascript_the_page_says_so(chromium: Browser, front: Storefront) -> None:
    """No dead countdown, no promise that the button will open."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front.url("lamp/"))
    visible = {name: page.locator(name).first.is_visible() for name in ("noscript p", ".countdown", ".status")}
    context.close()
    assert {"noscript p": True, ".countdown": False, ".status": False} == visible
