"""The parts of a workbook (ECMA-376) before a reader gets them: bounded, without declarations, and only those that are needed.

A reader is given a new archive of what was unpacked and counted here, so that no header of the sent one is believed twice.
What calamine does not tell of cells (their number format, a formula without a value, merging) is found on the way.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from adapters.table_bounds import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_PARTS = 1_000
MAX_UNPACKED = 64 << 20
MAX_RATIO = 200
"""So many times larger a part may be than it is packed; a full sheet is some 20 times, nothing but zeros 1,000 times."""
SMALL = 1 << 20
MAX_DEPTH = 60
BOOK, LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
STYLES, STRINGS = "xl/styles.xml", "xl/sharedStrings.xml"
_ROOT = (
    b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Target="xl/workbook.xml"'
    b' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_NO_BOOK = "save the table as a workbook (.xlsx) or as 'CSV UTF-8' and send that"
_OTHERS = {
    "mimetype": f"is an OpenDocument file (.ods); {_NO_BOOK}",
    "xl/workbook.bin": f"is a binary workbook (.xlsb); {_NO_BOOK}",
    "xl/vbaProject.bin": "is a workbook with macros (.xlsm); save it without them, as .xlsx, and send that",
}


class Parts:
    """The parts of a sent workbook by name; each is unpacked once. Raises DeliveryFailed wherever something is wrong."""

    def __init__(self, content: bytes, file: str) -> None:
        self.file = file
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            refuse(f"{file} is a damaged workbook; save it anew and send that")
        self._infos = {info.filename: info for info in self._archive.infolist()}
        self._left = MAX_UNPACKED
        self._check()

    def _check(self) -> None:
        infos = self._archive.infolist()
        if len(infos) > MAX_PARTS or len(self._infos) < len(infos):
            refuse(f"{self.file} has more than {MAX_PARTS} parts, or one of them twice; save it anew and send that")
        for name, words in _OTHERS.items():
            if name in self._infos:
                refuse(f"{self.file} {words}")
        if BOOK not in self._infos or LINKS not in self._infos:
            refuse(f"{self.file} is an archive and no workbook; {_NO_BOOK}")

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> bytes:
        """The bytes of a part."""
        info = self._infos.get(name)
        if info is None:
            refuse(f"{self.file} is a damaged workbook: its part {name[:80]!r} is missing; save it anew and send that")
        large = info.file_size > SMALL and info.file_size > MAX_RATIO * info.compress_size
        if large or info.file_size > self._left:
            refuse(
                f"{self.file} unpacks to more than {MAX_UNPACKED >> 20} MiB, or is packed more than {MAX_RATIO} times;"
                " send the table in parts, or as CSV"
            )
        self._left -= info.file_size
        try:
            return self._archive.read(info)  # never more than file_size, and its sum is checked
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError):
            refuse(f"{self.file} is a damaged workbook, or has a password; save it anew and send that")

    def walk(
        self,
        content: bytes,
        begin: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Tells the elements of a part without their prefixes. A part that declares or nests anything is refused."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        depth = 0

        def begun(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH:
                refuse(f"{self.file} is a workbook that is nested more than {MAX_DEPTH} deep")
            begin(name.rpartition(":")[2], attributes)

        def ended(name: str) -> None:
            nonlocal depth
            depth -= 1
            if end is not None:
                end(name.rpartition(":")[2])

        def declares(*_: Any) -> None:
            refuse(f"{self.file} is a workbook whose XML has a DOCTYPE, which no office program writes; save it anew")

        parser.StartElementHandler, parser.EndElementHandler = begun, ended
        parser.StartDoctypeDeclHandler = declares
        if text is not None:
            parser.CharacterDataHandler = text
        try:
            parser.Parse(content, True)  # noqa: FBT003  expat takes it by place
        except (expat.ExpatError, ValueError, LookupError):
            refuse(f"{self.file} is a damaged workbook: a part of it is no XML; save it anew and send that")

    def sheets(self) -> dict[str, tuple[str, bool]]:
        """Names of sheets, in their order, with the part of each and whether it is hidden."""
        targets: dict[str, str] = {}
        found: dict[str, tuple[str, bool]] = {}

        def link(name: str, attributes: Mapping[str, str]) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/xl", attributes.get("Target", "")))
                targets[attributes.get("Id", "")] = target.removeprefix("/")

        def sheet(name: str, attributes: Mapping[str, str]) -> None:
            if name == "sheet":
                key = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
                part = targets.get(key, "")
                if part.startswith("xl/worksheets/"):
                    found[attributes.get("name", "")] = (part, attributes.get("state", "visible") != "visible")

        self.walk(self.read(LINKS), link)
        self.walk(self.read(BOOK), sheet)
        return found


def packed(parts: Mapping[str, bytes]) -> io.BytesIO:
    """An archive of these parts, as they are."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {"_rels/.rels": _ROOT, **parts}.items():
            archive.writestr(name, content)
    made.seek(0)
    return made
