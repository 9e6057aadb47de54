"""The two places where a sale is looked at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("browser")

from browser.place import Place, local_edge, varnish_and_bucket  # noqa: E402  after it is registered


@pytest.fixture(scope="module", params=["local edge", "varnish"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A project and its edge: ours before a folder, with `x-now`; Varnish before a bucket, with `Date` and `Age`."""
    root = tmp_path_factory.mktemp("project")
    if request.param == "local edge":
        with local_edge(root) as place:
            yield place
    else:
        with tempfile.TemporaryDirectory(prefix="vcl") as short, varnish_and_bucket(root, Path(short)) as place:
            yield place
