"""One thing broken in a sound target: doctor finds that, nothing else, and says the fix."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.crippled_store import CrippledStore
from support.examined import BUCKET, KEY, REGION, SALE, SECRET, VERSION, DatedBucket, SilentCdn, Stage

from flashgen.aws.identity import Identity
from flashgen.aws.secrets import read_secret
from flashgen.errors import AccessDenied, Refused
from flashgen.finding import Finding, Level
from flashgen.layout import manifest_key
from flashgen.release.manifest import Claim, read_manifest, render_manifest
from flashgen.store import Headers
from flashgen.unlock.pointer import Pointer, parse, render
from flashgen.unlock.token import Claims, TokenSigner

PASS, WARN, FAIL = Level.PASS, Level.WARN, Level.FAIL
PRIVATE = Headers("application/json", "private, no-store")
TOKEN = TokenSigner([SECRET.encode()]).sign(Claims(SALE, 1, "n", 0, 2**33))


@dataclass(frozen=True)
class Case:
    """How to break it; the level and check of all that is then not PASS, in order; a part of the first one's hint."""

    breaks: Callable[[Stage], object]
    troubles: tuple[tuple[Level, str], ...]
    hint: str


def one(level: Level, check: str, breaks: Callable[[Stage], object], hint: str) -> Case:
    """A case with a single finding."""
    return Case(breaks, ((level, check),), hint)


def distribution(**changed: Any) -> Callable[[Stage], object]:
    """Another fact of the distribution as a whole."""

    def breaks(stage: Stage) -> None:
        stage.facts = replace(stage.facts, **changed)

    return breaks


def behaviour(place: int, **changed: Any) -> Callable[[Stage], object]:
    """Another fact of a behaviour: 0 is the pointer's, 1 the default."""

    def breaks(stage: Stage) -> None:
        behaviours = list(stage.facts.behaviours)
        behaviours[place] = replace(behaviours[place], **changed)
        stage.facts = replace(stage.facts, behaviours=tuple(behaviours))

    return breaks


def cache(place: int, **changed: Any) -> Callable[[Stage], object]:
    """Another fact of a behaviour's cache policy."""

    def breaks(stage: Stage) -> None:
        policy = stage.facts.behaviours[place].cache
        assert policy
        behaviour(place, cache=replace(policy, **changed))(stage)

    return breaks


def headers(place: int, **changed: Any) -> Callable[[Stage], object]:
    """Another fact of a behaviour's headers policy."""

    def breaks(stage: Stage) -> None:
        policy = stage.facts.behaviours[place].headers
        assert policy
        behaviour(place, headers=replace(policy, **changed))(stage)

    return breaks


def csp(old: str, new: str) -> Callable[[Stage], object]:
    """The CSP of pages with something replaced; `GATE` stands for the order server."""

    def breaks(stage: Stage) -> None:
        policy = stage.facts.behaviours[1].headers
        assert policy
        assert policy.content_security_policy
        changed = policy.content_security_policy.replace(old.replace("GATE", stage.gate.url), new)
        headers(1, content_security_policy=changed)(stage)

    return breaks


def crippled(**how: Any) -> Callable[[Stage], object]:
    """A store with something missing, for doctor; the edge sees the whole."""

    def breaks(stage: Stage) -> None:
        stage.store = CrippledStore(stage.s3, **how)

    return breaks


def bucket(verb: str, **arguments: Any) -> Callable[[Stage], object]:
    """A change of the bucket's own settings."""
    return lambda stage: getattr(stage.cloud.client, verb)(Bucket=BUCKET, **arguments)


def open_policy(stage: Stage) -> None:
    """Everybody may read."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    bucket("delete_public_access_block")(stage)
    bucket("put_bucket_policy", Policy=policy)(stage)


def set_(name: str, value: Any) -> Callable[[Stage], object]:
    """Another value of the stage's."""
    return lambda stage: setattr(stage, name, value)


def gate(name: str, value: Any) -> Callable[[Stage], object]:
    """Another value of the gate's."""
    return lambda stage: setattr(stage.gate, name, value)


