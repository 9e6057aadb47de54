"""Makes a sale's entry for the host's root."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from flashgen import timestamps
from flashgen.page.description import to_html
from flashgen.page.host.entry import HostEntry, HostLink
from flashgen.page.metadata.language_view import language_view
from flashgen.page.metadata.page_meta import shortened
from flashgen.page.render import Renderer
from flashgen.sale.model import Sale

_STYLE = re.compile('<link rel="stylesheet" href="[^"]*/assets/([^"]+)">')


def host_entry(sale: Sale, renderer: Renderer, favicon: bytes, site_url: str, sitemaps: Iterable[str]) -> HostEntry:
    """The entry of a sale, whose pages in the default language `renderer` makes. `sitemaps` are files in its folder."""
    styles = [f"{sale.id}/assets/{name}" for name in _STYLE.findall(renderer.ended_page().decode())]
    starts, ends, not_found = renderer.host_texts()
    views = [language_view(one, f"{sale.id}/{one.language_folder}") for one in sale.languages]
    return HostEntry(
        sale=sale.id,
        is_listed=not sale.noindex,
        links=tuple(HostLink(view.lang, view.dir, view.name, view.title, view.url) for view in views),
        description=shortened(to_html(sale.description)),
        starts_at=timestamps.to_text(sale.starts_at),
        starts=starts,
        ends=ends,
        url=site_url,
        sitemaps=tuple(f"{site_url}/{sale.id}/{name}" for name in sitemaps),
        styles=(*styles, f"{sale.id}/assets/{renderer.asset_name('host.css')}"),
        icon=f"{sale.id}/assets/{renderer.asset_name('icon.svg')}",
        favicon=base64.b64encode(favicon).decode(),
        not_found=not_found,
    )
