"""Runs the quick part of the tests with other versions than the README's commands install.

    python3 .ci/versions.py lowest      # the lowest versions that pyproject.toml allows, on the lowest Python
    python3 .ci/versions.py newest      # the newest that it allows, on the lowest Python
    python3 .ci/versions.py 3.13        # the pinned ones, on that Python

More arguments are pytest's: a smaller part, such as `tests/sale`.

Prints which direct dependencies differ from the pins. With `--culprits` as the first argument, a test that fails twice
is run again with each of them alone brought to its pin, and those that make it pass are named: a run for every
dependency, so this is for people, not for CI. Exit code 1 if a test fails, 3 if the Python cannot be had.
Needs nothing but `python3`, `python3-venv` and PyPI: uv, which resolves and installs, gets an environment of its own.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flashgen"
PINS = ROOT / "requirements" / "test.txt"
LOWEST_PYTHON = "3.11"
RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}
#: Tests whose culprit is searched for: each costs a run for every dependency that differs.
SEARCHED_TESTS = 10


class PythonMissing(Exception):
    """This machine has no such Python, and uv cannot install it. Its message says why."""


class Uv:
    """The resolver and installer, in an environment of its own."""

    def __init__(self) -> None:
        self.program = CACHE / "uv" / "bin" / "uv"
        if not self.program.is_file():
            subprocess.run([sys.executable, "-m", "venv", CACHE / "uv"], check=True)
            subprocess.run([CACHE / "uv" / "bin" / "pip", "install", "-q", "uv"], check=True)

    def __call__(self, *arguments: str | Path) -> str:
        """Run uv in the repository; its stdout. pyenv's own Pythons come before its shims, which run only some."""
        folders = sorted(Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob("versions/3.1[1-9]*/bin"))
        path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
        finished = subprocess.run(
            [self.program, *arguments], cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        if finished.returncode:
            raise RuntimeError(f"uv {' '.join(map(str, arguments))}: {finished.stderr.strip()}")
        return finished.stdout.strip()

    def python(self, version: str) -> str:
        """The path of a Python of that version: the machine's, or else one that uv installs."""
        try:
            return self("python", "find", "--no-project", version)
        except RuntimeError:
            pass
        try:
            self("python", "install", "--no-bin", version)
            return self("python", "find", "--no-project", version)
        except RuntimeError as error:
            raise PythonMissing(str(error).splitlines()[-1].strip()) from None

    def resolve(self, resolution: str) -> str:
        """A requirements file of what pyproject.toml allows: `lowest-direct` or `highest`."""
        arguments = f"pip compile -q --no-header --no-annotate --python-version {LOWEST_PYTHON} --extra dev"
        return self(*arguments.split(), "--resolution", resolution, "pyproject.toml", "requirements/build.in")


class Environment:
    """A virtualenv with flashgen, and what its tests found."""

    def __init__(self, uv: Uv, folder: Path, python: str, requirements: Path) -> None:
        self.uv, self.folder, self.requirements = uv, folder, requirements
        self.python = folder / "venv" / "bin" / "python"
        uv("venv", "-q", "--python", python, folder / "venv")
        self.install("-r", requirements)
        self.install("--no-deps", "--no-build-isolation", "-e", ".")

    def install(self, *what: str | Path) -> None:
        self.uv("pip", "install", "-q", "--python", self.python, *what)

    def failed_tests(self, *arguments: str, parallel: bool = False, quiet: bool = False) -> set[str]:
        """The ids of those tests of the quick part that fail; `arguments` are pytest's, such as ids.

        Raises RuntimeError if pytest cannot run.
        """
        cache = self.folder / "pytest"
        options = ["-q", "--quick", "-rfE", "--cache-clear", "-o", f"cache_dir={cache}"]
        # A socket that another release of a test's server leaves open fails whichever test runs when it is collected.
        options += ["-W", "ignore::pytest.PytestUnraisableExceptionWarning"]
        if parallel:
            options += ["-n", "4", "--dist", "worksteal"]
        finished = subprocess.run(
            [self.python, "-m", "pytest", *options, *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL if quiet else None,
            stderr=subprocess.DEVNULL if quiet else None,
        )
        if finished.returncode == 0:
            return set()
        failed = cache / "v" / "cache" / "lastfailed"
        if finished.returncode != 1 or not failed.is_file():
            raise RuntimeError(f"pytest ended with exit code {finished.returncode} on {self.python}")
        return set(json.loads(failed.read_text(encoding="utf-8")))


def main(what: str, *arguments: str) -> int:
    find_culprits = arguments[:1] == ("--culprits",)
    arguments = arguments[find_culprits:]
    uv = Uv()
    version = LOWEST_PYTHON if what in RESOLUTIONS else what
    try:
        python = uv.python(version)
    except PythonMissing as missing:
        print(f"Python {version} could not be had, and nothing was run with it: {missing}")
        return 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        requirements = PINS
        if what in RESOLUTIONS:
            requirements = folder / "requirements.txt"
            requirements.write_text(uv.resolve(RESOLUTIONS[what]), encoding="utf-8")
        environment = Environment(uv, folder, python, requirements)
        moved = differences(versions(requirements), versions(PINS))
        print(f"Python {version}, {what} versions" if what in RESOLUTIONS else f"Python {version}, the pinned versions")
        for package, (there, pinned) in moved.items():
            print(f"  {package} {there} (pinned: {pinned})")
        sys.stdout.flush()
        failed = environment.failed_tests(*arguments, parallel=True)
        if failed:  # once more, alone: a busy machine is no fault of a version
            failed = environment.failed_tests(*sorted(failed))
        for test in sorted(failed):
            print(f"with {what} versions fails: {test}")
        if failed and find_culprits:
            for line in culprits(environment, sorted(failed)[:SEARCHED_TESTS], moved):
                print(line)
    return 1 if failed else 0


def versions(requirements: Path) -> dict[str, str]:
    """Package to version, of every line `package==version`."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\\n]+)", requirements.read_text(encoding="utf-8"), re.MULTILINE))


def differences(there: Mapping[str, str], pinned: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Direct dependencies of which both have another version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    direct = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in lines} | {"hiredis"}
    return {
        package: (there[package], pinned[package])
        for package in sorted(direct & there.keys() & pinned.keys())
        if there[package] != pinned[package]
    }


def culprits(environment: Environment, failed: list[str], moved: Mapping[str, tuple[str, str]]) -> Iterable[str]:
    """Which version breaks what: the packages that, alone brought to the pin, make a failed test pass."""
    unexplained = set(failed)
    for package, (there, pinned) in moved.items():
        if not unexplained:
            return
        try:
            environment.install(f"{package}=={pinned}")
            passed = set(failed) - environment.failed_tests(*failed, quiet=True)
        except RuntimeError:  # it does not go with the others
            passed = set()
        for test in sorted(passed):
            yield f"{package} {there} breaks {test}: it passes with {pinned}"
        unexplained -= passed
        environment.install("-r", environment.requirements)
    for test in sorted(unexplained):
        yield f"no single direct dependency, brought to its pin, makes {test} pass"


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except RuntimeError as error:  # a resolver or pytest that could not run: it has printed why
        sys.exit(f"error: {error}")
