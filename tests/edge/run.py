"""Runs a case of the table against an edge."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from edge.cases import Asked, Case, Crowd, Fail, Get, Put, Step, Wait
from support.observed_store import ObservedStore
from support.viewer import Seen, look

from flashgen.store import Headers

SETTLING_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Rig:
    """An edge, the store behind it, and how time passes there."""

    url: str
    store: ObservedStore
    wait: Callable[[float], None]
    is_local: bool


def run(rig: Rig, case: Case) -> None:
    """All steps in a folder of their own, so that cases can share an edge."""
    under_way = _Run(rig, case, re.sub(r"\W+", "-", case.name))
    for number, step in enumerate(case.steps):
        under_way.step(step, f"step {number}: {step}")


@dataclass(frozen=True, slots=True)
class _Run:
    rig: Rig
    case: Case
    folder: str

    def step(self, step: Step, note: str) -> None:
        match step:
            case Get():
                self.get(step, note)
            case Crowd():
                self.crowd(step, note)
            case Wait(seconds):
                self.rig.wait(seconds)
            case Put(body, path):
                headers = Headers("text/html; charset=utf-8", self.case.cache_control)
                self.rig.store.put(f"{self.folder}/{path}", body, headers)
            case Fail(fails):
                change = self.rig.store.failing.add if fails else self.rig.store.failing.discard
                change(f"{self.folder}/page.html")
            case Asked(times):
                self.settle(times, note)

    def get(self, step: Get, note: str) -> None:
        seen = look(self.rig.url, self.path(step.path), step.method, self.sent(step.sends))
        assert step.status == seen.status, note
        if step.body is not None:
            assert step.body == seen.body, note
        for name, value in {**step.has, **(step.local if self.rig.is_local else {})}.items():
            assert self.expected(name, value) == _found(seen, name, value), f"{name}, {note}"
        if step.asked is not None:
            assert step.asked == self.asked(), note

    def crowd(self, step: Crowd, note: str) -> None:
        """The origin is slow enough for all to arrive before it answers."""
        self.rig.store.slow.add(f"{self.folder}/{step.path}")
        with ThreadPoolExecutor(step.viewers) as pool:
            seen = list(pool.map(lambda _: look(self.rig.url, self.path(step.path)), range(step.viewers)))
        assert {(200, step.body)} == {(each.status, each.body) for each in seen}, note
        assert step.asked == self.asked(), note

    def settle(self, times: int, note: str) -> None:
        """In real time: a virtual clock does not move threads."""
        deadline = time.monotonic() + SETTLING_SECONDS
        while self.asked() < times and time.monotonic() < deadline:
            time.sleep(0.01)
        assert times == self.asked(), note
        time.sleep(0.1)  # the answer is on its way back

    def path(self, path: str) -> str:
        return path if path.startswith("/") else f"/{self.folder}/{path}"

    def sent(self, sends: Mapping[str, str]) -> Mapping[str, str]:
        etag = next((entry.etag for entry in self.rig.store.list(f"{self.folder}/")), "")
        return {name: value.replace("{etag}", etag) for name, value in sends.items()}

    def expected(self, name: str, value: str | None) -> str | None:
        """Locations are inside the case's folder."""
        return f"/{self.folder}/{value}" if name == "location" else value

    def asked(self) -> int:
        reads = self.rig.store.reads.copy()
        return sum(count for key, count in reads.items() if key.startswith(f"{self.folder}/"))


def _found(seen: Seen, name: str, value: str | None) -> str | None:
    """A field; `…` stands for any value."""
    found = seen.fields.get(name)
    return "…" if value == "…" and found else found
