"""A folder of uploaded documents, each once, named by the SHA-256 of its content; who may have them is not known here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.files import sync_folder
from adapters.media import NotTaken, media_type_of
from engine.errors import FieldProblem, InvalidPayload, Unavailable
from engine.ports import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator

PART = 1 << 18
NEW, GOING = ".new-", ".going-"
LEFT_BEHIND = 86_400.0
"""Seconds after which what an upload left behind, because the machine stopped, is nobody's any more."""


class DocumentFolder:
    """The port Documents. `<two digits>/<sha256>` each; several nodes share one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self) -> Arriving:
        """Room for one that arrives. Raises Unavailable."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return Arriving(self._folder)
        except OSError as error:
            raise _unavailable(error) from error

    def read(self, sha256: str) -> Iterator[bytes]:
        """The content in parts. Raises Unavailable at once where it is not here."""
        place = _place(self._folder, sha256)
        try:
            place.stat()
        except OSError as error:
            raise Unavailable(
                f"the content of {sha256[:12]}… is not in the folder of documents; restore it from the back-up",
                retry_after=600,
            ) from error
        return _parts(place)

    def forget(self, sha256: str, *, older_than: float) -> bool:
        """Drops a content that came so many seconds ago or more; False: it is younger, or not here. Raises Unavailable."""
        place = _place(self._folder, sha256)
        going = place.with_name(f"{GOING}{place.name}")
        try:
            if time.time() - place.stat().st_mtime < older_than:
                return False
            place.rename(going)  # one that arrives now gets the free name
            if time.time() - going.stat().st_mtime < older_than:
                going.rename(place)
                return False
            going.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unavailable(error) from error
        return True

    def tidy(self) -> int:
        """Drops what uploads left behind that never ended; how many."""
        count = 0
        for path in self._folder.glob(f"{NEW}*") if self._folder.is_dir() else ():
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                    path.unlink()
                    count += 1
        return count


class Arriving:
    """A content on its way: `write` its parts in order, then `keep` it or `drop` it."""

    def __init__(self, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=NEW)
        self._folder, self._draft = folder, Path(name)
        self._file = os.fdopen(descriptor, "wb")
        self._digest, self._size = hashlib.sha256(), 0

    def write(self, part: bytes) -> None:
        """The next part. Raises Unavailable."""
        try:
            self._file.write(part)
        except OSError as error:
            raise _unavailable(error) from error
        self._digest.update(part)
        self._size += len(part)

    def keep(self) -> Kept:
        """It is on the disk when this returns. Raises InvalidPayload for a kind that is not taken, Unavailable."""
        digest = self._digest.hexdigest()
        place = _place(self._folder, digest)
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            kind = media_type_of(self._draft)
            place.parent.mkdir(exist_ok=True)
            self._draft.replace(place)  # also over an equal one, so that nobody drops it now as one long forgotten
            sync_folder(place.parent)
        except NotTaken as error:
            raise InvalidPayload([FieldProblem("body", "not-taken", str(error))]) from None
        except OSError as error:
            raise _unavailable(error) from error
        return Kept(digest, self._size, kind)

    def drop(self) -> None:
        """Nothing is left of it; after `keep` nothing happens."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._draft.unlink(missing_ok=True)


def _place(folder: Path, sha256: str) -> Path:
    if re.fullmatch("[0-9a-f]{64}", sha256) is None:
        raise ValueError("a digest has 64 hexadecimal digits")
    return folder / sha256[:2] / sha256


def _parts(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        while part := file.read(PART):
            yield part


def _unavailable(error: OSError) -> Unavailable:
    return Unavailable(f"the folder of documents cannot be used: {error.strerror}", retry_after=60)
