"""`flashgen infra`: the stack of the sale's own bucket and CDN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from flashgen.cli.options import command, yes_option
from flashgen.cli.session import Session
from flashgen.hint import Hint, command_line


@click.group("infra")
def infra() -> None:
    """A CloudFormation stack: bucket, CDN, edge functions, permissions."""


def stack_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What a stack can be asked for; each command that takes them gets the same."""
    for add in reversed(
        (
            click.option("--alias", default="", metavar="HOST", help="The public host name, sale.example.com."),
            click.option("--certificate", default="", metavar="ARN", help="For the alias; from ACM in us-east-1."),
            click.option("--order-origin", default="", metavar="HOST", help="With --gate: the gate's own host name."),
            click.option("--web-acl", default="", metavar="ARN", help="From WAF in us-east-1."),
            click.option(
                "--price-class", type=click.Choice(("all", "200", "100")), default="all", help="Where edges are."
            ),
            click.option("--hsts-subdomains", is_flag=True, help="Https for all subdomains of the alias, too."),
            click.option(
                "--ci",
                type=click.Choice(("github", "gitlab")),
                default=None,
                help="Roles for a pipeline, without keys.",
            ),
            click.option("--repository", default="", metavar="OWNER/NAME", help="With --ci: whose pipeline."),
            click.option("--branch", default="main", show_default=True, help="With --ci: what is pushed from."),
            click.option("--environment", default="production", show_default=True, help="With --ci: opens sales."),
            gate_option,
            us_east_1_option,
            click.option(
                "--rate-limit",
                type=click.IntRange(10, 2_000_000_000),
                default=None,
                help="With --us-east-1: a web ACL; orders of one address in a minute.",
            ),
            click.option("--logs", is_flag=True, help="With --us-east-1: access logs, in a bucket of their own."),
        )
    ):
        function = add(function)
    return function


gate_option = click.option("--gate", is_flag=True, help="The order gate's own CDN, a stack of its own.")
us_east_1_option = click.option(
    "--us-east-1", "us_east_1", is_flag=True, help="The stack of what CloudFront wants to find there."
)
stack_option = click.option("--stack", default="", metavar="NAME", help="The stack's name [default: flashgen-BUCKET].")


@command("template")
@stack_options
def template(session: Session, **options: Any) -> dict[str, Any]:
    """Print the template."""
    import json

    from flashgen.cli.infra.stack import InfraArguments, make_template

    body = make_template(session, InfraArguments(**options))
    session.say(body.rstrip())
    return {"template": json.loads(body)}


@command("apply")
@stack_options
@stack_option
@click.option("--timeout", default="30m", metavar="DURATION", help="How long to follow it [default: 30m].")
@yes_option
def apply(session: Session, stack: str, timeout: str, yes: bool, **options: Any) -> dict[str, Any]:
    """Make or change the stack: show what would happen, ask, do it."""
    from flashgen.cli.infra.apply import apply_template
    from flashgen.cli.infra.stack import InfraArguments, make_template, open_stack

    limit_seconds = _limit(timeout)
    given = InfraArguments(**options)
    body = make_template(session, given)
    opened = open_stack(session, stack, gate=given.gate, us_east_1=given.us_east_1)
    result = apply_template(session, opened, body, limit_seconds, yes=yes)
    which = " --gate" if given.gate else " --us-east-1" if given.us_east_1 else ""
    session.next_step(command_line(f"infra show{which}"))
    return result


@command("show")
@gate_option
@us_east_1_option
@stack_option
def show(session: Session, gate: bool, us_east_1: bool, stack: str) -> dict[str, Any]:
    """Print the stack's outputs, ready for flashgen.yaml."""
    from flashgen.cli.infra.stack import open_stack, settings_text
    from flashgen.errors import Refused

    opened = open_stack(session, stack, gate=gate, us_east_1=us_east_1)
    found, region = opened.read(), opened.region
    if found is None:
        raise Refused(f"no stack {opened.name} in {region}", Hint("make it with `", command_line("infra apply"), "`"))
    if not found.is_done:
        session.note(f"{found.name} is {found.status}")
    session.say(settings_text(session, region, dict(found.outputs)))
    return {"stack": found.name, "region": region, "status": found.status, "outputs": dict(found.outputs)}


def _limit(text: str) -> int:
    from flashgen.document.wording import InvalidValue
    from flashgen.sale.instant import seconds

    try:
        return seconds(text, 60, 6 * 3600)
    except InvalidValue as unfit:
        raise click.UsageError(f"--timeout {unfit.message}") from unfit


for each in (template, apply, show):
    infra.add_command(each)
