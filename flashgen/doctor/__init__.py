"""Preflight: what would go wrong tonight, found while there is time to mend it."""
