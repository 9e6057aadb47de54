"""`flashgen check`: does all that a build does, except writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from flashgen.sale.feeds.understanding import Understanding


_NO_SITE_URL = (
    "no public address is known, so pages have no canonical address, no sitemap and no picture for messengers: "
    "write `site_url: https://sale.example.com` in flashgen.yaml"
)


_KEYS_HINT = "add `pass_keys: [env:FLASHGEN_PASS_KEY]`; make a key with `openssl rand -hex 32`"


@command("check")
@sales_argument
def check(session: Session, sales: tuple[str, ...]) -> dict[str, Any]:
    """Validate YAML, feed, theme, images and budgets; write nothing."""
    from flashgen.cli.progress import parts_progress
    from flashgen.cli.release.build import default_jobs, print_warnings
    from flashgen.cli.runtime import now
    from flashgen.page.check import check_sale
    from flashgen.sale.load import load_sale
    from flashgen.sale.order import VOUCHED

    problems: list[Problem] = []
    warnings: list[Problem] = []
    feeds: list[Understanding] = []
    notes: list[str] = []
    needs_keys = False
    project = session.project
    paths = project.sale_paths(sales)
    for path in paths:
        try:
            loaded = load_sale(path, project.root)
            needs_keys |= loaded.sale.order is not None and loaded.sale.order.buyer == VOUCHED
            if loaded.understanding:
                feeds.append(loaded.understanding)
                notes += loaded.understanding.lines()
            with parts_progress(session, path.stem) as report:
                warnings += check_sale(
                    *(loaded, project.root, default_jobs(), now(), report),
                    site_url=project.site_url,
                    trusted_themes=project.settings.trusted_themes,
                )
        except InvalidInput as invalid:
            problems += invalid.problems
            notes += invalid.notes
    for note in notes:
        session.say(note)
    print_warnings(session, warnings)
    if problems:
        raise InvalidInput(problems)
    if needs_keys and not project.settings.pass_keys:
        session.warn("buyers need a pass, and flashgen.yaml has no `pass_keys`", _KEYS_HINT)
    if not project.site_url:
        session.note(_NO_SITE_URL)
    for path in paths:
        session.say(f"{path.stem}: {click.style('ok', fg='green')}")
    session.next_step("flashgen build")
    summaries = [feed.to_json() for feed in feeds]
    return {"sales": [path.stem for path in paths], "warnings": len(warnings), "feeds": summaries}
