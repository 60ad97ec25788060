"""The folder of documents: each content once, whole or not at all, and only kinds that are taken."""

from __future__ import annotations

import io
import os
import resource
import threading
import time
import zipfile
from hashlib import sha256

import openpyxl
import pytest

from adapters.documents import LEFT_BEHIND, DocumentFolder
from engine.errors import InvalidPayload, Unavailable

DAY = 86_400.0


@pytest.fixture
def folder(tmp_path):
    """An empty one, made when it is needed."""
    return DocumentFolder(tmp_path / "documents")


def keep(folder, *parts):
    """What becomes of a content that arrives in parts."""
    arriving = folder.begin()
    try:
        for part in parts:
            arriving.write(part)
        return arriving.keep()
    finally:
        arriving.drop()


def files(folder):
    """All that lies in it."""
    return [path for path in folder._folder.rglob("*") if path.is_file()]


def packed(parts):
    """A ZIP file with these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for name, content in parts.items():
            pack.writestr(name, content)
    return out.getvalue()


def workbook():
    """A real one."""
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


def test_a_content_is_kept_once(folder):
    """In parts or whole, by whomever: one file, named by its SHA-256, and read as it came."""
    whole = b"a drawing\n" * 100_000
    kept = keep(folder, whole[:7], whole[7:])
    assert (kept.sha256, kept.size, kept.media_type) == (sha256(whole).hexdigest(), len(whole), "text/plain")
    assert keep(folder, whole) == kept
    assert len(files(folder)) == 1
    assert b"".join(folder.read(kept.sha256)) == whole


def test_many_at_once_of_one_content(folder):
    """All of them are told the same, and nothing else is left."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(keep(folder, b"same\n" * 5000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == len(files(folder)) == 1


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\nx", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n0", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"II*\x00x", "image/tiff"),
        ("привет; 1\n".encode("cp1251"), "text/plain"),
        ("\ufeffпривет\n".encode(), "text/plain"),
        (workbook(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("\ufeffпривет\n".encode("utf-16-le"), "text/plain"),
        (
            packed({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}),
            "application/vnd.oasis.opendocument.text",
        ),
        (packed({"mimetype": "text/html", "a.txt": "x"}), "application/zip"),
        (packed({"a.txt": "x"}), "application/zip"),
    ],
)
def test_kinds_that_are_taken(folder, content, kind):
    """By what they look like inside."""
    assert keep(folder, content).media_type == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00" + b"0" * 100,
        b"\x7fELF",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"\xef\xbb\xbf  <svg onload='x'>",
        b"#!/bin/sh\n",
        b"PK\x03\x04 and no more",
        b"text with \x00 in it",
        b"harmless\n<svg onload='x'>",
        packed({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>", "word/vbaProject.bin": "x"}),
        packed({"META-INF/MANIFEST.MF": "x"}),
        packed({"a.txt": "x"}) + b"\x00" * 70_000,
        b"a" * 2_000_000 + b"\x07",
    ],
)
def test_kinds_that_are_not(folder, content):
    """Refused in words that say what is taken, and nothing is left of them."""
    with pytest.raises(InvalidPayload, match=r"is empty|there are PDF, PNG"):
        keep(folder, content)
    assert files(folder) == []


def test_an_archive_with_too_many_files(folder):
    """Its table of contents is not even read into memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for number in range(20_000):
            pack.writestr(f"{number:040}", b"")
    with pytest.raises(InvalidPayload, match="too many files"):
        keep(folder, out.getvalue())


def test_what_does_not_come_to_its_end(folder):
    """Nothing is left; what a stopped machine left is dropped a day later."""
    arriving = folder.begin()
    arriving.write(b"half")
    assert len(files(folder)) == 1
    assert folder.tidy() == 0
    (left,) = files(folder)
    os.utime(left, (time.time() - LEFT_BEHIND - 1,) * 2)
    assert folder.tidy() == 1
    arriving.drop()
    arriving = folder.begin()
    arriving.drop()
    assert files(folder) == []


def test_no_room_left(folder):
    """Unavailable, nothing half kept, and it goes on when there is room."""
    most, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(Unavailable, match="cannot be used"):
            keep(folder, b"x" * 500_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    assert files(folder) == []
    assert keep(folder, b"x" * 500_000).size == 500_000


def test_forgetting(folder):
    """Only what came long ago, and what comes again counts as new."""
    kept = keep(folder, b"old")
    assert folder.forget(kept.sha256, older_than=DAY) is False
    (path,) = files(folder)
    os.utime(path, (time.time() - 2 * DAY,) * 2)
    keep(folder, b"old")
    assert folder.forget(kept.sha256, older_than=DAY) is False
    os.utime(path, (time.time() - 2 * DAY,) * 2)
    assert folder.forget(kept.sha256, older_than=DAY) is True
    assert folder.forget(kept.sha256, older_than=DAY) is False
    with pytest.raises(Unavailable, match="restore it"):
        folder.read(kept.sha256)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 63, "A" * 64, ""])
def test_names_that_are_no_digest(folder, name):
    """Never become paths."""
    with pytest.raises(ValueError, match="64 hexadecimal"):
        folder.read(name)
