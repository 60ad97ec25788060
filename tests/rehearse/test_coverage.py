"""What scenarios cover of a workflow, and what becomes of a goal that is not reached."""

from __future__ import annotations

from adapters.templates import MessageTemplates
from engine.rehearse.coverage import Share
from engine.rehearse.suite import rehearse

ALL = [
    "{do: split, by: ana}",
    "{do: give_back, by: ana, with: {reasons: x}}",
    "{do: resubmit, by: zavod}",
    "wait: 9 days",
]


def test_arms_and_deadlines_are_counted(run, written):
    """Of all scenarios together; what is missing is named as it stands in the file."""
    report = run(written({"one": ALL[:1], "two": ALL}))
    shares = report.coverage["order"]
    assert shares["deadlines"] == Share(1, 2, ("correction:no_answer",))
    assert shares["transitions"] == Share(
        3,
        10,
        (
            "check:accept",
            "check:tell_all",
            "correction:no_answer",
            "weighing:done",
            "weighing:failed",
            "decision:grant",
            "decision:again",
        ),
    )


def test_a_goal_that_is_not_reached_fails_the_suite(run, written):
    """All scenarios pass, and still the suite does not."""
    report = run(written({"one": ALL}, beside="coverage: {deadlines: 50, transitions: 90}\n"))
    assert not report.files[0].failures
    assert not report.passed
    assert len(report.short) == 1
    assert report.short[0].startswith("order: transitions ")
    assert report.short[0].endswith("wanted 90 %")


def test_nothing_to_cover_is_covered():
    """A workflow without deadlines has all of them."""
    assert Share(0, 0, ()).percent == 100.0


NOTE = """\
milepost: 1
workflow: note
title: Note
roles: {clerk: {title: Clerk}, maker: {title: Maker, side: applicant}}
data: {price: number, count: integer, kind: [a, b]}
event_data: {level: integer}
open: {by: maker, form: [price!, count!, kind]}
initial: check
states:
  check:
    turn: clerk
    deadlines: {late: {after: 5 days, when: count > 2, to: lapsed}, quiet: {after: 9 days, to: lapsed}}
    events:
      accept:
        by: clerk
        form: [level!]
        choose: [{when: price < 100, to: done}, {when: event.level >= 3, to: done}]
  done: {final: true}
  lapsed: {final: true}
"""


def shares_of(tmp_path, *scenarios):
    """The shares of scenarios about the note: (what is given, steps)."""
    (tmp_path / "note.yaml").write_text(NOTE)
    lines = [
        "workflow: note",
        "clock: 2026-01-12 09:00",
        "people: {ana: {roles: [clerk]}, mo: {roles: [maker]}}",
        "scenarios:",
    ]
    for number, (given, steps) in enumerate(scenarios):
        lines += [
            f"  - name: s{number}",
            f"    open: {{by: mo, with: {given}}}",
            "    steps:",
            *(f"      - {step}" for step in steps),
        ]
    file = tmp_path / "note.test.yaml"
    file.write_text("\n".join([*lines, ""]))
    report = rehearse([file], lambda *_: None, templates=MessageTemplates)
    assert [report.failures for report in report.files] == [()]
    return report.coverage["note"]


def test_conditions_and_the_numbers_they_turn_at(tmp_path):
    """True where an arm is taken, false where a later one is, where an event is refused, where a deadline does nothing."""
    refused = "refuse: {do: accept, by: ana, with: {level: 2}, because: GuardRefused}"
    shares = shares_of(tmp_path, ("{price: 100, count: 2}", [refused, "wait: 6 days"]))
    assert shares["conditions"] == Share(3, 6, ("check:accept#1 true", "check:accept#2 true", "check:late true"))
    assert shares["boundaries"].missing == ("price < 100: below", "event.level >= 3: at 3", "count > 2: at 3")
    assert shares["met"] == Share(0, 2, ("check:late", "check:quiet"))
    more = shares_of(
        tmp_path,
        ("{price: 100, count: 2}", [refused, "wait: 6 days", "wait: 6 days"]),
        ("{price: 99.99, count: 3}", ["{do: accept, by: ana, with: {level: 1}}"]),
        ("{price: 100, count: 3}", ["{do: accept, by: ana, with: {level: 3}}"]),
        ("{price: 1, count: 3}", ["wait: 6 days"]),
    )
    assert {what: share.missing for what, share in more.items() if share.missing} == {}


def test_a_value_far_from_where_it_turns_shows_nothing(tmp_path):
    """Five is less than a hundred as 99 is, but would not find a slip of one."""
    shares = shares_of(tmp_path, ("{price: 100, count: 8}", ["wait: 6 days"]))
    assert [name for name in shares["boundaries"].missing if name.startswith("count")] == [
        "count > 2: at 2",
        "count > 2: at 3",
    ]
