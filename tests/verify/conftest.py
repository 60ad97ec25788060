"""Small workflows from text, and what verify finds in them."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

from engine.core.calendars.calendar import Calendar
from engine.core.loader.load import load
from engine.verify.check import check

sys.path[:0] = [
    str(Path(__file__).parent),
    str(Path(__file__).parents[1] / "core" / "machine" / "oracle"),
]  # drawn workflows

HEAD = """\
milepost: 1
workflow: {name}
title: Small
{top}
roles:
  clerk: {{title: Clerk}}
  maker: {{title: Maker, side: applicant}}
open: {{by: [maker, clerk{openers}], form: [{form}]}}
data:
  n: {{type: integer, default: 0, min: 0}}
  ok: {{type: boolean, default: false}}
  amount: number
  kind: [a, b, c]
  name: text
  rows: {{type: list, of: {{x: integer}}}}
{data}{extra}
initial: {initial}
states:
{states}
"""


def small(
    states, *, name="small", top="calendar: office", openers="", form="", initial="one", extra="", data="", without=()
):
    """A workflow of these states; the opening form asks for every field, so that none is left over."""
    asked = [part.strip() for part in form.split(",") if part.strip()]
    named = {part.rstrip("!+") for part in asked}
    form = ", ".join(
        [*asked, *(one for one in ("n", "ok", "amount", "kind", "name", "rows") if one not in {*named, *without})]
    )
    text = HEAD.format(
        name=name,
        top=top,
        openers=openers,
        form=form,
        initial=initial,
        extra=dedent(extra),
        data=indent(data, "  "),
        states=indent(dedent(states), "  "),
    )
    loaded = load(text, file=f"{name}.yaml")
    assert loaded.workflow is not None, [finding.render(text) for finding in loaded.diagnostics]
    return loaded.workflow


def found_in(states, *, others=(), templates=None, profile="team", hours=(), **top):
    """All findings, as they are; `hours` are those of the calendar."""
    workflow = states if not isinstance(states, str) else small(states, **top)
    return check(
        workflow,
        others={other.name: other for other in others},
        calendars={"office": Calendar("office", "1", 2020, 2030, hours=hours)},
        templates=templates,
        profile=profile,
    ).found


def findings(states, **options):
    """(code, severity, message) of each finding."""
    return [(one.code, str(one.severity), one.message) for one in found_in(states, **options)]


@pytest.fixture(scope="session")
def make():
    """`small`."""
    return small


@pytest.fixture
def diagnostics():
    """`found_in`."""
    return found_in


@pytest.fixture
def verify():
    """`findings`."""
    return findings


@pytest.fixture
def codes():
    """The codes of the findings only."""
    return lambda states, **options: [code for code, _, _ in findings(states, **options)]
