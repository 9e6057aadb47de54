"""`flashgen serve`: see the pages as shoppers will, through a local edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session
from flashgen.errors import Refused

if TYPE_CHECKING:
    from flashgen.cli.preview.preview import Preview
    from flashgen.cli.preview.scene import Scene

# `flashgen.page.preview.STATES`, which help must not import; a test holds the two together.
STATES = ("scheduled", "live", "paused", "ended", "sold-out")


@command("serve")
@sales_argument
@click.option("--at", metavar="TIME|start|end", help="Pretend that it is this time, and go on from there.")
@click.option("--state", type=click.Choice(STATES), help="Pretend this state, at a time that fits it.")
@click.option("--no-bar", is_flag=True, help="Leave the preview bar out of the pages.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
def serve(
    session: Session, sales: tuple[str, ...], at: str | None, state: str | None, no_bar: bool, host: str, port: int
) -> dict[str, Any]:
    """Preview the pages through a local edge; reload them at every change.

    Pages come from the build, which is made again when a file changes. The unlock script comes from the store, so that
    go-live in another terminal opens the page; with --at or --state it is made up. The bar in the pages changes time,
    state, language, theme and width, and lets things fail. It is never in the build.
    """
    from flashgen.cli.file_watch import changes
    from flashgen.cli.preview.preview import Preview
    from flashgen.edge.local.app import Edge
    from flashgen.edge.local.preview_bar import PreviewBar
    from flashgen.edge.local.serving import Serving

    if session.as_json:
        raise click.UsageError("serve never ends: there is no JSON document to print")
    preview = Preview(session, sales, has_bar=not no_bar)
    preview.pretend(_scene(session, preview, at, state))
    edge = Edge(preview.store, order_origins=preview.order_origins, clock=preview.clock)
    bar = PreviewBar(edge, preview)

    def show() -> None:
        edge.invalidate()
        bar.notify()

    preview.on_change = show
    with Serving(bar, host, port) as serving:
        for site in preview.sites:
            session.say(f"{serving.url}/{site.sale}/")
        session.note("reloads at every change; Ctrl-C stops it")
        edits = changes(session)
        next(edits)
        preview.check()
        for _ in edits:
            preview.rebuild()
    return {}


def _scene(session: Session, preview: Preview, at: str | None, state: str | None) -> Scene | None:
    """What the options pretend. The clock is one for all sales: it fits the first of them."""
    from flashgen.cli.preview.scene import scene_at, scene_in
    from flashgen.cli.runtime import now, open_header
    from flashgen.cli.times import moment

    if at is None and state is None:
        return None
    if at in ("start", "end") and len(preview.sites) > 1:
        raise Refused(f"--at {at} needs one sale: each has times of its own", "name the sale to serve")
    header = open_header(session, preview.sites[0].sale)
    sale, at_time = (header.starts_at, header.ends_at), moment(at, header, now())
    if state:
        return scene_in(state, at_time, sale, now())
    return scene_at(at_time, None, sale, now()) if at_time else None
