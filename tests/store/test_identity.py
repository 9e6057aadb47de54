"""Whose credentials these are, by moto's STS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from flashgen.errors import StoreError
from flashgen.store.identity import Identity, read_identity

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


def test_expired_credentials_are_one_clear_error(aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As AWS says it."""
    client = boto3.client("sts", region_name=REGION)
    monkeypatch.setattr(boto3.session.Session, "client", lambda *_, **__: client)
    with Stubber(client) as answers:
        answers.add_client_error("get_caller_identity", "ExpiredToken")
        with pytest.raises(StoreError, match="the AWS credentials have expired") as caught:
            read_identity(REGION)
    assert "aws sso login" in caught.value.hint
