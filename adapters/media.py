"""What a file is, by its bytes alone, whatever it is called: of the few kinds that are taken, or NotTaken. Nothing of it is run
or unpacked. A table instead of a library: what is taken is an allow-list, and office documents have to be looked into anyway.

Each kind begins at the first byte with what it always begins with, so a file with another one hidden behind it is taken for
its beginning, and is handed out under that type only.
"""

from __future__ import annotations

import codecs
import re
import struct
import zipfile
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from pathlib import Path

TAKEN = "PDF, PNG, JPEG, TIFF, DOCX, XLSX, PPTX, ODT, ODS, ZIP and plain text"
HEAD = 8192
MAX_DIRECTORY = 1 << 20
"""Bytes of an archive's table of contents, which is read into memory."""
PDF, PNG, JPEG, TIFF = "application/pdf", "image/png", "image/jpeg", "image/tiff"
ZIP, TEXT = "application/zip", "text/plain"
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
MAGIC = {
    b"%PDF-": PDF,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"\xff\xd8\xff": JPEG,
    b"II*\0": TIFF,
    b"MM\0*": TIFF,
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
}
BOOKS = {
    "word/document.xml": f"{OFFICE}wordprocessingml.document",
    "xl/workbook.xml": f"{OFFICE}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{OFFICE}presentationml.presentation",
}
"""The part by which an office program knows its own."""
PROGRAMS = ("META-INF/MANIFEST.MF", "AndroidManifest.xml", "classes.dex")
MACROS = ("Basic/", "Scripts/")
"""Folders of an OpenDocument file that may hold programs."""
_MARKUP = re.compile(rb"<\s*(!doctype|html|head|body|svg|script|iframe|object|embed|\?xml)", re.IGNORECASE)
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13}) + b"\x7f"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class NotTaken(ValueError):
    """It is of no kind that is taken; the words say why, and what is."""


def media_type_of(path: Path) -> str:
    """The type of a file. Raises NotTaken, OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        _refuse("is empty")
    for beginning, media_type in MAGIC.items():
        if head.startswith(beginning):
            return _of_archive(path) if media_type == ZIP else media_type
    return _of_text(head, path)


def _of_text(head: bytes, path: Path) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        words = head.decode("utf-16", "ignore")
    else:
        words = head.decode("utf-8-sig", "replace").replace("\ufffd", "")  # of another encoding its ASCII is looked at
        if _is_binary(path):
            _refuse("is none of the kinds that are taken")
    if _CONTROL.search(words):
        _refuse("is none of the kinds that are taken")
    if words.lstrip().startswith(("<", "#!")) or _MARKUP.search(words.encode("utf-8", "ignore")):
        _refuse("is a page, a picture in XML or a script, which could run where it is opened")
    return TEXT


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return any(part.translate(None, _CONTROLS) != part for part in iter(lambda: file.read(1 << 20), b""))


def _of_archive(path: Path) -> str:
    names = _names(path)
    if names is None:
        _refuse("is a damaged archive, or one with too many files")
    if any(name in PROGRAMS or name.endswith("vbaProject.bin") or name.startswith(MACROS) for name in names):
        _refuse("is a program, or a document with macros")
    if "[Content_Types].xml" in names:
        kind = next((kind for part, kind in BOOKS.items() if part in names), None)
        return kind or ZIP
    return _open_document(path) or ZIP


def _names(path: Path) -> frozenset[str] | None:
    """The names in an archive; None where it is none, or where its table of contents is larger than one reads."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 16) - 22))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        return None
    (size,) = struct.unpack_from("<I", tail, place + 12)
    if size > MAX_DIRECTORY or tail[max(0, place - 20) : place].startswith(
        b"PK\x06\x07"
    ):  # a larger one lies elsewhere
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return None


def _open_document(path: Path) -> str | None:
    """An OpenDocument file says its type, unpacked, in its first part."""
    with path.open("rb") as file:
        head = file.read(200)
    found = re.match(rb"PK\x03\x04.{22}\x08\0..mimetype([a-z./-]+?)PK", head, re.DOTALL)
    said = found[1].decode("ascii") if found else ""
    return said if said.startswith(OPEN_DOCUMENT) else None


def _refuse(words: str) -> NoReturn:
    raise NotTaken(f"{words}; there are {TAKEN}")
