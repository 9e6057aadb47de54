"""Addresses in flashgen.yaml: a problem has a position, what was found and the fix, before any request."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Flashgen

from flashgen.addresses import (
    BucketAddress,
    FolderAddress,
    checked_distribution,
    checked_endpoint,
    checked_region,
    checked_store,
    checked_url,
    is_loopback,
    parse_store,
)
from flashgen.document.wording import InvalidValue, quoted
from flashgen.errors import InvalidInput, Problem
from flashgen.project import Target, read_settings

PASSWORD = "hunter2"
FIND = "`aws cloudfront list-distributions` and the first column of CloudFront's console have it, such as E2EXAMPLE"


def problems(folder: Path, *lines: str) -> tuple[Problem, ...]:
    """The problems of a target with these lines; the first one is line 3 of the file."""
    path = folder / "flashgen.yaml"
    path.write_text("".join(["targets:\n  production:\n", *(f"    {line}\n" for line in lines)]), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_settings(path)
    return caught.value.problems


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("endpoint_url: 127.0.0.1:9000", "must begin with https:// or http://", "write it as http://127.0.0.1:9000"),
        ("url: sale.example.com", "must begin with https:// or http://", "write it as https://sale.example.com"),
        ("region: '5'", "must be the name of a region", "such as eu-central-1"),
        ("distribution: d111.cloudfront.net", "must be the id of a CloudFront distribution", FIND),
    ],
)
def test_an_invalid_value_has_a_position(tmp_path: Path, line: str, message: str, hint: str) -> None:
    """File, line and column, as for any other setting."""
    (problem,) = problems(tmp_path, "store: s3://sale", line)
    key, _, value = line.partition(": ")
    assert (4, 5 + len(key) + 2) == (problem.where.line, problem.where.column)
    assert f"`{key}` {message}, found {value.strip(chr(39))}" == problem.message
    assert (hint, f"    {line}") == (problem.hint, problem.quote)


def test_a_store_has_its_position_too(tmp_path: Path) -> None:
    """A prefix with `..` would put keys outside of it."""
    (problem,) = problems(tmp_path, "store: s3://flash/../x")
    assert (3, 12) == (problem.where.line, problem.where.column)
    assert "`store` must have a prefix without empty parts, `.` and `..`, found s3://flash/../x" == problem.message
    assert "write it as s3://flash/x, for example" == problem.hint


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """One problem hides none of the others."""
    lines = ("store: s3://Flash", "url: 5", "region: '5'", "endpoint_url: nonsense", "distribution: e2example")
    assert [3, 4, 5, 6, 7] == sorted(problem.where.line for problem in problems(tmp_path, *lines))


@pytest.mark.parametrize("text", ["https://sale.example.com", "http://127.0.0.1:8080", "https://cdn.example/shop/"])
def test_a_url_is_an_address_for_browsers(text: str) -> None:
    """With a path, if the bucket is public below one: pages link relatively."""
    assert text == checked_url(text)


@pytest.mark.parametrize("text", ["http://[::1]:9000", "https://minio", "HTTPS://S3.Example.com", "https://x.co/v1/s3"])
def test_an_endpoint_is_a_server(text: str) -> None:
    """As it was written."""
    assert text == checked_endpoint(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("localhost:9000", "write it as http://localhost:9000"),
        ("minio:9000", "write it as http://minio:9000"),
        ("s3.example.com/v1", "write it as https://s3.example.com/v1"),
        ("nonsense", "such as http://127.0.0.1:9000"),
        ("5", "such as http://127.0.0.1:9000"),
        ("http://", "such as http://127.0.0.1:9000"),
        ("ftp://x", "such as http://127.0.0.1:9000"),
        ("http://127.0.0.1:99999", "such as http://127.0.0.1:9000"),
        ("http://127.0.0.1:0", "such as http://127.0.0.1:9000"),
        ("http://127.0.0.1:x", "such as http://127.0.0.1:9000"),
        ("http://[::g]:9000", "such as http://127.0.0.1:9000"),
        ("http://[1:2]", "such as http://127.0.0.1:9000"),
        ("https://a..b", "such as http://127.0.0.1:9000"),
        ("https://s3.example.com/?x=1", "write it as https://s3.example.com/"),
        ("https://s3.example.com#x", "write it as https://s3.example.com"),
    ],
)
def test_other_endpoints_are_refused_with_the_fix(text: str, hint: str) -> None:
    """The hint adds a forgotten scheme if the rest can be a host."""
    with pytest.raises(InvalidValue, match=r"^must ") as refused:
        checked_endpoint(text)
    assert (hint, True) == (refused.value.hint, refused.value.message.endswith(f"found {quoted(text)}"))


@pytest.mark.parametrize(
    "lines",
    [
        (f"url: https://ann:{PASSWORD}@sale.example.com",),
        (f"url: ann:{PASSWORD}@sale.example.com",),
        (f"endpoint_url: 'http://ann:{PASSWORD}@127.0.0.1:99999/?x'",),
        (f"url: ['https://ann:{PASSWORD}@sale.example.com']",),
        (f"endpoint: http://ann:{PASSWORD}@127.0.0.1",),
        (f"freeze: {{url: 'https://ann:{PASSWORD}@sale.example.com'}}",),
        (f"url: 'https://ann:{PASSWORD}@sale.example.com",),
        (f"store: s3://ann:{PASSWORD}@sale",),
    ],
)
def test_a_password_is_never_shown(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """Neither in the message nor in the quoted line, for any problem."""
    found = problems(tmp_path, *lines)
    assert found
    assert not any(PASSWORD in f"{one.message}{one.hint}{one.quote}" for one in found)


def test_a_command_does_not_show_it_either(flashgen: Flashgen, project: Path) -> None:
    """The message has the fix."""
    target = f"{{store: 'dir:x', url: 'https://ann:{PASSWORD}@sale.example.com'}}"
    (project / "flashgen.yaml").write_text(f"targets: {{production: {target}}}\n", encoding="utf-8")
    run = flashgen("status")
    assert (1, False) == (run.exit_code, PASSWORD in run.out + run.err)
    assert "flashgen.yaml:1:45: `url` must hold no user name and no password" in run.err


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-12"])
def test_a_region_of_awss(region: str) -> None:
    """Future ones too: only the form is checked."""
    assert region == checked_region(region, is_aws=True)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("eu-central-1a", "write it as eu-central-1"),
        ("EU-Central-1", "write it as eu-central-1"),
        ("Frankfurt", "such as eu-central-1"),
        ("auto", "such as eu-central-1"),
    ],
)
def test_other_regions_are_refused_with_the_fix(text: str, hint: str) -> None:
    """People write a zone's letter, or capitals."""
    with pytest.raises(InvalidValue, match=f"found {text}$") as refused:
        checked_region(text, is_aws=True)
    assert hint == refused.value.hint


