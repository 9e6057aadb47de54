"""Same input, same bytes: in any folder, zone, order of hashing and number of processes, at any moment."""

from __future__ import annotations

import os
import random
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
    """What a process of its own builds there."""
    write_feed(root, PRODUCTS, locale="de", timezone="Europe/Berlin")
    code, _, err = finish(start(root, "build", *arguments, **environment))
    assert code == 0, err
    return tree(root / "build")


@pytest.mark.parametrize(
    ("jobs", "environment"),
    [
        ("4", {"TZ": "Pacific/Chatham", "PYTHONHASHSEED": "1"}),
        ("2", {"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "2", "LC_ALL": "de_DE.UTF-8", "LANG": "C"}),
    ],
)
def test_folder_zone_hash_seed_and_processes_change_no_byte(
    expected: dict[str, bytes], tmp_path: Path, jobs: str, environment: dict[str, str]
) -> None:
    """Of anything under `build/`, the record included."""
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
    """A cached page stays right: years later, in another half of the year."""
    write_feed(tmp_path, PRODUCTS, locale="de", timezone="Europe/Berlin")
    subprocess.run([sys.executable, "-c", OTHER_MOMENT], cwd=tmp_path, check=True, capture_output=True)
    assert expected == tree(tmp_path / "build")


def test_builds_at_once_are_all_fine(expected: dict[str, bytes], tmp_path: Path) -> None:
    """They take turns, and the last ones find nothing to do."""
    write_feed(tmp_path, PRODUCTS, locale="de", timezone="Europe/Berlin")
    ended = [finish(each) for each in [start(tmp_path, "build") for _ in range(3)]]
    assert [0, 0, 0] == [code for code, _, _ in ended], ended
    assert [0, 0, len(expected) - 2] == sorted(int(out.split(" files, ")[1].split()[0]) for _, out, _ in ended)
    assert expected == tree(tmp_path / "build")


def test_a_killed_build_leaves_no_half_written_file(tmp_path: Path) -> None:
    """Every file is of the old site or of the new, and the next build ends as if nothing had happened."""
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
                assert body in {site[f"night/{key}"] for site in sites.values()}, key
    for title, site in sites.items():
        write_feed(root, PRODUCTS, title=title)
        assert 0 == finish(start(root, "build"))[0]
        assert site == tree(root / "build")


def kill(process: subprocess.Popen[str], delay_seconds: float) -> None:
    """With its workers, as a machine that loses its power."""
    time.sleep(delay_seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_an_interrupted_build_says_one_word_and_changes_nothing(tmp_path: Path) -> None:
    """Ctrl-C reaches the workers too, and none of them prints a traceback."""
    write_feed(tmp_path, PRODUCTS)
    assert 0 == finish(start(tmp_path, "build"))[0]
    before = tree(tmp_path / "build")
    write_theme(tmp_path, "slow", {"product.html": "{{ product.name }}{% for _ in range(40000) %}.{% endfor %}"})
    write_feed(tmp_path, PRODUCTS, theme="slow")
    process = start(tmp_path, "build", "--jobs", "2")
    a_child_of(process.pid)
    time.sleep(0.3)  # a signal in the midst of forking is lost in the interpreter's own hooks
    os.killpg(process.pid, signal.SIGINT)
    code, _, err = finish(process)
    assert (130, "error: interrupted") == (code, err.strip())
    assert before == tree(tmp_path / "build")


def test_a_worker_that_dies_ends_the_build(tmp_path: Path) -> None:
    """As when memory runs out; it must not wait for ever."""
    write_feed(tmp_path, PRODUCTS)
    assert 0 == finish(start(tmp_path, "build"))[0]
    before = tree(tmp_path / "build")
    write_theme(tmp_path, "slow", {"product.html": "{{ product.name }}{% for _ in range(40000) %}.{% endfor %}"})
    write_feed(tmp_path, PRODUCTS, theme="slow")
    process = start(tmp_path, "build", "--jobs", "2")
    os.kill(a_child_of(process.pid), signal.SIGKILL)
    code, _, err = finish(process)
    assert 1 == code
    assert "died" in err
    assert before == tree(tmp_path / "build")


def a_child_of(pid: int) -> int:
    """Of the workers one, as soon as there is one."""
    for _ in range(500):
        if children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            return int(children[0])
        time.sleep(0.01)
    pytest.fail("no worker appeared")
