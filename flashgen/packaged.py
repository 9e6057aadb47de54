"""Files that come with flashgen: inside the package in a wheel, at the top level in a checkout."""

from __future__ import annotations

from pathlib import Path


def packaged(name: str) -> Path:
    """The folder `name` (`themes`, `sale_configs`). An editable install does not see what a wheel includes by force."""
    here = Path(__file__).parent
    installed = here / name
    return installed if installed.is_dir() else here.parent / name
