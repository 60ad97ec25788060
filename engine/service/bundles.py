"""A workflow file with what it is published with (templates, calendars), and reading them from a folder; no checks."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import field
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.core.values import canonical
from engine.errors import MilepostError
from engine.ports import FONTS
from engine.verify.between import templates_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from engine.core.definition import Workflow

MAX_FILE = 1024 * 1024
ENGINE_TEMPLATES = frozenset({"reminder", "escalation", "deadline_moved"})
_ENDINGS = {".txt", ".typ"}
MAX_FONT, MAX_FONTS = 2 * 1024 * 1024, 10 * 1024 * 1024
"""Bytes of a font, and of all fonts of a folder."""
_FONT_ENDINGS = {".ttf", ".otf"}
_FONT_BEGINS = {b"\0\1\0\0", b"true", b"OTTO"}
_FONT_PARTS = {b"cmap", b"head", b"hhea", b"maxp", b"name"}


class UnreadableFile(MilepostError):
    """A file of a bundle cannot be read as text."""


@frozen
class Bundle:
    """`templates`: file name (`reminder.en.txt`, `certificate.typ`) → text, fonts (`fonts/…`) in base64; `calendars`: name → YAML text."""

    source: str
    file: str
    templates: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)


def read_folder(path: Path) -> tuple[Bundle, ...]:
    """All workflows of a folder (`*.yaml`, not `*.test.yaml`), or the one file, with the folder's templates, calendars."""
    folder = path if path.is_dir() else path.parent
    files = sorted(folder.glob("*.yaml")) if path.is_dir() else [path]
    templates = read_templates(folder / "templates")
    calendars = read_calendars(path)
    return tuple(
        Bundle(_text(file), file.name, templates, calendars) for file in files if not file.name.endswith(".test.yaml")
    )


def read_templates(folder: Path) -> dict[str, str]:
    """All templates of a folder, and the fonts beside them, as a bundle has them. Raises UnreadableFile."""
    texts = {file.name: _text(file) for file in _files(folder) if file.suffix in _ENDINGS}
    return texts | read_fonts(folder)


def read_fonts(folder: Path) -> dict[str, str]:
    """The fonts of a folder of templates, by path below it, in base64. Raises UnreadableFile for what is none, or too much."""
    found, whole = {}, 0
    for file in _files(folder / FONTS):
        if file.suffix.lower() in _FONT_ENDINGS:
            content = _raw(file, MAX_FONT)
            whole += len(content)
            if not _is_font(content):
                raise UnreadableFile(
                    f"{file.name} is no font in TrueType or OpenType, or is cut off; put a whole one there"
                )
            if whole > MAX_FONTS:
                raise UnreadableFile(
                    f"the fonts have more than {MAX_FONTS} bytes in all; leave out what no template uses"
                )
            found[f"{FONTS}{file.name}"] = base64.b64encode(content).decode()
    return found


def _is_font(content: bytes) -> bool:
    """By its table of contents: the parts that every font has, each within the file."""
    count = int.from_bytes(content[4:6], "big")
    lines = [content[at : at + 16] for at in range(12, 12 + 16 * count, 16)]
    if content[:4] not in _FONT_BEGINS or any(len(line) < 16 for line in lines):
        return False
    ends = [int.from_bytes(line[8:12], "big") + int.from_bytes(line[12:16], "big") for line in lines]
    return {line[:4] for line in lines} >= _FONT_PARTS and max(ends) <= len(content)


def read_calendars(path: Path) -> dict[str, str]:
    """The calendars that go with a file or a folder of workflows, by name; of a file among calendars: that one."""
    if path.is_file() and path.parent.name == "calendars":
        return {path.stem: _text(path)}
    folder = path if path.is_dir() else path.parent
    return {file.stem: _text(file) for file in _files(folder / "calendars") if file.suffix == ".yaml"}


def used_templates(workflow: Workflow, templates: Mapping[str, str]) -> dict[str, str]:
    """The sources that this workflow can come to use; with a certificate all fonts."""
    names = set(ENGINE_TEMPLATES)
    if workflow.certificate is not None:
        names.add(workflow.certificate.template)
    names.update(name for _, name in templates_of(workflow))
    fonts = workflow.certificate is not None
    return {
        name: text
        for name, text in sorted(templates.items())
        if (fonts if name.startswith(FONTS) else name.partition(".")[0] in names)
    }


def digest(source: str, templates: Mapping[str, str]) -> str:
    """SHA-256 over a source and the templates it uses; equal digests mean the same version."""
    return hashlib.sha256(canonical({"source": source, "templates": dict(templates)}).encode()).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []


def _text(file: Path) -> str:
    try:
        return _raw(file, MAX_FILE).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{file.name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def _raw(file: Path, most: int) -> bytes:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            f"{file.name} cannot be read ({error.strerror}); give a workflow file or folder"
        ) from error
    if len(raw) > most:
        raise UnreadableFile(f"{file.name} has {len(raw)} bytes; at most {most}")
    return raw
