"""Brings in every picture of a sale that is on the web, beside the YAML, where a build finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from flashgen.errors import Problem
from flashgen.fetch.public_address import Unfetchable
from flashgen.files import replace_file
from flashgen.page.pictures.decode import decode_image
from flashgen.page.pictures.gather import image_places
from flashgen.page.pictures.image_file import FETCHED_FOLDER, BadImage, fetched_file, fetched_name, is_url
from flashgen.sale.load import Loaded

AT_ONCE = 4
"""A shop's CDN takes more, but pictures are large and the line is the limit."""

TOTAL_BYTES_MAX = 4 * 1024**3
"""What one run may put beside the YAML, so that a feed of another's URLs cannot fill the disk."""

DownloadPicture = Callable[[str], tuple[str, bytes]]
"""The extension and the bytes of a URL's picture. Raises Unfetchable."""


def image_urls(loaded: Loaded) -> tuple[str, ...]:
    """Every URL that the sale names as an image."""
    return tuple(name for name in image_places(loaded) if is_url(name))


def missing_urls(loaded: Loaded) -> tuple[str, ...]:
    """Those whose pictures are not beside the YAML."""
    folder = loaded.inputs[0].parent
    return tuple(url for url in image_urls(loaded) if fetched_file(folder, url) is None)


def fetch_images(
    loaded: Loaded,
    urls: Sequence[str],
    download: DownloadPicture,
    report: Callable[[int, int], None],
    max_bytes: int = TOTAL_BYTES_MAX,
) -> tuple[Problem, ...]:
    """Download the pictures of `urls`, which the sale names. Returns a problem for each that failed.

    Each is put in place when it is complete and was decoded, so that a run that was interrupted goes on where it was.
    `report` is told how many are done. After `max_bytes` in all, no further one is put in place.
    """
    folder = loaded.inputs[0].parent / FETCHED_FOLDER
    folder.mkdir(exist_ok=True)
    return tuple(_problems(loaded, urls, _results(folder, urls, download, _Budget(max_bytes)), report))


class _Budget:
    """The bytes that may still be put in place. Threads share one."""

    def __init__(self, max_bytes: int) -> None:
        self._max = self._left = max_bytes
        self._lock = Lock()

    def spend(self, body_bytes: int) -> None:
        """Raises Unfetchable if there are not as many left; from then on for any number, also 0."""
        with self._lock:
            if body_bytes > self._left:
                self._left = -1
                hint = "name smaller ones, or run it again: what was fetched stays"
                raise Unfetchable(f"the pictures of this run have more than {self._max / 1024**3:.2g} GiB", hint)
            self._left -= body_bytes


def _results(
    folder: Path, urls: Sequence[str], download: DownloadPicture, budget: _Budget
) -> Iterator[Unfetchable | None]:
    decoding = Lock()  # a decoded picture may take 200 MB

    def fetch(url: str) -> Unfetchable | None:
        try:
            budget.spend(0)
            extension, body = download(url)
            name = f"{fetched_name(url)}{extension}"
            with decoding:
                _decode(folder / name, body)
            budget.spend(len(body))
        except Unfetchable as failure:
            return failure
        replace_file(folder / name, body, temporary=folder / f".writing-{name}")
        return None

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield from pool.map(fetch, urls)
    finally:
        pool.shutdown(cancel_futures=True)


def _decode(path: Path, body: bytes) -> None:
    """Raises Unfetchable for what is no whole picture: a connection may end early without anyone's notice."""
    try:
        decode_image(path, body)
    except BadImage as bad:
        raise Unfetchable(
            f"what came is {bad.message.partition(' is ')[2]}", "run it again, or correct the URL"
        ) from bad


def _problems(
    loaded: Loaded, urls: Sequence[str], results: Iterator[Unfetchable | None], report: Callable[[int, int], None]
) -> Iterator[Problem]:
    places = image_places(loaded)
    report(0, len(urls))
    for done, (url, failure) in enumerate(zip(urls, results, strict=True), start=1):
        report(done, len(urls))
        if failure:
            message = f"image `{url}` cannot be fetched: {failure.message}"
            yield loaded.problem(places[url], message, failure.hint)
