"""Where objects live: a folder, S3, or memory, behind one protocol."""

from flashgen.aws.secrets import read_secret
from flashgen.store.folder import FolderStore
from flashgen.store.memory import MemoryStore
from flashgen.store.protocol import Entry, Headers, Store, Stored
from flashgen.store.s3.store import S3Store

__all__ = ["Entry", "FolderStore", "Headers", "MemoryStore", "S3Store", "Store", "Stored", "read_secret"]
