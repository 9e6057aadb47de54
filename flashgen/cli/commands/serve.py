"""`flashgen serve`: see the pages as shoppers will, through a local edge."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError, Refused

if TYPE_CHECKING:
    from flashgen.page.preview import PointerOf
    from flashgen.page.site import Site

# `flashgen.page.preview.STATES`, which help must not import; a test holds the two together.
STATES = ("scheduled", "live", "paused", "ended", "sold-out")


@command("serve")
@sales_argument
@click.option("--at", metavar="TIME|start", help="Pretend that it is this time, and go on from there.")
@click.option("--state", type=click.Choice(STATES), help="Pretend that the sale is in this state.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
def serve(
    session: Session, sales: tuple[str, ...], at: str | None, state: str | None, host: str, port: int
) -> dict[str, Any]:
    """Preview the pages through a local edge; reload them at every change.

    Pages come from the build, which is made again when a file changes. The unlock script comes from the store, so that
    go-live in another terminal opens the page; before the first push, or with --at or --state, it is made up.
    """
    from flashgen.cli.file_watch import changes
    from flashgen.cli.release.build import build_all
    from flashgen.edge.local.app import Edge
    from flashgen.edge.local.live_reload import FOOTER, LiveReload
    from flashgen.edge.local.serving import Serving
    from flashgen.page.preview import PreviewStore

    if session.as_json:
        raise click.UsageError("serve never ends: there is no JSON document to print")

    def sites() -> list[Site]:
        return [one.site for one in build_all(session, sales, session.project.build_folder, None)]

    built = sites()
    store = PreviewStore(built, _pointers(session, at, state), FOOTER)
    edge = Edge(store, order_origins=_order_origins(session, built), clock=_clock(session, built, at))
    page = LiveReload(edge)
    with Serving(page, host, port) as serving:
        for site in built:
            session.say(f"{serving.url}/{site.sale}/")
        session.note("reloads at every change; Ctrl-C stops it")
        edits = changes(session)
        next(edits)
        for _ in edits:
            _refresh(session, store, edge, page, sites)
    return {}


def _refresh(session: Session, store: Any, edge: Any, page: Any, sites: Callable[[], list[Site]]) -> None:
    from flashgen.cli.failure import explain

    try:
        store.show(sites())
    except FlashgenError as error:
        text = explain(error, session).text
        session.note(text)
        page.tell(click.unstyle(text))
    else:
        edge.invalidate()
        page.tell()


def _pointers(session: Session, at: str | None, state: str | None) -> PointerOf:
    """What the pointer says: what was asked for, else what the store has, else what was built."""
    from flashgen.page.preview import pointer_in
    from flashgen.unlock.pointer import OrderUrl

    def pretended(site: Site) -> bytes:
        order = OrderUrl("/o/preview", _header(session, site.sale).order_origins)
        return pointer_in(state or "live", site, order)

    def real(site: Site) -> bytes | None:
        stored = session.project.store(session.target_name).get(site.pointer_file.key)
        return stored.body if stored else None

    return pretended if at or state else real


def _order_origins(session: Session, sites: list[Site]) -> list[str]:
    return [origin for site in sites for origin in _header(session, site.sale).order_origins]


def _clock(session: Session, sites: list[Site], at: str | None) -> Callable[[], float]:
    """This machine's clock, shifted so that it was `at` when the preview began."""
    from flashgen.cli.times import moment

    if at is None:
        return time.time
    if at == "start" and len(sites) > 1:
        raise Refused("--at start needs one sale: each has a start of its own", "name the sale to serve")
    instant = moment(at, _header(session, sites[0].sale))
    shift = instant.timestamp() - time.time() if instant else 0.0
    return lambda: time.time() + shift


def _header(session: Session, sale: str) -> Any:
    from flashgen.cli.runtime import open_header

    return open_header(session, sale)
