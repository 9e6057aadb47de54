"""`flashgen infra`: the template, from the options, the settings and all sales; and the stack that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from flashgen.addresses import BucketAddress
from flashgen.aws.cloudformation import CloudFormation
from flashgen.cli.session import Session
from flashgen.edge.stack.options import (
    US_EAST_1,
    CiOptions,
    GateStackOptions,
    StackOptions,
    UsEast1Options,
    resource_name,
)
from flashgen.edge.stack.template import template, template_in_us_east_1, template_of_gate
from flashgen.errors import Refused
from flashgen.hint import Hint, command_line
from flashgen.sale.load import load_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flashgen.project import Target


@dataclass(frozen=True)
class InfraArguments:
    """The options of `infra template` and `infra apply`, as typed."""

    alias: str = ""
    certificate: str = ""
    order_origin: str = ""
    web_acl: str = ""
    price_class: str = "all"
    hsts_subdomains: bool = False
    ci: str | None = None
    repository: str = ""
    branch: str = "main"
    environment: str = "production"
    gate: bool = False
    us_east_1: bool = False
    rate_limit: int | None = None
    logs: bool = False


def make_template(session: Session, given: InfraArguments) -> str:
    """The template that was asked for. Options that do not fit together are wrong usage."""
    try:
        if given.gate and given.us_east_1:
            raise ValueError("--gate and --us-east-1 are two stacks: one command for each")
        if given.gate:
            return template_of_gate(_gate_options(session, given))
        if given.us_east_1:
            return template_in_us_east_1(_us_east_1_options(session, given))
        return template(_stack_options(session, given))
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def open_stack(session: Session, name: str, *, gate: bool, us_east_1: bool) -> CloudFormation:
    """The target's stack, its gate's, or the one in us-east-1; called `name`, or after the bucket."""
    place, target = _place(session)
    suffix = f"-{US_EAST_1}" if us_east_1 else "-gate" if gate else ""
    return CloudFormation(name or f"flashgen-{resource_name(place)}{suffix}", US_EAST_1 if us_east_1 else target.region)


def settings_text(session: Session, region: str, outputs: Mapping[str, str]) -> str:
    """A stack's outputs as YAML: the target for flashgen.yaml, and everything else as comments."""
    if "Url" not in outputs:
        return "\n".join(f"# {name}: {value}" for name, value in outputs.items()) or "# no outputs"
    name, target = session.project.target(session.target_name)
    lines = [
        "targets:",
        f"  {name}:",
        f"    store: {target.store}",
        f"    region: {region}",
        f"    distribution: {outputs['DistributionId']}",
        f"    url: {outputs['Url']}",
        "# policies to attach to roles or users, and roles of pipelines:",
        *(f"#   {output}: {value}" for output, value in outputs.items() if output.endswith(("Policy", "Role"))),
        f"# for DNS: CNAME or alias record to {outputs['Domain']}",
    ]
    return "\n".join(lines)


def _place(session: Session) -> tuple[BucketAddress, Target]:
    name, target = session.project.target(session.target_name)
    place = target.address
    if not isinstance(place, BucketAddress):
        raise Refused(
            f"store {target.store}: a CloudFormation stack needs an s3:// store",
            "choose such a target with --target, or write `store: s3://BUCKET` for this one in flashgen.yaml",
        )
    if target.endpoint_url:
        raise Refused(
            f"target `{name}` has an `endpoint_url`: CloudFormation makes stacks in AWS only",
            "choose a target in AWS with --target",
        )
    return place, target


def _stack_options(session: Session, given: InfraArguments) -> StackOptions:
    _only_in_us_east_1(given)
    if given.order_origin:
        raise ValueError("--order-origin belongs to the gate's own stack: add --gate")
    headers = [load_header(path) for path in session.project.sale_paths(())]
    return StackOptions(
        _place(session)[0],
        order_origins=tuple(origin for header in headers for origin in header.order_origins),
        uncached=tuple(header.id for header in headers if header.unlock.edge_ttl_seconds == 0),
        secret=session.project.settings.secret or "",
        gate_secrets=session.project.settings.pass_keys + session.project.settings.origin_secrets,
        alias=given.alias,
        certificate=given.certificate,
        web_acl=given.web_acl,
        price_class=given.price_class,
        hsts_subdomains=given.hsts_subdomains,
        ci=_ci_options(given),
    )


def _ci_options(given: InfraArguments) -> CiOptions | None:
    if given.ci:
        return CiOptions(given.ci, given.repository, given.branch, given.environment)
    if given.repository:
        raise ValueError("--repository says whose pipeline: add --ci github or --ci gitlab")
    return None


def _gate_options(session: Session, given: InfraArguments) -> GateStackOptions:
    _only_in_us_east_1(given)
    orders = [header.order for path in session.project.sale_paths(()) if (header := load_header(path)).order]
    known_by = {order.buyer.removeprefix("header:") for order in orders if order and order.buyer.startswith("header:")}
    return GateStackOptions(
        _place(session)[0],
        given.order_origin,
        tuple(sorted(known_by)),
        alias=given.alias,
        certificate=given.certificate,
        web_acl=given.web_acl,
        price_class=given.price_class,
    )


def _only_in_us_east_1(given: InfraArguments) -> None:
    if given.rate_limit or given.logs:
        raise ValueError("--rate-limit and --logs belong to the stack in us-east-1: add --us-east-1")


def _us_east_1_options(session: Session, given: InfraArguments) -> UsEast1Options:
    if given.certificate or given.order_origin or given.web_acl or given.price_class != "all":
        raise ValueError("--us-east-1 takes --alias, --rate-limit and --logs; the rest is for the other stacks")
    place, target = _place(session)
    if given.logs and not target.distribution:
        raise Refused(
            "--logs needs the distribution that is to be logged, and this target names none",
            Hint(
                "apply the stack of the pages, put what `",
                command_line("infra show"),
                "` prints into flashgen.yaml, then try again",
            ),
        )
    return UsEast1Options(place, given.alias, given.rate_limit or 0, (target.distribution or "") if given.logs else "")
