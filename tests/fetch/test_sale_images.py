"""The pictures of a sale that are on the web come beside the YAML, and a build finds them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.projects import png, write_sale

from flashgen.cli.main import main
from flashgen.fetch.download import Download
from flashgen.fetch.public_address import Unfetchable
from flashgen.fetch.sale_images import fetch_images, image_urls, missing_urls
from flashgen.page.build import build_sale
from flashgen.page.pictures.image_file import FETCHED_FOLDER
from flashgen.sale.load import load_sale

URLS = tuple(f"https://cdn.example.com/{name}.png" for name in "abc")


def sale_with_urls(root: Path) -> Path:
    """A sale of two products, whose pictures are on the web, and one beside the YAML."""
    first, second, third = URLS
    rows = f"S1,Lamp,1.00,{first},{second}\nS2,Mug,1.00,{third},{first}\nS3,Rug,1.00,rug.png,\n"
    path = write_sale(root, "products: {from: feed.csv}\n")
    (path.parent / "feed.csv").write_text("sku,name,price,image,images\n" + rows)
    (path.parent / "rug.png").write_bytes(png())
    return path


def downloading(failing: tuple[str, ...] = ()) -> tuple[Callable[[str], tuple[str, bytes]], list[str]]:
    """A download in which some URLs fail, and the list of those that were asked for."""
    asked: list[str] = []

    def download(url: str) -> tuple[str, bytes]:
        asked.append(url)
        if url in failing:
            raise Unfetchable("the server answered 404", "correct the URL")
        return ".png", png()

    return download, asked


def test_each_url_is_fetched_once_and_found_by_a_build(tmp_path: Path) -> None:
    """With progress; files beside the YAML are not on the web."""
    path = sale_with_urls(tmp_path)
    loaded = load_sale(path, tmp_path)
    assert URLS == image_urls(loaded) == missing_urls(loaded)
    download, asked = downloading()
    reports: list[tuple[int, int]] = []
    assert () == fetch_images(loaded, URLS, download, lambda *numbers: reports.append(numbers))
    assert sorted(URLS) == sorted(asked)
    assert [(0, 3), (1, 3), (2, 3), (3, 3)] == reports
    assert () == missing_urls(loaded)
    build_sale(path, tmp_path, tmp_path / "build", 1)
    assert 2 == (tmp_path / "build" / "night" / "lamp" / "index.html").read_text().count('<li id="picture-')


def test_a_run_goes_on_where_the_last_one_failed(tmp_path: Path) -> None:
    """What was fetched stays; each failure is at the cell that names it."""
    path = sale_with_urls(tmp_path)
    loaded = load_sale(path, tmp_path)
    (problem,) = fetch_images(loaded, URLS, downloading((URLS[1],))[0], lambda done, total: None)
    assert f"image `{URLS[1]}` cannot be fetched: the server answered 404" == problem.message
    assert ("feed.csv", 2, "correct the URL") == (problem.where.file.name, problem.where.line, problem.hint)
    assert (URLS[1],) == missing_urls(loaded)
    assert 2 == len(list((path.parent / FETCHED_FOLDER).iterdir()))


def test_the_command_fetches_and_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run has nothing to do."""
    sale_with_urls(tmp_path)
    download, asked = downloading()
    monkeypatch.setattr(Download, "picture", lambda self, url: download(url))
    monkeypatch.chdir(tmp_path)
    for expected in (
        "night: 3 pictures fetched, 0 there already, 0 failed",
        "night: 0 pictures fetched, 3 there already",
    ):
        assert 0 == main(["fetch-images", "night"])
        assert capsys.readouterr().out.startswith(expected)
    assert 3 == len(asked)


def test_a_picture_that_was_cut_off_is_not_put_in_place(tmp_path: Path) -> None:
    """A server without a Content-Length cannot be caught ending early; the picture can. The next run fetches it."""
    loaded = load_sale(sale_with_urls(tmp_path), tmp_path)
    problems = fetch_images(loaded, URLS[:1], lambda url: (".png", png(400, 300)[:-40]), lambda *_: None)
    (message,) = (problem.message for problem in problems)
    assert message.startswith(f"image `{URLS[0]}` cannot be fetched: what came is damaged: ")
    assert [] == list((loaded.inputs[0].parent / FETCHED_FOLDER).iterdir())
    assert URLS[0] in missing_urls(loaded)


def test_a_run_ends_at_its_total_size(tmp_path: Path) -> None:
    """Pictures that fit stay; a further run may fetch the others."""
    loaded = load_sale(sale_with_urls(tmp_path), tmp_path)
    download, _ = downloading()
    two = 2 * len(png())
    problems = fetch_images(loaded, URLS, download, lambda *_: None, max_bytes=two)
    (message,) = (problem.message for problem in problems)
    assert "the pictures of this run have more than" in message
    assert (1, ()) == (len(missing_urls(loaded)), fetch_images(loaded, missing_urls(loaded), download, lambda *_: None))
