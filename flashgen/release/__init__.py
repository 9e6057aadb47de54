"""Moving a Site into a store: manifest, plan, publish."""
