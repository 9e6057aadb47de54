"""The CDN's semantics on this machine: an ASGI cache in front of a store, for preview, demo, tests and rehearsals."""

from flashgen.edge.app import Edge
from flashgen.edge.serving import Serving

__all__ = ["Edge", "Serving"]
