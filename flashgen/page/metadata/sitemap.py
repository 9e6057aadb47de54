"""The sitemaps of a sale: its pages in every language, for search engines. They name neither the pointer nor an asset.

The protocol: https://www.sitemaps.org/protocol.html; languages:
https://developers.google.com/search/docs/specialty/international/localized-versions#sitemap
"""

from __future__ import annotations

from collections.abc import Iterator

from flashgen.sale.model import Sale

BYTES_MAX = 10_000_000
"""Of one file. The protocol allows 50 MB and 50,000 addresses; an edge compresses up to 10 MB."""

URLS_MAX = 50_000

_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    b'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)
_FOOT = b"</urlset>\n"


def sitemaps(sale: Sale, site_url: str, bytes_max: int = BYTES_MAX) -> Iterator[tuple[str, bytes]]:
    """Each file's name and body: `sitemap.xml`, `sitemap-2.xml` and so on.

    None for a sale that search engines are not to list, and none without a `site_url`, as addresses must be absolute.
    """
    if sale.noindex or not site_url:
        return
    number, rows, size, urls = 1, [_HEAD], len(_HEAD), 0
    for page in ("", *(f"{product.slug}/" for product in sale.products)):
        row, count = _rows(sale, site_url, page), len(sale.languages)
        if urls and (size + len(row) > bytes_max or urls + count > URLS_MAX):
            yield _name(number), b"".join((*rows, _FOOT))
            number, rows, size, urls = number + 1, [_HEAD], len(_HEAD), 0
        rows.append(row)
        size, urls = size + len(row), urls + count
    yield _name(number), b"".join((*rows, _FOOT))


def _name(number: int) -> str:
    return "sitemap.xml" if number == 1 else f"sitemap-{number}.xml"


def _rows(sale: Sale, site_url: str, page: str) -> bytes:
    """A page in all languages. Ids, locales and slugs need no escape; an address of a project may hold an `&`."""
    top = f"{site_url}/{sale.id}/".replace("&", "&amp;").replace("'", "&apos;")
    urls = {one.locale: f"{top}{one.language_folder}{page}" for one in sale.languages}
    links = ""
    if sale.is_multilingual:
        default = urls[sale.locale] if page else top
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tag}" href="{url}"/>\n'
            for tag, url in {**urls, "x-default": default}.items()
        )
    return "".join(f"<url>\n<loc>{url}</loc>\n{links}</url>\n" for url in urls.values()).encode()
