"""Moving a Site into a store, and out of it again: manifest, plan, push, prune."""
