"""The CDN: its semantics on this machine, its functions and template for the real one, and how the public sees it."""
