"""What the preview bar says of a page: its weight, and its address in the sale's other languages."""

from __future__ import annotations

import gzip
import re
from pathlib import PurePosixPath

from flashgen.edge.rules.paths import public_path
from flashgen.page.check import CRITICAL_BYTES_MAX, loaded_names
from flashgen.page.site import Role, Site, SiteFile


def page_weight(site: Site, key: str) -> dict[str, int]:
    """How many bytes of HTML, css and js a page loads, compressed, as `check` counts them; empty for no page."""
    page = next((file for file in site.having(Role.PAGE) if file.key == key and key.endswith(".html")), None)
    if page is None:
        return {}
    names = loaded_names(site.body(page))
    loaded = [file for file in site.having(Role.ASSET) if PurePosixPath(file.key).name in names]
    sizes = {kind: sum(_size(site, file) for file in loaded if file.key.endswith(f".{kind}")) for kind in ("css", "js")}
    sizes["html"] = _size(site, page)
    return {**sizes, "total": sum(sizes.values()), "max": CRITICAL_BYTES_MAX}


def _size(site: Site, file: SiteFile) -> int:
    return len(gzip.compress(site.body(file), 6))


def same_page_in(site: Site, key: str) -> dict[str, str]:
    """Language tag → path of the page in that language; empty for a sale of one language.

    From a page that chooses a language it is that language's page.
    """
    if not site.is_multilingual:
        return {}
    keys = {file.key for file in site.having(Role.PAGE)}
    locales = sorted(
        {found[1] for each in keys if (found := re.fullmatch(rf"{site.sale}/([^/]+)/ended/index\.html", each))}
    )
    head, _, rest = key.removeprefix(f"{site.sale}/").partition("/")
    rest = rest if head in locales else key.removeprefix(f"{site.sale}/")
    names = {locale: f"{site.sale}/{locale}/{rest}" for locale in locales}
    return {locale: public_path(name) for locale, name in names.items() if name in keys}