@pytest.mark.parametrize("region", ["auto", "fr-par", "nyc3"])
def test_other_servers_name_their_regions(region: str, tmp_path: Path) -> None:
    """Any host label, like botocore."""
    path = tmp_path / "flashgen.yaml"
    target = f"{{store: s3://sale, region: {region}, endpoint_url: 'http://127.0.0.1:9000'}}"
    path.write_text(f"targets: {{other: {target}}}\n", encoding="utf-8")
    assert region == read_settings(path).targets["other"].region


@pytest.mark.parametrize("region", ["5", "fr_par", "-x", "x" * 64])
def test_a_region_of_any_server_is_a_host_label(region: str) -> None:
    """botocore would refuse it, at the first request."""
    with pytest.raises(InvalidValue, match="must be the name of a region"):
        checked_region(region, is_aws=False)


def test_an_invalid_endpoint_is_the_only_problem(tmp_path: Path) -> None:
    """The region may be valid for its server."""
    lines = ("store: s3://sale", "region: auto", "endpoint_url: 127.0.0.1:9000")
    assert ["targets.production.endpoint_url"] == [problem.path for problem in problems(tmp_path, *lines)]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE", "write it as E2EXAMPLE"),
        ("arn:aws:s3:::flash", FIND),
        ("d111111abcdef8.cloudfront.net", FIND),
        ("e2example", FIND),
        ("E2", FIND),
    ],
)
def test_other_texts_than_a_distribution_s_id_are_refused(text: str, hint: str) -> None:
    """People paste similar texts; the hint says where the id is."""
    with pytest.raises(InvalidValue, match="must be the id of a CloudFront distribution") as refused:
        checked_distribution(text)
    assert hint == refused.value.hint


