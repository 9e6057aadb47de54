"""The commented YAML that `flashgen new` writes, for people to read and change."""

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

    Times are aware; they are written to the second, with the offset of `timezone`. `feed` names a CSV file beside the
    YAML; without one there are two example products. Values are not checked.
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
        other="de" if locale != "de" else "en",
        products=_from_feed(id, feed) if feed else _examples(id, currency),
        gate=GATE,
        version=version,
    )


def _from_feed(id: str, feed: str) -> str:
    return _FEED.format(id=id, feed=json.dumps(feed, ensure_ascii=False))


def _examples(id: str, currency: str) -> str:
    places = digits(currency)
    prices = ("19.90", "39.90", "7.50") if places else ("1990", "3990", "750")
    price, list_price, other = (Decimal(text).quantize(Decimal(1).scaleb(-places)) for text in prices)
    return _PRODUCTS.format(id=id, price=price, list_price=list_price, other=other)


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
  # locales: [{locale}, {other}]  # in place of locale: several languages, as in `title: {{{locale}: …, {other}: …}}`
  # show_limit: true  # product pages say how many units are on sale in all: a product's `stock`
  # theme: spotlight  # for a few products; catalogue: 30 to 3,000, with search; plain: the least weight
  # noindex: true  # a secret sale: search engines are asked not to list it

{products}
order:
  servers: ["{gate}"]  # the order gate; several share the crowd
  # slots_per_server: 10  # buyers a server lets in at a time
  # lease: 3m  # how long a slot waits for its buyer
  # buyer: cookie  # or pass, as the shop signs it; or header:X-User-Id, which takes trusted_proxies
  # pass_url: https://shop.example.com/sign-in  # with buyer: pass, where buyers get one
  # trusted_proxies: [10.0.0.0/8]
  # max_per_buyer: 2  # units of all products together, over the whole sale
  # contact: [email, name, address, phone]  # the form asks guests for it
  # contact_days: 30  # then the gate deletes it
  # forward_to: https://orders.internal.example/api/orders  # where accepted orders go
  # checkout_origins: [https://checkout.example.com]  # where its answer may lead the buyer to pay
  # reservation: 15m  # how long a unit waits for its payment

unlock:
  version: {version}  # random; replaced by `flashgen rotate {id}`
  # edge_ttl_seconds: 1  # 0, 1 or 2; 0: every poll reaches the store

# brand:  # how any theme becomes a brand's own; in flashgen.yaml it is for all sales
#   name: Aurore
#   colours:  # the others are made from these; contrasts are checked
#     accent: "#0b6e4f"  # or {{light: "#0b6e4f", dark: "#4fd1a5"}}
#     background: "#ffffff"
#     text: "#10201a"
#   logo: logo.svg  # or {{light: logo.svg, dark: logo-white.svg}}
#   icon: mark.svg  # a square picture for the browser's tab
#   fonts:
#     text: [Text-Regular.woff2, Text-Bold.woff2]
#     display: Title.woff2  # headings, digits and prices
#   links:
#     imprint: https://www.example.com/imprint  # also privacy, terms and returns
#   note: Prices include VAT, plus shipping.
#   texts:  # in place of the theme's
#     buy: Get it now
"""

_FEED = """\
products:
  from: {feed}  # .xlsx, .ods, .csv, .tsv or .xml; `flashgen check` says how it is read
  # format: auto  # or flashgen, shopify, merchant
  # columns: {{sku: Article No., price: VK}}  # headings that are not recognised
  # where: {{status: active}}  # only the rows with this value
  # pictures that are URLs are brought in by `flashgen fetch-images {id}`
  # sheet: Sale  # of a workbook; the first by default
  # decimal: ","  # if the numbers can be read in two ways
"""

_PRODUCTS = """\
products:  # or a spreadsheet: {{from: products.csv}}
  - sku: SHIRT-1
    name: Blue shirt
    price: "{price}"
    list_price: "{list_price}"  # the price before, struck through
    stock: 100
    # gtin: "4006381333931"  # the number of its barcode, for search engines
    # slug: blue-shirt  # the page's part of the URL; made from the name
    # image: shirt.jpg  # beside this file
    # images: [shirt.jpg, shirt-back.jpg]  # or several; a URL is brought in by `flashgen fetch-images {id}`
    # category: Shirts  # for filters
    summary: Cotton, cut wide, one size.
    # specs: {{Material: cotton, Length: 72 cm}}  # a table on the product's page
    # description_format: markdown  # or html
    description: |
      Woven in one piece, **without a seam** at the shoulder.

      - 100 % cotton
      - machine washable
  - sku: MUG-1
    name: Enamel mug
    price: "{other}"
    stock: 40
"""
