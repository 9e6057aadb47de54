"""The demo's project: the packaged example, with a start a few seconds from now and a small stock."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click

from flashgen import timestamps
from flashgen.cli.runtime import now
from flashgen.document.yaml_edit import replace_scalar
from flashgen.packaged_files import packaged

EXAMPLE = "lantern-night"
STORAGE = "sqlite:.flashgen/gate-local.db"
"""Passed to every command, because FLASHGEN_STORAGE may name a storage that is not for demos."""

SKU = "LANTERN-L"
STOCK = 5
SLOTS = 3
OPENS_IN = timedelta(seconds=6)
LASTS = timedelta(minutes=10)

_EXAMPLE_STOCK = "stock: 100\n"
_EXAMPLE_SERVER = "http://127.0.0.1:8090"
_SETTINGS = """\
# The demo's sale starts in a moment, so nothing is frozen around its start.
freeze: {{before: 0s, after: 0s}}
targets:
  local: {{store: "dir:.flashgen/store", url: "{site}"}}
"""


@dataclass(frozen=True)
class Addresses:
    """Origins of the pages and of the gate, and the URL that orders are forwarded to; all on this machine."""

    site: str
    gate: str
    orders: str


@contextlib.contextmanager
def demo_folder(keep: Path | None) -> Iterator[Path]:
    """A temporary folder; or `keep`, which stays, and must be new or empty."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="flashgen-demo-") as name:
            yield Path(name)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise click.UsageError(f"--keep {keep}: the folder is not empty")
    yield keep.resolve()


def write_project(folder: Path, addresses: Addresses) -> None:
    """Write the example, which starts in OPENS_IN, with STOCK of SKU, and SLOTS at its one order server."""
    shutil.copytree(packaged("sale_configs"), folder / "sale_configs")
    (folder / "flashgen.yaml").write_text(_SETTINGS.format(site=addresses.site), encoding="utf-8")
    sale = folder / "sale_configs" / f"{EXAMPLE}.yaml"
    sale.write_text(_edited(sale.read_text(encoding="utf-8"), addresses), encoding="utf-8")


def _edited(text: str, addresses: Addresses) -> str:
    starts_at = now() + OPENS_IN
    for path, value in (
        (("sale", "starts_at"), timestamps.to_text(starts_at)),
        (("sale", "ends_at"), timestamps.to_text(starts_at + LASTS)),
        (("order", "slots_per_server"), str(SLOTS)),
        (("order", "forward_to"), addresses.orders),
    ):
        text = replace_scalar(text, path, value)
    return text.replace(_EXAMPLE_STOCK, f"stock: {STOCK}\n").replace(_EXAMPLE_SERVER, addresses.gate)
