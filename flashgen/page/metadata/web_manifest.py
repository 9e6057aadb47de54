"""The web manifest of a sale: what a home screen or a list of apps shows of it (https://www.w3.org/TR/appmanifest/).

The page stays in a browser (`display: browser`): there it has an address that can be shared, and a way back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from babel import Locale

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.brand.app_icons import AppIcon
from flashgen.sale.model import Sale

MANIFEST_NAME = "manifest.webmanifest"
"""The name by which a template asks for it: `asset("manifest.webmanifest")`."""


def web_manifest(sale: Sale, icons: Sequence[AppIcon], ground: str, accent: str) -> Asset:
    """The manifest of a sale in its language, as a file among the sale's assets, to which its links are relative.

    `ground` is the colour of the page before it is there, `accent` that of a browser's own parts around it.
    """
    manifest = {
        "name": sale.title,
        "lang": sale.locale,
        "dir": Locale.parse(sale.locale, sep="-").text_direction,
        "start_url": f"../{sale.language_folder}",
        "display": "browser",
        "background_color": ground,
        "theme_color": accent,
        "icons": [_row(icon) for icon in icons],
    }
    body = json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()
    return Asset(fingerprinted(MANIFEST_NAME, body).name, body, tuple(icon.asset for icon in icons))


def _row(icon: AppIcon) -> dict[str, str]:
    return {
        "src": icon.asset.name,
        "type": "image/png" if icon.side else "image/svg+xml",
        "sizes": f"{icon.side}x{icon.side}" if icon.side else "any",
        "purpose": "maskable" if icon.is_maskable else "any",
    }
