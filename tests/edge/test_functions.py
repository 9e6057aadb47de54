"""The edge functions in node: one table of paths, for CloudFront's function and for the local edge alike."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from flashgen.edge.stack.distribution import function_code
from flashgen.edge.target import Target, resolve

FUNCTIONS = Path(__file__).parents[2] / "flashgen" / "edge" / "functions"
#: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
LARGEST_FUNCTION_BYTES = 10_240

#: Path and query as a viewer sends them, and where they lead.
CASES: dict[tuple[str, str | None], Target] = {
    ("/", None): Target(key="index.html"),
    ("/sale/", None): Target(key="sale/index.html"),
    ("/sale/", "from=mail"): Target(key="sale/index.html"),
    ("/sale/lamp/", None): Target(key="sale/lamp/index.html"),
    ("/sale/index.html", None): Target(key="sale/index.html"),
    ("/sale/assets/page.0a1b2c3d.css", None): Target(key="sale/assets/page.0a1b2c3d.css"),
    ("/sale/unlock.7k2.js", "r=1"): Target(key="sale/unlock.7k2.js"),
    ("/sale/.hidden", None): Target(key="sale/.hidden"),
    ("/sale/caf%C3%A9.html", None): Target(key="sale/café.html"),
    ("/sale/café/", None): Target(key="sale/café/index.html"),
    ("/a%20b/", None): Target(key="a b/index.html"),
    ("/100%2525.html", None): Target(key="100%25.html"),
    ("/sale%2F", None): Target(key="sale/index.html"),
    ("/sale/%69ndex.html", None): Target(key="sale/index.html"),
    ("/sale", None): Target(location="/sale/"),
    ("/sale", ""): Target(location="/sale/"),
    ("/sale", "from=mail&x=%2F&x=2&empty"): Target(location="/sale/?from=mail&x=%2F&x=2&empty"),
    ("/sale", "next=//elsewhere.example"): Target(location="/sale/?next=//elsewhere.example"),
    ("/v1.0/sale", None): Target(location="/v1.0/sale/"),
    ("/caf%C3%A9", None): Target(location="/caf%C3%A9/"),
    ("/a%0D%0ASet-Cookie:x", None): Target(location="/a%0D%0ASet-Cookie%3Ax/"),
    ("/a%3Fb", None): Target(location="/a%3Fb/"),
    ("/a%2Fb", None): Target(location="/a/b/"),
    ("/it's(1)!*", None): Target(location="/it%27s%281%29%21%2A/"),
    ("/-_~", None): Target(location="/-_~/"),
    ("//", None): Target(),
    ("//elsewhere.example", None): Target(),
    ("//elsewhere.example/x/", None): Target(),
    ("/%2Felsewhere.example", None): Target(),
    ("/%2felsewhere.example/", None): Target(),
    ("/sale//index.html", None): Target(),
    ("/..", None): Target(),
    ("/../x.html", None): Target(),
    ("/a/../b.html", None): Target(),
    ("/a/%2e%2e/b.html", None): Target(),
    ("/./a.html", None): Target(),
    ("/a/.", None): Target(),
    ("/a\\b.html", None): Target(),
    ("/%5Celsewhere.example", None): Target(),
    ("/\\elsewhere.example", None): Target(),
    ("/a%00.html", None): Target(),
    ("/.meta/lock.x", None): Target(),
    ("/.META/lock.x", None): Target(),
    ("sale/", None): Target(),
    ("/" + "a" * 1014 + "/", None): Target(),
    ("/" + "a" * 1013 + "/", None): Target(key="a" * 1013 + "/index.html"),
    ("/" + "%C3%A9" * 513, None): Target(),
}

MALFORMED = ("/%", "/sale/%zz/", "/sale/%C3", "/sale/%FF.html")
"""Escapes that are none, or not of UTF-8: no key of ours has any. (The local edge's server reads them its own way.)"""


@pytest.fixture(scope="module")
def answers() -> list[Any]:
    """What the index function makes of all cases, then of the malformed ones."""
    asked = [{"uri": uri, "query": query} for uri, query in (*CASES, *((uri, None) for uri in MALFORMED))]
    return run("index", [{"request": request} for request in asked])


def run(function: str, events: list[dict[str, Any]]) -> list[Any]:
    """What the function makes of each event."""
    node = shutil.which("node")
    missing = "node is missing: apt-get install nodejs"
    if node is None and os.environ.get("CI"):
        pytest.fail(missing)
    if node is None:
        pytest.skip(missing)
    command = [node, str(Path(__file__).with_name("functions.mjs")), str(FUNCTIONS / f"{function}.js")]
    done = subprocess.run(command, input=json.dumps(events), capture_output=True, text=True, check=True)
    made: list[Any] = json.loads(done.stdout)
    return made


def target_of(answer: dict[str, Any]) -> Target:
    """CloudFront's answer in the local edge's words."""
    if "uri" in answer:
        return Target(key=unquote(answer["uri"]).removeprefix("/"))
    if answer["statusCode"] == 404:
        return Target()
    assert (302, ["location"]) == (answer["statusCode"], list(answer["headers"]))
    return Target(location=answer["headers"]["location"]["value"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0][:40]}?{case[1]}")
def test_the_edge_function_finds_the_object(answers: list[Any], case: tuple[str, str | None]) -> None:
    """Or leads to it, or says that there is none."""
    assert CASES[case] == target_of(answers[list(CASES).index(case)])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0][:40]}?{case[1]}")
def test_the_local_edge_finds_the_same(case: tuple[str, str | None]) -> None:
    """Its server decodes the path first."""
    uri, query = case
    assert CASES[case] == resolve(unquote(uri), (query or "").encode())


@pytest.mark.parametrize("uri", MALFORMED)
def test_what_is_not_well_encoded_is_nothing(answers: list[Any], uri: str) -> None:
    """And no exception, which CloudFront would show as a 503."""
    assert Target() == target_of(answers[len(CASES) + MALFORMED.index(uri)])


def test_a_path_is_handed_on_as_it_was_encoded() -> None:
    """S3 decodes it once more."""
    (answer,) = run("index", [{"request": {"uri": "/100%2525/caf%C3%A9/", "query": None}}])
    assert "/100%2525/caf%C3%A9/index.html" == answer["uri"]


def test_the_clock_tells_milliseconds_beside_the_stores_headers() -> None:
    """Of this machine's clock, between before and after."""
    before = int(time.time() * 1000)
    headers = {"content-type": {"value": "text/javascript"}}
    (answer,) = run("clock", [{"response": {"statusCode": 200, "headers": headers}}])
    assert before - 1 <= int(answer["headers"].pop("x-now")["value"]) <= int(time.time() * 1000) + 1
    assert {"statusCode": 200, "headers": headers} == answer


@pytest.mark.parametrize("name", ["index", "clock"])
def test_a_function_is_small_and_of_the_runtimes_language(name: str) -> None:
    """`cloudfront-js-2.0` is ES 5.1 with some of what came later; these keep to 5.1, which needs no list."""
    code = function_code(name)
    assert len(code.encode()) < LARGEST_FUNCTION_BYTES
    plain = re.sub(r"//.*", "", code)
    assert [] == re.findall(r"=>|`|\b(?:let|const|class|async|await|import|require|eval|Function)\b|\.\.\.", plain)