def test_valid_values_are_returned_unchanged() -> None:
    """By every check."""
    assert "s3://sale-example-com/shop/" == checked_store("s3://sale-example-com/shop/")
    assert "E2EXAMPLE" == checked_distribution("E2EXAMPLE")


def test_the_local_target_needs_only_a_folder() -> None:
    """Without url, region or endpoint."""
    assert Target(store="dir:.flashgen/store").region is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dir:.flashgen/store", FolderAddress(".flashgen/store")),
        ("dir:../elsewhere", FolderAddress("../elsewhere")),
        ("s3://sale-example-com", BucketAddress("sale-example-com")),
        ("s3://sale.example.com/", BucketAddress("sale.example.com")),
        ("s3://flash/a/b.c/", BucketAddress("flash", "a/b.c")),
    ],
)
def test_a_store_is_a_folder_or_a_bucket(text: str, expected: FolderAddress | BucketAddress) -> None:
    """With a prefix, without slashes around."""
    assert expected == parse_store(text)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("s3://flash/../x", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash/x/..", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash/./x", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash//x", "prefix without empty parts", "write it as s3://flash/x"),
        ("s3://flash//", "prefix without empty parts", "write it as s3://flash,"),
        ("s3://flash/_flashgen", "must not lie below _flashgen", "choose another prefix"),
        ("s3://flash/x/_flashgen/y", "must not lie below _flashgen", "choose another prefix"),
        ("s3://flash/a b", "prefix of letters, digits", "such as s3://sale-example-com/shop"),
        ("s3://flash/*", "prefix of letters, digits", "such as s3://sale-example-com/shop"),
        ("s3://flash/a\\b", "prefix of letters, digits", "such as s3://sale-example-com/shop"),
        ("s3://Flash/x", "must name a bucket", "write it as s3://flash/x, if that is the bucket"),
        ("s3://my_bucket", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://ab", "must name a bucket", "such as s3://sale-example-com"),
        (f"s3://{'a' * 64}", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://a..b", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://-flash", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://192.168.5.4", "must name a bucket", "such as s3://sale-example-com"),
        ("s3://arn:aws:s3:::flash/x", "must name a bucket, not its ARN", "write it as s3://flash/x"),
        ("arn:aws-cn:s3:::flash", "must name a bucket, not its ARN", "write it as s3://flash"),
        ("s3://arn:aws:s3:eu-central-1:1:accesspoint/x", "must name a bucket", "such as s3://sale-example-com"),
        ("flash", "must be dir:PATH or s3://BUCKET", "such as dir:.flashgen/store"),
        ("", "must be dir:PATH or s3://BUCKET[/PREFIX]", "such as dir:.flashgen/store"),
        ("dir:", "must be dir:PATH or s3://BUCKET[/PREFIX]", "such as dir:.flashgen/store"),
        ("s3:", "must be dir:PATH or s3://BUCKET[/PREFIX]", "such as dir:.flashgen/store"),
        ("s3://", "must be dir:PATH or s3://BUCKET[/PREFIX]", "such as dir:.flashgen/store"),
        ("s3:///prefix", "must be dir:PATH or s3://BUCKET[/PREFIX]", "such as dir:.flashgen/store"),
        ("s3:bucket", "must be dir:PATH or s3://BUCKET[/PREFIX]", "such as dir:.flashgen/store"),
        ("gs://bucket", "must be dir:PATH or s3://BUCKET[/PREFIX]", "such as dir:.flashgen/store"),
    ],
)
def test_invalid_stores_are_refused_with_the_fix(text: str, message: str, hint: str) -> None:
    """When the settings are read."""
    with pytest.raises(InvalidValue) as refused:
        parse_store(text)
    assert (True, True) == (message in refused.value.message, refused.value.hint.startswith(hint)), refused.value.args


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8090", True),
        ("http://127.0.0.1", True),
        ("https://[::1]:8090/x", True),
        ("https://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("10.0.0.7", False),
    ],
)
def test_loopback_hosts(url: str, expected: bool) -> None:
    """The whole host is compared, without the port."""
    assert expected == is_loopback(url)
