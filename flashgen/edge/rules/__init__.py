"""What the CDN does, as data and pure functions: the local edge, the stack and doctor go by it."""
