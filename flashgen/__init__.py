"""A static site generator and CDN deployment CLI for flash sales."""

__version__ = "0.1.0"
