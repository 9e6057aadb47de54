"""All templates, with every combination of options, as cfn-lint sees them."""

from __future__ import annotations

import json

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]
from support.stacks import everything, in_us_east_1, of_every_option, of_every_project, of_gates

from flashgen.edge.stack.options import GateStackOptions, StackOptions, UsEast1Options
from flashgen.edge.stack.template import template, template_in_us_east_1, template_of_gate


def findings(text: str, region: str) -> list[str]:
    """Errors, warnings and remarks, none of them silenced."""
    return [str(found) for found in lint(text, config=ManualArgs(regions=[region], include_checks=["I"]))]


def named(stack: StackOptions | GateStackOptions | UsEast1Options) -> str:
    """The options on the command line, where there are any."""
    return " ".join(stack.given()) or "plain"


@pytest.mark.parametrize("stack", of_every_option(), ids=named)
def test_every_option_makes_a_clean_template(stack: StackOptions) -> None:
    """No errors, no warnings, no remarks."""
    assert [] == findings(template(stack), "eu-central-1")


@pytest.mark.parametrize("stack", of_every_project(), ids=lambda stack: f"{stack.place.prefix} {stack.secret}")
def test_every_project_makes_a_clean_template(stack: StackOptions) -> None:
    """With and without a prefix, sales without edge caching, secrets of AWS."""
    assert [] == findings(template(stack), "eu-central-1")


@pytest.mark.parametrize("stack", of_gates(), ids=lambda stack: f"{named(stack)} {stack.identity_headers}")
def test_the_gates_template_is_clean(stack: GateStackOptions) -> None:
    """With and without a name of its own, a web ACL, and headers that name buyers."""
    assert [] == findings(template_of_gate(stack), "eu-central-1")


@pytest.mark.parametrize("stack", in_us_east_1(), ids=named)
def test_the_second_template_is_clean(stack: UsEast1Options) -> None:
    """Whichever of its three parts are asked for."""
    assert [] == findings(template_in_us_east_1(stack), "us-east-1")


def test_the_judge_is_awake() -> None:
    """A wrong property, an unknown reference and a wrong value are found."""
    document = json.loads(template(everything()))
    config = document["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    config["HttpVersion"] = "http9"
    config["Colour"] = "red"
    config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = {"Ref": "Nothing"}
    found = " ".join(findings(json.dumps(document), "eu-central-1"))
    assert all(word in found for word in ("http9", "Colour", "Nothing"))
