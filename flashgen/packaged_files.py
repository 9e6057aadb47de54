"""Files that come with flashgen: inside the package in a wheel, at the top level in a checkout."""

from __future__ import annotations

from pathlib import Path


def packaged(name: str) -> Path:
    """The folder `name` (`themes`, `sale_configs`). It is inside the package only in a wheel, which copies it there."""
    here = Path(__file__).parent
    installed = here / name
    return installed if installed.is_dir() else here.parent / name
