"""Product images in the sizes and formats that browsers want, encoded once."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from support.projects import write_sale

from flashgen.page.build import build_sale
from flashgen.page.pictures import encode
from flashgen.page.pictures.encode import Picture, make_picture


def photo(size: tuple[int, int] = (1000, 500), mode: str = "RGB") -> Image.Image:
    """A gradient: it compresses, and no two columns are the same."""
    return Image.linear_gradient("L").resize(size).convert(mode)


def saved(path: Path, image: Image.Image, kind: str, **options: object) -> Path:
    """The image as a file."""
    image.save(path, kind, **options)
    return path


def made(path: Path) -> Picture:
    """All renditions, with a cache beside the file."""
    return make_picture(path, path.parent, path.parent / "cache")


def test_a_photo_comes_in_two_modern_formats_and_a_fallback(tmp_path: Path) -> None:
    """In every width up to its own, the best format first."""
    picture = made(saved(tmp_path / "lamp.jpg", photo(), "JPEG"))
    expected = [(kind, width, width // 2) for kind in ("AVIF", "WEBP") for width in (480, 960, 1000)]
    assert expected == [(one.format, one.width, one.height) for one in picture.modern]
    assert ("JPEG", 960, 480) == (picture.fallback.format, picture.fallback.width, picture.fallback.height)
    for one in (*picture.modern, picture.fallback):
        with Image.open(io.BytesIO(one.asset.body)) as image:
            assert (one.format, one.width, one.height) == (image.format, *image.size)


def test_a_small_image_is_never_enlarged(tmp_path: Path) -> None:
    """That would add bytes and no detail."""
    picture = made(saved(tmp_path / "icon.png", photo((40, 30)), "PNG"))
    assert {40} == {one.width for one in (*picture.modern, picture.fallback)}


def test_transparency_is_kept(tmp_path: Path) -> None:
    """The fallback is a PNG then."""
    picture = made(saved(tmp_path / "cut.png", photo((40, 30), "RGBA"), "PNG"))
    assert "PNG" == picture.fallback.format
    with Image.open(io.BytesIO(picture.fallback.asset.body)) as image:
        assert "A" in image.getbands()


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40)), (8, (30, 40))])
def test_a_photo_held_upright_is_upright(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    """The pixels are turned: no rendition needs EXIF."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = made(saved(tmp_path / "lamp.jpg", photo((40, 30)), "JPEG", exif=exif))
    assert size == (picture.fallback.width, picture.fallback.height)


def test_no_metadata_is_published(tmp_path: Path) -> None:
    """A photo may hold the place where it was taken, and by whom."""
    exif = Image.Exif()
    exif[0x010E] = "taken at the founder's home"
    path = saved(tmp_path / "lamp.jpg", photo(), "JPEG", exif=exif, comment=b"taken at the founder's home")
    assert b"founder" in path.read_bytes()
    assert not any(b"founder" in asset.body for asset in made(path).assets)


def test_colours_become_srgb(tmp_path: Path) -> None:
    """The profile is applied and removed."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    path = saved(tmp_path / "lamp.jpg", photo((40, 30)), "JPEG", icc_profile=profile)
    with Image.open(io.BytesIO(made(path).fallback.asset.body)) as image:
        assert "icc_profile" not in image.info
        assert "RGB" == image.mode


def test_nothing_is_encoded_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for another file with the same content."""
    path = saved(tmp_path / "lamp.jpg", photo(), "JPEG")
    first = made(path)
    monkeypatch.setattr(encode, "decode_image", lambda *_: pytest.fail("decoded again"))
    assert first == made(path)
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(path.read_bytes())
    assert first.fallback.asset.body == made(copy).fallback.asset.body


def test_a_damaged_cache_costs_time_only(tmp_path: Path) -> None:
    """It is made again."""
    path = saved(tmp_path / "lamp.jpg", photo(), "JPEG")
    first = made(path)
    for file in (tmp_path / "cache").rglob("*.avif"):
        file.write_bytes(b"")
    assert first == made(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("width",), "1000"),
        (("width",), 10**12),
        (("height",), 0),
        (("frames",), None),
        (("renditions",), []),
        (("renditions", 0, "format"), "../../PNG"),
        (("renditions", 0, "width"), -1),
        (("renditions", 0, "sha256"), "0" * 64),
        (("format",), 2),
    ],
)
def test_a_damaged_record_of_a_picture_costs_time_only(
    tmp_path: Path, path: tuple[str | int, ...], value: object
) -> None:
    """No page promises sizes that somebody wrote into the cache."""
    file = saved(tmp_path / "lamp.jpg", photo(), "JPEG")
    first = made(file)
    (record,) = (tmp_path / "cache").rglob("renditions.json")
    good = record.read_bytes()
    part = facts = json.loads(good)
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    record.write_text(json.dumps(facts))
    assert first == made(file)
    assert good == record.read_bytes()


def test_pages_offer_the_formats_and_sizes(tmp_path: Path) -> None:
    """By `<picture>`, with the space kept for it."""
    path = write_sale(tmp_path, 'products:\n  - {sku: S1, name: Lamp, price: "1.00", image: lamp.jpg}\n')
    saved(path.parent / "lamp.jpg", photo(), "JPEG")
    built = build_sale(path, tmp_path, tmp_path / "build", 2)
    page = (tmp_path / "build" / "night" / "lamp" / "index.html").read_text()
    assert page.index("image/avif") < page.index("image/webp") < page.index("<img ")
    assert 'width="960" height="480"' in page
    assert all(f"assets/{name} {width}w" in page for name, width in srcset(built.site.folder / "night" / "assets"))


def srcset(folder: Path) -> list[tuple[str, str]]:
    """The names of the modern renditions, with their widths."""
    files = [*folder.glob("lamp-*.avif"), *folder.glob("lamp-*.webp")]
    assert 6 == len(files)
    return [(file.name, file.name.split("-")[1].split(".")[0]) for file in files]
