"""The keys of private objects, in a store and in a build's folder: below `_flashgen/`, which is never public.

Every key is spelled here, once. A sale's id, or `*` where a pattern is wanted, is the `sale` of each.
"""

from __future__ import annotations

from typing import Final

PRIVATE_FOLDER: Final = "_flashgen"
"""Kept from the public by the edge and by the bucket's policy; no sale has this id."""

SCRATCH_FOLDER: Final = f"{PRIVATE_FOLDER}/doctor/"
"""What doctor and the first push write on trial, and delete again."""


def is_private(key: str) -> bool:
    """Whether an object is kept from the public."""
    return key.startswith(f"{PRIVATE_FOLDER}/")


def private_folder(sale: str) -> str:
    """What all private keys of a sale begin with."""
    return f"{PRIVATE_FOLDER}/{sale}/"


def manifest_key(sale: str) -> str:
    """What is in the store for a sale."""
    return f"{private_folder(sale)}manifest.json"


def journal_folder(sale: str) -> str:
    """What the keys of a sale's journal begin with."""
    return f"{private_folder(sale)}journal/"


def settings_key(sale: str) -> str:
    """What the order gate needs to know of a sale."""
    return f"{private_folder(sale)}gate.json"


def mark_key(sale: str) -> str:
    """Which storage sells a sale, and how far that had come."""
    return f"{private_folder(sale)}storage.json"


def passes_key(sale: str) -> str:
    """Which passes of a sale were withdrawn."""
    return f"{private_folder(sale)}passes.json"


def forms_folder(sale: str) -> str:
    """What the keys of a sale's rendered pages begin with, of today's and of those before; not gate.json's."""
    return f"{private_folder(sale)}gate/"


def host_key() -> str:
    """What all sales of a store contribute to the host's root, and which files there are flashgen's."""
    return f"{PRIVATE_FOLDER}/host.json"


def build_record_key(sale: str) -> str:
    """What the last build read and wrote. It is in the build's folder only, and never pushed."""
    return f"{private_folder(sale)}site.json"
