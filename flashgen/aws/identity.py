"""Who the AWS credentials are, and how long they last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flashgen.aws.clients import client_config
from flashgen.aws.errors import explained

#: How boto3's chain names sources that cannot renew what they gave: their expiry is the end.
_FIXED: Final = ("env", "custom-process", "shared-credentials-file")


@dataclass(frozen=True, slots=True)
class Identity:
    """`source` is boto3's word for where the credentials come from; `arn`, `account` are empty if STS was not asked.

    `expires_at` (UTC) is None when they last, renew themselves, or the chain does not know.
    """

    source: str
    arn: str = ""
    account: str = ""
    expires_at: datetime | None = None


def read_identity(region: str | None, *, ask: bool = True) -> Identity:
    """The credentials that boto3's chain finds. With `ask`, STS names their owner, which needs no permission.

    Raises `StoreError` when there are no credentials, or AWS does not accept them.
    """
    import boto3
    from botocore.exceptions import NoCredentialsError

    with explained("credentials", "sts:GetCallerIdentity", "*"):
        session = boto3.session.Session(region_name=region)
        found: Any = session.get_credentials()
        if found is None:
            raise NoCredentialsError
        found.get_frozen_credentials()
        source, expires_at = str(found.method), _expiry(found)
        if not ask:
            return Identity(source, expires_at=expires_at)
        answer = session.client("sts", config=client_config()).get_caller_identity()
    return Identity(source, answer["Arn"], answer["Account"], expires_at)


def _expiry(found: Any) -> datetime | None:
    """botocore keeps the time in an attribute that it does not document; without it nothing is known."""
    expires_at = getattr(found, "_expiry_time", None)
    if found.method not in _FIXED or not isinstance(expires_at, datetime):
        return None
    return expires_at.astimezone(UTC)
