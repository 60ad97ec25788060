"""What a file is by its content, whatever it is called: one of the few kinds that are taken, or none.

A short table instead of a library: what is taken is an allow-list, and documents of offices have to be looked into anyway.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 4096
"""Bytes that are looked at."""
TEXT, ZIP = "text/plain", "application/zip"
_BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
)
_OFFICE = "application/vnd.openxmlformats-officedocument"
_MAIN_PARTS = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OFFICE}.presentationml.presentation",
}
_OPEN = "application/vnd.oasis.opendocument."
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13}) + b"\x7f"
TAKEN = "PDF, PNG, JPEG, TIFF, DOCX, XLSX, PPTX, ODT, ODS, ZIP and plain text"


def media_type_of(path: Path) -> str | None:
    """Its media type; None: it is none that is taken."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), None)
    if found == ZIP:
        return _packed(path)
    return found or (TEXT if _is_text(head, path) else None)


def _packed(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as pack:
            names = {info.filename for info in pack.infolist()}
            if "mimetype" in names and pack.getinfo("mimetype").file_size < HEAD:
                said = pack.read("mimetype").decode("ascii", "replace").strip()
                return said if said.startswith(_OPEN) and said.removeprefix(_OPEN).isalpha() else ZIP
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        return None
    return next((kind for part, kind in _MAIN_PARTS.items() if part in names), ZIP)


def _is_text(head: bytes, path: Path) -> bool:
    """Lines without control characters, in UTF-8 or a single-byte encoding; what a browser would take for a page is none."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"<", b"#!")):
        return False
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            if part.translate(None, _CONTROLS) != part:
                return False
    return True
