"""`flashgen forecast`: how much CDN a sale needs, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.forecast.arrivals import Arrivals
    from flashgen.forecast.orders import GateSetup
    from flashgen.sale.model import Sale

EDGES_MAX = 100_000
STAY_SECONDS_MAX = 86_400


@command("forecast")
@sale_argument
@click.option("--visitors", metavar="N", help="How many come: 250k, 5M. With a CSV: its sum, unless given.")
@click.option(
    "--arrivals",
    default="synchronous",
    show_default=True,
    metavar="SHAPE|FILE.csv",
    help="synchronous, waiting, shopping-day, reload-storm, or a CSV with time,visitors.",
)
@click.option("--stay", default="10m", show_default=True, metavar="DURATION", help="How long a visitor stays.")
@click.option("--edges", type=click.IntRange(1, EDGES_MAX), help="Edge locations that viewers use.  [default: 600]")
@click.option("--viewers", metavar="REGIONS", help="eu, or eu=70%,us=30%.  [default: by the sale's time zone]")
@click.option("--prices", type=click.Path(dir_okay=False, path_type=Path), help="Prices and quotas of your own.")
@click.option("--lead", default="10s", show_default=True, metavar="DURATION", help="As for go-live.")
@click.option("--spread", default="0s", metavar="DURATION", help="Pages wait a random time of up to so long.")
@click.option("--buyers", default="30%", show_default=True, metavar="SHARE", help="Visitors who press the button.")
@click.option("--form", default="20s", show_default=True, metavar="DURATION", help="How long a buyer takes to order.")
@click.option("--abandon", default="10%", show_default=True, metavar="SHARE", help="Slots that buyers leave unused.")
@click.option("--no-build", is_flag=True, help="Take build/ as it is.")
def forecast(session: Session, sale: str, no_build: bool, **options: Any) -> dict[str, Any]:
    """Say how much CDN a sale needs, and what it costs."""
    from flashgen.cli.forecast.amounts import mix
    from flashgen.cli.forecast.report import Report, to_json
    from flashgen.cli.forecast.text import lines, width
    from flashgen.cli.release.build import build_all, built_sites
    from flashgen.forecast.first_visit import first_visit
    from flashgen.forecast.model import Scenario, make_forecast
    from flashgen.forecast.prices import read_prices
    from flashgen.sale.load import load_sale

    project = session.project
    path = project.sale_path(sale)
    prices = read_prices(options["prices"])
    loaded = load_sale(path, project.root).sale
    arrivals = _arrivals(options["arrivals"], options["visitors"], loaded)
    viewers = mix(options["viewers"] or _region(loaded.timezone), prices.regions)
    gate = _gate(loaded, options)
    stay = float(_seconds("--stay", options["stay"], STAY_SECONDS_MAX))
    lead, spread = (float(_seconds(f"--{name}", options[name], 600)) for name in ("lead", "spread"))
    if no_build:
        site = built_sites(session, [sale])[0]
    else:
        site = build_all(session, [sale], project.build_folder, None)[0].site
    edges = options["edges"] or prices.network.edges
    objects = first_visit(site.with_page_cache(project.page_cache(session.target_name)))
    scenario = Scenario(arrivals, objects, stay, edges, prices.network.regional_caches, lead, spread, gate)
    report = Report(sale, loaded.title, make_forecast(scenario), prices, viewers)
    for line in lines(report, width()):
        session.say(line)
    _warn_of_old_prices(session, report)
    return to_json(report)


def _arrivals(text: str, visitors: str | None, sale: Sale) -> Arrivals:
    from flashgen.cli.forecast.amounts import people
    from flashgen.document.wording import suggestion
    from flashgen.forecast.arrivals import SHAPES, shape
    from flashgen.forecast.arrivals_file import read_arrivals

    if text in SHAPES:
        if visitors is None:
            raise click.UsageError("--visitors is missing: how many people come? Write --visitors 250k, say")
        return shape(text, (sale.ends_at - sale.starts_at).total_seconds()).scaled(people(visitors))
    if not text.lower().endswith((".csv", ".tsv", ".txt")):
        raise click.UsageError(f"--arrivals must be a shape or a .csv, found `{text}`; {suggestion(text, SHAPES)}")
    read = read_arrivals(Path(text), sale.starts_at, sale.timezone)
    return read.scaled(people(visitors)) if visitors else read


def _gate(sale: Sale, options: dict[str, Any]) -> GateSetup | None:
    from flashgen.cli.forecast.amounts import share
    from flashgen.forecast.orders import GateSetup

    buying, abandoning = share("--buyers", options["buyers"]), share("--abandon", options["abandon"])
    form = _seconds("--form", options["form"], 3600)
    if abandoning > 0.95:
        raise click.UsageError(f"--abandon must be at most 95%, found `{options['abandon']}`")
    if form < 1:
        raise click.UsageError(f"--form must be at least 1s, found `{options['form']}`")
    if sale.order is None:
        return None
    stocks = [product.stock for product in sale.products]
    stock = None if None in stocks else sum(each or 0 for each in stocks)
    order = sale.order
    return GateSetup(
        *(len(order.servers), order.slots_per_server, float(order.lease_seconds), stock),
        *(buying, float(form), abandoning),
    )


def _seconds(option: str, text: str, most: int) -> int:
    from flashgen.document.wording import InvalidValue
    from flashgen.sale.instant import seconds

    try:
        return seconds(text, 0, most)
    except InvalidValue as invalid:
        raise click.UsageError(f"{option} {invalid.message}; write it as 90s, 10m or 1h30m") from invalid


def _region(timezone: str) -> str:
    """Where the viewers of a sale in this time zone are, as regions of prices."""
    if timezone in ("Asia/Tokyo", "Japan"):
        return "jp"
    if timezone in ("Asia/Kolkata", "Asia/Calcutta"):
        return "in"
    areas = {"Europe": "eu", "Asia": "ap", "Australia": "au", "Pacific": "au"}
    return areas.get(timezone.partition("/")[0], "us")


def _warn_of_old_prices(session: Session, report: Any) -> None:
    from flashgen.cli.runtime import now
    from flashgen.forecast.prices import OLD_AFTER_DAYS

    oldest = report.prices.oldest()
    age = (now().date() - oldest.date).days
    if age > OLD_AFTER_DAYS:
        hint = "compare them with that page, and put newer ones into a file for --prices"
        session.warn(f"prices of {oldest.url} were read {age:,} days ago, on {oldest.date}", hint)
