"""The edge on this machine: an ASGI app with the semantics of the CDN."""
