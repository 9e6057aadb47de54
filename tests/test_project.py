"""What flashgen.yaml says of a target, and what it leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.errors import InvalidInput
from flashgen.page.headers import INVALIDATED_PAGE_CACHE, PAGE_CACHE
from flashgen.project import Project, find_project


def _project(folder: Path, *lines: str) -> Project:
    text = "".join(f"    {line}\n" for line in ("store: s3://sale", *lines))
    (folder / "flashgen.yaml").write_text(f"targets:\n  production:\n{text}", encoding="utf-8")
    return find_project(folder, exactly=True)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), PAGE_CACHE),
        (("distribution: E2EXAMPLE",), INVALIDATED_PAGE_CACHE),
        (("distribution:",), PAGE_CACHE),
        (("page_cache_control: max-age=5",), "max-age=5"),
        (("distribution: E2EXAMPLE", "page_cache_control: max-age=5"), "max-age=5"),
    ],
)
def test_how_long_pages_last_is_a_targets(lines: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    """Its own word first; a day where push invalidates, else a minute."""
    assert expected == _project(tmp_path, *lines).page_cache("production")


def test_the_local_target_keeps_its_minute(tmp_path: Path) -> None:
    """Whatever production has."""
    assert PAGE_CACHE == _project(tmp_path, "distribution: E2EXAMPLE").page_cache("local")


def test_a_cdn_is_a_targets(tmp_path: Path, aws_credentials: None) -> None:
    """The one that it names, or none."""
    project = _project(tmp_path, "distribution: E2EXAMPLE")
    cdn = project.cdn("production")
    assert ("CloudFront E2EXAMPLE", None) == (cdn and cdn.name, project.cdn("local"))


def test_a_page_cache_that_breaks_caching_has_a_place(tmp_path: Path) -> None:
    """File, line and column, what was found and the fix."""
    with pytest.raises(InvalidInput) as caught:
        _project(tmp_path, 'page_cache_control: "public, no-store"')
    (problem,) = caught.value.problems
    assert (4, 25) == (problem.where.line, problem.where.column)
    assert '`page_cache_control` must not say `no-store`, found "public, no-store"' == problem.message
    assert "delete it: every shopper's request would reach the store" == problem.hint
