"""Same input, same bytes: in any folder, zone, order of hashing and number of processes, at any moment."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.projects import finish, start, tree, write_feed, write_theme

PRODUCTS = 620
"""More than a build renders in one process."""


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of an ordinary build in one process."""
    return built(tmp_path_factory.mktemp("first"), "--jobs", "1", TZ="UTC", PYTHONHASHSEED="0")


def built(root: Path, *arguments: str, **environment: str) -> dict[str, bytes]:
    """The files that a separate process builds there."""
    write_feed(root, PRODUCTS, locale="de", timezone="Europe/Berlin")
    code, _, err = finish(start(root, "build", *arguments, **environment))
    assert code == 0, err
    return tree(root / "build")


OLD_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""Files are ASCII unless somebody says otherwise. It is on every machine; one that is not installed changes nothing."""


@pytest.mark.parametrize(
    ("jobs", "environment"),
    [
        ("4", {"TZ": "Pacific/Chatham", "PYTHONHASHSEED": "1"}),
        ("2", {"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "2"} | OLD_LOCALE),
    ],
)
def test_folder_zone_hash_seed_locale_and_processes_change_no_byte(
    expected: dict[str, bytes], tmp_path: Path, jobs: str, environment: dict[str, str]
) -> None:
    """In all files under `build/`, also in the record."""
    assert expected == built(tmp_path / "a folder — elsewhere", "--jobs", jobs, **environment)


OTHER_MOMENT = """
import datetime, sys, time
REAL, REAL_DAY = datetime.datetime, datetime.date
class Like(type):
    def __instancecheck__(cls, value):
        return isinstance(value, REAL if cls is Other else REAL_DAY)
class Other(REAL, metaclass=Like):
    @classmethod
    def now(cls, tz=None):
        return cls(2031, 3, 4, 5, 6, 7, tzinfo=tz)
    today = utcnow = now
class OtherDay(REAL_DAY, metaclass=Like):
    @classmethod
    def today(cls):
        return cls(2031, 3, 4)
datetime.datetime, datetime.date, time.time = Other, OtherDay, lambda: 1930000000.5
from flashgen.cli.main import main
sys.exit(main(["build", "--jobs", "1"]))
"""


def test_the_moment_of_the_build_changes_no_byte(expected: dict[str, bytes], tmp_path: Path) -> None:
    """Years later, and in another season."""
    write_feed(tmp_path, PRODUCTS, locale="de", timezone="Europe/Berlin")
    subprocess.run([sys.executable, "-c", OTHER_MOMENT], cwd=tmp_path, check=True, capture_output=True)
    assert expected == tree(tmp_path / "build")


def test_simultaneous_builds_all_succeed(expected: dict[str, bytes], tmp_path: Path) -> None:
    """They take turns, and the later ones have nothing to do."""
    write_feed(tmp_path, PRODUCTS, locale="de", timezone="Europe/Berlin")
    ended = [finish(each) for each in [start(tmp_path, "build") for _ in range(3)]]
    assert [0, 0, 0] == [code for code, _, _ in ended], ended
    # Not the records of a build and its locks, nor the host's root, which is not the sale's.
    files = [key for key in expected if "/" in key and not re.search(r"_flashgen/host\.|/site\.(json|lock)$", key)]
    assert [0, 0, len(files)] == sorted(int(out.split(" files, ")[1].split()[0]) for _, out, _ in ended)
    assert expected == tree(tmp_path / "build")


def test_a_killed_build_leaves_no_half_written_file(tmp_path: Path) -> None:
    """Every file is of the old site or of the new one, and the next build completes the new one."""
    sites = {}
    for title in ("Night", "Day"):
        write_feed(tmp_path / title, PRODUCTS, title=title)
        assert 0 == finish(start(tmp_path / title, "build"))[0]
        sites[title] = tree(tmp_path / title / "build")
    root = tmp_path / "Night"
    moments = random.Random(7)
    for title in ("Day", "Night") * 4:
        write_feed(root, PRODUCTS, title=title)
        kill(start(root, "build", "--jobs", "2"), moments.uniform(0.2, 0.9))
        for key, body in tree(root / "build" / "night").items():
            if ".writing-" not in key:
                assert body in {site.get(f"night/{key}") for site in sites.values()}, key
    for title, site in sites.items():
        write_feed(root, PRODUCTS, title=title)
        assert 0 == finish(start(root, "build"))[0]
        assert site == tree(root / "build")


def kill(process: subprocess.Popen[str], delay_seconds: float) -> None:
    """Kill it with its workers, as when a machine loses its power."""
    time.sleep(delay_seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def start_slow_build(root: Path) -> tuple[dict[str, bytes], subprocess.Popen[str]]:
    """Start a build in two workers that takes seconds. Also returns the files of the build before."""
    write_feed(root, PRODUCTS)
    assert 0 == finish(start(root, "build"))[0]
    before = tree(root / "build")
    write_theme(root, "slow", {"product.html": "{{ product.name }}{% for _ in range(40000) %}.{% endfor %}"})
    write_feed(root, PRODUCTS, theme="slow")
    return before, start(root, "build", "--jobs", "2")


def test_an_interrupted_build_prints_one_line_and_changes_nothing(tmp_path: Path) -> None:
    """Ctrl-C reaches the workers too, and none of them prints a traceback."""
    before, process = start_slow_build(tmp_path)
    a_child_of(process.pid)
    time.sleep(0.3)  # the interpreter loses a signal that comes while it forks
    os.killpg(process.pid, signal.SIGINT)
    code, _, err = finish(process)
    assert (130, "error: interrupted: nothing public was changed") == (code, err.strip())
    assert before == tree(tmp_path / "build")


def test_a_worker_that_dies_ends_the_build(tmp_path: Path) -> None:
    """As when memory runs out; the build must not wait for ever."""
    before, process = start_slow_build(tmp_path)
    os.kill(a_child_of(process.pid), signal.SIGKILL)
    code, _, err = finish(process)
    assert 1 == code
    assert "died" in err
    assert before == tree(tmp_path / "build")


def a_child_of(pid: int) -> int:
    """One of the workers, as soon as there is one."""
    for _ in range(500):
        if children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            return int(children[0])
        time.sleep(0.01)
    pytest.fail("no worker appeared")
