"""The preview that `serve` runs: the sites of the last build, what is pretended, and what the bar asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import RLock
from typing import Any

import click

from flashgen.cli.failure import explain, problem_to_json
from flashgen.cli.preview.page_facts import page_weight, same_page_in
from flashgen.cli.preview.scene import Scene, scene_at, scene_in
from flashgen.cli.release.build import build_all, default_jobs
from flashgen.cli.runtime import now, open_header
from flashgen.cli.session import Session
from flashgen.edge.local.preview_bar import Fault, script_tag
from flashgen.errors import FlashgenError, InvalidInput, Problem, Refused
from flashgen.page.check import check_sale
from flashgen.page.preview import ONE_SOLD_OUT, STATES, PreviewStore, pointer_in
from flashgen.page.site import Site, read_record
from flashgen.page.theme import theme_names
from flashgen.sale.load import load_sale
from flashgen.sale.model import Header
from flashgen.unlock.pointer import OrderUrl

_PRETENDED_REVISIONS = 1_000_000
"""Pages take a new pointer only with a higher revision, so what is pretended is above every real one."""


class Preview:
    """Builds the sales, shows them through `store`, and keeps what the bar shows and changes.

    `on_change` is called after each change of a file, a scene or a fault. Builds and changes come from two threads.
    """

    def __init__(self, session: Session, sales: Sequence[str], *, has_bar: bool = True) -> None:
        self._session, self._sales, self._has_bar = session, sales, has_bar
        self._lock = RLock()
        self._scene: Scene | None = None
        self._scenes = 0
        self._theme = ""
        self._problems: list[dict[str, Any]] = []
        # A page of an earlier preview, which is still open, has another revision.
        self._revision = int(time.time())
        self.fault = Fault.NONE
        self.on_change: Callable[[], None] = lambda: None
        self.sites: list[Site] = []
        self._headers: dict[str, Header] = {}
        self._build()
        self.store = PreviewStore(self.sites, self._pointer, script_tag(self._revision))

    @property
    def order_origins(self) -> list[str]:
        """The order servers of all sales."""
        return [origin for header in self._headers.values() for origin in header.order_origins]

    def clock(self) -> float:
        """The time that is served, in seconds since the epoch."""
        return self._time().timestamp()

    def pretend(self, scene: Scene | None) -> None:
        """Show pages at this state and time from now on; None: at the store's and this machine's."""
        with self._lock:
            if scene is None and self._scene:
                self._show()  # the store's pointer has a lower revision: pages that are open would not take it
            self._scene = scene
            self._scenes += 1

    def rebuild(self) -> None:
        """Build again after an edit, and check. What is wrong is printed, and shown in the bar."""
        with self._lock:
            try:
                self._build()
            except FlashgenError as error:
                self._session.alert(explain(error, self._session).text)
                self._problems = _errors(error)
            else:
                self._problems = []
                self._show()
        self.on_change()
        self.check()

    def check(self) -> None:
        """Do what `flashgen check` does, for the bar."""
        if any(problem["level"] == "error" for problem in self._problems):
            return
        problems: list[dict[str, Any]] = []
        for path in self._session.project.sale_paths(self._sales):
            try:
                project = self._session.project
                loaded = load_sale(path, project.root)
                loaded = loaded.with_theme(self._theme) if self._theme else loaded
                trusted = project.settings.trusted_themes
                arguments = (loaded, project.root, default_jobs(), now())
                warnings = check_sale(*arguments, site_url=project.site_url, trusted_themes=trusted)
                problems += [_row(problem, "warning") for problem in warnings]
            except FlashgenError as error:  # edited since the build: the next one reports it
                problems += _errors(error)
        self._problems = problems
        self.on_change()

    # What the bar shows and changes

    def status(self) -> dict[str, Any]:
        """What all pages have in common. `now` is in ms since the epoch; `state` is null where nothing is pretended."""
        scene = self._scene
        return {
            "revision": self._revision,
            "bar": self._has_bar,
            "now": round(self.clock() * 1000),
            "pretends": scene is not None,
            "state": scene.state if scene else None,
            "fault": self.fault.value,
            "theme": self._theme,
            "themes": theme_names(self._session.project.root / "themes"),
            "problems": self._problems,
        }

    def page(self, key: str) -> dict[str, Any]:
        """A page's sale, its times in ms since the epoch, its weight in bytes, and its address in each language."""
        site = next((site for site in self.sites if key.startswith(f"{site.sale}/")), None)
        if site is None:
            return {}
        header = self._headers[site.sale]
        record = read_record(site.folder, site.sale)
        return {
            "sale": site.sale,
            "starts_at": round(header.starts_at.timestamp() * 1000),
            "ends_at": round(header.ends_at.timestamp() * 1000),
            "timezone": header.timezone,
            "theme": record[1]["theme"] if record else "",
            "weight": page_weight(site, key),
            "locales": same_page_in(site, key),
        }

    def change(self, wishes: dict[str, Any]) -> None:
        """`now`: end the pretence. `fault`, `theme`: those. `state` (with `sku`) or `at` (ms) of a `sale`: a scene."""
        with self._lock:
            if wishes.get("now"):
                self.pretend(None)
            if "fault" in wishes:
                self._spoil(Fault(wishes["fault"]))
            if "theme" in wishes:
                self._dress(str(wishes["theme"]))
            if "state" in wishes or "at" in wishes:
                self.pretend(self._wished_scene(wishes))
        self.on_change()
        if "theme" in wishes:
            self.check()

    def _wished_scene(self, wishes: dict[str, Any]) -> Scene:
        header = self._headers[wishes["sale"]]
        sale = (header.starts_at, header.ends_at)
        if "at" in wishes:
            # Pointers hold whole seconds, and so does the clock when it is set.
            at = datetime.fromtimestamp(int(wishes["at"]) // 1000, UTC)
            return scene_at(at, self._scene, sale, now())
        state, sku = wishes["state"], str(wishes.get("sku", ""))
        if state not in (*STATES, ONE_SOLD_OUT) or (state == ONE_SOLD_OUT and not sku):
            raise ValueError(f"no state: {state}")
        return scene_in(state, None, sale, now(), sku=sku, shown=self._time())

    def _spoil(self, fault: Fault) -> None:
        if Fault.NO_SCRIPT in (fault, self.fault) and fault != self.fault:
            self._show()  # scripts are blocked, or not, when a page is loaded
        self.fault = fault

    def _dress(self, theme: str) -> None:
        before = self._theme
        self._theme = theme
        try:
            if theme and theme not in theme_names(self._session.project.root / "themes"):
                raise Refused(f"there is no theme {theme}")
            self._build()
        except FlashgenError:
            self._theme = before
            raise
        self._show()

    def _build(self) -> None:
        """Build all sales; into a folder of its own if the theme is not the sale's: `build/` is what will be pushed."""
        project = self._session.project
        folder = project.root / ".flashgen" / "preview" / self._theme if self._theme else project.build_folder
        self.sites = [one.site for one in build_all(self._session, self._sales, folder, None, self._theme)]
        self._headers = {site.sale: open_header(self._session, site.sale) for site in self.sites}

    def _show(self) -> None:
        """Give every page a new revision: those that are open reload."""
        self._revision += 1
        self.store.show(self.sites, script_tag(self._revision))

    def _time(self) -> datetime:
        scene = self._scene
        return scene.time(now()) if scene else now()

    def _pointer(self, site: Site) -> bytes | None:
        """What is pretended, else the store's pointer; None for the one of the build."""
        scene = self._scene
        if scene is None:
            stored = self._session.store.get(site.pointer_file.key)
            return stored.body if stored else None
        starts_at = site.pointer.state.starts_at
        order = OrderUrl("/o/preview", site.origins)
        revision, opens_at = _PRETENDED_REVISIONS + self._scenes, scene.opens_at(starts_at)
        return pointer_in(scene.state or "live", site, order, revision=revision, opens_at=opens_at, sku=scene.sku)


def _errors(error: FlashgenError) -> list[dict[str, Any]]:
    if isinstance(error, InvalidInput):
        return [_row(problem, "error") for problem in error.problems]
    return [{"level": "error", "place": "", "message": error.message, "hint": click.unstyle(error.hint), "quote": ""}]


def _row(problem: Problem, level: str) -> dict[str, Any]:
    named = problem_to_json(problem)
    place = ":".join(str(part) for part in (named["file"], named["line"], named["col"]) if part)
    return {
        "level": level,
        "place": place,
        "message": problem.message,
        "hint": click.unstyle(problem.hint),
        "quote": problem.quote,
    }
