"""The file of a product image: which kinds there are, and how it is read."""

from __future__ import annotations

import difflib
import hashlib
import re
import stat
import unicodedata
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from flashgen.errors import FlashgenError
from flashgen.sale.transliteration import slugified

FORMATS = {
    ".avif": "AVIF",
    ".gif": "GIF",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
}
"""Extensions that a product image may have, and the format that the file must then hold."""

FILE_BYTES_MAX = 64 * 1024 * 1024


FETCHED_FOLDER = "fetched-images"
"""Beside the YAML; kept in git like other pictures."""

IN_ANOTHER_CASE = "which differs in upper and lower case"
_DRIVE = re.compile(r"[A-Za-z]:")
_STEM_LENGTH_MAX = 40
_STARTS = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"GIF87a": ".gif", b"GIF89a": ".gif"}


class BadImage(FlashgenError):
    """Why an image cannot be used. The caller adds the line of the YAML that names it."""


class MissingImage(BadImage):
    """No file has an image's name."""


class NotFetched(BadImage):
    """An image is a URL, and `flashgen fetch-images` has not brought it in."""

    def __init__(self, url: str, hint: str = "") -> None:
        super().__init__(f"image `{url}` is on the web, and a build fetches nothing", hint)


def is_url(name: str) -> bool:
    """Whether an image's name is one of the web."""
    return name.lower().startswith(("https://", "http://"))


def fetched_name(url: str) -> str:
    """What the file of a URL is called, without its extension: `shirt-3f2a9c1b7d04` for `https://…/Shirt.jpg?v=1`."""
    try:
        path = urlsplit(url).path
    except ValueError:  # such as https://[x/y.jpg, which is refused when it is fetched
        path = ""
    stem = slugified(PurePosixPath(unquote(path)).stem)[:_STEM_LENGTH_MAX].strip("-")
    return f"{stem or 'image'}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"


def fetched_file(folder: Path, url: str) -> Path | None:
    """The file of a URL below the YAML's folder; None if it was not fetched."""
    names = (f"{fetched_name(url)}{extension}" for extension in FORMATS)
    return next((path for name in names if (path := folder / FETCHED_FOLDER / name).is_file()), None)


def find_image(folder: Path, name: str, root: Path) -> Path:
    """The file that `name` means in `folder`, or where it would be. Raises NotFetched for a URL without a file.

    A name in another Unicode form is the same name: macOS writes `é` as two characters, most keyboards as one. A
    backslash is a slash, as Windows writes paths, unless a file has it in its name. A name without a folder is also
    looked for in the folders below, because a spreadsheet has the names, and the pictures lie in a folder of their own.
    Raises BadImage if several have it.
    """
    if is_url(name):
        if fetched := fetched_file(folder, name):
            return fetched
        raise NotFetched(name)
    place = folder
    if "\\" in name and not (folder / name).exists():
        name = name.replace("\\", "/")
    for part in PurePosixPath(name).parts:
        same = (one for one in _names(place, root) if _composed(one) == _composed(part))
        place /= part if (place / part).exists() else next(same, part)
    is_bare = len(PurePosixPath(name).parts) == 1
    return _below(folder, name, root) or place if is_bare and not place.exists() else place


def _below(folder: Path, name: str, root: Path) -> Path | None:
    """The file of that name in a folder one below; None if there is none."""
    folders = (folder / one for one in _names(folder, root) if not one.startswith(".") and one != FETCHED_FOLDER)
    found = [place / one for place in folders for one in _names(place, root) if _composed(one) == _composed(name)]
    if len(found) > 1:
        places = " and ".join(f"`{path.relative_to(folder).as_posix()}`" for path in found[:2])
        raise BadImage(f"image `{name}` can be {places}", "write the folder, too")
    return found[0] if found else None


def _names(folder: Path, root: Path) -> list[str]:
    """What a folder of the project holds, sorted; nothing for any other."""
    try:
        is_inside = folder.resolve().is_relative_to(root.resolve())
        return sorted(path.name for path in folder.iterdir()) if is_inside else []
    except (OSError, RuntimeError):  # it is missing, or a link to itself
        return []


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def extension_of(body: bytes) -> str:
    """The extension for a picture's bytes, by how they begin; empty if they are no picture that a sale may have."""
    if body[4:8] == b"ftyp" and body[8:12] in (b"avif", b"avis"):
        return ".avif"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return ".webp"
    return next((extension for start, extension in _STARTS.items() if body.startswith(start)), "")


def read_image(path: Path, root: Path) -> bytes:
    """An image file's bytes. Raises BadImage if it is missing, outside `root`, too large, or of an unknown kind."""
    body = _read(path, root)
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise BadImage(f"image `{path.name}` must be one of {known}", "convert it, or name another file")
    return body


def _read(path: Path, root: Path) -> bytes:
    try:
        _refuse_outside(path, root)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadImage(f"image `{path.name}` is not a file", f"look at {path}")
        if status.st_size > FILE_BYTES_MAX:
            size = status.st_size // 1024**2
            raise BadImage(f"image `{path.name}` has {size} MiB", f"use one of at most {FILE_BYTES_MAX // 1024**2} MiB")
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingImage(f"image `{path.name}` does not exist", _hint_for_missing(path, root)) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadImage(f"image `{path.name}` cannot be read: {reason}", f"look at {path}") from error
    except RuntimeError:  # what pathlib makes of ELOOP before Python 3.13
        raise BadImage(f"image `{path.name}` is a link to itself", f"put the file at {path}") from None


def _hint_for_missing(path: Path, root: Path) -> str:
    """The file that was probably meant, which may differ in case only: `Lamp.JPG` for `lamp.jpg`."""
    if any(_DRIVE.fullmatch(part) for part in path.parts):
        return f"that is a place on another computer: copy the file beside the YAML, and write `{path.name}`"
    if found := _in_any_case(path, root):
        return f"did you mean `{found.as_posix()}`, {IN_ANOTHER_CASE}?"
    images = {name.casefold(): name for name in _names(path.parent, root) if Path(name).suffix.lower() in FORMATS}
    close = difflib.get_close_matches(_composed(path.name).casefold(), images, n=1, cutoff=0.7)
    if not close:
        return f"put the file at {path}"
    name = images[close[0]]
    return f"did you mean `{name}`?"


def _in_any_case(path: Path, root: Path) -> Path | None:
    """The file whose path differs in case only, below the folder where the two part; None if there is none."""
    shared = next((parent for parent in path.parents if parent.is_dir()), root)
    place = shared
    for part in path.relative_to(shared).parts:
        wanted = _composed(part).casefold()
        name = next((one for one in _names(place, root) if _composed(one).casefold() == wanted), None)
        if name is None:
            return None
        place /= name
    return place.relative_to(shared)


def _refuse_outside(path: Path, root: Path) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        raise BadImage(
            f"image `{path.name}` lies outside the project, at {path.resolve()}",
            "copy the file beside the YAML; links out of the project are not followed",
        )
