"""The gate as one would write it in an afternoon: FastAPI, redis-py, two scripts. benchmarks/gate.py compares with it.

It has the gate's rules where buyers come through: the token, the buyer's existing order, the window, a slot with a
time-out, a unit. It lacks what makes a gate safe to run: limits by address, a reading that goes stale, slots that come
back when a client leaves, an outbox, a pointer that can pause it.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Sequence
from html import escape
from typing import Annotated, Any

import redis
from fastapi import Cookie, FastAPI, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, Signer, URLSafeSerializer
from redis.asyncio import Redis

SECRET = "0" * 64
SALE, ENDED = "night", "http://127.0.0.1:8080/night/ended/"
SLOTS, LEASE_SECONDS = 10**9, 600
PRICES = {"LAMP": "19.90", "MUG": "5.00"}

ENTER = """
local order = redis.call('HGET', KEYS[1], ARGV[1])
if order then return {'order', order} end
if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[2]) then return {'sold-out'} end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[3])
local lease = redis.call('HGET', KEYS[4], ARGV[1])
if lease and redis.call('ZSCORE', KEYS[3], ARGV[1]) then return {'lease', lease} end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[4]) then return {'full'} end
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[6])
return {'lease', ARGV[6]}
"""
BUY = """
local order = redis.call('HGET', KEYS[1], ARGV[1])
if order then return {'order', order} end
if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[4] then return {'full'} end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[2]) then return {'sold-out'} end
redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('LPUSH', KEYS[5], ARGV[3])
return {'order', ARGV[3]}
"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>
<link rel="stylesheet" href="http://127.0.0.1:8080/night/assets/gate.css"></head>
<body><main><h1>{name}</h1><p>{price}</p><form method="post"><input type="hidden" name="lease" value="{lease}">
<dl><dt>Shipping</dt><dd>Standard</dd><dt>Payment</dt><dd>On account</dd></dl>
<button>Order now</button></form></main></body></html>
"""
ORDERED = "<!doctype html><title>Thank you</title><h1>Thank you</h1><p>{order}</p>"

token_signer = URLSafeSerializer(SECRET, "token")
cookie_signer = Signer(SECRET, "cookie")
lease_signer = URLSafeSerializer(SECRET, "lease")

app = FastAPI()
storage: Any = Redis.from_url(os.environ.get("BASELINE_REDIS", "redis://127.0.0.1:6379/0"), decode_responses=True)
enter = storage.register_script(ENTER)
buy = storage.register_script(BUY)
stock = int(os.environ.get("BASELINE_STOCK", "1"))


@app.get("/o/{token}")
async def show(token: str, sku: str, flashgen_buyer: Annotated[str, Cookie()] = "") -> Response:
    """A form, the order that the buyer has, or the way out."""
    now = time.time()
    if not _is_open(token, now) or sku not in PRICES:
        return _ended()
    buyer = _buyer(flashgen_buyer) or secrets.token_urlsafe(15)
    fresh = secrets.token_urlsafe(15)
    said = await enter(keys=keys(sku), args=[buyer, stock, now, SLOTS, now + LEASE_SECONDS, fresh])
    if said[0] == "order":
        return HTMLResponse(ORDERED.format(order=escape(said[1])))
    if said[0] != "lease":
        return _ended()
    lease = lease_signer.dumps([buyer, said[1]])
    page = HTMLResponse(PAGE.format(name=escape(sku), price=PRICES[sku], lease=lease))
    page.headers["Cache-PointerWriter"] = "no-store"
    page.set_cookie("flashgen_buyer", cookie_signer.sign(buyer).decode(), max_age=30 * 86400, httponly=True)
    return page


@app.post("/o/{token}")
async def order(
    token: str, sku: str, lease: Annotated[str, Form()], flashgen_buyer: Annotated[str, Cookie()] = ""
) -> Response:
    """An order, and the way to its page."""
    buyer = _buyer(flashgen_buyer)
    if not _is_open(token, time.time()) or sku not in PRICES or not buyer:
        return _ended()
    try:
        holder, held = lease_signer.loads(lease)
    except BadSignature:
        return _ended()
    if holder != buyer:
        return _ended()
    placed = {"id": secrets.token_urlsafe(15), "sku": sku, "buyer": buyer, "price": PRICES[sku], "at": time.time()}
    said = await buy(keys=keys(sku), args=[buyer, stock, json.dumps(placed), held])
    return RedirectResponse(f"/o/{token}?sku={sku}", 303) if said[0] == "order" else _ended()


def _is_open(token: str, now: float) -> bool:
    try:
        claims = token_signer.loads(token)
    except BadSignature:
        return False
    return bool(claims["sale"] == SALE and claims["not_before"] <= now < claims["expires"])


def _buyer(cookie: str) -> str:
    try:
        return cookie_signer.unsign(cookie).decode()
    except BadSignature:
        return ""


def _ended() -> Response:
    return RedirectResponse(ENDED, 303, {"Cache-PointerWriter": "no-store"})


def keys(sku: str) -> list[str]:
    """Orders by buyer, units taken, slots, leases, the outbox."""
    return [f"base:{sku}:{part}" for part in ("orders", "taken", "slots", "leases", "outbox")]


def token() -> str:
    """A token that is good now."""
    now = int(time.time())
    return str(token_signer.dumps({"sale": SALE, "epoch": 1, "not_before": now - 60, "expires": now + 86400}))


def let_in(client: redis.Redis, buyers: Sequence[str], sku: str) -> list[tuple[str, str]]:
    """Give each of `buyers` a slot: their cookie's value, and the lease as a form carries it."""
    script, now = client.register_script(ENTER), time.time()
    pipe = client.pipeline(transaction=False)
    for buyer in buyers:
        script(keys(sku), [buyer, 10**9, now, SLOTS, now + LEASE_SECONDS, f"l{buyer}"], client=pipe)
    pipe.execute()
    return [(cookie_signer.sign(one).decode(), str(lease_signer.dumps([one, f"l{one}"]))) for one in buyers]
