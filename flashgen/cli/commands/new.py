"""`flashgen new`: a sale to start from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from flashgen.project import Project
    from flashgen.sale.feeds.understanding import Understanding

_SETTINGS = """\
# Everything here has a default.
default_target: local
# secret: env:FLASHGEN_SECRET        # signs order tokens; the local target makes its own
freeze: {before: 30m, after: 2h}     # push refuses around the start of a sale
# trusted_themes: true               # without it, templates in themes/ run in a sandbox
# site_url: https://sale.example.com # what pages name as their address; by default the url of the only public target
# hooks:                             # who is told what happens; `flashgen hooks test` tries them
#   - {name: chat, url: env:SLACK_URL, format: slack}
targets:
  local: {store: "dir:.flashgen/store", url: "http://127.0.0.1:8080"}
  # production:
  #   store: s3://sale-example-com
  #   region: eu-central-1
  #   url: https://sale.example.com
"""

_CURRENCY, _LOCALE = "EUR", "en"
_IGNORED = "build/\n.flashgen/\n"


@command("new")
@sale_argument
@click.option(
    "--products",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A spreadsheet, CSV, Shopify export or Merchant feed; copied beside the YAML.",
)
def new(session: Session, sale: str, products: Path | None) -> dict[str, Any]:
    """Write a commented YAML that builds, pushes and opens as it is."""
    from flashgen.cli.release.build import print_warnings
    from flashgen.cli.runtime import new_version, now
    from flashgen.document.yaml_files import yaml_file
    from flashgen.sale.load import load_sale
    from flashgen.sale.template import new_sale

    root, sale = session.project.root, _checked_id(sale)
    path = yaml_file(root / "sale_configs", sale)
    feed = path.parent / products.name if products else None
    if path.exists():
        raise Refused(f"{path} exists already", "edit it, or choose another name")
    starts_at = _tomorrow_morning(now())
    try:
        understanding = _understanding_of(products) if products else None
    except InvalidInput as invalid:
        if not _can_be_mended(invalid):
            raise
        understanding = None  # loading the sale below reports the same, with what the YAML adds
    language = understanding.language if understanding else ""
    text = new_sale(
        sale,
        version=new_version(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=12),
        timezone="UTC",
        currency=(understanding.currency if understanding else "") or _CURRENCY,
        locale=language or _LOCALE,
        feed=feed.name if feed else None,
    )
    files = {**_project_files(session.project), path: text.encode()}
    if products and feed and products.resolve() != feed.resolve():
        if feed.exists():
            raise Refused(f"{feed} exists already", "rename one of the two feeds")
        files[feed] = products.read_bytes()
    session.has_begun = True
    names = [str(file.relative_to(root)) for file in files]
    unfit: InvalidInput | None = None
    with _written(files), _naming_original(feed, products):
        try:
            loaded = load_sale(path, root)
        except InvalidInput as invalid:
            if not _can_be_mended(invalid):
                raise
            unfit = invalid
    for name in names:
        session.say(f"wrote {name}")
    if unfit:
        session.note(f"mend the products in these files, then: flashgen check {sale}")
        raise unfit
    for line in loaded.understanding.lines() if loaded.understanding else ():
        session.say(line)
    change = f"; change it in {path.name} if that is not meant"
    if language:
        session.say(f"locale: {language}, guessed from the headings{change}")
    if understanding and not understanding.currency:
        session.say(f"currency: {_CURRENCY}, because the prices name none{change}")
    print_warnings(session, loaded.warnings)
    session.next_step("flashgen build")
    return {"sale": sale, "files": names, "feed": loaded.understanding.to_json() if loaded.understanding else None}


def _understanding_of(products: Path) -> Understanding:
    """How a feed is read without a sale. Raises InvalidInput if it cannot be read."""
    from flashgen.sale.feeds.feed import read_feed
    from flashgen.sale.feeds.options import FeedOptions

    options = FeedOptions.model_validate({"from": products.name})
    return read_feed(products, options, currency=None, locale=_LOCALE).understanding


def _can_be_mended(invalid: InvalidInput) -> bool:
    """Whether all problems are in headings and cells: the copy can be corrected, or `columns:` beside `from:` written.

    A file of an unknown kind has no lines, and another has to be exported.
    """
    return all(problem.where.line for problem in invalid.problems)


def _project_files(project: Project) -> dict[Path, bytes]:
    """The files of a project besides sales: those that are missing, and always the schema for editors."""
    import json

    from flashgen.sale.schema import sale_schema

    once = {project.settings_file: _SETTINGS.encode(), project.root / ".gitignore": _IGNORED.encode()}
    schema = json.dumps(sale_schema(), indent=1).encode()
    return {
        **{path: body for path, body in once.items() if not path.exists()},
        project.root / ".flashgen" / "sale.schema.json": schema,
    }


@contextlib.contextmanager
def _written(files: dict[Path, bytes]) -> Iterator[None]:
    """Write the files. If the block fails, delete those that did not exist before."""
    from flashgen.page.output import write_if_changed

    fresh = [path for path in files if not path.exists()]
    folders = {path.parent for path in fresh if not path.parent.exists()}
    try:
        for path, body in files.items():
            write_if_changed(path, body)
        yield
    except BaseException:
        for path in fresh:
            path.unlink(missing_ok=True)
        for folder in folders:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


@contextlib.contextmanager
def _naming_original(feed: Path | None, products: Path | None) -> Iterator[None]:
    """Problems of the copied feed name the user's own file instead."""
    try:
        yield
    except InvalidInput as invalid:
        raise InvalidInput(
            replace(one, where=replace(one.where, file=products)) if products and one.where.file == feed else one
            for one in invalid.problems
        ) from invalid


def _tomorrow_morning(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)


def _checked_id(text: str) -> str:
    """A sale's id. Raises a usage error, because there is no file yet whose line a problem could name."""
    from flashgen.document.wording import InvalidValue
    from flashgen.sale.text import name

    try:
        return name(text, 63, "a name")
    except InvalidValue as invalid:
        hint = f" ({invalid.hint})" if invalid.hint else ""
        raise click.UsageError(f"a sale's id {invalid.message}{hint}") from invalid
