"""Where the signing secret comes from: the environment, a private file, or one of AWS's two keepers of secrets.

No message of this module holds any part of a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flashgen.errors import Refused, StoreError
from flashgen.store.aws import account_error, botocore_error, client_config, one_line

FORMS: Final = "env:NAME, file:PATH, ssm:NAME or secretsmanager:NAME"
_OTHERS = 0o077
_MISSING: Final = ("ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException")
_DENIED: Final = ("AccessDenied", "AccessDeniedException")


def read_secret(source: str, root: Path, region: str | None = None) -> str:
    """The text that `source` names, without the line break at its end.

    `source` is `env:NAME`, `file:PATH` (relative to `root`, readable by its owner alone), `ssm:NAME` (a SecureString)
    or `secretsmanager:NAME`. `region` is for the last two; without it, AWS's own settings say where.
    Raises `Refused` if there is no such secret, or it is not kept secret; `NoAnswer` if AWS does not answer.
    """
    scheme, _, name = source.partition(":")
    if not name:
        raise _unknown(source)
    match scheme:
        case "env":
            secret = os.environ.get(name, "")
        case "file":
            secret = _read_file(source, root / name)
        case "ssm":
            secret = _read_parameter(source, name, region)
        case "secretsmanager":
            secret = _read_managed(source, name, region)
        case _:
            raise _unknown(source)
    return _filled(source, secret.rstrip("\r\n"))


def _unknown(source: str) -> Refused:
    # Somebody may have written the secret itself where its source belongs.
    kind = source.partition(":")[0] if ":" in source else ""
    found = f", found `{kind}:…`" if kind in ("env", "file", "ssm", "secretsmanager") else ""
    return Refused(f"secret: must be {FORMS}{found}", "correct `secret:` in flashgen.yaml")


def _filled(source: str, secret: str) -> str:
    if not secret.strip():
        raise Refused(f"secret {source}: is not set, or empty", "set it to 32 random bytes or more")
    return secret


def _read_file(source: str, path: Path) -> str:
    try:
        if path.stat().st_mode & _OTHERS:
            raise Refused(f"secret {source}: other users may read {path}", f"run `chmod 600 {path}`")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Refused(f"secret {source}: cannot read {path}: {reason}", "write it, with mode 600") from error
    except UnicodeDecodeError:
        # The cause would carry the secret's bytes.
        raise Refused(f"secret {source}: {path} is not UTF-8 text", "keep it as text: base64 or hex") from None


def _read_parameter(source: str, name: str, region: str | None) -> str:
    import boto3

    with _explained(source, "ssm:GetParameter"):
        client = boto3.session.Session(region_name=region).client("ssm", config=client_config())
        parameter = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    if parameter["Type"] != "SecureString":
        raise Refused(f"secret {source}: is a {parameter['Type']}, not encrypted", "store it as a SecureString")
    return str(parameter["Value"])


def _read_managed(source: str, name: str, region: str | None) -> str:
    import boto3

    with _explained(source, "secretsmanager:GetSecretValue"):
        client = boto3.session.Session(region_name=region).client("secretsmanager", config=client_config())
        secret = client.get_secret_value(SecretId=name)
    if "SecretString" not in secret:
        raise Refused(f"secret {source}: is binary", "store it as text: base64 or hex")
    return str(secret["SecretString"])


@contextmanager
def _explained(source: str, action: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    place = f"secret {source}"
    try:
        yield
    except ClientError as error:
        raise _answered(place, action, error, str(error.response.get("Error", {}).get("Code", ""))) from error
    except BotoCoreError as error:
        raise botocore_error(place, error) from error


def _answered(place: str, action: str, error: Exception, code: str) -> Refused | StoreError:
    if code in _MISSING:
        return Refused(f"{place}: there is none of that name", "create it, or correct `secret:` or the region")
    if code in _DENIED:
        return Refused(f"{place}: access denied", f"allow {action} on it, and kms:Decrypt on its key")
    return account_error(place, code) or Refused(f"{place}: {one_line(error)}", "")
