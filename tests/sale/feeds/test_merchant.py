"""Google Merchant feeds: TSV, RSS and Atom."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.feeds import feed_of, refusal_of

TSV = """\
id\ttitle\tdescription\timage_link\tadditional_image_link\tavailability\tprice\tsale_price\titem_group_id\tcolor\tsize
L-1\tLamp\tWarm & bright\ta.jpg\tb.jpg,c.jpg\tin stock\t19.90 EUR\t9.90 EUR\tL\toak\tS
L-2\tLamp\tWarm & bright\thttps://cdn.example/d.jpg\t\tout_of_stock\t19.90 EUR\t\tL\toak\tM
M-1\tMug\t<p>Blue</p>\t\t\tin stock\t7.50 EUR\t\t\t\t
"""


def xml_of(tsv: str, kind: str, prefix: str = "g:") -> str:
    """The same feed in XML, as RSS or as Atom."""
    header, *rows = [line.split("\t") for line in tsv.splitlines()]
    item, start, end = {
        "rss": ("item", '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>', "</channel></rss>"),
        "atom": (
            "entry",
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">',
            "</feed>",
        ),
    }[kind]

    def element(name: str, text: str) -> str:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        values = escaped.split(",") if name == "additional_image_link" else [escaped]
        return "".join(f"<{prefix}{name}>{value}</{prefix}{name}>" for value in values if value)

    items = (f"<{item}>{''.join(map(element, header, row))}</{item}>\n" for row in rows)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{start}\n{"".join(items)}{end}\n'


FEEDS = {
    "tsv": TSV,
    "csv": TSV.replace("b.jpg,c.jpg", '"b.jpg,c.jpg"').replace("\t", ","),
    "rss": xml_of(TSV, "rss"),
    "atom": xml_of(TSV, "atom"),
    "rss without g": xml_of(TSV, "rss", ""),
}


@pytest.mark.parametrize("kind", FEEDS)
def test_every_form_of_a_feed_gives_the_same_products(tmp_path: Path, kind: str) -> None:
    """The sale price is the price; item groups with one name are told apart; what is out of stock has none."""
    feed = feed_of(tmp_path, FEEDS[kind])
    assert feed.rows == (
        {
            **{"sku": "L-1", "name": "Lamp – oak / S", "slug": "lamp-oak-s", "price": "9.90", "list_price": "19.90"},
            **{"description": "Warm & bright", "images": "a.jpg\nb.jpg\nc.jpg"},
        },
        {
            **{"sku": "L-2", "name": "Lamp – oak / M", "slug": "lamp-oak-m", "price": "19.90", "stock": "0"},
            **{"description": "Warm & bright", "images": "https://cdn.example/d.jpg"},
        },
        {
            **{"sku": "M-1", "name": "Mug", "slug": "mug", "price": "7.50"},
            **{"description": "<p>Blue</p>", "description_format": "html"},
        },
    )
    assert ("merchant", 3, 2) == (
        feed.understanding.format,
        feed.understanding.variants,
        feed.understanding.products,
    )


def test_values_of_google_go_before_those_of_rss(tmp_path: Path) -> None:
    """A feed may have both; nested elements belong to something else."""
    item = "<title>Web title</title><g:id>A</g:id><g:title>Lamp</g:title><g:price>5 EUR</g:price>"
    item += (
        "<price>9 EUR</price><g:shipping><g:price>9 EUR</g:price></g:shipping><g:availability>in stock</g:availability>"
    )
    feed = feed_of(
        tmp_path, f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item>{item}</item></channel></rss>'
    )
    assert [("Lamp", "5")] == [(row["name"], row["price"]) for row in feed.rows]


def test_a_price_in_another_currency_is_named_with_its_line(tmp_path: Path) -> None:
    """XML has lines, and no columns."""
    (problem,) = refusal_of(tmp_path, FEEDS["rss"].replace("7.50 EUR", "7.50 USD"))
    assert ('`price` is in USD, and the sale in EUR: found "7.50 USD"', 5, 0) == (
        problem.message,
        problem.where.line,
        problem.where.column,
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<rss><item><id>A</id></rss>", "not well-formed XML: mismatched tag"),
        ("<rss><channel></channel></rss>", "the XML has no `item` or `entry`"),
        (
            '<!DOCTYPE x [<!ENTITY a "b">]><rss><item><id>&a;</id></item></rss>',
            "XML that declares entities is not read",
        ),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><rss></rss>', "the XML has no `item` or `entry`"),
        ('<?xml version="1.0" encoding="what"?><rss/>', "XML in an unknown encoding"),
    ],
)
def test_xml_that_is_no_feed_is_one_problem(tmp_path: Path, body: str, message: str) -> None:
    """No entity is expanded, no other file read."""
    (problem,) = refusal_of(tmp_path, body)
    assert message == problem.message


@pytest.mark.parametrize(
    ("written", "category"),
    [("Home > Light > Lamps", "Lamps"), ("Lamps", "Lamps"), ("Home > Lamps,Home > Light", "Lamps"), ("", None)],
)
def test_category_is_the_last_part_of_the_first_product_type(
    tmp_path: Path, written: str, category: str | None
) -> None:
    """A filter shows one word, not a path."""
    feed = feed_of(tmp_path, f"id\ttitle\tprice\tgtin\tproduct_type\nL-1\tLamp\t1 EUR\t\t{written}\n")
    assert category == feed.rows[0].get("category")


def test_googles_category_counts_without_one_of_the_shop(tmp_path: Path) -> None:
    """Its last part, unless it is written as a number."""
    header = "id\ttitle\tprice\tgoogle_product_category\tproduct_type\n"
    rows = "A\tLamp\t1 EUR\tHome > Lighting\tLamps\nB\tMug\t1 EUR\tHome > Cups\t\nC\tHat\t1 EUR\t173\t\n"
    assert ["Lamps", "Cups", None] == [row.get("category") for row in feed_of(tmp_path, header + rows).rows]
