"""`flashgen rehearse`: a crowd against the real artifacts, on a start some seconds away, and a verdict."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command
from flashgen.cli.session import Session

MASTER_PORT = 5557
VISITORS_MAX = 1_000_000


@command("rehearse")
@click.argument("sale", required=False)
@click.option("--visitors", default="500", show_default=True, metavar="N", help="How many come: 2000, 20k.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(0, 64), help="Locust workers here.")
@click.option("--trouble", default="", metavar="NAMES", help="origin-5xx,gate-killed,late-go-live,… (docs/rehearse.md)")
@click.option(
    "--before", default="25s", show_default=True, metavar="DURATION", help="How long before the start they come."
)
@click.option("--lasts", default="35s", show_default=True, metavar="DURATION", help="How long they stay after it.")
@click.option("--lead", default="10s", show_default=True, metavar="DURATION", help="As for go-live.")
@click.option("--stock", type=click.IntRange(1), default=20, show_default=True, help="Of each product, at most.")
@click.option("--buyers", default="30%", show_default=True, metavar="SHARE", help="Visitors who press the button.")
@click.option(
    "--form", default="2s", show_default=True, metavar="DURATION", help="How long a buyer takes to order, at most."
)
@click.option("--seed", default=1, show_default=True, help="Another one is another crowd.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the report here, as HTML.")
@click.option(
    "--master", default=0, metavar="WORKERS", type=click.IntRange(0), help="Wait for workers on other machines."
)
@click.option("--listen", default="127.0.0.1", show_default=True, help="Where the crowd reaches pages and master.")
@click.option("--worker", metavar="HOST", help="Join the crowd of the rehearsal that runs there.")
def rehearse(
    session: Session, sale: str | None, worker: str | None, report: Path | None, **options: Any
) -> dict[str, Any]:
    """Try the night of a sale, with a crowd, on this machine."""
    from flashgen.cli.rehearse.swarm_process import join, require_locust

    require_locust()
    if worker:
        join(worker, MASTER_PORT)
        return {"worker": worker}
    if sale is None:
        raise click.UsageError("which sale? Write flashgen rehearse SALE")
    from flashgen.cli.rehearse import stage
    from flashgen.cli.rehearse.text import lines, live_rates
    from flashgen.cli.runtime import interrupted_by_sigterm
    from flashgen.rehearse.judge import is_passed, judge

    asked = _options(sale, options)
    with interrupted_by_sigterm(), live_rates(session, asked) as live:
        recording = stage.rehearse(session, asked, live)
    promises = judge(recording)
    for line in lines(recording, promises):
        session.say(line)
    if report:
        _write_report(session, report, recording, promises)
    passed = is_passed(promises)
    session.exit_code = 0 if passed else 1
    return {
        "sale": sale,
        "visitors": asked.visitors,
        "trouble": list(recording.troubles),
        "passed": passed,
        "promises": [asdict(one) for one in promises],
        "edge_requests": recording.edge_requests(),
        "origin_requests": recording.origin_requests,
        "orders": len(recording.orders),
    }


def _options(sale: str, options: dict[str, Any]) -> Any:
    from flashgen.cli.forecast.amounts import people, share
    from flashgen.cli.rehearse.options import RehearsalOptions

    visitors = round(people(options["visitors"]))
    if not 1 <= visitors <= VISITORS_MAX:
        raise click.UsageError(f"--visitors must be 1 to {VISITORS_MAX:,}, found {visitors:,}")
    before, lasts = _seconds("--before", options["before"], 600), _seconds("--lasts", options["lasts"], 3600)
    return RehearsalOptions(
        sale=sale,
        visitors=visitors,
        processes=options["processes"],
        arrive_before=before,
        arrive_after=lasts / 4,
        lasts=lasts,
        lead=_seconds("--lead", options["lead"], 60),
        stock=options["stock"],
        buying_share=share("--buyers", options["buyers"]),
        thinks=_seconds("--form", options["form"], 60),
        seed=options["seed"],
        troubles=_troubles(options["trouble"]),
        listen=options["listen"],
        master_port=MASTER_PORT if options["master"] else 0,
        other_workers=options["master"],
    )


def _troubles(text: str) -> Any:
    from flashgen.document.wording import suggestion
    from flashgen.rehearse.trouble import Trouble

    known = [one.value for one in Trouble]
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise click.UsageError(f"--trouble: there is no `{name}`; {suggestion(name, known)}")
    return frozenset(map(Trouble, names))


def _seconds(option: str, text: str, most: int) -> float:
    from flashgen.document.wording import InvalidValue
    from flashgen.sale.instant import seconds

    try:
        return float(seconds(text, 0, most))
    except InvalidValue as invalid:
        raise click.UsageError(f"{option} {invalid.message}; write it as 90s, 10m or 1h30m") from invalid


def _write_report(session: Session, path: Path, recording: Any, promises: Any) -> None:
    from flashgen import __version__
    from flashgen.rehearse.report.page import html_report

    path.write_text(html_report(recording, promises, __version__), encoding="utf-8")
    session.say(f"report: {path}")