def late_clock(seconds: float) -> Callable[[Stage], object]:
    """This machine's clock is behind."""

    def breaks(stage: Stage) -> None:
        right = stage.clock
        stage.clock = lambda: right() - seconds

    return breaks


def put(key: str, body: bytes, about: Headers = PRIVATE) -> Callable[[Stage], object]:
    """An object by hand."""
    return lambda stage: stage.s3.put(key, body, about)


def pointer(**changed: Any) -> Callable[[Stage], object]:
    """The pointer written over by hand, with another state."""

    def breaks(stage: Stage) -> None:
        stored = stage.s3.get(KEY)
        assert stored
        found = parse(stored.body, KEY)
        assert isinstance(found, Pointer)
        state = replace(found.state, **changed)
        stage.s3.put(KEY, render(replace(found, state=state)), stored.headers)

    return breaks


def write(name: str, text: str) -> Callable[[Stage], object]:
    """A file of the project."""
    return lambda stage: (stage.root / name).write_text(text)


def edit(name: str, old: str, new: str) -> Callable[[Stage], object]:
    """A file of the project with something replaced."""

    def breaks(stage: Stage) -> None:
        path = stage.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return breaks


def remove_build(stage: Stage) -> None:
    """Nothing was built here: another machine did."""
    (stage.root / "build" / "_flashgen" / SALE / "site.json").unlink()


def claim(stage: Stage) -> None:
    """A push that died."""
    manifest = read_manifest(stage.s3, SALE).manifest
    dead = replace(manifest, claim=Claim("bob", datetime(2026, 1, 1, tzinfo=UTC), "target", ()))
    stage.s3.put(manifest_key(SALE), render_manifest(dead), PRIVATE)


def older_manifest(stage: Stage) -> None:
    """As if a page had not been pushed yet."""
    manifest = read_manifest(stage.s3, SALE).manifest
    objects = {key: each for key, each in manifest.objects.items() if key != f"{SALE}/index.html"}
    stage.s3.put(manifest_key(SALE), render_manifest(replace(manifest, objects=objects)), PRIVATE)


def never_pushed(stage: Stage) -> None:
    """An empty store."""
    stage.s3.delete([entry.key for entry in stage.s3.list("")])


def readable_secret(stage: Stage) -> None:
    """A file that others may read."""
    path = stage.root / "secret.txt"
    path.write_text(SECRET)
    path.chmod(0o644)
    stage.secret_source = "file:secret.txt"
    stage.secret = lambda: read_secret("file:secret.txt", stage.root)


def no_secret() -> str:
    """What `Project.secret` raises."""
    raise Refused("target `production` needs a secret", "add `secret: env:FLASHGEN_SECRET` to flashgen.yaml")


class DenyingCdn(SilentCdn):
    """Without the permission."""

    def invalidate(self, paths: Any, reference: str) -> str:
        raise AccessDenied("CloudFront E2EXAMPLE: access denied", "allow cloudfront:CreateInvalidation on it")


def soon(**ahead: float) -> Identity:
    """Credentials that end."""
    return Identity("env", "arn:aws:iam::1:user/ann", "1", datetime.now(UTC) + timedelta(**ahead))


SKIPPED_WRITES = ((WARN, "may write"),)
NO_SECRET = ((WARN, "strength"), (WARN, "http://GATE"), (WARN, "files"), (WARN, "build"), (WARN, "store"))

