"""CloudFront as it is, against what pages and pollers need. Pure, but for one request at the beginning.

The behaviours that should be there are those of `flashgen.edge.rules.behaviour`; the headers `flashgen.verify` judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from flashgen.aws.distribution import DistributionConfig, HeadersPolicy, PathBehaviour
from flashgen.doctor.context import DoctorContext
from flashgen.edge.rules.behaviour import DEFAULT, ERROR_TTL_SECONDS, POINTER, matches
from flashgen.finding import Finding, Level
from flashgen.hint import Hint, command_line
from flashgen.sale.model import Header
from flashgen.unlock.pointer import pointer_key
from flashgen.verify.model import EdgeConfig
from flashgen.verify.security import security_findings

APPLY = Hint("`", command_line("infra apply"), "` makes it as it should be")


def check(context: DoctorContext) -> Iterator[Finding]:
    """Read it once, then judge."""
    assert context.distribution  # noqa: S101  the check is made only then
    yield from judge(context.distribution(), context)


def judge(config: DistributionConfig, context: DoctorContext) -> Iterator[Finding]:
    """Everything that is not as it should be, and in one line each what is."""
    yield from _status(config)
    for action in config.denied:
        yield Finding(Level.WARN, "policies", f"those of {config.id} cannot be looked at", f"allow {action} on them")
    yield from _address(config, context.url)
    yield from _origin(config, context)
    for header in context.headers:
        yield from _polled(config, header)
    yield from _pages(config.behaviours[-1])
    yield from _security(config, context)
    yield from _errors(config)


def behaviour_for(config: DistributionConfig, key: str) -> PathBehaviour:
    """The first whose pattern fits; the default fits everything."""
    return next(each for each in config.behaviours if each is config.behaviours[-1] or matches(each.pattern, key))


def _status(config: DistributionConfig) -> Iterator[Finding]:
    if not config.is_enabled:
        yield Finding(Level.FAIL, "state", f"{config.id} is disabled", "enable it; that takes some minutes")
    elif not config.is_deployed:
        message = f"{config.id} is being deployed: some edges still have its old configuration"
        yield Finding(Level.WARN, "state", message, "wait until it is deployed; that takes some minutes")
    else:
        yield Finding(Level.PASS, "state", f"{config.id} is enabled and deployed")


def _address(config: DistributionConfig, url: str | None) -> Iterator[Finding]:
    host = urlsplit(url or "").hostname
    if not host:
        return
    names = (config.domain, *config.aliases)
    if any(_covers(name.lower(), host) for name in names):
        yield Finding(Level.PASS, "address", f"{host} is one of its names")
        return
    message = f"{config.id} does not answer for {host}: its names are {', '.join(names)}"
    alias = command_line(f"infra apply --alias {host} --certificate ARN")
    hint = f"give it the alias with `{alias}`, or correct `url:` in flashgen.yaml"
    yield Finding(Level.FAIL, "address", message, hint)


def _covers(name: str, host: str) -> bool:
    """`*.example.com` covers one more label."""
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def _origin(config: DistributionConfig, context: DoctorContext) -> Iterator[Finding]:
    bucket = context.bucket
    if bucket is None:
        return
    origin = next((one for one in config.origins if one.id == config.behaviours[-1].origin_id), None)
    prefix = f"/{bucket.prefix}" if bucket.prefix else ""
    if origin is None or not origin.domain.startswith(f"{bucket.name}.s3") or origin.path != prefix:
        found = f"{origin.domain}{origin.path}" if origin else "nothing"
        message = f"pages come from {found}, and are pushed to {bucket.name}{prefix}"
        yield Finding(Level.FAIL, "origin", message, f"correct `store:` or `distribution:` in flashgen.yaml; {APPLY}")
    elif not origin.has_access_control:
        message = f"{config.id} asks {bucket.name} without signing: the bucket would have to be public"
        yield Finding(Level.FAIL, "origin", message, f"give the origin an origin access control; {APPLY}")
    else:
        yield Finding(Level.PASS, "origin", f"{origin.domain}{origin.path}, by origin access control")


def _polled(config: DistributionConfig, header: Header) -> Iterator[Finding]:
    """The pointer's behaviour: a crowd's polls become one request a second, and nothing stays in a browser."""
    behaviour = behaviour_for(config, pointer_key(header.id, header.unlock.version))
    name = f"{header.id}: polling"
    if behaviour is config.behaviours[-1]:
        message = f"no behaviour for {POINTER.pattern}: the unlock script is cached as pages are, and opens late"
        yield Finding(Level.FAIL, name, message, APPLY)
        return
    ttl_seconds = header.unlock.edge_ttl_seconds
    found = [*_polled_cache(behaviour, name, ttl_seconds), *_polled_headers(behaviour, name)]
    yield from found or [Finding(Level.PASS, name, f"by {behaviour.pattern}, kept {ttl_seconds} s")]


def _polled_cache(behaviour: PathBehaviour, name: str, ttl_seconds: int) -> Iterator[Finding]:
    cache = behaviour.cache
    if cache is None:
        return
    if cache.keyed_by:
        message = f"{behaviour.pattern} has {', '.join(cache.keyed_by)} in its cache key: every poll reaches the store"
        yield Finding(Level.FAIL, name, message, f"take them out of the cache policy; {APPLY}")
    found = (cache.min_ttl_seconds, cache.default_ttl_seconds, cache.max_ttl_seconds)
    ttls = "MinTTL {}, Default {}, Max {}".format(*found)
    if ttl_seconds == 0 and cache.max_ttl_seconds:
        message = f"`edge_ttl_seconds: 0`, and {behaviour.pattern} is cached: {ttls}"
        yield Finding(Level.FAIL, name, message, f"give it a behaviour without caching; {APPLY}")
    elif ttl_seconds and not (POINTER.min_ttl_seconds <= found[0] <= found[1] <= found[2] <= POINTER.max_ttl_seconds):
        wanted = (
            f"MinTTL {POINTER.min_ttl_seconds}, Default {POINTER.default_ttl_seconds}, Max {POINTER.max_ttl_seconds}"
        )
        why = "polls are not collapsed" if found[0] < POINTER.min_ttl_seconds else "the sale opens late"
        yield Finding(Level.FAIL, name, f"{behaviour.pattern} has {ttls}: {why}", f"make it {wanted}; {APPLY}")


def _polled_headers(behaviour: PathBehaviour, name: str) -> Iterator[Finding]:
    if behaviour.headers and "no-store" not in behaviour.headers.custom.get("cache-control", ""):
        message = f"{behaviour.pattern} does not tell browsers `no-store`: one may show an old state"
        yield Finding(Level.WARN, name, message, f"override Cache-Control in its response headers policy; {APPLY}")

    if "viewer-response" not in behaviour.functions:
        message = f"{behaviour.pattern} has no function that adds `x-now`: countdowns are right to half a second only"
        yield Finding(Level.WARN, name, message, f"associate the clock function, as viewer-response; {APPLY}")


def _pages(behaviour: PathBehaviour) -> Iterator[Finding]:
    yield from list(_page_faults(behaviour)) or [
        Finding(Level.PASS, "pages", "cached by path alone, compressed, by https")
    ]


def _page_faults(behaviour: PathBehaviour) -> Iterator[Finding]:
    cache = behaviour.cache
    if cache and cache.keyed_by:
        message = f"pages have {', '.join(cache.keyed_by)} in their cache key: campaign links miss the cache"
        yield Finding(Level.FAIL, "pages", message, f"use the managed policy CachingOptimized; {APPLY}")
    if cache and cache.max_ttl_seconds < DEFAULT.default_ttl_seconds:
        message = f"pages are kept {cache.max_ttl_seconds} s at most: the crowd reaches the store"
        yield Finding(Level.WARN, "pages", message, f"use the managed policy CachingOptimized; {APPLY}")

    if not behaviour.compresses:
        message = "pages are not compressed: three times the bandwidth"
        yield Finding(Level.WARN, "pages", message, f"turn `Compress` on; {APPLY}")

    if "viewer-request" not in behaviour.functions:
        message = "no function turns `/x/` into `/x/index.html`: every page is 403"
        yield Finding(Level.FAIL, "pages", message, f"associate the index function, as viewer-request; {APPLY}")

    if behaviour.viewer_protocol == "allow-all":
        yield Finding(Level.FAIL, "pages", "served over plain http too", f"redirect http to https; {APPLY}")


def _security(config: DistributionConfig, context: DoctorContext) -> Iterator[Finding]:
    """The headers that it adds to pages, judged as `verify` judges those of a page."""
    added = config.behaviours[-1].headers
    if added is None:
        return
    origins = sorted({origin for header in context.headers for origin in header.order_origins})
    edge = EdgeConfig(f"https://{urlsplit(context.url or '').hostname or config.domain}", config.id)
    found = [
        Finding(fault.level, "security", f"{fault.check}: {fault.message}", Hint(APPLY, ": ", fault.hint))
        for fault in security_findings(_fields(added), edge, tuple(origins))
    ]
    yield from found or [Finding(Level.PASS, "security", "CSP with every order server, HSTS, nosniff")]


def _fields(added: HeadersPolicy) -> Mapping[str, str]:
    """As they will be sent, whether HSTS holds for subdomains or not."""
    hsts = f"max-age={added.hsts_seconds}" if added.hsts_seconds is not None else None
    sent = {
        "content-security-policy": added.content_security_policy,
        "strict-transport-security": hsts,
        "x-content-type-options": "nosniff" if added.nosniff else None,
        "referrer-policy": added.referrer_policy,
    }
    return {name: value for name, value in sent.items() if value}


def _errors(config: DistributionConfig) -> Iterator[Finding]:
    """CloudFront keeps an error for 10 s unless it is configured otherwise."""
    slow = [status for status in (403, 404) if config.error_ttl_seconds.get(status, 10) > ERROR_TTL_SECONDS]
    if slow:
        statuses = " and ".join(str(status) for status in slow)
        message = f"{statuses} are kept longer than {ERROR_TTL_SECONDS} s: a page stays missing after it was put"
        yield Finding(Level.WARN, "errors", message, f"set ErrorCachingMinTTL {ERROR_TTL_SECONDS} for them; {APPLY}")
    else:
        yield Finding(Level.PASS, "errors", f"kept {ERROR_TTL_SECONDS} s")
