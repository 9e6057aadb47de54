"""Checks the addresses of a target in flashgen.yaml when the file is read, not when the first request fails.

Each check returns the text unchanged, or raises InvalidValue. A message never shows an address with a password; and a
SecretUrl, which may hold one, cannot be printed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flashgen.document.wording import InvalidValue, quoted
from flashgen.layout import PRIVATE_FOLDER

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_WEB = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,9}))?(/[\x21-\x7e]*)?", re.I)
_HOST = re.compile(r"(localhost|\d+\.\d+\.\d+\.\d+|[a-z0-9-]+(?=:\d)|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(:\d+)?(/\S*)?", re.I)
_LOCAL_HOST = re.compile(r"localhost|[0-9.]+|[^.]+")
_SERVER = r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?"
_PLACE = re.compile(rf"{_SERVER}(,{_SERVER})*(/[\w.-]*){{0,2}}")
_HIGHEST_PORT: Final = 65_535

#: `eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`: every name in botocore's list of regions, and likely future ones.
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")
#: Other servers have their own names (`auto`, `fr-par`, `nyc3`). botocore refuses a name that is not a host label.
_OTHER_REGION = re.compile(r"(?!\d+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")

_STORE_EXAMPLE: Final = "s3://sale-example-com"
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BUCKET_ARN = re.compile(r"(?:s3://)?arn:aws[a-z-]*:s3:::([^/]+)(.*)")
#: The characters that need no escape in a URL and have no meaning in a policy.
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")

_DISTRIBUTION = re.compile(r"[A-Z][A-Z0-9]{5,}")
_DISTRIBUTION_ARN = re.compile(r"arn:aws[a-z-]*:cloudfront::\d*:distribution/([A-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class FolderAddress:
    """A folder; the path is absolute, or relative to the project's folder."""

    path: str


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket, and the prefix of every key in it: no slash at its ends, often empty. `parse_store` checks both."""

    bucket: str
    prefix: str = ""

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, pattern: str) -> str:
        """A key of the store, or a pattern of keys, as the bucket has it."""
        return f"{self.prefix}/{pattern}" if self.prefix else pattern


def checked_store(text: str) -> str:
    """The address of a store."""
    parse_store(text)
    return text


def parse_store(text: str) -> FolderAddress | BucketAddress:
    """Read a target's `store:`. Raises InvalidValue."""
    scheme, _, rest = text.partition(":")
    if scheme == "dir" and rest:
        return FolderAddress(rest)
    if arn := _BUCKET_ARN.fullmatch(text):
        raise _invalid_store("name a bucket, not its ARN", text, f"write it as s3://{arn[1]}{arn[2].rstrip('/')}")
    bucket, slash, prefix = rest.removeprefix("//").partition("/")
    if scheme != "s3" or not rest.startswith("//") or not bucket:
        hint = f"such as dir:.flashgen/store, or {_STORE_EXAMPLE}"
        raise _invalid_store("be dir:PATH or s3://BUCKET[/PREFIX]", text, hint)
    if not _BUCKET.fullmatch(bucket):
        meant = f"s3://{bucket.lower()}{slash}{prefix}" if _BUCKET.fullmatch(bucket.lower()) else ""
        hint = f"write it as {meant}, if that is the bucket" if meant else f"such as {_STORE_EXAMPLE}"
        raise _invalid_store("name a bucket: 3 to 63 of a-z, 0-9, hyphens and dots", text, hint)
    _check_prefix(prefix.removesuffix("/").split("/") if prefix else [], bucket, text)
    return BucketAddress(bucket, prefix.removesuffix("/"))


def _check_prefix(segments: list[str], bucket: str, text: str) -> None:
    full = [segment for segment in segments if segment not in ("", ".", "..")]
    if full != segments:
        hint = f"write it as s3://{'/'.join([bucket, *full])}, for example"
        raise _invalid_store("have a prefix without empty parts, `.` and `..`", text, hint)
    if PRIVATE_FOLDER in segments:
        wanted = f"not lie below {PRIVATE_FOLDER}, where what is private is kept"
        raise _invalid_store(wanted, text, "choose another prefix")
    if not all(map(_SEGMENT.fullmatch, segments)):
        wanted = "have a prefix of letters, digits, `.`, `_`, `-` and `/`"
        raise _invalid_store(wanted, text, f"such as {_STORE_EXAMPLE}/shop")


