"""Where the signing secret comes from: the environment, a private file, or SSM or Secrets Manager of AWS.

No message of this module holds any part of a secret.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from flashgen.aws.clients import client_config
from flashgen.aws.errors import Codes, Meaning, explained
from flashgen.errors import Refused

FORMS: Final = "env:NAME, file:PATH, ssm:NAME or secretsmanager:NAME"
_OTHERS = 0o077
_ADVICE: Final = "set it to 32 random bytes or more"
_MISSING: Final = Meaning(Refused, "there is none of that name", "create it, or correct `secret:` or the region")


def read_secret(
    source: str, root: Path, region: str | None = None, advice: str = _ADVICE, setting: str = "secret"
) -> str:
    """The text that `source` names, without the line break at its end. `advice` is what to do where it is empty.

    `source` is `env:NAME`, `file:PATH` (relative to `root`, readable by its owner alone), `ssm:NAME` (a SecureString)
    or `secretsmanager:NAME`. `region` is for the last two; without it, the one in AWS's own settings.
    `setting` is the key of flashgen.yaml that named it.
    Raises `Refused` if there is no such secret, it may not be read, or is not kept secret; `NoAnswer` if AWS does not
    answer; `StoreError` if it does not accept the credentials.
    """
    scheme, _, name = source.partition(":")
    if not name:
        raise _unknown(source, setting)
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
            raise _unknown(source, setting)
    if not secret.strip():
        raise Refused(f"secret {source}: is not set, or empty", advice)
    return secret.rstrip("\r\n")


def parameter_resource(name: str) -> str:
    """What IAM calls the parameter of an `ssm:` source: `/a/b` is `parameter/a/b`, without a version or label.

    An ARN stays as it is.
    """
    return name if name.startswith("arn:") else f"parameter/{name.partition(':')[0].lstrip('/')}"


def managed_resource(name: str) -> str:
    """What IAM calls the secret of a `secretsmanager:` source, to whose name AWS adds a hyphen and six characters.

    An ARN stays as it is. https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html
    """
    return name if name.startswith("arn:") else f"secret:{name}-??????"


def _unknown(source: str, setting: str) -> Refused:
    # The secret itself may have been written where its source belongs: do not quote it.
    kind = source.partition(":")[0] if ":" in source else ""
    found = f", found `{kind}:…`" if kind in ("env", "file", "ssm", "secretsmanager") else ""
    return Refused(f"{setting}: must be {FORMS}{found}", f"correct `{setting}:` in flashgen.yaml")


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
    client = _client(source, "ssm", region)
    arn = _arn("ssm", client.meta.region_name, parameter_resource(name))
    with _explained(source, "ssm:GetParameter", arn):
        parameter = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    if parameter["Type"] != "SecureString":
        raise Refused(f"secret {source}: is a {parameter['Type']}, not encrypted", "store it as a SecureString")
    return str(parameter["Value"])


def _read_managed(source: str, name: str, region: str | None) -> str:
    client = _client(source, "secretsmanager", region)
    arn = _arn("secretsmanager", client.meta.region_name, managed_resource(name))
    with _explained(source, "secretsmanager:GetSecretValue", arn):
        secret = client.get_secret_value(SecretId=name)
    if "SecretString" not in secret:
        raise Refused(f"secret {source}: is binary", "store it as text: base64 or hex")
    return str(secret["SecretString"])


def _client(source: str, service: str, region: str | None) -> Any:
    import boto3

    with explained(f"secret {source}"):
        session: Any = boto3.session.Session(region_name=region)
        return session.client(service, config=client_config())


def _arn(service: str, region: str, resource: str) -> str:
    return resource if resource.startswith("arn:") else f"arn:aws:{service}:{region}:*:{resource}"


def _explained(source: str, action: str, arn: str) -> AbstractContextManager[None]:
    """A denied secret is Refused, not AccessDenied, which doctor reports as a warning: the command cannot go on."""
    denied = Meaning(Refused, "access denied", f"allow {action} on {arn}, and kms:Decrypt on its key")
    codes: Codes = {
        "ParameterNotFound": _MISSING,
        "ParameterVersionNotFound": _MISSING,
        "ResourceNotFoundException": _MISSING,
        "AccessDenied": denied,
        "AccessDeniedException": denied,
    }
    return explained(f"secret {source}", action, arn, codes)
