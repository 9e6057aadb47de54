"""Where the signing secret comes from, and that no message tells it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from flashgen.errors import FlashgenError, NoAnswer, Refused, StoreError
from flashgen.store import read_secret

SECRET = "s3cr3t-0123456789abcdef0123456789abcdef"


@pytest.fixture
def account(aws_credentials: None) -> Iterator[None]:
    """An AWS account of moto's, with secrets of every kind."""
    with mock_aws():
        parameters, secrets = boto3.client("ssm"), boto3.client("secretsmanager")
        parameters.put_parameter(Name="/flashgen/key", Value=SECRET, Type="SecureString")
        parameters.put_parameter(Name="/flashgen/plain", Value=SECRET, Type="String")
        secrets.create_secret(Name="flashgen/key", SecretString=SECRET)
        secrets.create_secret(Name="flashgen/binary", SecretBinary=SECRET.encode())
        yield


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is."""
    monkeypatch.setenv("FLASHGEN_SECRET", SECRET)
    assert SECRET == read_secret("env:FLASHGEN_SECRET", Path())


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_from_a_private_file(tmp_path: Path, end: str) -> None:
    """Relative to the project; an editor's line break is no part of it."""
    _write(tmp_path / "key", f"{SECRET}{end}".encode(), 0o600)
    assert SECRET == read_secret("file:key", tmp_path)


@pytest.mark.parametrize("source", ["ssm:/flashgen/key", "secretsmanager:flashgen/key"])
def test_from_aws(account: None, source: str) -> None:
    """Decrypted."""
    assert SECRET == read_secret(source, Path())


def test_the_region_can_be_given(account: None) -> None:
    """There is nothing in another one."""
    with pytest.raises(Refused, match="there is none of that name"):
        read_secret("ssm:/flashgen/key", Path(), region="us-west-2")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("ssm:/flashgen/none", "secret ssm:/flashgen/none: there is none of that name"),
        ("ssm:/flashgen/plain", "secret ssm:/flashgen/plain: is a String, not encrypted"),
        ("secretsmanager:none", "secret secretsmanager:none: there is none of that name"),
        ("secretsmanager:flashgen/binary", "secret secretsmanager:flashgen/binary: is binary"),
    ],
)
def test_what_aws_cannot_give_is_refused(account: None, source: str, message: str) -> None:
    """With the fix, and without the value."""
    with pytest.raises(Refused) as caught:
        read_secret(source, Path())
    assert message == caught.value.message
    assert caught.value.hint
    assert SECRET not in repr(caught.value)


SOURCES = {
    "ssm:/flashgen/key:3": ("ssm", "get_parameter"),
    "ssm:arn:aws:ssm:eu-west-1:1:parameter/k": ("ssm", "get_parameter"),
    "secretsmanager:flashgen/key": ("secretsmanager", "get_secret_value"),
}


def answered(monkeypatch: pytest.MonkeyPatch, source: str, code: str) -> FlashgenError:
    """What is made of an error of the service that keeps the secret."""
    service, call = SOURCES[source]
    client = boto3.session.Session(region_name="eu-central-1").client(service)  # type: ignore[call-overload]
    monkeypatch.setattr(boto3.session.Session, "client", lambda *_, **__: client)
    with Stubber(client) as answers:
        answers.add_client_error(call, code, "Said so.", 400)
        with pytest.raises(FlashgenError) as caught:
            read_secret(source, Path())
    return caught.value


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("ssm:/flashgen/key:3", "ssm:GetParameter on arn:aws:ssm:eu-central-1:*:parameter/flashgen/key"),
        ("ssm:arn:aws:ssm:eu-west-1:1:parameter/k", "ssm:GetParameter on arn:aws:ssm:eu-west-1:1:parameter/k"),
        (
            "secretsmanager:flashgen/key",
            "secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-central-1:*:secret:flashgen/key-??????",
        ),
    ],
)
def test_a_denied_secret_names_what_to_allow(
    aws_credentials: None, monkeypatch: pytest.MonkeyPatch, source: str, allowed: str
) -> None:
    """As a policy has it; its key may be what is denied, too."""
    denied = answered(monkeypatch, source, "AccessDeniedException")
    assert (Refused, f"secret {source}: access denied") == (type(denied), denied.message)
    assert f"allow {allowed}, and kms:Decrypt on its key" == denied.hint


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_a_busy_keeper_of_secrets_is_no_answer(
    aws_credentials: None, monkeypatch: pytest.MonkeyPatch, source: str, code: str
) -> None:
    """Not a secret that is refused: trying again helps."""
    silence = answered(monkeypatch, source, code)
    assert (NoAnswer, f"secret {source}: answered {code}") == (type(silence), silence.message)
    assert "try again" in silence.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    """The hint is the command that mends it."""
    _write(tmp_path / "key", SECRET.encode(), mode)
    with pytest.raises(Refused, match="other users may") as caught:
        read_secret("file:key", tmp_path)
    assert f"run `chmod 600 {tmp_path / 'key'}`" == caught.value.hint


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("env:FLASHGEN_NONE", "is not set, or empty"),
        ("file:none", "no such file or directory"),
        ("file:empty", "is not set, or empty"),
        ("file:binary", "is not UTF-8 text"),
        ("file:.", "cannot read|other users may"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, source: str, message: str) -> None:
    """With its place."""
    _write(tmp_path / "empty", b"\n", 0o600)
    _write(tmp_path / "binary", b"\xff" + SECRET.encode(), 0o600)
    with pytest.raises(Refused, match=message) as caught:
        read_secret(source, tmp_path)
    assert caught.value.message.startswith(f"secret {source}: ")
    assert SECRET not in repr((caught.value, caught.value.__cause__))


@pytest.mark.parametrize("source", [SECRET, f"secret:{SECRET}", f"{SECRET}:x", "", "env:", "ssm:"])
def test_a_source_of_another_form_is_refused_unseen(source: str) -> None:
    """Somebody may have written the secret itself there."""
    with pytest.raises(Refused, match="must be env:NAME, file:PATH, ssm:NAME or secretsmanager:NAME") as caught:
        read_secret(source, Path())
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("source", ["ssm:/flashgen/key", "secretsmanager:flashgen/key"])
def test_without_credentials_the_message_says_how_to_get_some(source: str) -> None:
    """Before anything is sent."""
    with pytest.raises(StoreError, match=f"secret {source}: no AWS credentials found"):
        read_secret(source, Path(), region="eu-central-1")


def test_without_a_region_the_message_says_where_to_set_it() -> None:
    """These two services have no default one."""
    with pytest.raises(StoreError, match="no AWS region is known") as caught:
        read_secret("ssm:/flashgen/key", Path())
    assert "region" in caught.value.hint


def _write(path: Path, content: bytes, mode: int) -> None:
    path.write_bytes(content)
    path.chmod(mode)
