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

from flashgen.edge.rules.paths import ResolvedPath, resolve
from flashgen.edge.stack.distribution import function_code

FUNCTIONS = Path(__file__).parents[2] / "flashgen" / "edge" / "stack" / "functions"
#: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
LARGEST_FUNCTION_BYTES = 10_240

#: Path and query as a viewer sends them, and where they lead.
CASES: dict[tuple[str, str | None], ResolvedPath] = {
    ("/", None): ResolvedPath(key="index.html"),
    ("/sale/", None): ResolvedPath(key="sale/index.html"),
    ("/sale/", "from=mail"): ResolvedPath(key="sale/index.html"),
    ("/sale/lamp/", None): ResolvedPath(key="sale/lamp/index.html"),
    ("/sale/index.html", None): ResolvedPath(key="sale/index.html"),
    ("/sale/assets/page.0a1b2c3d.css", None): ResolvedPath(key="sale/assets/page.0a1b2c3d.css"),
    ("/sale/unlock.7k2.js", "r=1"): ResolvedPath(key="sale/unlock.7k2.js"),
    ("/sale/.hidden", None): ResolvedPath(key="sale/.hidden"),
    ("/sale/caf%C3%A9.html", None): ResolvedPath(key="sale/café.html"),
    ("/sale/café/", None): ResolvedPath(key="sale/café/index.html"),
    ("/a%20b/", None): ResolvedPath(key="a b/index.html"),
    ("/100%2525.html", None): ResolvedPath(key="100%25.html"),
    ("/sale%2F", None): ResolvedPath(key="sale/index.html"),
    ("/sale/%69ndex.html", None): ResolvedPath(key="sale/index.html"),
    ("/sale", None): ResolvedPath(location="/sale/"),
    ("/sale", ""): ResolvedPath(location="/sale/"),
    ("/sale", "from=mail&x=%2F&x=2&empty"): ResolvedPath(location="/sale/?from=mail&x=%2F&x=2&empty"),
    ("/sale", "next=//elsewhere.example"): ResolvedPath(location="/sale/?next=//elsewhere.example"),
    ("/v1.0/sale", None): ResolvedPath(location="/v1.0/sale/"),
    ("/caf%C3%A9", None): ResolvedPath(location="/caf%C3%A9/"),
    ("/a%0D%0ASet-Cookie:x", None): ResolvedPath(location="/a%0D%0ASet-Cookie%3Ax/"),
    ("/a%3Fb", None): ResolvedPath(location="/a%3Fb/"),
    ("/a%2Fb", None): ResolvedPath(location="/a/b/"),
    ("/it's(1)!*", None): ResolvedPath(location="/it%27s%281%29%21%2A/"),
    ("/-_~", None): ResolvedPath(location="/-_~/"),
    ("//", None): ResolvedPath(),
    ("//elsewhere.example", None): ResolvedPath(),
    ("//elsewhere.example/x/", None): ResolvedPath(),
    ("/%2Felsewhere.example", None): ResolvedPath(),
    ("/%2felsewhere.example/", None): ResolvedPath(),
    ("/sale//index.html", None): ResolvedPath(),
    ("/..", None): ResolvedPath(),
    ("/../x.html", None): ResolvedPath(),
    ("/a/../b.html", None): ResolvedPath(),
    ("/a/%2e%2e/b.html", None): ResolvedPath(),
    ("/./a.html", None): ResolvedPath(),
    ("/a/.", None): ResolvedPath(),
    ("/a\\b.html", None): ResolvedPath(),
    ("/%5Celsewhere.example", None): ResolvedPath(),
    ("/\\elsewhere.example", None): ResolvedPath(),
    ("/a%00.html", None): ResolvedPath(),
    ("/.meta/lock.x", None): ResolvedPath(),
    ("/.META/lock.x", None): ResolvedPath(),
    ("sale/", None): ResolvedPath(),
    ("/" + "a" * 1014 + "/", None): ResolvedPath(),
    ("/" + "a" * 1013 + "/", None): ResolvedPath(key="a" * 1013 + "/index.html"),
    ("/" + "%C3%A9" * 513, None): ResolvedPath(),
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


def target_of(answer: dict[str, Any]) -> ResolvedPath:
    """CloudFront's answer in the local edge's words."""
    if "uri" in answer:
        return ResolvedPath(key=unquote(answer["uri"]).removeprefix("/"))
    if answer["statusCode"] == 404:
        return ResolvedPath()
    assert (302, ["location"]) == (answer["statusCode"], list(answer["headers"]))
    return ResolvedPath(location=answer["headers"]["location"]["value"])


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
    assert ResolvedPath() == target_of(answers[len(CASES) + MALFORMED.index(uri)])


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
