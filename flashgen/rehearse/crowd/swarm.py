"""The crowd on Locust, in a process of its own: `python -m flashgen.rehearse.crowd.swarm master|worker HOST PORT`.

The master gets the scenario as a line of JSON on stdin, sends it to its workers, and prints what they tell, as lines of
JSON. Visitors are all started early; each sleeps to the arrival that it drew, by the edge's clock.
"""

from __future__ import annotations

from locust import FastHttpUser, events, task  # first: it makes sockets cooperative
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

# isort: split
import json
import logging
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from flashgen.rehearse.browser import ANSWER_SECONDS, PageAnswer
from flashgen.rehearse.crowd.scenario import CrowdScenario, VisitRecord
from flashgen.rehearse.crowd.visitor import Visitor

TELL_SECONDS = 1.0
SPAWNED_PER_SECOND = 100.0
"""Of each worker; more is known to upset Locust."""
READY_SECONDS = 120.0
SCENARIO, TOLD = "scenario", "told"


class Pace:
    """At most so many requests a second of this process; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self._gap, self._next, self._turn = 1 / per_second if per_second else 0.0, 0.0, threading.Lock()

    def wait(self) -> None:
        """Until there is room for one more."""
        if not self._gap:
            return
        with self._turn:
            self._next = max(self._next + self._gap, time.monotonic())
        time.sleep(max(0.0, self._next - time.monotonic()))


class Telling:
    """What this process tells: visits, and requests by second after the start, kind, and where they came to."""

    def __init__(self, scenario: CrowdScenario) -> None:
        self.scenario = scenario
        self.pace = Pace(scenario.requests_per_second)
        self.requests: Counter[tuple[int, str, str]] = Counter()
        self.visits: list[VisitRecord] = []
        self.started = 0

    def take(self) -> dict[str, Any]:
        """All since the last time."""
        requests, visits, self.requests, self.visits = self.requests, self.visits, Counter(), []
        return {
            "requests": [[*key, count] for key, count in requests.items()],
            "visits": [visit.to_json() for visit in visits],
        }


class LocustBrowser:
    """One user's FastHttpSession."""

    def __init__(self, user: CrowdUser, telling: Telling) -> None:
        self._client, self._telling = user.client, telling

    def open(self, url: str, form: Mapping[str, str] | None = None) -> PageAnswer:
        """As a Browser."""
        self._telling.pace.wait()
        kind = self._kind(url)
        fields = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        with self._client.request(
            "POST" if form else "GET",
            url,
            name=kind,
            data=urlencode(form) if form else None,
            headers=fields,
            catch_response=True,
        ) as answer:
            status, error = answer.status_code, getattr(answer, "error", "none")
            second = int((time.time() - self._telling.scenario.opens_at) // 1)
            headers = {name.lower(): value for name, value in (answer.headers or {}).items()}
            came_to = headers.get("x-cache", str(status)).partition(" ")[0] if status < 500 else str(status)
            self._telling.requests[second, kind, came_to] += 1
            if not status:
                raise OSError(f"no answer: {error}")
            if status < 500:
                answer.success()  # to be turned away is an answer
            return PageAnswer(status, str(answer.url or url), headers, answer.content or b"")

    def _kind(self, url: str) -> str:
        scenario = self._telling.scenario
        if url.startswith(scenario.gate + "/"):
            return "order"
        path = urlsplit(url).path
        if "/unlock." in path:
            return "pointer"
        return "page" if path.endswith("/") else "file"


class NeverStop:
    """Locust ends its users by ending their greenlets."""

    def is_set(self) -> bool:
        """Never."""
        return False

    def wait(self, timeout: float) -> bool:
        """Sleep."""
        time.sleep(max(0.0, timeout))
        return False


class CrowdUser(FastHttpUser):
    """One visitor."""

    host = "http://127.0.0.1"
    network_timeout = connection_timeout = ANSWER_SECONDS
    telling: ClassVar[Telling]
    worker: ClassVar[int] = 0

    @task
    def visit(self) -> None:
        """Sleep until this visitor arrives, visit, tell."""
        telling, number = self.telling, self.telling.started
        telling.started += 1
        draws = Random(f"{telling.scenario.seed} {self.worker} {number}")  # noqa: S311
        visitor = Visitor(telling.scenario, draws, LocustBrowser(self, telling), NeverStop())
        time.sleep(max(0.0, visitor.arrives_at - time.time()))
        visit = visitor.visit()
        telling.visits.append(visit)  # a list of its own each second: not the one of when the visit began
        time.sleep(1e6)


def worker(host: str, port: int) -> None:
    """Join the master there, and do what it sends."""
    environment = Environment(user_classes=[CrowdUser], events=events)
    runner: WorkerRunner = environment.create_worker_runner(host, port)

    def begin(environment: Environment, msg: Any, **_: Any) -> None:
        CrowdUser.telling, CrowdUser.worker = Telling(CrowdScenario.from_json(msg.data)), runner.worker_index
        threading.Thread(target=tell, daemon=True).start()

    def tell() -> None:
        while True:
            time.sleep(TELL_SECONDS)
            runner.send_message(TOLD, CrowdUser.telling.take())

    runner.register_message(SCENARIO, begin)
    runner.greenlet.join()


def master(host: str, port: int, workers: int) -> None:
    """Wait for the workers, send them the scenario, start the visitors, print what is told until the end."""
    environment = Environment(user_classes=[CrowdUser], events=events)
    runner: MasterRunner = environment.create_master_runner(host, port)
    visits = 0

    def told(environment: Environment, msg: Any, **_: Any) -> None:
        nonlocal visits
        visits += len(msg.data["visits"])
        _print(msg.data)

    runner.register_message(TOLD, told)
    _print({"listening": True})
    deadline = time.monotonic() + READY_SECONDS
    while len(runner.clients.ready) < workers and time.monotonic() < deadline:
        time.sleep(0.05)
    _print({"workers": len(runner.clients.ready)})
    scenario = CrowdScenario.from_json(json.loads(sys.stdin.readline()))
    runner.send_message(SCENARIO, scenario.to_json())
    time.sleep(0.2)
    runner.start(scenario.visitors, spawn_rate=SPAWNED_PER_SECOND * len(runner.clients.ready))
    while time.time() < scenario.ends_at + ANSWER_SECONDS and visits < scenario.visitors:
        time.sleep(0.1)
    _print({"is_over": True, "workers": len(runner.clients)})
    runner.quit()


def _print(data: Mapping[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(data)}\n")
    sys.stdout.flush()


def main(role: str, host: str, port: str, workers: str = "1") -> None:
    """As the module's first line says."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if role == "master":
        master(host, int(port), int(workers))
    else:
        worker(host, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
