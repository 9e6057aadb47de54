"""Structured data by schema.org, as JSON-LD: what a page sells, when, and where it is in the site.

Nothing here depends on the sale's state, because a page is cached in every state. So an offer has no `availability`:
whichever was written, a sale that opens, sells out or ends would make it false. It has what holds in every state: a
price, and when that price is valid.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from flashgen import timestamps
from flashgen.sale.model import Product, Sale

Node = dict[str, Any]
"""A thing of schema.org."""


def product_node(sale: Sale, product: Product, description: str, url: str, images: Sequence[str]) -> Node:
    """A product with its offer. `url` and `images` are absolute; empty where the public address is not known."""
    offer = {
        "@type": "Offer",
        "price": f"{product.price:f}",
        "priceCurrency": sale.currency,
        "validFrom": timestamps.to_text(sale.starts_at),
        "validThrough": timestamps.to_text(sale.ends_at),
        "priceValidUntil": sale.ends_at.astimezone(sale.zone).date().isoformat(),
        "url": url,
    }
    return _filled(
        {
            "@type": "Product",
            "name": product.name,
            "description": description,
            "sku": product.sku,
            "gtin": product.gtin,
            "image": list(images),
            "url": url,
            "offers": _filled(offer),
        }
    )


def breadcrumb_node(steps: Sequence[tuple[str, str]]) -> Node:
    """The way to a page, from the top: the name and the absolute address of each page."""
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": {"@type": "WebPage", "@id": url}}
        for place, (name, url) in enumerate(steps, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def sale_node(sale: Sale, description: str, url: str, images: Sequence[str]) -> Node:
    """The sale as an event on the web, with the range of its prices."""
    prices = [product.price for product in sale.products]
    return _filled(
        {
            "@type": "SaleEvent",
            "name": sale.title,
            "description": description,
            "startDate": timestamps.to_text(sale.starts_at),
            "endDate": timestamps.to_text(sale.ends_at),
            "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
            "location": {"@type": "VirtualLocation", "url": url} if url else "",
            "inLanguage": sale.locale,
            "image": list(images),
            "url": url,
            "offers": _filled(_range(sale, prices, url)) if prices else "",
        }
    )


def _range(sale: Sale, prices: Sequence[Decimal], url: str) -> Node:
    return {
        "@type": "AggregateOffer",
        "lowPrice": f"{min(prices):f}",
        "highPrice": f"{max(prices):f}",
        "priceCurrency": sale.currency,
        "offerCount": len(prices),
        "validFrom": timestamps.to_text(sale.starts_at),
        "validThrough": timestamps.to_text(sale.ends_at),
        "url": url,
    }


def rendered(nodes: Sequence[Node]) -> Markup:
    """The content of a page's `application/ld+json` element, which it cannot end early; empty for no nodes."""
    if not nodes:
        return Markup()
    top: Node = {"@graph": list(nodes)} if len(nodes) > 1 else nodes[0]
    text = json.dumps({"@context": "https://schema.org", **top}, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _filled(node: Node) -> Node:
    """Without what is empty."""
    return {key: value for key, value in node.items() if value not in ("", [])}
