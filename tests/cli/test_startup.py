"""What a command loads: help has to come at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("boto3", "jinja2", "yaml", "pydantic", "rich", "babel", "PIL", "cmarkgfm", "itsdangerous")


def loaded_by(*arguments: str) -> set[str]:
    """The modules in memory after a command has run in a fresh interpreter."""
    program = (
        "import sys; from flashgen.cli.main import main; "
        f"main({list(arguments)!r}); "
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["go-live", "--help"], ["build", "--help"]])
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    """Neither for the list of commands nor for one of them."""
    assert loaded_by(*arguments).isdisjoint(HEAVY)


def test_help_lists_every_command_in_the_order_of_a_sales_life() -> None:
    """New comes before build, build before push, push before go-live."""
    done = subprocess.run([sys.executable, "-m", "flashgen", "--help"], capture_output=True, text=True, check=True)
    places = [done.stdout.index(f"\n  {name} ") for name in ("new", "build", "push", "go-live", "status")]
    assert sorted(places) == places


def test_a_process_leaves_its_memory_to_the_system() -> None:
    """Looking through it for cycles at the end would take longer than most commands."""
    program = (
        "import atexit, gc, sys; sys.argv = ['flashgen', '--version']; "
        "atexit.register(lambda: print(gc.get_freeze_count() > 0)); "  # the first to be registered is the last to run
        "from flashgen.cli.main import run; sys.exit(run())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["True"]


def test_a_header_is_loaded_without_what_reads_products() -> None:
    """`go-live` loads only the header, and every millisecond of it is waited for."""
    program = "import sys, flashgen.cli.transition.flow; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "flashgen.sale.load" in loaded
    assert [] == [name for name in loaded if name.startswith(("flashgen.sale.feeds", "flashgen.page", "xml"))]
