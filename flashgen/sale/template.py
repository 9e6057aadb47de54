"""The YAML of a new sale: what `flashgen new` writes, to be read and changed by people."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flashgen.sale.money import digits

SCHEMA_LINE = "# yaml-language-server: $schema=../.flashgen/sale.schema.json"
GATE = "http://127.0.0.1:8090"


def new_sale(
    id: str,
    version: str,
    starts_at: datetime,
    ends_at: datetime,
    timezone: str,
    currency: str,
    locale: str,
    feed: str | None = None,
) -> str:
    """The commented text of a sale that is valid as it is: every key is there, optional ones commented out.

    Times are aware, and written to the second with the offset of `timezone`; `feed` is a CSV file beside the YAML,
    without which there are two example products. The caller vouches for valid values.
    """
    zone = ZoneInfo(timezone)
    return _SALE.format(
        schema=SCHEMA_LINE,
        id=id,
        title=json.dumps(id.replace("-", " ").capitalize(), ensure_ascii=False),
        starts_at=starts_at.astimezone(zone).isoformat(timespec="seconds"),
        ends_at=ends_at.astimezone(zone).isoformat(timespec="seconds"),
        timezone=timezone,
        currency=currency,
        locale=locale,
        products=_from_feed(feed) if feed else _examples(currency),
        gate=GATE,
        version=version,
    )


def _from_feed(feed: str) -> str:
    return _FEED.format(feed=json.dumps(feed, ensure_ascii=False))


def _examples(currency: str) -> str:
    places = digits(currency)
    prices = ("19.90", "39.90", "7.50") if places else ("1990", "3990", "750")
    price, list_price, other = (Decimal(text).quantize(Decimal(1).scaleb(-places)) for text in prices)
    return _PRODUCTS.format(price=price, list_price=list_price, other=other)


_SALE = """\
{schema}
# Editors complete the keys and explain them. Check this file with `flashgen check {id}`.
sale:
  id: {id}  # names the page's URL and this file; a-z, 0-9 and hyphens
  title: {title}
  # description: |
  #   A text in *Markdown* above the products.
  starts_at: "{starts_at}"  # or "YYYY-MM-DD HH:MM", read in `timezone`
  ends_at: "{ends_at}"
  timezone: {timezone}
  currency: {currency}
  locale: {locale}  # language, numbers, money and dates of the page
  # theme: spotlight

{products}
order:
  servers: ["{gate}"]  # the order gate; several share the crowd
  # slots_per_server: 10  # buyers a server lets in at a time
  # lease: 3m  # how long a slot waits for its buyer
  # buyer: cookie  # or header:X-User-Id, which takes trusted_proxies
  # trusted_proxies: [10.0.0.0/8]
  # forward_to: https://orders.internal.example/api/orders  # where accepted orders go

unlock:
  version: {version}  # random; replaced by `flashgen rotate {id}`
  # edge_ttl_seconds: 1  # 0, 1 or 2; 0: every poll reaches the store
"""

_FEED = """\
products:
  from: {feed}  # columns: sku name price, and if you like slug list_price stock image summary description
"""

_PRODUCTS = """\
products:  # or a spreadsheet: {{from: products.csv}}
  - sku: SHIRT-1
    name: Blue shirt
    price: "{price}"
    list_price: "{list_price}"  # the price before, struck through
    stock: 100
    # slug: blue-shirt  # the page's part of the URL; made from the name
    # image: shirt.jpg  # beside this file
    summary: Cotton, cut wide, one size.
    description: |
      Woven in one piece, **without a seam** at the shoulder.

      - 100 % cotton
      - machine washable
  - sku: MUG-1
    name: Enamel mug
    price: "{other}"
    stock: 40
"""
