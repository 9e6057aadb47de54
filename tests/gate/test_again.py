"""Asking again without JavaScript: the gate remembers what a browser asked for, and is nobody's way elsewhere."""

from __future__ import annotations

import pytest
from support.running_gate import SITE, Browser, RunningGate, order_path

from flashgen.gate.metrics import Count


def again(running: RunningGate, cookie: str) -> str:
    """Where `/again` leads."""
    answer = Browser(running, cookie=cookie).ask("GET", "/again")
    assert 303 == answer.status
    return answer.one("location")


def test_a_full_house_is_asked_again(running: RunningGate) -> None:
    """For the same thing; the cookie goes to no other path, and no script reads it."""
    running.push(slots_per_server=1)
    Browser(running).get("MUG")
    cookie = Browser(running).get("LAMP").one("set-cookie")
    assert "Max-Age=3600; Path=/again; HttpOnly; SameSite=Lax; Secure" == cookie.partition("; ")[2]
    assert order_path("LAMP") == again(running, cookie.partition(";")[0])


@pytest.mark.parametrize(
    "target",
    [
        "",
        "//evil.example/o/x?sku=LAMP",
        "https://evil.example/o/x?sku=LAMP",
        "/pass?p=x",
        "/o/../pass?p=x",
        "/o/x.y",
        "/o/x?sku=a\nb",
        "/o/" + "x" * 5000 + "?sku=LAMP",
    ],
)
def test_a_cookie_that_was_changed_leads_to_the_sales(running: RunningGate, target: str) -> None:
    """It could lead to another site, or do what its owner does not want."""
    assert SITE == again(running, f"flashgen_again={target}")


def test_no_storage_is_asked(running: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for who remembers nothing."""
    monkeypatch.setattr(running.storage, "decide", None)
    assert SITE == again(running, "")
    assert 0 == running.count(Count.BUGS)
