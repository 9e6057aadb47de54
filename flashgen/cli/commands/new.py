"""`flashgen new`: a sale to start from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.errors import InvalidInput, Refused

_SETTINGS = """\
# Everything here has a default.
default_target: local
# secret: env:FLASHGEN_SECRET        # signs order tokens; the local target makes its own
freeze: {before: 30m, after: 2h}     # push refuses around the start of a sale
targets:
  local: {store: "dir:.flashgen/store", url: "http://127.0.0.1:8080"}
  # production:
  #   store: s3://sale-example-com
  #   region: eu-central-1
  #   url: https://sale.example.com
"""

_IGNORED = "build/\n.flashgen/\n"


@command("new")
@sale_argument
@click.option(
    "--products",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV feed of products; copied beside the YAML.",
)
def new(session: Session, sale: str, products: Path | None) -> dict[str, Any]:
    """Write a commented YAML that builds, pushes and opens as it is."""
    from flashgen.cli.naming import checked_id, new_version
    from flashgen.cli.runtime import now
    from flashgen.sale.load import load_sale
    from flashgen.sale.template import new_sale

    root, sale = session.project.root, checked_id(sale)
    path = root / "sale_configs" / f"{sale}.yaml"
    feed = path.parent / products.name if products else None
    if path.exists():
        raise Refused(f"{path} exists already", "edit it, or choose another name")
    starts_at = _tomorrow_morning(now())
    text = new_sale(
        sale,
        version=new_version(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=12),
        timezone="UTC",
        currency="EUR",
        locale="en",
        feed=feed.name if feed else None,
    )
    files = {**_project_files(root), path: text.encode()}
    if products and feed and products.resolve() != feed.resolve():
        if feed.exists():
            raise Refused(f"{feed} exists already", "rename one of the two feeds")
        files[feed] = products.read_bytes()
    with _written(files), _naming(feed, products):
        load_sale(path, root)
    names = [str(file.relative_to(root)) for file in files]
    for name in names:
        session.say(f"wrote {name}")
    session.next_step("flashgen build")
    return {"sale": sale, "files": names}


def _project_files(root: Path) -> dict[Path, bytes]:
    """What a project has besides sales, as far as it is not there yet; the editor's schema is always made anew."""
    import json

    from flashgen.sale.schema import sale_schema

    once = {root / "flashgen.yaml": _SETTINGS.encode(), root / ".gitignore": _IGNORED.encode()}
    schema = json.dumps(sale_schema(), indent=1).encode()
    return {
        **{path: body for path, body in once.items() if not path.exists()},
        root / ".flashgen" / "sale.schema.json": schema,
    }


@contextlib.contextmanager
def _written(files: dict[Path, bytes]) -> Iterator[None]:
    """Write the files, and take away again those that were not there if anything goes wrong."""
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
def _naming(feed: Path | None, products: Path | None) -> Iterator[None]:
    """Problems of the copied feed are told of the file the user has."""
    try:
        yield
    except InvalidInput as invalid:
        raise InvalidInput(
            replace(one, where=replace(one.where, file=products)) if products and one.where.file == feed else one
            for one in invalid.problems
        ) from invalid


def _tomorrow_morning(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
