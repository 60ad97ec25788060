"""Files that are there whole or not at all, whatever stops the machine, and names for them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    sync_folder(path.parent)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file for the owner's eyes that gets its name when the block ends well. Raises FileExistsError where there is one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def file_stem(key: str) -> str:
    """A file name for a key from outside: readable, without separators, and different for different keys."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "_", key)[:80].strip("_")
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def sync_folder(path: Path) -> None:
    """What was renamed into it stays there."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
