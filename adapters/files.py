"""Files that are there whole or not at all, whatever stops the machine, and names for them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Write beside the place, flush to the disk, rename into it; folders on the way are made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def file_stem(key: str) -> str:
    """A file name for a key from outside: readable, without separators, and different for different keys."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "_", key)[:80].strip("_")
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
