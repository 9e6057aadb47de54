"""As much of IAM as the template's policies use: allowed unless denied, `*` and `?` in actions and resources."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flashgen.errors import AccessDenied

FILLED = {
    "Bucket": "sale-example-com",
    "Bucket.Arn": "arn:aws:s3:::sale-example-com",
    "Distribution": "E2EXAMPLE",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}

_ACTIONS = {"get": "s3:GetObject", "put": "s3:PutObject", "list": "s3:ListBucket", "delete": "s3:DeleteObject"}


def filled(value: Any) -> Any:
    """A part of a template with its functions carried out."""
    match value:
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda name: FILLED[name[1]], text)
        case {"Ref": str(name)}:
            return FILLED[name]
        case {"Fn::GetAtt": [resource, name]}:
            return FILLED[f"{resource}.{name}"]
        case dict():
            return {key: filled(part) for key, part in value.items()}
        case list():
            return [filled(part) for part in value]
    return value


def allows(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Whether a role with these statements may do `action` to `resource`; conditions are taken to hold."""
    effects = {one["Effect"] for one in statements if _fits(one["Action"], action) and _fits(one["Resource"], resource)}
    return effects == {"Allow"}


def guard(statements: list[dict[str, Any]], prefix: str = "") -> Callable[[int, str, str], None]:
    """For `RecordingStore`: a request that the statements do not allow raises AccessDenied."""

    def check(number: int, verb: str, key: str) -> None:
        bucket = FILLED["Bucket.Arn"]
        resource = bucket if verb == "list" else f"{bucket}/{prefix}{key}"
        if not allows(statements, _ACTIONS[verb], resource):
            raise AccessDenied(f"{_ACTIONS[verb]} on {resource}")

    return check


def _fits(patterns: str | list[str], text: str) -> bool:
    listed = [patterns] if isinstance(patterns, str) else patterns
    escaped = (re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") for pattern in listed)
    return any(re.fullmatch(pattern, text) for pattern in escaped)
