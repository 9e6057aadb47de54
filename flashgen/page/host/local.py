"""The host's root in a build's folder, for those who look at it or upload it themselves. `push` makes its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from flashgen.files import exclusive_lock
from flashgen.layout import host_key
from flashgen.page.host.entry import HostEntry
from flashgen.page.output import write_if_changed
from flashgen.page.site import digest, read_record, record_path


def write_host(folder: Path) -> None:
    """Write the root of all sales that were built into `folder`. A file there that no build made stays as it is."""
    register = folder / host_key()
    if not register.parent.is_dir():
        return
    with exclusive_lock(register.with_suffix(".lock")):
        entries = _entries(folder)
        inputs = hashlib.sha256(json.dumps([entry.to_json() for entry in entries]).encode()).hexdigest()
        known = _known(register)
        if known.get("") == inputs and all((folder / key).is_file() for key in known if key):
            return
        from flashgen.page.host.files import host_files

        written = {"": inputs}
        for key, body, _ in host_files(entries, known):
            path = folder / key
            if not path.is_file() or digest(path.read_bytes()) in (known.get(key), digest(body)):
                write_if_changed(path, body)
                written[key] = digest(body)
        write_if_changed(register, (json.dumps(written, indent=0) + "\n").encode())


def _entries(folder: Path) -> list[HostEntry]:
    sales = sorted(path.parent.name for path in record_path(folder, "*").parent.parent.glob("*/site.json"))
    records = (read_record(folder, sale) for sale in sales)
    return [record[0].entry for record in records if record]


def _known(register: Path) -> dict[str, str]:
    """The digests of the files that a build made; at the empty key, that of what they were made from."""
    try:
        row = json.loads(register.read_bytes())
        return {str(key): str(value) for key, value in row.items()}
    except (OSError, ValueError, AttributeError):
        return {}
