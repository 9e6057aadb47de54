"""A rehearsal from building the pages to the recording: edge, gate, order subsystem, operator, crowd, trouble."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from flashgen.cli.gate.process import PROGRAM, GateProcess, free_port
from flashgen.cli.rehearse.expected import expect
from flashgen.cli.rehearse.options import RehearsalOptions
from flashgen.cli.rehearse.project import LASTS, StageAddresses, rehearsal_folder, write_sale, write_settings
from flashgen.cli.rehearse.swarm_process import SwarmProcess
from flashgen.cli.session import Session
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.errors import FlashgenError
from flashgen.gate.storage.opening import open_storage
from flashgen.page.site import Site, read_record
from flashgen.rehearse.crowd.scenario import CrowdScenario, VisitRecord
from flashgen.rehearse.order_subsystem import StandInOrderSubsystem
from flashgen.rehearse.recording import OrderTaken, Recording
from flashgen.rehearse.trouble import (
    DOWN_SECONDS,
    LATE_SECONDS,
    STRIKES_AFTER_SECONDS,
    Trouble,
    TroubledStore,
)
from flashgen.sale.load import load_sale
from flashgen.sale.model import Sale
from flashgen.store.folder import FolderStore
from flashgen.store.protocol import Store

STORAGE = "sqlite:.flashgen/gate-local.db"
SETTLED_WITHIN_SECONDS = 40.0
"""How long the order subsystem may take to get what is left, once the crowd has gone."""

Live = Callable[[float, dict[str, Any], int], None]
"""Gets seconds after the start, what the crowd told, and how many requests reached the store so far."""


def rehearse(session: Session, options: RehearsalOptions, live: Live) -> Recording:
    """The whole of it. Raises FlashgenError when the stage cannot be set up."""
    with ExitStack() as stack:
        folder = stack.enter_context(rehearsal_folder(session.project))
        shop = stack.enter_context(StandInOrderSubsystem())
        opens_at = [0.0]
        store = FolderStore(folder / ".flashgen" / "store")
        troubled = TroubledStore(store, options.troubles, lambda: time.time() - opens_at[0])
        edge = Edge(cast(Store, troubled))
        serving = stack.enter_context(Serving(edge, options.listen))
        port = free_port()
        addresses = StageAddresses(serving.url, f"http://127.0.0.1:{port}", shop.url)
        write_settings(session.project, folder, serving.url)
        swarm = stack.enter_context(
            SwarmProcess(options.listen, options.master_port or free_port(), options.processes, options.other_workers)
        )
        _push(session, folder, options, datetime.now(UTC) + LASTS, addresses)  # pictures take their time
        gate = stack.enter_context(
            GateProcess(folder, f"gate serve {options.sale} --port {port} --storage {STORAGE}", port)
        )
        swarm.wait()
        seconds = max(options.setup_seconds + options.arrive_before, options.setup_seconds + 4 + options.lead)
        starts_at = (datetime.now(UTC) + timedelta(seconds=seconds + 1)).replace(microsecond=0)
        opens_at[0] = starts_at.timestamp()
        site, sale = _push(session, folder, options, starts_at, addresses)
        stack.enter_context(_operators(folder, options, opens_at[0]))
        stack.enter_context(_misfortune(options, opens_at[0], gate, shop))
        scenario = _scenario(options, site, addresses, opens_at[0])
        recorder = _Recorder(edge, opens_at[0])
        for told in swarm.tell(scenario):
            recorder.note(told)
            live(time.time() - opens_at[0], told, edge.origin.requests)
        recorder.stop()
        orders = _orders(folder, options.sale, opens_at[0], shop)
        return Recording(
            sale=options.sale,
            visitors=options.visitors,
            begins=-options.arrive_before,
            ends=options.lasts,
            edge_ttl_seconds=float(sale.unlock.edge_ttl_seconds),
            objects=len(scenario.objects) + 2,
            lead_seconds=options.lead,
            troubles=tuple(sorted(options.troubles)),
            visits=tuple(recorder.visits),
            requests=tuple((*key, count) for key, count in sorted(recorder.requests.items())),
            origin=tuple(sorted(recorder.origin.items())),
            stock={product.sku: product.stock for product in sale.products},
            orders=orders,
            received={key: len(times) for key, times in shop.received.items()},
            expected=expect(site, options),
        )


def _push(
    session: Session, folder: Path, options: RehearsalOptions, starts_at: datetime, addresses: StageAddresses
) -> tuple[Site, Sale]:
    write_sale(session.project, folder, options.sale, starts_at, addresses, options.stock)
    _run(folder, "push", options.sale, "--yes", "--force")
    record = read_record(folder / "build", options.sale)
    if record is None:
        raise FlashgenError("the pages were not built")
    return record[0], load_sale(folder / "sale_configs" / f"{options.sale}.yaml", folder).sale


def _run(folder: Path, *words: str) -> None:
    """A command of flashgen in a process of its own, as an operator types it."""
    done = subprocess.run(  # noqa: S603
        [*PROGRAM, *words, "--project", str(folder), "--no-next"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith(("error: ", "hint: "))]
        raise FlashgenError(f"`flashgen {' '.join(words)}` failed: {' '.join(lines) or done.stderr[-500:]}")


@contextmanager
def _operators(folder: Path, options: RehearsalOptions, opens_at: float) -> Iterator[None]:
    """Go-live as on the night; two at once, or one that comes late, if so asked."""
    words = ["go-live", options.sale, "--yes"]
    is_late = Trouble.LATE_GO_LIVE in options.troubles
    if not is_late:
        words += ["--at", "start", *(("--lead", f"{options.lead:g}s") if options.lead else ())]
    count = 2 if Trouble.SECOND_OPERATOR in options.troubles else 1

    def late() -> None:
        time.sleep(max(0.0, opens_at + LATE_SECONDS - time.time()))
        _run(folder, *words)

    if is_late:
        threading.Thread(target=late, daemon=True).start()
        yield
        return
    command = [*PROGRAM, *words, "--project", str(folder), "--no-next"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(command, **quiet) for _ in range(count)]  # type: ignore[call-overload]  # noqa: S603
    try:
        yield
    finally:
        for process in running:
            process.terminate()
            process.wait()


@contextmanager
def _misfortune(
    options: RehearsalOptions, opens_at: float, gate: GateProcess, shop: StandInOrderSubsystem
) -> Iterator[None]:
    """What befalls gate and order subsystem, by a thread."""

    def befall() -> None:
        time.sleep(max(0.0, opens_at + STRIKES_AFTER_SECONDS - time.time()))
        if Trouble.GATE_KILLED in options.troubles:
            gate.restart()
        if Trouble.ORDER_SUBSYSTEM_DOWN in options.troubles:
            shop.is_down = True
            time.sleep(DOWN_SECONDS)
            shop.is_down = False

    thread = threading.Thread(target=befall, daemon=True)
    thread.start()
    yield
    shop.is_down = False


def _scenario(options: RehearsalOptions, site: Site, addresses: StageAddresses, opens_at: float) -> CrowdScenario:
    from flashgen.forecast.first_visit import Kind, first_visit

    loaded = [one.key for one in first_visit(site) if one.kind not in (Kind.PAGE, Kind.POINTER)]
    page = next(one.key for one in first_visit(site) if one.kind is Kind.PAGE).removesuffix("index.html")
    skus = tuple(load_skus(site))
    return CrowdScenario(
        page_url=f"{addresses.site}/{page}",
        objects=tuple(f"{addresses.site}/{key}" for key in loaded),
        skus=skus,
        origin=addresses.gate,
        gate=addresses.gate,
        visitors=options.visitors,
        seed=options.seed,
        arrives_from=opens_at - options.arrive_before,
        opens_at=opens_at,
        arrives_until=opens_at + options.arrive_after,
        ends_at=opens_at + options.lasts,
        buying_share=options.buying_share,
        thinks_seconds=options.thinks,
    )


def load_skus(site: Site) -> list[str]:
    """What is for sale, by gate.json."""
    import json

    from flashgen.layout import settings_key

    file = next(file for file in site.files if file.key == settings_key(site.sale))
    return sorted(json.loads(site.body(file))["items"])


class _Recorder:
    """Sums up what is told, and notes each second what reached the store."""

    def __init__(self, edge: Edge, opens_at: float) -> None:
        self.visits: list[VisitRecord] = []
        self.requests: dict[tuple[int, str, str], int] = {}
        self.origin: dict[int, int] = {}
        self._edge, self._opens_at, self._stop = edge, opens_at, threading.Event()
        self._before = edge.origin.requests
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def note(self, told: dict[str, Any]) -> None:
        """One line of the crowd."""
        self.visits += [VisitRecord.from_json(one) for one in told.get("visits", ())]
        for second, kind, came_to, count in told.get("requests", ()):
            key = (second, kind, came_to)
            self.requests[key] = self.requests.get(key, 0) + count

    def stop(self) -> None:
        """No more."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(0.2):
            now = self._edge.origin.requests
            if now > self._before:
                second = int((time.time() - self._opens_at) // 1)
                self.origin[second] = self.origin.get(second, 0) + now - self._before
                self._before = now


def _orders(folder: Path, sale: str, opens_at: float, shop: StandInOrderSubsystem) -> tuple[OrderTaken, ...]:
    """Those of the storage, once all have reached the order subsystem, or that took too long."""
    deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
    with closing(open_storage(STORAGE, folder)) as storage:
        while True:
            found = list(storage.orders(sale))
            if {one.id for one in found} <= shop.received.keys() or time.monotonic() > deadline:
                break
            time.sleep(0.2)
    return tuple(OrderTaken(one.id, one.sku, one.accepted_at - opens_at, one.state != "rejected") for one in found)
