"""Findings: each fault with its code, place, message and hint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from engine.core.loader.codes import CODES
from engine.core.loader.load import load

if TYPE_CHECKING:
    from engine.core.diagnostics import Diagnostic

FAULTS = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8"))


def short(found: Diagnostic) -> str:
    """A finding in a line; the words of an expression's fault are the business of expressions."""
    place, hint = f"{found.code} {found.mark.line}:{found.mark.column}", found.hint or ""
    if not found.code.startswith("WF03"):
        return f"{place} {found.message} ({hint})"
    return f"{place} ({hint})" if hint.startswith(("did you", "for text", "add `")) else place


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["now"][:40])
def test_a_fault_is_said_with_its_place_and_a_hint(small, fault):
    """One finding a cause, with a stable code, line and column, and what would be right."""
    source = fault["now"] if fault["was"] is None else small.replace(fault["was"], fault["now"], 1)
    assert source != small
    loaded = load(source, file="s.yaml")
    assert [short(d) for d in loaded.diagnostics] == fault["said"]
    assert all(d.code in CODES for d in loaded.diagnostics)


def test_every_code_has_a_fault_that_shows_it():
    """Codes are kept in one place, and each is there for something (size and nesting are shown with the nodes)."""
    shown = {said.split()[0] for fault in FAULTS for said in fault["said"]} | {"WF001", "WF007"}
    assert shown == set(CODES)


def test_the_small_workflow_has_no_finding(small):
    """What the faults are put into is right."""
    assert load(small, file="s.yaml").diagnostics == ()


def test_all_faults_of_a_file_are_said_in_one_run(small):
    """Findings do not hide each other and are sorted by place."""
    source = (
        small.replace("title: Clerk", "titel: Clerk")
        .replace("due: date", "due: dat")
        .replace("to: vote}", "to: voting}")
    )
    found = load(source, file="s.yaml").diagnostics
    assert [(d.code, d.mark.line) for d in found] == [("WF010", 8), ("WF013", 14), ("WF020", 32)]


def test_a_finding_is_printed_with_its_line():
    """As the language page shows it: place, code, message, line, caret and hint."""
    source = "milepost: 1\nworkflow: Small\n"
    found = next(d for d in load(source, file="s.yaml").diagnostics if d.mark.line == 2)
    assert found.render(source) == (
        "s.yaml:2:11: error[WF014] `workflow` 'Small' is no name\n"
        "  |\n2 | workflow: Small\n  |           ^^^^^\n"
        "  = hint: small letters, digits and _, beginning with a letter"
    )
