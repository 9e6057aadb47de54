"""A product has several pictures: all on its page, the first elsewhere, without a script."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from support.projects import write_sale

from flashgen.errors import InvalidInput
from flashgen.page.build import Built, build_sale
from flashgen.page.pictures.image_file import FETCHED_FOLDER, fetched_name
from flashgen.sale.load import load_sale


def products(keys: str) -> str:
    """One product with these keys."""
    return f'products:\n  - {{sku: S1, name: Lamp, price: "1.00", {keys}}}\n'


def save(path: Path, *names: str) -> None:
    """A picture of a colour of its own under each name beside the YAML."""
    for number, name in enumerate(names):
        buffer = io.BytesIO()
        Image.new("RGB", (900, 30), (40 * number, 99, 9)).save(buffer, "PNG")
        file = path.parent / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(buffer.getvalue())


def built(path: Path, root: Path) -> Built:
    """The sale, built in this process."""
    return build_sale(path, root, root / "build", 1)


def page(root: Path, name: str = "lamp/") -> str:
    """A page of the build."""
    return (root / "build" / "night" / name / "index.html").read_text()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("image: a.png", {"a.png": ("image",)}),
        ("images: [a.png, b.png]", {"a.png": ("images", 0), "b.png": ("images", 1)}),
        ("images: a.png", {"a.png": ("images", 0)}),
        ("image: a.png, images: [b.png, a.png]", {"a.png": ("image",), "b.png": ("images", 0)}),
    ],
)
def test_image_and_images_are_one_list(tmp_path: Path, keys: str, expected: dict[str, tuple[str | int, ...]]) -> None:
    """`image` is the first; none is shown twice."""
    (product,) = load_sale(write_sale(tmp_path, products(keys)), tmp_path).sale.products
    assert expected == product.image_places
    assert list(expected) == list(product.image_places)


@pytest.mark.parametrize("theme", ["plain", "spotlight"])
def test_the_page_of_a_product_shows_all_and_others_the_first(tmp_path: Path, theme: str) -> None:
    """Each has a link to it, so that no script is needed."""
    path = write_sale(tmp_path, products("images: [a.png, b.png, c.png]"), theme=theme)
    save(path, "a.png", "b.png", "c.png")
    built(path, tmp_path)
    shown = page(tmp_path)
    strip = shown.partition('<ul class="strip"')[2].partition("</ul>")[0]
    assert ["a", "b", "c"] == re.findall(r'<img class="[a-z ]+" src="../assets/([abc])-', strip)
    assert [f"picture-{n}" for n in (1, 2, 3)] == re.findall(r'id="(picture-[0-9])"', strip)
    assert [f"#picture-{n}" for n in (1, 2, 3)] == re.findall(r'href="(#picture-[0-9])"', shown)
    assert ["Lamp", "Lamp (2)", "Lamp (3)"] == re.findall(r'alt="([^"]*)"', strip)
    assert {"a"} == set(re.findall(r'<img class="[a-z ]+" src="assets/([abc])-', page(tmp_path, "")))


@pytest.mark.parametrize("theme", ["plain", "spotlight"])
def test_a_single_picture_has_no_strip(tmp_path: Path, theme: str) -> None:
    """Whichever key names it."""
    path = write_sale(tmp_path, products("images: [a.png]"), theme=theme)
    save(path, "a.png")
    built(path, tmp_path)
    assert "strip" not in page(tmp_path)
    assert 1 == page(tmp_path).count("<img ")


def test_a_missing_picture_is_named_in_its_list(tmp_path: Path) -> None:
    """At its own place."""
    path = write_sale(tmp_path, products("images: [a.png, nowhere.webp]"))
    save(path, "a.png")
    with pytest.raises(InvalidInput) as invalid:
        built(path, tmp_path)
    (problem,) = invalid.value.problems
    assert ("products.0.images.1", "image `nowhere.webp` does not exist") == (problem.path, problem.message)
    assert path.read_text().splitlines()[problem.where.line - 1][problem.where.column - 1 :].startswith("nowhere")


def test_too_many_pictures_are_refused(tmp_path: Path) -> None:
    """A page that shows more is never seen to its end."""
    names = ", ".join(f"{n}.png" for n in range(51))
    with pytest.raises(InvalidInput) as invalid:
        load_sale(write_sale(tmp_path, products(f"images: [{names}]")), tmp_path)
    assert ["`images` must have at most 50, found 51"] == [one.message for one in invalid.value.problems]


URL = "https://cdn.example.com/files/Lamp%20large.png?v=1"


@pytest.mark.parametrize("keys", [f'image: "{URL}"', f'images: ["{URL}"]'])
def test_a_url_in_the_yaml_is_explained(tmp_path: Path, keys: str) -> None:
    """With the command that fetches it."""
    with pytest.raises(InvalidInput) as invalid:
        built(write_sale(tmp_path, products(keys)), tmp_path)
    (problem,) = invalid.value.problems
    assert f"image `{URL}` is on the web, and a build fetches nothing" == problem.message
    assert "flashgen fetch-images night" == problem.hint


def test_a_url_that_is_none_is_explained_too(tmp_path: Path) -> None:
    """`fetch-images` says what is wrong with it."""
    with pytest.raises(InvalidInput) as invalid:
        built(write_sale(tmp_path, products('image: "https://[x/y.jpg"')), tmp_path)
    (problem,) = invalid.value.problems
    assert "image `https://[x/y.jpg` is on the web, and a build fetches nothing" == problem.message


def test_a_url_that_was_fetched_is_a_picture(tmp_path: Path) -> None:
    """Found by its name, which follows from the URL."""
    path = write_sale(tmp_path, products(f'images: ["{URL}"]'))
    save(path, f"{FETCHED_FOLDER}/{fetched_name(URL)}.png")
    built(path, tmp_path)
    assert 'src="../assets/lamp-large-' in page(tmp_path)


def test_urls_of_a_feed_are_left_out_with_one_warning(tmp_path: Path) -> None:
    """A shop's export has no others, and builds without the web."""
    path = write_sale(tmp_path, "products: {from: feed.csv}\n")
    rows = f"S1,Lamp,1.00,{URL}\nS2,Mug,1.00,https://cdn.example.com/mug.png\nS3,Rug,1.00,rug.png\n"
    (path.parent / "feed.csv").write_text("sku,name,price,image\n" + rows)
    save(path, "rug.png")
    (warning,) = built(path, tmp_path).warnings
    assert "2 of 3 images are on the web, and left out until they are fetched" == warning.message
    assert ("flashgen fetch-images night", "feed.csv", 2) == (warning.hint, warning.where.file.name, warning.where.line)
    assert "<img" not in page(tmp_path)
    assert "<img" in page(tmp_path, "rug/")


def test_a_build_notices_that_images_were_fetched(tmp_path: Path) -> None:
    """The YAML and the feed are as they were."""
    path = write_sale(tmp_path, "products: {from: feed.csv}\n")
    (path.parent / "feed.csv").write_text(f"sku,name,price,image\nS1,Lamp,1.00,{URL}\n")
    built(path, tmp_path)
    assert 0 == built(path, tmp_path).written
    save(path, f"{FETCHED_FOLDER}/{fetched_name(URL)}.png")
    assert built(path, tmp_path).written
    assert "<img" in page(tmp_path)
    assert 0 == built(path, tmp_path).written


def test_a_feed_may_name_several(tmp_path: Path) -> None:
    """In one cell."""
    path = write_sale(tmp_path, "products: {from: feed.csv}\n")
    (path.parent / "feed.csv").write_text('sku,name,price,image,images\nS1,Lamp,1.00,a.png,"b.png, c.png"\n')
    (product,) = load_sale(path, tmp_path).sale.products
    assert ["a.png", "b.png", "c.png"] == list(product.image_places)
