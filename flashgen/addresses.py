"""What flashgen.yaml may say of where a target is: checked when it is read, with its place, not by the first request.

Each check returns the text as it was written, or raises Unfit. What holds a password is never shown.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from flashgen.document.wording import InvalidValue, quoted
from flashgen.errors import StoreError
from flashgen.store.address import parse_address

_WEB = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,9}))?(/[\x21-\x7e]*)?", re.I)
_HOST = re.compile(r"(localhost|\d+\.\d+\.\d+\.\d+|[a-z0-9-]+(?=:\d)|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(:\d+)?(/\S*)?", re.I)
_LOCAL_HOST = re.compile(r"localhost|[0-9.]+|[^.]+")
_HIGHEST_PORT: Final = 65_535

#: `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`: every name in botocore's list of regions, and those to come.
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")
#: Other servers have names of their own (`auto`, `fr-par`, `nyc3`); what is no host label, botocore refuses.
_OTHER_REGION = re.compile(r"(?!\d+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")

_DISTRIBUTION = re.compile(r"[A-Z][A-Z0-9]{5,}")
_DISTRIBUTION_ARN = re.compile(r"arn:aws[a-z-]*:cloudfront::\d*:distribution/([A-Z0-9]+)")


def checked_store(text: str) -> str:
    """The address of a store."""
    try:
        parse_address(text)
    except StoreError as error:
        raise InvalidValue(f"{error.message}, found {quoted(text)}", error.hint) from None
    return text


def checked_url(text: str) -> str:
    """Where a browser could go: `http[s]://HOST[:PORT][/PATH]`. Pages link relatively, so a path is no harm."""
    return _checked_web(text, "https://sale.example.com")


def checked_endpoint(text: str) -> str:
    """Where a server of S3's protocol answers: `http[s]://HOST[:PORT][/PATH]`."""
    return _checked_web(text, "http://127.0.0.1:9000")


def checked_region(text: str, *, is_aws: bool) -> str:
    """A region of AWS's, or of a server that has its own names for them."""
    if (_REGION if is_aws else _OTHER_REGION).fullmatch(text):
        return text
    zone = _REGION.match(text.lower())
    hint = f"write it as {zone.group()}" if zone else "such as eu-central-1"
    raise InvalidValue(f"must be the name of a region, found {quoted(text)}", hint)


def checked_distribution(text: str) -> str:
    """The id of a CloudFront distribution."""
    if _DISTRIBUTION.fullmatch(text):
        return text
    arn = _DISTRIBUTION_ARN.fullmatch(text)
    find = "`aws cloudfront list-distributions` and the first column of CloudFront's console have it, such as E2EXAMPLE"
    raise InvalidValue(
        f"must be the id of a CloudFront distribution, found {quoted(text)}", f"write it as {arn[1]}" if arn else find
    )


def _checked_web(text: str, example: str) -> str:
    if "@" in text:
        raise InvalidValue("must hold no user name and no password", "delete what stands before the `@`, and the `@`")
    if not re.match("https?://", text, re.IGNORECASE):
        raise InvalidValue(
            f"must begin with https:// or http://, found {quoted(text)}", _meant(text) or f"such as {example}"
        )
    plain = re.split("[?#]", text)[0]
    if plain != text:
        raise InvalidValue(f"must have no query and no fragment, found {quoted(text)}", f"write it as {plain}")
    found = _WEB.fullmatch(text)
    if not found or not _is_host(found[1]):
        raise InvalidValue(f"must name a host, found {quoted(text)}", f"such as {example}")
    if found[2] and not 1 <= int(found[2]) <= _HIGHEST_PORT:
        raise InvalidValue(f"must have a port from 1 to {_HIGHEST_PORT}, found {quoted(text)}", f"such as {example}")
    return text


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return ".." not in host
    try:
        return bool(ipaddress.IPv6Address(host[1:-1]))
    except ValueError:
        return False


def _meant(text: str) -> str:
    """The hint for an address that somebody wrote without its scheme; else empty."""
    host = _HOST.fullmatch(text)
    return f"write it as {'http' if _LOCAL_HOST.fullmatch(host[1]) else 'https'}://{text}" if host else ""
