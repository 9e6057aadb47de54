"""Small projects to build, and their results."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

from flashgen.store import FolderStore

FIELDS = {
    "title": "Night",
    "starts_at": '"2027-11-27T09:00:00Z"',
    "ends_at": '"2027-11-27T21:00:00Z"',
    "currency": "EUR",
}

PRODUCTS = """\
products:
  - {sku: LAMP, name: Lamp, price: "19.90", list_price: "39.90", summary: Bright, description: "A *lamp*."}
  - {sku: MUG, name: Mug, price: "5.00"}
  - {sku: RUG, name: Rug, price: "99.00"}
"""

REST = """\
order:
  servers: [https://order.example.com]
unlock: {version: abcdefgh23}
"""


def write_sale(root: Path, products: str = PRODUCTS, **fields: str) -> Path:
    """`sale_configs/night.yaml` in the project at `root`; `fields` replace or add to its `sale` section."""
    path = root / "sale_configs" / "night.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"  {key}: {value}\n" for key, value in {"id": "night", **FIELDS, **fields}.items()]
    path.write_text(f"sale:\n{''.join(lines)}{products}{REST}", encoding="utf-8")
    return path


def write_feed(root: Path, count: int, **fields: str) -> Path:
    """The same sale with `count` products from a feed."""
    path = write_sale(root, "products: {from: feed.csv}\n", **fields)
    rows = [f"S-{n},Thing {n},{n}.90,Made of **part {n}**.\n" for n in range(1, count + 1)]
    (path.parent / "feed.csv").write_text("sku,name,price,description\n" + "".join(rows), encoding="utf-8")
    return path


def write_theme(root: Path, name: str, files: Mapping[str, str | bytes]) -> Path:
    """`themes/<name>/` with these files."""
    folder = root / "themes" / name
    for file, body in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return folder


def store_of(project: Path) -> FolderStore:
    """The store of the project's local target."""
    return FolderStore(project / ".flashgen" / "store")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` by its path; empty when there is no such folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def png(width: int = 4, height: int = 3, *, declared: tuple[int, int] | None = None) -> bytes:
    """A PNG of one colour; with `declared` its header claims another size than its pixels have."""
    rows = (b"\0" + b"\x10\x80\x20" * width) * height
    header = struct.pack(">IIBBBBB", *(declared or (width, height)), 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def start(root: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """`python -m flashgen` in a process of its own, standing in `root`."""
    return subprocess.Popen(
        [sys.executable, "-m", "flashgen", *arguments],
        cwd=root,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err
