"""`flashgen token inspect`: what is in an order token, and whether it would be accepted."""

from __future__ import annotations

from typing import Any

import click

from flashgen.cli.options import command
from flashgen.cli.session import Session


@click.group("token")
def token() -> None:
    """Look into order tokens."""


@command("inspect")
@click.argument("text", metavar="TOKEN")
def inspect(session: Session, text: str) -> dict[str, Any]:
    """Show what a token says, and whether a gate would accept it now."""
    from dataclasses import asdict

    from flashgen.cli.runtime import now
    from flashgen.unlock.token import BadToken, TokenSigner, parse_keys, unverified_claims

    signer = TokenSigner(parse_keys(session.project.secret(session.target_name)))
    word = text.rstrip("/").rpartition("/")[2].partition("?")[0]
    claims = unverified_claims(word)
    try:
        refusal = signer.read(word).refusal(now())
    except BadToken as bad:
        refusal = bad.message
    if claims:
        for name, value in asdict(claims).items():
            session.say(f"{name:<11} {value}")
    verdict = click.style("refused", fg="red") + f": {refusal}" if refusal else click.style("accepted", fg="green")
    session.say(f"{'now':<11} {verdict}")
    session.exit_code = 1 if refusal else 0
    return {"claims": asdict(claims) if claims else None, "accepted": not refusal, "reason": refusal or None}


token.add_command(inspect)
