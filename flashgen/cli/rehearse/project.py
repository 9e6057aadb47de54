"""The project of a rehearsal: the real one's sale, pictures, themes and settings, with another start, gate and target.

It lies in `.flashgen/rehearsal/` of the real project, with a store, a secret and orders of its own.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flashgen import timestamps
from flashgen.document.parse import read_document
from flashgen.errors import Refused
from flashgen.project import Project

LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class StageAddresses:
    """Origins of pages and of the gate, and the URL that orders are forwarded to; all on this machine."""

    site: str
    gate: str
    orders: str


@contextmanager
def rehearsal_folder(project: Project) -> Iterator[Path]:
    """A new folder with links to the project's files; it is removed afterwards, and what an earlier one left, now.

    Raises Refused while another rehearsal of the project runs.
    """
    folder = project.root / ".flashgen" / "rehearsal"
    _remove_leftover(folder)
    (folder / ".flashgen" / "cache").parent.mkdir(parents=True)
    (folder / "pid").write_text(str(os.getpid()), encoding="ascii")
    try:
        cache = project.root / ".flashgen" / "cache"
        cache.mkdir(exist_ok=True)
        (folder / ".flashgen" / "cache").symlink_to(cache)
        for name in ("sale_configs", "themes"):
            if (project.root / name).is_dir():
                shutil.copytree(project.root / name, folder / name, copy_function=_link_or_copy)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_settings(project: Project, folder: Path, site: str) -> None:
    """flashgen.yaml: what pages are made with stays; targets, the secret, hooks and the freeze are the rehearsal's."""
    file = project.settings_file
    settings: dict[str, Any] = dict(read_document(file).data) if file.is_file() else {}
    for name in ("default_target", "hooks", "pass_keys", "secret"):
        settings.pop(name, None)
    settings["targets"] = {"local": {"store": "dir:.flashgen/store", "url": site}}
    settings["freeze"] = {"before": "0s", "after": "0s"}
    (folder / "flashgen.yaml").write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
    (folder / ".flashgen" / "secret").write_text(f"{secrets.token_hex(32)}\n", encoding="ascii")
    (folder / ".flashgen" / "secret").chmod(0o600)


def write_sale(
    project: Project, folder: Path, sale: str, starts_at: datetime, addresses: StageAddresses, stock: int | None
) -> None:
    """The sale's YAML with another start and gate; with `stock` no product has more than that.

    A feed's stock stays as it is. Raises Refused for a sale without `order`.
    """
    path = project.sale_path(sale)
    data: dict[str, Any] = dict(read_document(path).data)
    if not isinstance(data.get("order"), dict):
        raise Refused(f"{sale} has no `order` section: there is no gate to rehearse", "add `order: {servers: [...]}`")
    times = {"starts_at": timestamps.to_text(starts_at), "ends_at": timestamps.to_text(starts_at + LASTS)}
    data["sale"] = {**data["sale"], **times}
    order = {key: value for key, value in data["order"].items() if key in ("slots_per_server", "lease")}
    data["order"] = {**order, "servers": [addresses.gate], "forward_to": addresses.orders}
    if stock is not None and isinstance(data["products"], list):
        data["products"] = [_with_stock(product, stock) for product in data["products"]]
    target = folder / "sale_configs" / path.name
    target.unlink(missing_ok=True)  # it may be a link to the real one, which must not be written
    target.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def _with_stock(product: Any, stock: int) -> Any:
    written = str(product.get("stock", "")) if isinstance(product, dict) else ""
    return {**product, "stock": str(min(stock, int(written)) if written.isdigit() else stock)}


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _remove_leftover(folder: Path) -> None:
    pid_file = folder / "pid"
    if pid_file.is_file() and _is_alive(pid_file.read_text(encoding="ascii")):
        raise Refused("a rehearsal of this project is running", "wait for its end")
    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
