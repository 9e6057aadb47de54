"""A theme's css, js, images and fonts: what a page asks for, and what these files ask for in turn."""

from flashgen.page.assets.asset import Asset, fingerprinted, make_assets

__all__ = ["Asset", "fingerprinted", "make_assets"]
