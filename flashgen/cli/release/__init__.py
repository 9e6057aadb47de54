"""`build`, `plan`, `push` and `prune` as a person sees them."""
