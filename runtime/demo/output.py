"""The folder that the demo leaves: made anew, and an older one removed only where its marker says it is the demo's own."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import MilepostError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MARKER = ".milepost-demo"
MARK = "Made by `milepost demo`, which removes this folder when it runs again.\n"


class NotOurs(MilepostError):
    """A folder that the demo did not make."""


@dataclass(frozen=True, slots=True)
class Output:
    """What lies where."""

    folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "milepost.db"

    @property
    def url(self) -> str:
        """The database as a setting."""
        return f"sqlite:///{self.database}"

    @property
    def mailbox(self) -> Path:
        """Letters as .eml files."""
        return self.folder / "mailbox"

    @property
    def certificates(self) -> Path:
        """PDF files."""
        return self.folder / "certificates"

    @property
    def documents(self) -> Path:
        """What was uploaded."""
        return self.folder / "documents"

    @property
    def work_orders(self) -> Path:
        """Calls to others, for people to carry out."""
        return self.folder / "work-orders"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    @property
    def tokens(self) -> Path:
        """Everybody's token, readable by the owner of the folder only."""
        return self.folder / "tokens.json"

    def write_tokens(self, tokens: Mapping[str, Mapping[str, object]]) -> None:
        """By person; the file is never readable by others, not even while it is written."""
        descriptor = os.open(self.tokens, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(tokens, file, ensure_ascii=False, indent=2)
            file.write("\n")


def fresh(folder: Path) -> Output:
    """An empty folder with our marker. Raises NotOurs."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NotOurs(f"{folder} is no folder of its own; name another with --output")
    if folder.exists() and any(folder.iterdir()):
        marker = folder / MARKER
        if marker.is_symlink() or not marker.is_file() or marker.read_bytes() != MARK.encode():
            raise NotOurs(f"{folder} was not made by the demo; name another with --output, or move it away")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(MARK, encoding="utf-8")
    output = Output(folder.resolve())
    for inner in (output.mailbox, output.certificates, output.work_orders):
        inner.mkdir()
    return output
