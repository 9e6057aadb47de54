"""Where objects live: a folder, S3, or memory, behind one protocol."""

from flashgen.store.protocol import Entry, Headers, Store, Stored

__all__ = ["Entry", "Headers", "Store", "Stored"]