def _invalid_store(wanted: str, text: str, hint: str) -> InvalidValue:
    return InvalidValue(f"must {wanted}, found {quoted(text)}", hint)


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def checked_url(text: str) -> str:
    """A web address, `http[s]://HOST[:PORT][/PATH]`. A path is allowed, because pages link relatively."""
    return _checked_web(text, "https://sale.example.com")


def checked_endpoint(text: str) -> str:
    """The address of an S3-compatible server: `http[s]://HOST[:PORT][/PATH]`."""
    return _checked_web(text, "http://127.0.0.1:9000")


def checked_region(text: str, *, is_aws: bool) -> str:
    """A region of AWS; if not `is_aws`, of a server with its own names for regions."""
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
            f"must begin with https:// or http://, found {quoted(text)}", _with_scheme(text) or f"such as {example}"
        )
    plain = re.split("[?#]", text)[0]
    if plain != text:
        raise InvalidValue(f"must have no query and no fragment, found {quoted(text)}", f"write it as {plain}")
    found = _WEB.fullmatch(text)
    if not found or not is_host(found[1]):
        raise InvalidValue(f"must name a host, found {quoted(text)}", f"such as {example}")
    check_port(found[2], text, f"such as {example}")
    return text


def check_port(port: str | None, text: str, hint: str = "") -> None:
    """Raises InvalidValue unless `port`, the digits after the host in `text`, is missing or from 1 to 65,535."""
    if port and not 1 <= int(port) <= _HIGHEST_PORT:
        raise InvalidValue(f"must have a port from 1 to {_HIGHEST_PORT}, found {quoted(text)}", hint)


def is_host(host: str) -> bool:
    """Whether a host that has only allowed characters is valid: no empty label, or an IPv6 address in brackets."""
    if not host.startswith("["):
        return ".." not in host
    try:
        return bool(ipaddress.IPv6Address(host[1:-1]))
    except ValueError:
        return False


def _with_scheme(text: str) -> str:
    """The hint for an address without a scheme; else empty."""
    host = _HOST.fullmatch(text)
    return f"write it as {'http' if _LOCAL_HOST.fullmatch(host[1]) else 'https'}://{text}" if host else ""


def shared_domain(hosts: Sequence[str]) -> str:
    """The longest domain that all hosts equal or lie below, and for which browsers keep a cookie; empty without one."""
    domain = common_domain(hosts)
    return "" if is_public_suffix(domain) else domain


def common_domain(hosts: Sequence[str]) -> str:
    """The longest domain that all hosts equal or lie below, such as `co.uk`. Empty if there is none."""
    if any(map(_is_address, hosts)):
        return ""
    shared: list[str] = []
    for labels in zip(*(reversed(host.split(".")) for host in hosts), strict=False):
        if len(set(labels)) > 1:
            break
        shared.insert(0, labels[0])
    return ".".join(shared)


def is_public_suffix(domain: str) -> bool:
    """Whether strangers have names below a domain (`com`, `co.uk`, `fly.dev`), so that no cookie is kept for it.

    By the Public Suffix List with its private section (https://publicsuffix.org), in which browsers look it up.
    """
    return bool(domain) and bool(_public_suffixes().is_public(domain))


@cache
def _public_suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def without_secrets(url: str) -> str:
    """A URL without user, password and options; where one may be taken for another, without all of it.

    Of a web address only the origin is left: the path of many a webhook is its key. What has neither `//` nor `@` is a
    path or a name, and stays as it is.
    """
    if "//" not in url and "@" not in url:
        return url
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    place = re.split("[?#]", rest.rpartition("@")[2])[0]
    if not _PLACE.fullmatch(place) and scheme not in ("http", "https"):
        return f"{scheme}{separator}…"
    if scheme in ("http", "https"):
        host = re.match(rf"{_SERVER}(?=/|$)", place)
        place = host[0] if host else "…"
    return f"{scheme}{separator}{place}"


class SecretUrl:
    """A URL that may hold a secret, and cannot be printed: as text in any form it is `without_secrets`.

    Models read it from a text; nothing writes it by itself.
    """

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url

    def reveal(self) -> str:
        """The URL itself, for whoever connects."""
        return self._url

    def __str__(self) -> str:
        return without_secrets(self._url)

    def __repr__(self) -> str:
        return f"SecretUrl({without_secrets(self._url)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretUrl) and self._url == other._url

    def __hash__(self) -> int:
        return hash(self._url)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(max_length=4096))
