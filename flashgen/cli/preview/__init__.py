"""What `serve` shows: the state and time it pretends, and what the preview bar changes."""
