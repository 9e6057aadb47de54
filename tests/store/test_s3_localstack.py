"""The store in a bucket, against another implementation of S3: LocalStack's, as a server of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.localstack import localstack_s3
from support.store_contract import StoreContract

from flashgen.store import S3Store, Store


@pytest.fixture(scope="class")
def bucket(tmp_path_factory: pytest.TempPathFactory, aws_credentials_of_class: None) -> Iterator[Store]:
    """One for all tests: it takes seconds to start."""
    with localstack_s3(tmp_path_factory.mktemp("localstack")) as server:
        yield S3Store(server.bucket, endpoint_url=server.url)


class TestS3StoreOnLocalStack(StoreContract):
    """The contract, conditional puts and races included: here nothing is serialised by us."""

    many = 2500

    @pytest.fixture
    def store(self, bucket: Store) -> Store:
        """An empty one."""
        bucket.delete([entry.key for entry in bucket.list("")])
        return bucket
