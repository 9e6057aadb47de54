"""`flashgen new`: a sale to start from."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.errors import Refused

_SETTINGS = """\
# Everything here has a default; see docs/configuration.md.
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
    import json

    from flashgen.cli.naming import new_version
    from flashgen.cli.operating import now
    from flashgen.page.output import write_if_changed
    from flashgen.sale.load import load_sale
    from flashgen.sale.schema import sale_schema
    from flashgen.sale.template import new_sale

    root = session.project.root
    path = root / "sale_configs" / f"{sale}.yaml"
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
        feed=products.name if products else None,
    )
    written = []
    for file, body in (
        (root / "flashgen.yaml", _SETTINGS),
        (root / ".gitignore", _IGNORED),
        (root / ".flashgen" / "sale.schema.json", json.dumps(sale_schema(), indent=1)),
        (path, text),
    ):
        if file.name.endswith(".json") or not file.exists():
            write_if_changed(file, body.encode())
            written.append(str(file.relative_to(root)))
    if products and products.resolve() != (feed := path.parent / products.name).resolve():
        if feed.exists():
            raise Refused(f"{feed} exists already", "rename one of the two feeds")
        shutil.copyfile(products, feed)
        written.append(str(feed.relative_to(root)))
    load_sale(path, root)
    for name in written:
        session.say(f"wrote {name}")
    session.next_step("flashgen build")
    return {"sale": sale, "files": written}


def _tomorrow_morning(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
