"""Preflight: what would go wrong tonight, found while there is time to repair it.

`examination.py` has the checks in their order; each is in the module of its subject.

Nothing here changes anything public. What is written lies under `_flashgen/doctor/`, and is deleted again. Whether more
may be written is tried by requests that have to be refused.
"""
