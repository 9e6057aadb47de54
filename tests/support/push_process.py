"""A push in a process of its own, killed as `kill -9` does just before one of its calls; and stores that outlive it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

from support.aws_process import BUCKET, Aws
from support.recording_store import RecordingStore
from support.shop import push_of

from flashgen.aws.cloudfront import CloudFront
from flashgen.page.site import Site
from flashgen.store import FolderStore, S3Store, Store
from flashgen.store.protocol import Cdn

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


class Place(Protocol):
    """A store and its CDN, as any process can open them."""

    def open(self) -> tuple[Store, Cdn]:
        """Both, for this process."""

    def invalidations(self) -> list[tuple[str, ...]]:
        """The paths of each invalidation, oldest first."""


@dataclass(frozen=True)
class FolderPlace:
    """A folder, and a file beside it that lists what a CDN has invalidated."""

    root: Path

    def open(self) -> tuple[Store, Cdn]:
        """See `Place.open`."""
        return FolderStore(self.root), _Listing(self.root.with_suffix(".invalidations"))

    def invalidations(self) -> list[tuple[str, ...]]:
        """See `Place.invalidations`."""
        return [tuple(line.split()) for line in self.root.with_suffix(".invalidations").read_text("utf-8").splitlines()]


@dataclass(frozen=True)
class BucketPlace:
    """A prefix of a bucket, and a distribution that all have in common."""

    aws: Aws
    prefix: str

    def open(self) -> tuple[Store, Cdn]:
        """See `Place.open`."""
        os.environ["AWS_ENDPOINT_URL_CLOUDFRONT"] = self.aws.url
        return S3Store(BUCKET, self.prefix, endpoint_url=self.aws.url), CloudFront(self.aws.distribution)

    def invalidations(self) -> list[tuple[str, ...]]:
        """See `Place.invalidations`."""
        return self.aws.invalidated()


def push_in_a_process(place: Place, site: Site, kill_at: int) -> bool:
    """Push there, as ann; False if that was killed, which happens before its call number `kill_at`."""
    process = _PROCESSES.Process(target=_push, args=(place, site, kill_at, dict(os.environ)))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


def _push(place: Place, site: Site, kill_at: int, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    store, cdn = place.open()
    countdown = _Countdown(kill_at)
    push_of(site, RecordingStore(store, countdown), cdn=_Counted(cdn, countdown)).run()


class _Countdown:
    """Kills this process at a call."""

    def __init__(self, calls: int) -> None:
        self._left, self._lock = calls, Lock()

    def __call__(self, *_: object) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class _Counted:
    """A CDN whose calls count."""

    inner: Cdn
    before: Callable[[], None]

    @property
    def name(self) -> str:
        """The wrapped one's."""
        return self.inner.name

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        self.before()
        return self.inner.invalidate(paths, reference)

    def is_done(self, invalidation: str) -> bool:
        """See `Cdn.is_done`."""
        self.before()
        return self.inner.is_done(invalidation)


@dataclass
class _Listing:
    """A CDN that writes its invalidations into a file."""

    path: Path
    name: str = "listing"

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(" ".join(paths) + "\n")
        return reference

    def is_done(self, invalidation: str) -> bool:
        """See `Cdn.is_done`."""
        return True
