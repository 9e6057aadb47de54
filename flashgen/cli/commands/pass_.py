"""`flashgen pass`: the shop vouches for its buyers, by links that it sends or by its sign-in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument, yes_option
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.passes import PassKeys
    from flashgen.sale.model import Header

_FILE = click.Path(dir_okay=False, path_type=Path)
MAX_DAYS = 366


@click.group("pass")
def pass_() -> None:
    """Passes, by which a shop vouches for the buyers of a sale."""


@command("issue")
@sale_argument
@click.option("--customers", required=True, type=_FILE, help="CSV with a column of e-mail addresses or numbers.")
@click.option("--out", required=True, type=_FILE, help="Where to write the same rows with a personal link each.")
@click.option("--column", default="", metavar="HEADING", help="Whom a pass is for [default: found by its heading].")
@click.option(
    "--expires", default="", metavar="TIME", help="Such as 12h, 7d or 2027-11-27T20:00:00Z [default: the end]."
)
def issue(session: Session, sale: str, customers: Path, out: Path, column: str, expires: str) -> dict[str, Any]:
    """Write a personal link for each customer. Whoever has a link can buy as that customer."""
    from flashgen import timestamps
    from flashgen.cli.gate.orders import write_private
    from flashgen.cli.passes import links, read_customers
    from flashgen.cli.runtime import now
    from flashgen.errors import Refused
    from flashgen.sale.load import load_header

    path = session.project.sale_path(sale)
    header = load_header(path)
    if header.order is None:
        raise Refused(
            f"{sale} has no `order` section: there is no order server to link to", "add `order: {servers: …}`"
        )
    keys = _keys(session)
    until = _until(expires, header)
    if until <= now():
        raise Refused(
            f"the passes would have expired at {timestamps.to_text(until)}", "name a later time: --expires 7d"
        )
    found = read_customers(customers, header.locale, column)
    server = header.order.servers[0]
    text = links(found, keys, sale, server, int(now().timestamp()), int(until.timestamp()))
    try:
        write_private(out, text)
    except OSError as error:
        raise Refused(f"cannot write {out}: {(error.strerror or str(error)).lower()}") from error
    count = len(found.subjects)
    session.say(f"{customers.name}: {found.kind}; `{found.heading}` says whom a pass is for ({found.meaning})")
    if found.left_out:
        session.say(f"{found.left_out:,} rows left out: empty, or there before")
    session.say(f"{count:,} link{'' if count == 1 else 's'} in {out}, until {timestamps.to_text(until)}")
    if header.order.buyer != "pass":
        session.warn(f"{sale} does not ask for passes", "write `buyer: pass` in its `order` section, then push")
    return {
        "links": count,
        "left_out": found.left_out,
        "column": found.heading,
        "expires_at": timestamps.to_text(until),
    }


@command("inspect")
@click.argument("text", metavar="PASS")
def inspect(session: Session, text: str) -> dict[str, Any]:
    """Show what a pass or its link says, and whether a gate would accept it now."""
    from flashgen.cli.passes import claims_lines, pass_text, read_withdrawn
    from flashgen.cli.runtime import now
    from flashgen.errors import Refused
    from flashgen.passes import BadPass, expiry_text, unverified

    keys, word = _keys(session), pass_text(text)
    claims = dict(unverified(word))
    reason = ""
    try:
        found = keys.read(word)
        session.project.sale_path(found.sale)
        fault = found.fault(now().timestamp(), read_withdrawn(session.store, found.sale)[0])
        reason = fault.value if fault else ""
    except BadPass as bad:
        reason = bad.fault.value
    except Refused as refused:
        reason = refused.message
    for line in claims_lines({name: _shown(name, value, expiry_text) for name, value in claims.items()}):
        session.say(line)
    verdict = f"{click.style('refused', fg='red')}: {reason}" if reason else click.style("accepted", fg="green")
    session.say(f"{'now':<11} {verdict}")
    session.exit_code = 1 if reason else 0
    return {"claims": claims or None, "accepted": not reason, "reason": reason or None}


@command("revoke")
@sale_argument
@click.option("--subject", "subjects", multiple=True, help="Whose passes are withdrawn, all of them.")
@click.option("--jti", "ids", multiple=True, help="The id of one pass, as `pass inspect` shows it.")
@yes_option
def revoke(session: Session, sale: str, subjects: tuple[str, ...], ids: tuple[str, ...], yes: bool) -> dict[str, Any]:
    """Withdraw passes. Gates follow within two seconds; orders that were placed stay."""
    from flashgen.cli.passes import withdraw

    if not subjects and not ids:
        raise click.UsageError("name whose passes, or which one: --subject ada@example.com, --jti ID")
    session.project.sale_path(sale)
    count = len(subjects) + len(ids)
    what = f"{count} of {sale}"
    session.confirm(f"withdraw {what}?", yes, effect="this keeps people from buying")
    session.has_begun = True
    changed = withdraw(session.store, sale, subjects, ids)
    session.say(f"withdrawn: {what}" if changed else f"{what}: withdrawn already")
    return {"sale": sale, "changed": changed}


def _keys(session: Session) -> PassKeys:
    from flashgen.passes import PassKeys

    return PassKeys(session.project.pass_keys(session.target_name))


def _until(written: str, header: Header) -> Any:
    from datetime import timedelta

    from flashgen import timestamps
    from flashgen.cli.runtime import now
    from flashgen.document.wording import InvalidValue
    from flashgen.sale.instant import seconds

    if not written:
        return header.ends_at
    try:
        return timestamps.from_text(written)
    except ValueError:
        pass
    try:
        return now() + timedelta(seconds=seconds(written, 60, MAX_DAYS * 86_400))
    except InvalidValue as invalid:
        raise click.UsageError(f"--expires {invalid}; or write it as 2027-11-27T20:00:00Z") from invalid


def _shown(name: str, value: object, as_time: Any) -> object:
    is_time = name in ("exp", "iat", "nbf") and isinstance(value, int | float) and 0 <= value < 1e11
    return as_time(value) if is_time else value


pass_.add_command(issue)
pass_.add_command(inspect)
pass_.add_command(revoke)
