"""A store in a bucket of S3, or of anything that speaks S3 and honours If-Match and If-None-Match on PUT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flashgen.errors import StoreError
from flashgen.store.keys import checked_key, checked_prefix, is_key
from flashgen.store.precondition import strong_etag
from flashgen.store.protocol import Entry, Headers, Stored
from flashgen.store.s3.clients import S3Clients, date_of, server_date
from flashgen.store.s3.errors import (
    denied,
    denied_or_missing,
    explained,
    is_denied,
    is_missing,
    is_unknown,
    without_etag,
)
from flashgen.store.s3.reachable import s3_wire
from flashgen.store.s3.wire import Unusual, answered_at

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import DeleteObjectsOutputTypeDef

#: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
DELETE_BATCH: Final = 1000


class S3Store:
    """The `Store` protocol on a bucket; safe between threads.

    `prefix` is put before every key and taken off again. Etags are S3's. What an `endpoint_url` changes: `S3Clients`.

    A conditional put is sent once: a second one could find the first one's object, and take it for another writer's.
    Everything else is retried.

    What go-live needs goes over an `S3Wire`, which starts at once. At the first unusual answer clients of boto3 take
    its place: they know all of S3, and are slow to make.
    """

    def __init__(
        self, bucket: str, prefix: str = "", region: str | None = None, endpoint_url: str | None = None
    ) -> None:
        from botocore.session import get_session

        self._bucket, self._endpoint_url = bucket, endpoint_url
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        with explained("", bucket, ""):
            session = get_session()
            self._clients = S3Clients(session, region, endpoint_url)
            self._wire = s3_wire(session, bucket, region, endpoint_url)
            self._deletes_singly = False
            if self._wire is None:
                self._clients.make()  # so that wrong settings are an error now

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @property
    def endpoint_url(self) -> str:
        """See `Remote`. Settings and variables of AWS's tools may name a server, too; then there is no wire."""
        url = self._endpoint_url or (self._clients.once.meta.endpoint_url if self._wire is None else "")
        parts = urlsplit(url)
        is_aws = (parts.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
        return "" if is_aws or not url else f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def date(self) -> float:
        """See `Dated`. Goes over the connection that conditional puts will use, and so opens it."""
        if self._wire is None:
            return server_date(self._clients.once, self._bucket)
        with explained("s3:ListBucket", self._bucket, ""):
            fields = self._wire.head()
        return date_of(fields, self._bucket)

    def get(self, key: str) -> Stored | None:
        """The object, or None. Some servers deny access to what is missing; S3 does if the bucket may not be listed."""
        from botocore.exceptions import ClientError as Answered

        name = self._prefix + checked_key(key)
        with explained("s3:GetObject", self._bucket, name):
            if wire := self._wire:
                with self._given_up_if_unusual():
                    return wire.get(name)
            try:
                answer = self._clients.retrying.get_object(Bucket=self._bucket, Key=name)
                body = answer["Body"].read()
            except Answered as error:
                if is_missing(error) or (is_denied(error) and self._is_unlisted(name)):
                    return None
                raise
        headers = Headers(answer.get("ContentType", ""), answer.get("CacheControl", ""))
        date = answered_at(answer["ResponseMetadata"]["HTTPHeaders"])
        return Stored(body, headers, self._etag(name, answer.get("ETag")), _utc(answer.get("LastModified")), date)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """Write the whole object and return S3's etag; see `Store.put`."""
        name = self._prefix + checked_key(key)
        conditions = _conditions(if_match, if_absent)
        with explained("s3:PutObject", self._bucket, name):
            if wire := self._wire:
                with self._given_up_if_unusual():
                    return self._etag(name, wire.put(name, body, headers, conditions))
            client = self._clients.once if conditions else self._clients.retrying
            parameters: dict[str, Any] = {field.replace("-", ""): value for field, value in conditions.items()}
            answer = client.put_object(
                Bucket=self._bucket, Key=name, Body=body, **_header_parameters(headers), **parameters
            )
        return self._etag(name, answer.get("ETag"))

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every object below `prefix`, sorted by key, whatever the order in which the server lists."""
        start = self._prefix + checked_prefix(prefix)
        with explained("s3:ListBucket", self._bucket, ""):
            pages = self._clients.retrying.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=start)
            found = [
                Entry(
                    item["Key"].removeprefix(self._prefix),
                    _quoted(item["ETag"]),
                    item["Size"],
                    item["LastModified"].astimezone(UTC),
                )
                for page in pages
                for item in page.get("Contents", ())
            ]
        return iter(sorted((entry for entry in found if is_key(entry.key)), key=lambda entry: entry.key))

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, 1,000 a request; those that do not exist are no error.

        A server that does not know such requests, or wants them with a Content-MD5 that S3 no longer needs, gets one
        request for each object.
        """
        names = iter(sorted({self._prefix + checked_key(key) for key in keys}))
        while batch := tuple(islice(names, DELETE_BATCH)):
            if not self._deleted_together(batch):
                for name in batch:
                    with explained("s3:DeleteObject", self._bucket, name):
                        self._clients.retrying.delete_object(Bucket=self._bucket, Key=name)

    def _deleted_together(self, names: Sequence[str]) -> bool:
        from botocore.exceptions import ClientError as Answered

        if self._deletes_singly:
            return False
        with explained("s3:DeleteObject", self._bucket, ""):
            try:
                answer = self._clients.retrying.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": name} for name in names], "Quiet": True}
                )
            except Answered as error:
                if not is_unknown(error):
                    raise
                self._deletes_singly = True
                return False
        self._check_deleted(answer)
        return True

    def _is_unlisted(self, name: str) -> bool:
        """Whether a listing shows that there is no object to which access could be denied."""
        from botocore.exceptions import ClientError as Answered

        try:
            pages = self._clients.retrying.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=name)
            return all(item["Key"] != name for page in pages for item in page.get("Contents", ()))
        except Answered as error:
            if is_denied(error):
                raise denied_or_missing(self._bucket, name) from error
            raise

    @contextmanager
    def _given_up_if_unusual(self) -> Iterator[None]:
        try:
            yield
        except Unusual:
            self._wire = None

    def _etag(self, name: str, etag: str | None) -> str:
        if etag:
            return strong_etag(etag)
        raise without_etag(self._bucket, name)

    def _check_deleted(self, answer: DeleteObjectsOutputTypeDef) -> None:
        """S3 answers 200 for the batch, and lists what went wrong for each object."""
        failures = answer.get("Errors", [])
        for failure in failures:
            if failure.get("Code") == "AccessDenied":
                raise denied("s3:DeleteObject", self._bucket, failure.get("Key", ""))
        if failures:
            first = failures[0]
            place = f"s3://{self._bucket}/{first.get('Key', '')}"
            raise StoreError(f"{place}: not deleted, S3 answered {first.get('Code', '')}", "run it again")


def _utc(instant: datetime | None) -> datetime | None:
    """S3 always sends the time; another server of its protocol may not."""
    return instant.astimezone(UTC) if instant else None


def _conditions(if_match: str | None, if_absent: bool) -> dict[str, str]:
    conditions = {"If-Match": if_match, "If-None-Match": "*" if if_absent else None}
    return {name: value for name, value in conditions.items() if value is not None}


def _header_parameters(headers: Headers) -> dict[str, Any]:
    caching = {"CacheControl": headers.cache_control} if headers.cache_control else {}
    return {"ContentType": headers.content_type, **caching}


def _quoted(etag: str) -> str:
    """As in a header: rclone quotes there, and does not in a listing."""
    return strong_etag(etag) if etag.endswith('"') else f'"{etag}"'
