"""The shape of the code, read from its imports: who may know whom, and which library lives where."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "flashgen"

MAY_IMPORT = {
    "errors": set(),
    "hint": set(),
    "timestamps": set(),
    "typed_json": {"errors", "timestamps"},
    "packaged_files": set(),
    "finding": set(),
    "layout": set(),
    "files": set(),
    "http_server": {"errors"},
    "cache_control": set(),
    "document": {"errors"},
    "addresses": {"document"},
    "proxies": {"errors"},
    "whole_head": set(),
    "timed_http": {"proxies", "whole_head"},
    "sale": {"errors", "document", "addresses"},
    "aws": {"errors", "proxies", "whole_head"},
    "store": {"errors", "typed_json", "files", "proxies", "aws"},
    "unlock": {"errors", "timestamps", "typed_json", "sale", "store"},
    "hooks": {"errors", "timestamps", "timed_http", "addresses", "document", "sale", "aws", "unlock"},
    "passes": {"errors", "typed_json"},
    "gate": {
        "errors",
        "passes",
        "timestamps",
        "typed_json",
        "addresses",
        "timed_http",
        "http_server",
        "files",
        "unlock",
        "hooks",
        "store",
    },
    "page": {
        "errors",
        "timestamps",
        "typed_json",
        "files",
        "cache_control",
        "packaged_files",
        "document",
        "sale",
        "store",
        "unlock",
        "gate",
    },
    "fetch": {"errors", "files", "proxies", "sale", "page"},
    "release": {"errors", "timestamps", "typed_json", "page", "store", "unlock"},
    "verify": {"errors", "timestamps", "finding", "proxies", "cache_control", "store", "unlock", "release", "edge"},
    "project": {"errors", "addresses", "document", "sale", "page", "store", "aws", "hooks"},
    "edge": {"errors", "http_server", "addresses", "cache_control", "store", "aws"},
    "forecast": {"errors", "cache_control", "document", "sale", "unlock", "page", "edge"},
    "rehearse": {"errors", "timestamps", "store", "unlock"},
    "doctor": {
        *("errors", "timestamps", "finding", "addresses"),
        *("sale", "page", "unlock", "release", "verify", "store", "aws", "edge", "gate", "hooks", "passes"),
    },
    "cli": {
        *(
            "errors",
            "timestamps",
            "typed_json",
            "packaged_files",
            "finding",
            "files",
            "http_server",
            "addresses",
            "proxies",
            "project",
            "passes",
        ),
        *(
            "document",
            "sale",
            "page",
            "fetch",
            "unlock",
            "release",
            "verify",
            "store",
            "aws",
            "edge",
            "doctor",
            "forecast",
            "rehearse",
            "gate",
            "hooks",
        ),
    },
}
"""Imports go one way. `unlock` never knows `page` or `release`: that is why go-live cannot render or upload.

Of `gate` build knows what gate.json says and how pages are filled; the gate knows nothing of build.
"""

LIVES_IN = {
    "yaml": ["document/parse.py"],
    "jinja2": ["page/theme/templates.py"],
    "itsdangerous": ["unlock/token.py"],
    "boto3": ["aws/", "store/s3/"],
    "botocore": ["aws/", "store/"],
    "click": ["cli/"],
    "rich": ["cli/"],
    "cmarkgfm": ["page/description.py"],
    "nh3": ["page/description.py"],
    "cryptography": ["passes/keys.py", "gate/contact.py"],
    "jwt": ["passes/keys.py"],
    "locust": ["rehearse/crowd/"],
    "PIL": ["page/pictures/", "page/brand/"],
    "publicsuffixlist": ["addresses.py"],
    "fontTools": ["page/brand/", "page/pictures/card_text.py"],
    "resvg_py": ["page/brand/logo.py"],
    "python_calamine": ["sale/feeds/files/workbook.py"],
    "redis": ["gate/storage/redis/"],
    "sqlite3": ["gate/storage/sqlite/"],
    "tinycss2": ["page/assets/references.py"],
    "urllib3": [
        *("fetch/download.py", "verify/viewer.py", "timed_http.py"),
        *("gate/orders/order_subsystem.py", "hooks/delivery.py"),
    ],
    "standardwebhooks": ["hooks/delivery.py", "hooks/verification.py"],
    "uvicorn": ["http_server.py", "edge/local/serving.py", "gate/"],
    "watchfiles": ["cli/file_watch.py"],
}


def modules() -> list[Path]:
    """Every source file of the package."""
    return sorted(PACKAGE.rglob("*.py"))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """The dotted names a file imports, wherever in the file."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_package(dotted: str) -> str | None:
    """`sale` for `flashgen.sale.model.Sale`; None for what is not flashgen's."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "flashgen" and len(parts) > 1 else None


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_go_one_way(package: str) -> None:
    """No package knows one that comes after it."""
    paths = [path for path in modules() if path.relative_to(PACKAGE).parts[0].removesuffix(".py") == package]
    assert paths
    known = {own for path in paths for dotted in imported(path) if (own := own_package(dotted))}
    assert known - {package, "layout", "hint", "__version__"} <= MAY_IMPORT[package]


@pytest.mark.parametrize("library", sorted(LIVES_IN))
def test_a_library_lives_in_one_place(library: str) -> None:
    """So that it can be replaced there."""
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        if any(dotted.split(".")[0] == library for dotted in imported(path))
    }
    assert users
    assert all(any(user.startswith(place) for place in LIVES_IN[library]) for user in users), users


def test_every_package_is_named_here() -> None:
    """A new package has to find its place in the order first."""
    names = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()}
    assert names - {"__init__", "__main__"} == set(MAY_IMPORT)


def test_a_class_name_stands_once() -> None:
    """A name that means two things sends a reader to the wrong one."""
    seen: dict[str, list[str]] = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                seen.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    assert {} == {name: paths for name, paths in seen.items() if len(paths) > 1}


def test_no_module_is_long() -> None:
    """What is over 300 lines is two things."""
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert [] == [path for path, count in lines.items() if count > 300]


def test_the_drawing_names_every_package() -> None:
    """docs/architecture.md lists the packages of the house, and none that is not there."""
    drawing = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"^  ([a-z_]+)(?:\.py|/)  ", drawing.partition("\nflashgen/\n")[2].partition("\n```")[0], re.MULTILINE
    )
    assert sorted(MAY_IMPORT) == sorted(listed)


def test_no_two_modules_import_each_other() -> None:
    """No circle, however long, and whether it is imported inside a function or for types alone."""
    names = {".".join(("flashgen", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in modules()}
    known = {name.removesuffix(".__init__"): path for name, path in names.items()}
    arrows = {
        name: {owner for dotted in imported(path) if (owner := _module(dotted, known)) and owner != name}
        for name, path in known.items()
    }
    while leaves := {name for name, users in arrows.items() if not users & arrows.keys()}:
        arrows = {name: users for name, users in arrows.items() if name not in leaves}
    assert {} == {name: sorted(users & arrows.keys()) for name, users in arrows.items()}


def _module(dotted: str, known: dict[str, Path]) -> str | None:
    """The module that a dotted name is or is of."""
    return next((name for name in (dotted, dotted.rpartition(".")[0]) if name in known), None)


def test_no_folder_is_flat() -> None:
    """More than fifteen modules want rooms with names. A command has one file: its folder is the list of commands."""
    counts = {folder: len(list(folder.glob("[!_]*.py"))) for folder in {path.parent for path in modules()}}
    counts.pop(PACKAGE / "cli" / "commands")
    assert {} == {folder: count for folder, count in counts.items() if count > 15}
