"""Themes: finding them, what they hold, and rendering their templates."""

from flashgen.page.theme.find import UnknownTheme, find_theme, is_packaged, own_theme_names, theme_names
from flashgen.page.theme.theme import BASE_THEME, FALLBACK_LANGUAGE, Theme

__all__ = [
    "BASE_THEME",
    "FALLBACK_LANGUAGE",
    "Theme",
    "UnknownTheme",
    "find_theme",
    "is_packaged",
    "own_theme_names",
    "theme_names",
]
