"""What a change changes for a case: a witness for each gain and loss, none where cases go as before; running cases beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from engine.core.loader.load import load_or_raise
from engine.describe.diff import compare
from engine.rehearse.behaviour import behaviours
from engine.rehearse.following import running
from engine.verify.parts import Parts
from engine.verify.space.explore import LIMIT
from engine.verify.trial.trials import Trials

NOTE = """\
milepost: 1
workflow: note
title: Note
roles: {clerk: {title: Clerk}, maker: {title: Maker, side: applicant}}
data: {price: integer, rounds: {type: integer, default: 0}, kind: [a, b]}
open: {by: maker, form: [price!, kind]}
initial: check
states:
  check:
    turn: clerk
    deadlines: {late: {after: 5 days, to: lapsed}}
    events:
      accept: {by: clerk, when: price < 100, to: done}
      ask: {by: clerk, when: rounds < 2, set: {rounds: rounds + 1}, to: check}
      refuse: {by: clerk, to: lapsed, actions: [{notify: [maker], template: refused}]}
      odd: {by: clerk, to: done}
  done: {final: true}
  lapsed: {final: true}
"""


def shown(old, new):
    """(kind, words) of each witness."""
    before, after = (load_or_raise(text, file="note.yaml") for text in (old, new))
    here, there = (Trials(one, Parts(one), None, LIMIT) for one in (before, after))
    return [(one.kind, one.words) for one in behaviours(here, there, compare(before, after), lambda _: None)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("price < 100", "price < 200", [("gained", "open (price is 100) → accept; before 'accept' is refused")]),
        ("price < 200", "price < 100", [("lost", "open (price is 100) → accept; now 'accept' is refused")]),
        ("rounds < 2", "rounds < 4", [("gained", "open → ask → ask → ask; before 'ask' is refused")]),
        ("      odd: {by: clerk, to: done}\n", "", [("lost", "open → odd; now 'odd' is refused")]),
        ("", "      odd: {by: clerk, to: done}\n", [("gained", "open → odd; before 'odd' is refused")]),
        ("template: refused", "template: sorry", [("lost", "open → refuse; now 'refuse' sends sorry, not refused")]),
        (
            "odd: {by: clerk, to: done}",
            "odd: {by: clerk, to: lapsed}",
            [("lost", "open → odd; now it comes to 'lapsed', not to 'done'")],
        ),
        ("5 days", "7 days", [("lost", "open → late; now 'late' comes on 2026-01-20 00:00, not on 2026-01-18 00:00")]),
        ("title: Clerk", "title: Officer", []),
        ("price < 100", "100 > price", []),
        ("form: [price!, kind]", "form: [price!]", []),
    ],
)
def test_a_change_has_its_witness(old, new, expected):
    """A case that goes otherwise, told as it was made; where cases go as before there is none."""
    before = NOTE.replace("price < 100", old) if old == "price < 200" else NOTE.replace(new, "") if old == "" else NOTE
    after = NOTE if old == "" else before.replace(old, new)
    plain = [(kind, words.replace(" (price is 0)", "")) for kind, words in shown(before, after)]
    assert [one for one in plain if one in expected] == expected
    assert bool(plain) == bool(expected)


def test_running_cases(two_running):
    """How many are in each state, and which know or stand where the new text has nothing."""
    new = load_or_raise(NOTE.replace("kind: [a, b]", "kind: [a, c]"), file="note.yaml")
    found = two_running.store.read(lambda reader: running(reader, new))
    assert (found.cases, found.states) == (2, {"check": 2})
    assert list(found.stopped.values()) == ["its 'kind' is not one of a, c"]
    moved = load_or_raise(
        NOTE.replace("  check:", "  look:").replace("initial: check", "initial: look").replace("to: check", "to: look"),
        file="note.yaml",
    )
    found = two_running.store.read(lambda reader: running(reader, moved))
    assert set(found.stopped.values()) == {"it is in 'check', which is not there any more"}
    assert set(found.stopped) == {"case-000001", "case-000002"}


@pytest.fixture
def two_running():
    """Two running cases of the note."""
    from adapters.templates import MessageTemplates
    from engine.core.case import Actor
    from engine.rehearse.world import World
    from engine.service.bundles import Bundle

    text = NOTE.replace(", actions: [{notify: [maker], template: refused}]", "")
    world = World([Bundle(text, "note.yaml")], MessageTemplates)
    world.begin(datetime(2026, 1, 12, 6, tzinfo=UTC), {}, {})
    maker = Actor("mo", roles=frozenset({"maker"}))
    for kind in ("a", "b"):
        world.services.cases.open_case("note", {"price": 1, "kind": kind}, maker)
    yield world.services
    world.close()


def test_the_command_shows_both(tmp_path, capsys):
    """A line for each witness under the table, in JSON a list; scenarios of what is gained that can be rehearsed."""
    from adapters.templates import MessageTemplates
    from engine.rehearse.suite import rehearse
    from runtime.cli.choices import Format
    from runtime.cli.diff import run

    old, new = tmp_path / "old.yaml", tmp_path / "note.yaml"
    text = NOTE.replace(", actions: [{notify: [maker], template: refused}]", "")
    old.write_text(text)
    new.write_text(text.replace("price < 100", "price < 200"))
    assert run(old, new, Format.TEXT, cases=False, scenarios=tmp_path / "more.test.yaml") == 1
    assert "gained open (price is 100) → accept; before 'accept' is refused" in capsys.readouterr().out
    assert run(old, new, Format.JSON, cases=False, scenarios=None) == 1
    assert [one["kind"] for one in json.loads(capsys.readouterr().out)["behaviour"]] == ["gained"]
    old.unlink()
    assert rehearse([tmp_path / "more.test.yaml"], lambda *_: None, templates=MessageTemplates).passed
