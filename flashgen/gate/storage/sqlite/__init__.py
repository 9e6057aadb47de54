"""A storage in one SQLite file, for a sale with one server.

`storage.py` is the storage: it changes slots (`slots.py`), units and orders in one transaction (`admission.py`) of the
file (`file.py`), whose tables are in `schema.py`.
"""
