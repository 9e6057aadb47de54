"""`flashgen fetch-images`: bring in the pictures that a sale names by URLs."""

from __future__ import annotations

from typing import Any

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput


@command("fetch-images")
@sale_argument
def fetch_images(session: Session, sale: str) -> dict[str, Any]:
    """Bring in the pictures that a sale names by URLs; builds fetch nothing.

    They are put beside the YAML, into fetched-images/, and stay: run it again after an error, and it goes on.
    """
    from flashgen.cli.progress import count_progress
    from flashgen.document.wording import counted
    from flashgen.fetch.download import Download
    from flashgen.fetch.sale_images import fetch_images, image_urls, missing_urls
    from flashgen.sale.load import load_sale

    loaded = load_sale(session.project.sale_path(sale), session.project.root)
    urls, missing = image_urls(loaded), missing_urls(loaded)
    problems: tuple[Any, ...] = ()
    if missing:
        session.has_begun = True
        with count_progress(session, f"{sale}: pictures") as report:
            problems = fetch_images(loaded, missing, Download().picture, report)
    fetched, present = len(missing) - len(problems), len(urls) - len(missing)
    session.result.update(sale=sale, fetched=fetched, present=present, failed=len(problems))
    session.say(f"{sale}: {counted(fetched, 'picture')} fetched, {present:,} there already, {len(problems):,} failed")
    if problems:
        raise InvalidInput(problems)
    session.next_step("flashgen build")
    return session.result
