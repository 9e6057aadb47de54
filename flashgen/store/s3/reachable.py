"""Which buckets an `S3Wire` can reach: those whose URL is known without a model of all of S3's endpoints."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flashgen.aws import clients as aws
from flashgen.proxies import botocore_proxies
from flashgen.store.s3.connections import S3Lines
from flashgen.store.s3.wire import S3Wire

if TYPE_CHECKING:
    from botocore.httpsession import URLLib3Session
    from botocore.session import Session

#: No dots, which TLS certificates of virtual hosts do not cover, and none of the names that S3 keeps for other things:
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET: Final = re.compile(r"(?!.*--)(?!.*-s3alias$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
#: The partition `aws`, by the expression in botocore's partitions.json.
_REGION: Final = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
_ANY_REGION: Final = re.compile(r"[a-z0-9-]+")
#: What an operator may have set that changes how S3 is asked.
_SETTINGS: Final = (
    "s3",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "tcp_keepalive",
    "auth_scheme_preference",
)
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")


def s3_wire(session: Session, bucket: str, region: str | None, endpoint_url: str | None) -> S3Wire | None:
    """The wire to a bucket; None if bucket, region, endpoint or the operator's settings are not quite ordinary.

    Raises botocore's errors for a profile that is not there, and for credentials that cannot be had.
    """
    region = region or session.get_config_variable("region")
    if not region or not _is_ordinary(session, endpoint_url):
        return None
    url = _url(bucket, region, endpoint_url)
    credentials = session.get_credentials() if url else None
    if not url or not credentials:
        return None
    lines = S3Lines(lambda timeouts: _http_session(session, url, timeouts))
    return S3Wire(session, credentials, lines, url, region, checksums=endpoint_url is None)


def _is_ordinary(session: Session, endpoint_url: str | None) -> bool:
    if any(map(session.get_config_variable, _SETTINGS)):
        return False
    configured = {"endpoint_url", "services"} & set(session.get_scoped_config())
    return endpoint_url is not None or not (configured or any(map(os.environ.get, _ENDPOINTS)))


def _url(bucket: str, region: str, endpoint_url: str | None) -> str:
    """Of the bucket, without a slash at the end; empty for what is not known here."""
    if not _BUCKET.fullmatch(bucket):
        return ""
    if endpoint_url is None:
        return f"https://{bucket}.s3.{region}.amazonaws.com" if _REGION.fullmatch(region) else ""
    split = urlsplit(endpoint_url)
    is_plain = split.scheme in ("http", "https") and endpoint_url.rstrip("/") == f"{split.scheme}://{split.netloc}"
    return f"{endpoint_url.rstrip('/')}/{bucket}" if is_plain and _ANY_REGION.fullmatch(region) else ""


def _http_session(session: Session, url: str, timeouts: Any) -> URLLib3Session:
    """As a client would have it: with the environment's proxies and certificates."""
    from botocore.httpsession import URLLib3Session

    aws.refuse_cut_heads()
    verify: Any = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True
    # As clients of boto3 have it: else a body waits for the acknowledgement of its headers, 40 ms at T0.
    options: Any = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    return URLLib3Session(
        verify=verify,
        proxies=botocore_proxies(url),
        timeout=timeouts,
        max_pool_connections=aws.POOL_CONNECTIONS,
        socket_options=options,
    )
