"""`flashgen demo`: the whole life of the example sale on this machine, with shoppers who buy it out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.cli.demo.story import Stage
    from flashgen.rehearse.order_subsystem import StandInOrderSubsystem

SHOPPERS = 12


@command("demo")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Leave the project in this (new or empty) folder."
)
def demo(session: Session, keep: Path | None) -> dict[str, Any]:
    """Run the whole life of the example sale on this machine."""
    from flashgen.cli.demo.project import demo_folder
    from flashgen.cli.demo.story import Stage
    from flashgen.cli.runtime import interrupted_by_sigterm
    from flashgen.edge.local.app import Edge
    from flashgen.edge.local.serving import Serving
    from flashgen.rehearse.order_subsystem import StandInOrderSubsystem
    from flashgen.store.folder import FolderStore

    began = time.perf_counter()
    with interrupted_by_sigterm(), demo_folder(keep) as folder:
        edge = Edge(FolderStore(folder / ".flashgen" / "store"))
        with StandInOrderSubsystem() as shop, Serving(edge) as serving:
            result, shopper_polls = _run(Stage(session, folder), serving.url, shop)
    polls = {"shoppers": shopper_polls, "store": edge.origin.requests}
    seconds = round(time.perf_counter() - began, 1)
    session.say(f"\nthe shoppers asked {polls['shoppers']} times; {polls['store']} requests reached the store")
    session.say(f"the whole life of a sale in {seconds} s")
    if keep:
        session.say(f"the project is in {keep}")
    session.next_step("flashgen new my-sale")
    return {**result, "polls": polls, "seconds": seconds}


def _run(stage: Stage, site: str, shop: StandInOrderSubsystem) -> tuple[dict[str, Any], int]:
    """The result, and how often all shoppers together polled."""
    from flashgen.cli.demo.project import EXAMPLE, STORAGE, Addresses, write_project
    from flashgen.cli.demo.story import CLOSING, OPENING, PREPARING, buy_out
    from flashgen.cli.gate.process import GateProcess, free_port
    from flashgen.rehearse.crowd.threads import Crowd

    port = free_port()
    write_project(stage.folder, Addresses(site, f"http://127.0.0.1:{port}", shop.url))
    steps = [stage.run(step) for step in PREPARING]
    serve = f"gate serve {EXAMPLE} --port {port} --storage {STORAGE}"
    stage.announce("start the order gate, the one server of a sale", serve)
    with GateProcess(stage.folder, serve, port) as gate:
        stage.session.say(gate.output)
        page = f"{site}/{EXAMPLE}/"
        stage.session.say(f"\n{SHOPPERS} shoppers open {click.style(page, underline=True)} and poll; so can you")
        with Crowd(page, SHOPPERS) as crowd:
            steps += [stage.run(step, crowd) for step in OPENING]
            bought = buy_out(stage, crowd, shop)
            steps += [stage.run(step, crowd) for step in CLOSING]
    return {"steps": steps, "bought": bought}, crowd.polls
