"""Which values refer to documents, and where in them."""

from __future__ import annotations

import pytest

from engine.core.documents import can_refer, references
from engine.core.loader.load import load_or_raise

WORKFLOW = """
milepost: 1
workflow: papers
title: Papers
timezone: Europe/Moscow
roles: {clerk: {title: Clerk, sees: all}}
data:
  one:
    text: text
    file: file
    paper: document
    files: {type: list, of: file}
    papers: {type: list, of: document}
    rows: {type: list, of: {kind: text, file: file, sha256: text}}
    plain: {type: list, of: {kind: text, scan: file, remark: text}}
    marks: {type: list, of: {kind: text}}
open: {by: clerk}
initial: over
states: {over: {final: true, outcome: done}}
"""
FIELDS = load_or_raise(WORKFLOW, file="papers.yaml").fields
A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("one.file", A, [("", A)]),
        ("one.file", None, []),
        ("one.paper", {"title": "Drawing", "sha256": A, "file": "drawing.pdf"}, [("sha256", A)]),
        ("one.paper", {"number": "GOST 1"}, []),
        ("one.paper", {"file": "drawing.pdf"}, [("sha256", "")]),
        ("one.files", (A, B), [("[0]", A), ("[1]", B)]),
        ("one.papers", ({"number": "1"}, {"sha256": B}), [("[1].sha256", B)]),
        ("one.rows", ({"kind": "x", "file": "x.pdf", "sha256": A}, {"kind": "y"}), [("[0].sha256", A)]),
        ("one.rows", ({"file": "x.pdf"},), [("[0].sha256", "")]),
        ("one.plain", ({"kind": "x", "scan": A}, {"remark": "none"}), [("[0].scan", A)]),
    ],
)
def test_references(path, value, found):
    """A `file` says which itself; beside a `sha256` it is a name, and a row that names a file has to say which."""
    assert can_refer(FIELDS[path])
    assert list(references(FIELDS[path], value)) == found


@pytest.mark.parametrize("path", ["one.text", "one.marks"])
def test_fields_that_cannot(path):
    """Whatever stands in them."""
    assert not can_refer(FIELDS[path])
    assert list(references(FIELDS[path], ({"kind": A},) if path.endswith("marks") else A)) == []
