"""A target of flashgen.yaml: its store, its CDN and its page cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flashgen.errors import InvalidInput, Refused
from flashgen.page.headers import INVALIDATED_PAGE_CACHE, PAGE_CACHE
from flashgen.project import Project, find_project
from flashgen.store import FolderStore, S3Store


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
def test_the_page_cache_depends_on_the_target(lines: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    """Its own value first; a day where push invalidates, else a minute."""
    assert expected == _project(tmp_path, *lines).page_cache("production")


def test_the_local_target_keeps_its_minute(tmp_path: Path) -> None:
    """Whatever production has."""
    assert PAGE_CACHE == _project(tmp_path, "distribution: E2EXAMPLE").page_cache("local")


def test_the_cdn_depends_on_the_target(tmp_path: Path, aws_credentials: None) -> None:
    """The distribution that it names, or none."""
    project = _project(tmp_path, "distribution: E2EXAMPLE")
    cdn = project.cdn("production")
    assert ("CloudFront E2EXAMPLE", None) == (cdn and cdn.name, project.cdn("local"))


def test_a_page_cache_that_breaks_caching_has_a_position(tmp_path: Path) -> None:
    """File, line and column, what was found and the fix."""
    with pytest.raises(InvalidInput) as caught:
        _project(tmp_path, 'page_cache_control: "public, no-store"')
    (problem,) = caught.value.problems
    assert (4, 25) == (problem.where.line, problem.where.column)
    assert '`page_cache_control` must not say `no-store`, found "public, no-store"' == problem.message
    assert "delete it: every shopper's request would reach the store" == problem.hint


PUBLIC, STAGING = "url: https://sale.example.com/", "url: https://staging.example.com"


@pytest.mark.parametrize(
    ("urls", "site_url", "expected"),
    [
        ((), "", ""),
        ((PUBLIC,), "", "https://sale.example.com"),
        (("url: http://127.0.0.1:8080",), "", ""),
        ((PUBLIC, "url: http://127.0.0.1:8080"), "", "https://sale.example.com"),
        ((PUBLIC, STAGING), "", ""),
        ((PUBLIC, PUBLIC), "", "https://sale.example.com"),
        ((PUBLIC, STAGING), "site_url: https://shop.example.com/sales/", "https://shop.example.com/sales"),
    ],
)
def test_the_public_address_is_given_or_the_only_one(
    urls: tuple[str, ...], site_url: str, expected: str, tmp_path: Path
) -> None:
    """Nothing is guessed where several targets have one; addresses of this machine do not count."""
    rows = "".join(f"  t{place}:\n    store: s3://sale\n    {url}\n" for place, url in enumerate(urls))
    targets = f"targets:\n{rows}" if rows else ""
    (tmp_path / "flashgen.yaml").write_text(f"{site_url}\n{targets}", encoding="utf-8")
    assert expected == find_project(tmp_path, exactly=True).site_url


def test_a_folder_is_relative_to_the_project(tmp_path: Path) -> None:
    """Its URL has the whole path."""
    store = _project(tmp_path).store("local")
    assert isinstance(store, FolderStore)
    assert f"dir:{tmp_path}/.flashgen/store" == store.url


@pytest.mark.parametrize("url", ["s3://sale-example-com", "s3://sale-example-com/a/b"])
def test_a_bucket_may_have_a_prefix(url: str, tmp_path: Path, aws_credentials: None) -> None:
    """The rest of the URL is put before every key."""
    (tmp_path / "flashgen.yaml").write_text(f"targets: {{cloud: {{store: '{url}'}}}}\n", encoding="utf-8")
    store = find_project(tmp_path, exactly=True).store("cloud")
    assert isinstance(store, S3Store)
    assert url == store.url


def test_importing_the_package_loads_no_boto3() -> None:
    """Only a bucket needs it, and it is slow to load."""
    code = "import sys, flashgen.store; print([name for name in ('boto3', 'botocore') if name in sys.modules])"
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    assert "[]" == subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_settings_may_end_in_yml(tmp_path: Path) -> None:
    """From a folder below, too: the project is where they are."""
    (tmp_path / "flashgen.yml").write_text("default_target: cloud\ntargets: {cloud: {store: 'dir:x'}}\n")
    (tmp_path / "below").mkdir()
    project = find_project(tmp_path / "below", exactly=False)
    assert (tmp_path, "flashgen.yml", "cloud") == (project.root, project.settings_file.name, project.target(None)[0])


def test_settings_in_both_spellings_are_refused(tmp_path: Path) -> None:
    """Or a push would go to another target than the one that was read last."""
    for name in ("flashgen.yaml", "flashgen.yml"):
        (tmp_path / name).write_text("default_target: local\n")
    with pytest.raises(InvalidInput) as caught:
        find_project(tmp_path, exactly=True)
    (problem,) = caught.value.problems
    assert "both flashgen.yaml and flashgen.yml are here, and only one can be meant" == problem.message


def test_sales_may_end_in_yml_and_are_never_hidden_files(tmp_path: Path) -> None:
    """A lock of Emacs is a link that leads nowhere; it has the sale's name."""
    folder = tmp_path / "sale_configs"
    folder.mkdir()
    for name in ("a.yml", "b.yaml", "._b.yaml"):
        (folder / name).write_text("x")
    (folder / ".#b.yaml").symlink_to("somebody@host.1")
    project = find_project(tmp_path, exactly=True)
    assert ["a.yml", "b.yaml"] == [path.name for path in project.sale_paths(())]
    assert "a.yml" == project.sale_path("a").name
    with pytest.raises(Refused, match="no sale `\\._b`"):
        project.sale_path("._b")


def test_a_sale_in_both_spellings_is_refused(tmp_path: Path) -> None:
    """By name, and among all."""
    folder = tmp_path / "sale_configs"
    folder.mkdir()
    for name in ("a.yml", "a.yaml"):
        (folder / name).write_text("x")
    project = find_project(tmp_path, exactly=True)
    for sales in ((), ("a",)):
        with pytest.raises(InvalidInput) as caught:
            project.sale_paths(sales)
        assert "both a.yaml and a.yml" in caught.value.problems[0].message
