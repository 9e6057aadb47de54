"""What flashgen.yaml may say of where a target is: a place, what was found and the fix, before any request."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Flashgen

from flashgen.addresses import checked_distribution, checked_endpoint, checked_region, checked_store, checked_url
from flashgen.document.wording import InvalidValue, quoted
from flashgen.errors import InvalidInput, Problem
from flashgen.project import Target, read_settings

PASSWORD = "hunter2"
FIND = "`aws cloudfront list-distributions` and the first column of CloudFront's console have it, such as E2EXAMPLE"


def problems(folder: Path, *lines: str) -> tuple[Problem, ...]:
    """What is wrong with a target of these lines, the first of which is the third of its file."""
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
def test_what_does_not_fit_has_a_place(tmp_path: Path, line: str, message: str, hint: str) -> None:
    """File, line and column, as for any other setting."""
    (problem,) = problems(tmp_path, "store: s3://sale", line)
    key, _, value = line.partition(": ")
    assert (4, 5 + len(key) + 2) == (problem.where.line, problem.where.column)
    assert f"`{key}` {message}, found {value.strip(chr(39))}" == problem.message
    assert (hint, f"    {line}") == (problem.hint, problem.quote)


def test_a_store_has_its_place_too(tmp_path: Path) -> None:
    """No key ever lands beside the sale."""
    (problem,) = problems(tmp_path, "store: s3://flash/../x")
    assert (3, 12) == (problem.where.line, problem.where.column)
    assert "`store` must have a prefix without empty parts, `.` and `..`, found s3://flash/../x" == problem.message
    assert "write it as s3://flash/x, for example" == problem.hint


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """One that is wrong hides none of the others."""
    lines = ("store: s3://Flash", "url: 5", "region: '5'", "endpoint_url: nonsense", "distribution: e2example")
    assert [3, 4, 5, 6, 7] == sorted(problem.where.line for problem in problems(tmp_path, *lines))


@pytest.mark.parametrize("text", ["https://sale.example.com", "http://127.0.0.1:8080", "https://cdn.example/shop/"])
def test_a_url_is_where_a_browser_could_go(text: str) -> None:
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
    """The scheme that was forgotten, if the rest could be a host."""
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
    """Neither in the message nor in the line that is quoted, whatever is wrong there."""
    found = problems(tmp_path, *lines)
    assert found
    assert not any(PASSWORD in f"{one.message}{one.hint}{one.quote}" for one in found)


def test_a_command_does_not_show_it_either(flashgen: Flashgen, project: Path) -> None:
    """The fix is told."""
    target = f"{{store: 'dir:x', url: 'https://ann:{PASSWORD}@sale.example.com'}}"
    (project / "flashgen.yaml").write_text(f"targets: {{production: {target}}}\n", encoding="utf-8")
    run = flashgen("status")
    assert (1, False) == (run.exit_code, PASSWORD in run.out + run.err)
    assert "flashgen.yaml:1:45: `url` must hold no user name and no password" in run.err


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-12"])
def test_a_region_of_awss(region: str) -> None:
    """Those to come too: it is their form that counts."""
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
    """A zone's letter, or capitals, are what people write."""
    with pytest.raises(InvalidValue, match=f"found {text}$") as refused:
        checked_region(text, is_aws=True)
    assert hint == refused.value.hint


@pytest.mark.parametrize("region", ["auto", "fr-par", "nyc3"])
def test_other_servers_name_their_regions(region: str, tmp_path: Path) -> None:
    """Any label of a host, as botocore has it."""
    path = tmp_path / "flashgen.yaml"
    target = f"{{store: s3://sale, region: {region}, endpoint_url: 'http://127.0.0.1:9000'}}"
    path.write_text(f"targets: {{other: {target}}}\n", encoding="utf-8")
    assert region == read_settings(path).targets["other"].region


@pytest.mark.parametrize("region", ["5", "fr_par", "-x", "x" * 64])
def test_no_server_has_a_region_that_is_no_label(region: str) -> None:
    """botocore would refuse it, at the first request."""
    with pytest.raises(InvalidValue, match="must be the name of a region"):
        checked_region(region, is_aws=False)


def test_an_endpoint_that_does_not_fit_is_the_one_problem(tmp_path: Path) -> None:
    """The region may be its server's."""
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
def test_what_is_no_id_of_a_distribution(text: str, hint: str) -> None:
    """People paste what they find first; this says where to look."""
    with pytest.raises(InvalidValue, match="must be the id of a CloudFront distribution") as refused:
        checked_distribution(text)
    assert hint == refused.value.hint


def test_what_fits_is_kept_as_it_was_written() -> None:
    """Every check gives its text back."""
    assert "s3://sale-example-com/shop/" == checked_store("s3://sale-example-com/shop/")
    assert "E2EXAMPLE" == checked_distribution("E2EXAMPLE")


def test_the_target_on_this_machine_needs_none_of_it() -> None:
    """A folder and nothing else."""
    assert Target(store="dir:.flashgen/store").region is None
