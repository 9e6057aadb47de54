"""The licences of everything that an installation brings: each is allowed, and docs/dependencies.md names it."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path

ROOT = Path(__file__).parent.parent

ALLOWED = frozenset(
    ("Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0")
)
"""Permissive ones; MPL-2.0, which asks for the source of changed files alone; OFL-1.1 for fonts. Of `A OR B`
one counts.
"""

UNDECLARED = {"resvg-py": "MIT"}
"""Packages whose metadata has no licence; it is in the file LICENSE of their wheel."""

OLD_NAMES = {
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What metadata said before it had SPDX expressions: https://peps.python.org/pep-0639/"""


def installed() -> list[str]:
    """What the README's first command installs, and the extra `redis`, as far as this platform has it as pinned."""
    text = (ROOT / "requirements" / "redis.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", text, re.MULTILINE)
    return sorted(name for name, pinned in pins if is_installed(name, pinned))


def is_installed(package: str, pinned: str) -> bool:
    """Whether this environment has the package in its pinned version."""
    try:
        return version(package) == pinned
    except PackageNotFoundError:
        return False


def licence(package: str) -> str:
    """An SPDX expression, from a package's metadata."""
    facts = metadata(package)
    classifiers = [one for one in facts.get_all("Classifier") or () if one.startswith("License :: OSI Approved :: ")]
    named = [OLD_NAMES.get(one.rpartition(" :: ")[2], one) for one in classifiers]
    stated = (
        next(iter(facts.get_all("License-Expression") or ()), "")
        or UNDECLARED.get(package)
        or " OR ".join(sorted(named))
    )
    written = next(iter(facts.get_all("License") or ()), "")
    return stated or OLD_NAMES.get(written, written)


def test_every_licence_is_allowed() -> None:
    """A new dependency, or a new licence of an old one, is a decision."""
    found = {package: licence(package) for package in installed()}
    assert {} == {package: text for package, text in found.items() if not ALLOWED.intersection(text.split(" OR "))}


def test_every_licence_is_in_the_docs() -> None:
    """With the words of today's metadata."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").partition("\n## Licences\n")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    named = {package: words for words, packages in rows for package in packages.split(", ")}
    expected = {package: licence(package) for package in installed()}
    assert expected == {package: named.get(package) for package in expected}
