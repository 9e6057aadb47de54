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
    "timestamps": set(),
    "packaged": set(),
    "finding": set(),
    "layout": set(),
    "document": {"errors"},
    "sale": {"errors", "document"},
    "aws": {"errors"},
    "store": {"errors", "aws"},
    "unlock": {"errors", "timestamps", "sale", "store"},
    "gate": {"errors", "timestamps", "unlock", "store"},
    "page": {"errors", "timestamps", "packaged", "document", "sale", "store", "unlock", "gate"},
    "release": {"errors", "timestamps", "page", "store", "unlock", "edge", "gate"},
    "verify": {"errors", "timestamps", "finding", "store", "unlock", "release", "edge", "gate"},
    "addresses": {"errors", "document", "sale", "store"},
    "project": {"errors", "addresses", "document", "sale", "page", "store", "aws"},
    "edge": {"errors", "timestamps", "store", "aws"},
    "rehearse": {"errors", "timestamps"},
    "doctor": {
        *("errors", "timestamps", "finding"),
        *("document", "sale", "gate", "page", "unlock", "release", "verify", "store", "aws", "edge"),
    },
    "cli": {
        *("errors", "timestamps", "packaged", "finding", "project"),
        *(
            "document",
            "sale",
            "page",
            "unlock",
            "release",
            "verify",
            "store",
            "aws",
            "edge",
            "doctor",
            "rehearse",
            "gate",
        ),
    },
}
"""Imports go one way. `unlock` never knows `page` or `release`: that is why go-live cannot render or upload.

Of `gate` build knows what gate.json says and how pages are filled; the gate knows nothing of build.
"""

LIVES_IN = {
    "yaml": ["document/parse.py"],
    "jinja2": ["page/theme.py"],
    "itsdangerous": ["unlock/token.py"],
    "boto3": ["aws/", "store/s3/"],
    "botocore": ["aws/", "store/"],
    "click": ["cli/"],
    "rich": ["cli/"],
    "cmarkgfm": ["page/markdown.py"],
    "PIL": ["page/images.py", "page/pictures.py"],
    "redis": ["gate/storage/redis"],
    "sqlite3": ["gate/storage/"],
    "urllib3": ["edge/viewer.py", "gate/order_subsystem.py"],
    "uvicorn": ["edge/local/serving.py", "gate/"],
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
    assert known - {package, "layout", "__version__"} <= MAY_IMPORT[package]


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
        r"^  ([a-z]+)(?:\.py|/)  ", drawing.partition("\nflashgen/\n")[2].partition("\n```")[0], re.MULTILINE
    )
    assert sorted(MAY_IMPORT) == sorted(listed)
