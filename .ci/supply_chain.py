"""What an installation consists of: the list of its components, and their known vulnerabilities.

    python3 .ci/supply_chain.py sbom flashgen.cdx.json   # CycloneDX: all that runs, with versions and licences
    python3 .ci/supply_chain.py audit                    # asks PyPI for advisories on the pins

The list is made of an environment with requirements/redis.txt and the wheel: the same pins give the same bytes on a
platform. The audit warns, and never fails: without the network nothing is known. Each tool gets an environment of its
own, when it is first asked for.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flashgen"
PINS = ROOT / "requirements" / "redis.txt"
CYCLONEDX, PIP_AUDIT = "cyclonedx-bom==7.5.0", "pip-audit==2.10.1"
AUDIT_SECONDS = 30


def tool(requirement: str) -> Path:
    """The folder of programs of an environment that has it, and pip."""
    folder = CACHE / requirement
    if not (folder / "installed").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip(folder / "bin", "install", requirement)
        (folder / "installed").touch()
    return folder / "bin"


def pip(programs: Path, *arguments: str | Path) -> None:
    """Run this environment's pip."""
    subprocess.run([programs / "pip", "-q", "--disable-pip-version-check", "--retries", "1", *arguments], check=True)


def sbom() -> dict:
    """The document, in CycloneDX 1.6. Raises ValueError if a component has no licence."""
    programs = tool(CYCLONEDX)
    with tempfile.TemporaryDirectory() as name:
        python = Path(name) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", name], check=True)
        pip(programs, "--python", python, "install", "-r", PINS)
        pip(programs, "--python", python, "install", "--no-deps", "--no-build-isolation", ROOT)
        options = ["--pyproject", ROOT / "pyproject.toml", "--output-reproducible", "--spec-version", "1.6"]
        listed = subprocess.run(
            [programs / "cyclonedx-py", "environment", python, *options], check=True, stdout=subprocess.PIPE
        )
    build = set(re.findall(r"^[a-z0-9-]+", (ROOT / "requirements" / "build.in").read_text("utf-8"), re.MULTILINE))
    return with_licences(running(json.loads(listed.stdout), build), licences())


def running(document: dict, build: set[str]) -> dict:
    """Without the `build` tools, and what only they need."""
    needs = {row["ref"]: row.get("dependsOn", []) for row in document["dependencies"]}
    root = document["metadata"]["component"]["bom-ref"]
    needs[root] = [ref for ref in needs[root] if ref.partition("==")[0] not in build]
    found, waiting = {root}, [root]
    while waiting:
        new = set(needs[waiting.pop()]) - found
        found |= new
        waiting += new
    rows = [{"ref": ref, "dependsOn": needs[ref]} if needs[ref] else {"ref": ref} for ref in sorted(found)]
    components = [one for one in document["components"] if one["bom-ref"] in found]
    return {**document, "components": components, "dependencies": rows}


def licences() -> dict[str, str]:
    """Package to licence, of the table in docs/dependencies.md, which a test compares with all metadata."""
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8").partition("\n## Licences\n")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return {package: words for words, packages in rows for package in packages.split(", ")}


def with_licences(document: dict, known: dict[str, str]) -> dict:
    """With those that are `known` where the metadata has none. Raises ValueError if one has none at all."""
    components = []
    for one in document["components"]:
        package = re.sub(r"[-_.]+", "-", one["name"]).lower()
        if not one.get("licenses") and package not in known:
            raise ValueError(f"{package} has no licence: add it to the table in docs/dependencies.md")
        components.append({"licenses": [{"expression": known.get(package)}], **one})
    return {**document, "components": components}


def audit() -> Iterator[str]:
    """A warning for each advisory on a pin, or one that says why nothing is known."""
    try:
        command = [
            tool(PIP_AUDIT) / "pip-audit",
            "--disable-pip",
            "-r",
            PINS,
            "-f",
            "json",
            "--progress-spinner",
            "off",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=AUDIT_SECONDS)
        yield from warnings(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        yield f"the pins were not audited: no answer in {AUDIT_SECONDS} s"
    except (OSError, ValueError, subprocess.CalledProcessError):
        yield "the pins were not audited: pip-audit could not be installed, or had no answer"


def warnings(report: dict) -> Iterator[str]:
    """Of pip-audit's report, which has no error where PyPI cannot be asked: each package is skipped then."""
    packages = report["dependencies"]
    for one in packages:
        for found in one.get("vulns", ()):
            fixed = f", fixed in {', '.join(found['fix_versions'])}" if found["fix_versions"] else ""
            yield f"{one['name']} {one['version']} has a known vulnerability: {found['id']}{fixed}"
    skipped = sum("skip_reason" in one for one in packages)
    if skipped:
        yield f"{skipped} of {len(packages)} pins were not audited: PyPI did not know them, or was not reached"


if __name__ == "__main__":
    if sys.argv[1:] == ["audit"]:
        for line in audit():
            print(f"warning: {line}")
    elif sys.argv[1:2] == ["sbom"] and len(sys.argv) == 3:
        Path(sys.argv[2]).write_text(json.dumps(sbom(), indent=2) + "\n", "utf-8")
    else:
        sys.exit(__doc__)
