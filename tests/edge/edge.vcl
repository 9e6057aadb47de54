vcl 4.1;

# The behaviours of flashgen/edge/rules/behaviour.py for Varnish 7, so that the local edge can be held against a real cache.
# Run with default_ttl=86400 (CachingOptimized), default_grace=0 (nothing stale unless the origin says so), default_keep=60.

import std;

backend origin {
  .host = "127.0.0.1";
  .port = "ORIGIN_PORT";
}

# X-Serve is ours: unset, "fresh" (nothing stale will do), then "stale" (after an error: whatever may be served).

sub vcl_recv {
  if (req.method != "GET" && req.method != "HEAD") {
    return (synth(405));
  }
  if (req.restarts == 0) {
    unset req.http.X-Serve;
    unset req.http.Cookie;
    if (req.url ~ "^[^?]*/[^/.?]+(\?|$)") {
      return (synth(302, regsub(req.url, "^([^?]*)", "\1/")));
    }
    set req.url = regsub(req.url, "\?.*$", "");
    set req.url = regsub(req.url, "/$", "/index.html");
  }
  if (req.http.X-Serve == "fresh") {
    set req.grace = 0s;
  } else {
    set req.grace = 365d;
  }
  return (hash);
}

# Grace covers stale-while-revalidate and stale-if-error. Only in the first is a stale object good enough before asking.
sub vcl_hit {
  if (obj.ttl < 0s && !req.http.X-Serve && obj.ttl + std.duration(
      regsub(obj.http.Cache-Control, "^.*stale-while-revalidate=([0-9]+).*$", "\1s"), 0s) < 0s) {
    set req.http.X-Serve = "fresh";
    return (restart);
  }
}

# A bucket in the path, where a server has several.
sub vcl_backend_fetch {
  set bereq.url = "ORIGIN_PATH" + bereq.url;
  # If-None-Match outweighs the other (RFC 9110, 13.2.2). moto looks at both: what was put in the second in which the
  # copy was fetched would be "not modified" for ever.
  if (bereq.http.If-None-Match) {
    unset bereq.http.If-Modified-Since;
  }
}

sub vcl_backend_response {
  if (beresp.status >= 500) {
    return (abandon);
  }
  if (beresp.status >= 400) {
    set beresp.ttl = 1s;
    set beresp.keep = 0s;
    return (deliver);
  }
  if (beresp.http.Cache-Control ~ "no-store|no-cache|private") {
    set beresp.uncacheable = true;
    set beresp.ttl = 120s;
    return (deliver);
  }
  # Varnish computes the TTL from the 304 alone, and S3-compatible servers send one without Cache-Control.
  if (beresp.was_304) {
    set beresp.ttl = std.duration(regsub(beresp.http.Cache-Control, "^.*max-age=([0-9]+).*$", "\1s"), 86400s);
    set beresp.ttl = std.duration(regsub(beresp.http.Cache-Control, "^.*s-maxage=([0-9]+).*$", "\1s"), beresp.ttl);
  }
  if (beresp.ttl < 1s) {
    set beresp.ttl = 1s;
  }
  if (bereq.url ~ "/unlock\.[^/]*\.js$") {
    if (beresp.ttl > 2s) {
      set beresp.ttl = 2s;
    }
  } elsif (beresp.http.Content-Type ~ "^text/" && std.integer(beresp.http.Content-Length, 0) >= 1000) {
    set beresp.do_gzip = true;
  }
  call set_grace;
  return (deliver);
}

sub set_grace {
  set beresp.grace = 0s;
  if (beresp.http.Cache-Control ~ "must-revalidate|proxy-revalidate") {
    return;
  }
  set beresp.grace = std.duration(
    regsub(beresp.http.Cache-Control, "^.*stale-while-revalidate=([0-9]+).*$", "\1s"), 0s);
  if (std.duration(regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s) > beresp.grace) {
    set beresp.grace = std.duration(
      regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
  }
}

sub vcl_backend_error {
  return (abandon);
}

sub vcl_deliver {
  if (resp.status == 403) {
    set resp.status = 404;
  }
  if (resp.status < 400 && req.url ~ "/unlock\.[^/]*\.js$") {
    set resp.http.Cache-Control = "no-store";
  }
}

sub vcl_synth {
  if (resp.status == 503 && req.http.X-Serve == "fresh") {
    set req.http.X-Serve = "stale";
    return (restart);
  }
  if (resp.status == 503) {
    set resp.status = 502;
  }
  if (resp.status == 405) {
    set resp.http.Allow = "GET, HEAD";
  }
  if (resp.status == 302) {
    set resp.http.Location = resp.reason;
    set resp.reason = "Found";
  }
  return (deliver);
}