CASES = {
    "credentials that expire before the sale": one(
        WARN, "credentials", set_("identity", lambda: soon(minutes=30)), "get new ones"
    ),
    "a store that ignores If-Match": Case(
        crippled(ignores=frozenset({"if_match"})), ((FAIL, "conditional writes"), *SKIPPED_WRITES), "choose a store"
    ),
    "a store that ignores If-None-Match": Case(
        crippled(ignores=frozenset({"if_absent"})), ((FAIL, "conditional writes"), *SKIPPED_WRITES), "choose a store"
    ),
    "a store that refuses the right If-Match": Case(
        crippled(refuses_if_match=True), ((FAIL, "conditional writes"), *SKIPPED_WRITES), "choose a store"
    ),
    "no permission to write": Case(
        crippled(denied=frozenset({"put"})), ((FAIL, "may go live"), (WARN, "may push")), "allow put on it"
    ),
    "no permission to delete": one(WARN, "may delete", crippled(denied=frozenset({"delete"})), "allow delete on it"),
    "no permission to list": Case(
        crippled(denied=frozenset({"list"})), ((FAIL, "may list"), (WARN, "store")), "allow list on it"
    ),
    "no permission to invalidate": one(
        FAIL, "may invalidate", set_("cdn", DenyingCdn()), "allow cloudfront:CreateInvalidation"
    ),
    "a public bucket": one(FAIL, "privacy", open_policy, f"put-public-access-block --bucket {BUCKET}"),
    "a bucket that could be opened": one(
        WARN, "privacy", bucket("delete_public_access_block"), "BlockPublicPolicy=true"
    ),
    "a bucket without versions": one(
        WARN,
        "versions",
        bucket("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}),
        "put-bucket-versioning",
    ),
    "the wrong region": one(
        FAIL,
        "region",
        lambda stage: set_("bucket", DatedBucket(BUCKET, "", "eu-west-1"))(stage),
        f"set `region: {REGION}`",
    ),
    "a disabled distribution": one(FAIL, "state", distribution(is_enabled=False), "enable it"),
    "a distribution that is being deployed": one(WARN, "state", distribution(is_deployed=False), "wait until"),
    "a policy that may not be looked at": one(
        WARN, "policies", distribution(denied=("cloudfront:GetCachePolicy",)), "allow cloudfront:GetCachePolicy"
    ),
    "a missing alias": one(FAIL, "address", distribution(aliases=("other.example",)), "--alias 127.0.0.1"),
    "another bucket as the origin": one(
        FAIL,
        "origin",
        lambda stage: distribution(origins=(replace(stage.facts.origins[0], domain="other.s3.amazonaws.com"),))(stage),
        "correct `store:` or `distribution:`",
    ),
    "an origin with another prefix": one(
        FAIL,
        "origin",
        lambda stage: distribution(origins=(replace(stage.facts.origins[0], path="/old"),))(stage),
        "correct `store:` or `distribution:`",
    ),
    "an origin without access control": one(
        FAIL,
        "origin",
        lambda stage: distribution(origins=(replace(stage.facts.origins[0], has_access_control=False),))(stage),
        "origin access control",
    ),
    "no behaviour for the unlock script": one(
        FAIL, "night: polling", behaviour(0, pattern="*/other.js"), "flashgen infra apply"
    ),
    "the unlock script's behaviour after another": one(
        FAIL,
        "night: polling",
        lambda stage: distribution(
            behaviours=(
                replace(stage.facts.behaviours[0], pattern="*.js", cache=stage.facts.behaviours[1].cache),
                *stage.facts.behaviours,
            )
        )(stage),
        "MinTTL 1, Default 1, Max 2",
    ),
    "a MinTTL of 0": one(FAIL, "night: polling", cache(0, min_ttl_seconds=0), "MinTTL 1"),
    "a pointer kept for a minute": one(FAIL, "night: polling", cache(0, max_ttl_seconds=60), "Max 2"),
    "queries in the pointer's cache key": one(
        FAIL, "night: polling", cache(0, keyed_by=("query strings",)), "take them out"
    ),
    "browsers that may keep the pointer": one(WARN, "night: polling", headers(0, custom={}), "override Cache-Control"),
    "no clock function": one(WARN, "night: polling", behaviour(0, functions=frozenset()), "viewer-response"),
    "cookies in the pages' cache key": one(FAIL, "pages", cache(1, keyed_by=("cookies",)), "CachingOptimized"),
    "pages that are hardly kept": one(WARN, "pages", cache(1, max_ttl_seconds=5), "CachingOptimized"),
    "no compression": one(WARN, "pages", behaviour(1, compresses=False), "`Compress`"),
    "no index function": one(FAIL, "pages", behaviour(1, functions=frozenset()), "viewer-request"),
    "plain http": one(FAIL, "pages", behaviour(1, viewer_protocol="allow-all"), "redirect http"),
    "a CSP without the order server": one(FAIL, "security", csp(" GATE", ""), "infra apply"),
    "a CSP that forbids polling": one(FAIL, "security", csp("connect-src 'self'", "connect-src"), "infra apply"),
    "a CSP with unsafe-inline": one(
        FAIL, "security", csp("style-src 'self'", "style-src 'unsafe-inline'"), "infra apply"
    ),
    "no CSP": one(FAIL, "security", headers(1, content_security_policy=None), "infra apply"),
    "no HSTS": one(FAIL, "security", headers(1, hsts_seconds=None), "max-age=63072000"),
    "no nosniff": one(FAIL, "security", headers(1, nosniff=False), "infra apply"),
    "another referrer policy": one(FAIL, "security", headers(1, referrer_policy="unsafe-url"), "infra apply"),
    "HSTS for a second": one(FAIL, "security", headers(1, hsts_seconds=1), "max-age=63072000"),
    "a CSP with unsafe-eval": one(
        FAIL, "security", csp("script-src 'self'", "script-src 'self' 'unsafe-eval'"), "infra apply"
    ),
    "a CSP that lets pages connect to anything": one(
        FAIL, "security", csp("connect-src 'self' GATE", "connect-src 'self' https: http:"), "infra apply"
    ),
    "errors that are kept": one(WARN, "errors", distribution(error_ttl_seconds={403: 10}), "ErrorCachingMinTTL 1"),
    "errors that nobody thought of": one(WARN, "errors", distribution(error_ttl_seconds={}), "ErrorCachingMinTTL 1"),
    "a clock that is 1.5 s late": Case(late_clock(1.5), ((WARN, "clock"), (WARN, "clock")), "NTP"),
    "a clock that is a minute late": Case(late_clock(60), ((FAIL, "clock"), (FAIL, "clock")), "NTP"),
    "no secret": Case(set_("secret", no_secret), ((FAIL, "secret"), *NO_SECRET), "add `secret:"),
    "a short secret": Case(set_("secret", lambda: "0f1e2d3c"), ((FAIL, "secret"), *NO_SECRET), "openssl rand -hex 32"),
    "a secret that others may read": Case(readable_secret, ((FAIL, "secret"), *NO_SECRET), "chmod 600"),
    "a secret that can be guessed": Case(
        set_("secret", lambda: "changeme" * 4), ((FAIL, "strength"), (FAIL, "GATE")), "openssl rand -hex 32"
    ),
    "a mistake in the YAML": Case(
        edit("sale_configs/night.yaml", "19.90", "-5"), ((FAIL, "night: yaml"), (WARN, "night: build")), "write"
    ),
    "a YAML that cannot be read": one(
        FAIL, "night: yaml", edit("sale_configs/night.yaml", "currency: EUR", "currency: 5"), "ISO 4217"
    ),
    "a sale that cannot be ordered": Case(
        lambda stage: edit("sale_configs/night.yaml", f'order:\n  servers: ["{stage.gate.url}"]\n', "")(stage),
        ((FAIL, "night: yaml"), (WARN, "night: build")),
        "add `order:",
    ),
    "a version that can be guessed": Case(
        edit("sale_configs/night.yaml", f"unlock: {{version: {VERSION}}}", ""),
        ((WARN, "night: yaml"), (WARN, "night: build"), (FAIL, "night: pointer")),
        "flashgen rotate night",
    ),
    "a YAML that was rotated and not pushed": Case(
        edit("sale_configs/night.yaml", VERSION, "another234"),
        ((WARN, "night: build"), (FAIL, "night: pointer")),
        "flashgen push night",
    ),
    "nothing built": one(FAIL, "night: build", remove_build, "flashgen build night"),
    "a build that was changed by hand": one(
        FAIL, "night: build", edit("build/night/index.html", "Lamp", "Lamb"), "flashgen build night"
    ),
    "a build that is out of date": one(
        WARN, "night: build", edit("sale_configs/night.yaml", "Night", "Nights"), "flashgen push night"
    ),
    "nothing pushed": Case(never_pushed, ((FAIL, "night: push"), (FAIL, "night")), "flashgen push night"),
    "a push that is due": one(WARN, "night: push", older_manifest, "flashgen push night"),
    "a push that died": one(FAIL, "night: push", claim, "flashgen push night --take-over"),
    "a pointer that is gone": Case(
        lambda stage: stage.s3.delete([KEY]), ((FAIL, "night: pointer"),), "restore the object's last version"
    ),
    "a pointer that is none": Case(
        put(KEY, b"oops", Headers("text/javascript; charset=utf-8", "public, max-age=0, s-maxage=1, must-revalidate")),
        ((FAIL, "night: pointer"),),
        "restore an older version",
    ),
    "a pointer with other times": one(
        FAIL, "night: pointer", pointer(starts_at=datetime(2026, 1, 1, tzinfo=UTC)), "flashgen push night"
    ),
    "a pointer that caches keep": one(
        FAIL,
        "night: pointer",
        lambda stage: put(KEY, stage.s3.get(KEY).body, Headers("text/javascript; charset=utf-8", "max-age=60"))(stage),  # type: ignore[union-attr]
        "flashgen push night",
    ),
    "a pointer that is too large": one(
        WARN, "night: pointer", pointer(closed=frozenset(f"SKU-{n}" for n in range(99))), "flashgen sold-out night"
    ),
    "a url where nothing answers": Case(set_("url", "http://127.0.0.1:9"), ((WARN, "public url"),), "flashgen serve"),
    "a target without a url": one(WARN, "public url", set_("url", None), "add `url:`"),
    "a gate that is down": Case(gate("status", 503), ((WARN, "GATE"),), "its log says why"),
    "a gate that pages may not ask": one(FAIL, "GATE", gate("allows", ""), "have it allow http://127.0.0.1"),
    "a gate that allows another site": one(FAIL, "GATE", gate("allows", "https://other.example"), "have it allow"),
    "a gate with another secret": one(FAIL, "GATE", gate("keys", (b"k" * 32,)), "the same secret"),
    "an order server that is no gate": one(WARN, "GATE", gate("is_gate", False), "flashgen's gate"),
    "the secret in the settings": one(
        FAIL, "files", write("flashgen.yaml", f"trusted_themes: false  # {SECRET}\n"), "put a new key"
    ),
    "the secret in a saved answer": one(FAIL, "files", write("pushed.json", f'["{SECRET}"]'), "put a new key"),
    "the secret in a saved plan": one(FAIL, "files", write("tonight.plan", f'["{SECRET.upper()}"]'), "put a new key"),
    "the secret in the build": one(
        FAIL, "build", write("build/night/x.txt", base64.b64encode(f"key {SECRET}".encode()).decode()), "put a new key"
    ),
    "the secret in the store": one(
        FAIL, "store", put("_flashgen/night/x", SECRET.encode().hex().encode()), "put a new key"
    ),
    "a token in the store": one(FAIL, "store", put(f"{SALE}/x.js", f"x('/o/{TOKEN}')".encode()), "going live again"),
    "a folder that git does not ignore": one(FAIL, "git", write(".gitignore", "build/\n"), "echo .flashgen/"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_broken_is_found_and_nothing_else(case: Case, stage: Stage) -> None:
    """With the fix; `GATE` stands for the order server's address."""
    case.breaks(stage)
    found = stage.troubles()
    place = stage.gate.url.removeprefix("http://")
    assert [(level, check.replace("GATE", place)) for level, check in case.troubles] == brief(found)
    assert case.hint in found[0].hint


def test_a_sound_target_passes(stage: Stage) -> None:
    """Every check is made, and none has anything to say."""
    assert [] == stage.troubles()


def test_nothing_is_left_behind(stage: Stage) -> None:
    """No object of the sale is written, and what is tried is tidied away."""
    before = list(stage.s3.list(""))
    stage.findings()
    assert before == list(stage.s3.list(""))


def brief(found: list[Finding]) -> list[tuple[Level, str]]:
    """Levels and checks."""
    return [(finding.level, finding.check) for finding in found]
