"""Whose credentials these are, by moto's STS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from flashgen.aws.identity import Identity, read_identity
from flashgen.errors import AccessDenied, NoAnswer, StoreError

REGION = "eu-central-1"


def test_sts_says_who_it_is(aws_credentials: None) -> None:
    """Account and ARN."""
    with mock_aws():
        found = read_identity(REGION)
    assert ("env", "123456789012", None) == (found.source, found.account, found.expires_at)
    assert found.arn.startswith("arn:aws:sts::123456789012:")


def test_other_servers_are_not_asked(aws_credentials: None) -> None:
    """They have no STS; that there are credentials has to do."""
    assert Identity("env") == read_identity(REGION, ask=False)


def test_no_credentials_are_an_error_with_the_way_to_get_some() -> None:
    """Found before anything is sent."""
    with pytest.raises(StoreError, match="no AWS credentials found") as caught:
        read_identity(REGION)
    assert "aws sso login" in caught.value.hint


def test_the_end_of_exported_credentials_is_known(aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """`aws configure export-credentials` writes it into the environment."""
    end = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", end.isoformat())
    assert end == read_identity(REGION, ask=False).expires_at


@pytest.mark.parametrize(
    ("code", "status", "expected", "message", "hint"),
    [
        ("ExpiredToken", 403, StoreError, "the AWS credentials have expired", "aws sso login"),
        ("AccessDenied", 403, AccessDenied, "access denied", "allow sts:GetCallerIdentity on *"),
        ("Throttling", 400, NoAnswer, "answered Throttling", "try again in a moment"),
    ],
)
def test_what_sts_answers_instead_is_one_clear_error(
    aws_credentials: None,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    status: int,
    expected: type[StoreError],
    message: str,
    hint: str,
) -> None:
    """With the fix."""
    client = boto3.client("sts", region_name=REGION)
    monkeypatch.setattr(boto3.session.Session, "client", lambda *_, **__: client)
    with Stubber(client) as answers:
        answers.add_client_error("get_caller_identity", code, http_status_code=status)
        with pytest.raises(StoreError) as caught:
            read_identity(REGION)
    assert (expected, f"credentials: {message}") == (caught.type, caught.value.message)
    assert hint in caught.value.hint
