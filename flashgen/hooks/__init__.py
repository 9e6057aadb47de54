"""Told outward: what happens to a sale, sent to the addresses and commands of `hooks:`, after it is settled."""
