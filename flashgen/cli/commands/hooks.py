"""`flashgen hooks test`: tries the hooks of flashgen.yaml before the night."""

from __future__ import annotations

from typing import Any

import click

from flashgen.cli.options import command
from flashgen.cli.session import Session
from flashgen.errors import Refused


@click.group("hooks")
def hooks() -> None:
    """Who is told what happens to a sale."""


@command("test")
@click.argument("name", required=False, default="")
def test(session: Session, name: str) -> dict[str, Any]:
    """Send a test event to hook NAME, or to all, and say what came back.

    Each is tried as at sale time, whatever its `events` are. Exits 1 if one fails.
    """
    from dataclasses import asdict

    from flashgen.cli.hooks import send
    from flashgen.cli.runtime import new_nonce, now, operator
    from flashgen.document.wording import suggestion
    from flashgen.hooks.event import trial_event

    project = session.project
    names = [hook.name for hook in project.settings.hooks]
    if not names:
        raise Refused(f"{project.settings_file} has no `hooks`", "docs/hooks.md shows how to write one")
    if name and name not in names:
        raise Refused(f"no hook `{name}` in {project.settings_file}", suggestion(name, names))
    target = project.target(session.target_name)[0]
    deliveries = send(session, (trial_event(new_nonce(), target, operator(), now()),), only=name)
    for delivery in deliveries:
        verdict = click.style("told", fg="green") if delivery.ok else click.style("failed", fg="red")
        tries = f" ({delivery.attempts} tries)" if delivery.attempts > 1 else ""
        session.say(f"{delivery.hook:<16} {verdict}: {delivery.note}{tries}")
    missing = [one for one in names if name in ("", one) and one not in {each.hook for each in deliveries}]
    session.exit_code = 0 if not missing and all(one.ok for one in deliveries) else 1
    return {"hooks": [asdict(one) for one in deliveries], "not_opened": missing}


hooks.add_command(test)
