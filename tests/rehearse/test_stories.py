"""Scenarios as they run: moves, waiting, calls, refusals, incidents, and the story up to the first difference."""

from __future__ import annotations

import pytest

from engine.rehearse.reading import read_scenarios
from engine.rehearse.runner import beginnings, moves_of

ACCEPT = "{do: accept, by: ana}"
WEIGHED = "{scale.weigh: [{return: {weight: 3}}]}"


def test_a_story_that_goes_as_written_passes(play):
    """Events, a call that answers, a decision, the end."""
    outcome = play(
        [ACCEPT, "expect: {in: decision, data: {order.weight: 3}}", "{do: grant, by: chris}"],
        end="{state: listed, outcome: granted, open_work: 0}",
        calls=WEIGHED,
    )
    assert outcome.failure is None


def test_a_failure_tells_the_story_up_to_the_first_difference(play):
    """When, who, what, where the case stood, what went out; the place is that of the claim."""
    outcome = play(
        [
            "{do: give_back, by: ana, with: {reasons: no drawing}}",
            "refuse: {do: accept, by: ana, because: EventNotAllowed}",
            "wait: 2 days",
            "{do: resubmit, by: zavod}",
            "wait: 6 working days",
            "expect: {turn: clerk, in: correction}",
            "{do: accept, by: ana}",
        ]
    )
    assert [line.partition(" (")[0] for line in outcome.story] == [
        "2026-01-12 09:00  zavod opens order → check",
        "2026-01-12 09:00  ana: give_back → correction",
        "                  sent letter to zavod",
        "2026-01-12 09:00  ana: accept is refused",
        "2026-01-15 00:00  wait 2 days → correction",
        "2026-01-15 00:00  zavod: resubmit → check",
        "2026-01-24 00:00  wait 6 working days → check",
        "                  sent escalation to chris",
    ]
    assert outcome.failure == "expected to be in correction, but the case is in check"
    assert (outcome.mark.line, outcome.mark.column) == (18, 35)


def test_a_wait_in_working_hours_ends_in_office_hours(play, folder):
    """It is counted on the calendar of the workflow; where that has none, the wait says so with its place."""
    waits = ["wait: 12 working hours", "expect: {turn: clerk}"]
    outcome = play(waits)
    assert outcome.failure is None
    assert outcome.story[1].startswith("2026-01-13 12:00  wait 12 working hours")
    calendar = folder / "calendars" / "plain.yaml"
    calendar.write_text(calendar.read_text().replace("hours: 09:00-18:00\n", ""))
    outcome = play(waits)
    assert outcome.failure.startswith("wait 12 working hours: calendar plain has no office hours; add `hours:`")
    assert (outcome.mark.line, outcome.mark.column) == (13, 15)
    assert play(["wait: 1000 working days"]).failure.startswith("wait 1000 working days: calendar plain covers 2026")


def test_time_stops_at_every_deadline_on_the_way(play):
    """A wait over two deadlines fires each at its moment; `until` takes a day or a time of day."""
    outcome = play(
        [
            "until: 2026-01-19 23:59",
            "expect: {sent: {template: escalation, times: 0}}",
            "until: 2026-01-20",
            "expect: {sent: {to: chris, template: escalation, times: 1}}",
            "{do: give_back, by: ana, with: {reasons: no drawing}}",
            "wait: 6 months",
        ],
        end="{state: lapsed, outcome: closed, open_work: 0}",
    )
    assert outcome.failure is None


def test_the_clock_does_not_go_back(play):
    """`until` an earlier day fails with its place."""
    outcome = play(["until: 2026-01-11"])
    assert outcome.failure == "until 2026-01-11 00:00: the clock does not go back; it is 2026-01-12 09:00 already"


@pytest.mark.parametrize(
    ("calls", "steps", "failure"),
    [
        ("{scale.weigh: [{fail: no answer}, {return: {weight: 3}}]}", ["expect: {in: weighing}", "wait: 2 hours", "expect: {in: decision}"], None),
        ("{scale.weigh: [{refuse: broken}]}", ["expect: {in: check, incidents: 1}"], None),
        ("{scale.weigh: [{fail: no answer}]}", ["wait: 1 days", "expect: {in: check, incidents: 1}"], None),
        ("", ["expect: {in: weighing}"], "scale.weigh was called, but `calls` does not declare it"),
    ],
    ids=["again later", "never", "given up", "undeclared"],
)  # fmt: skip
def test_calls_answer_as_declared(play, calls, steps, failure):
    """The n-th answer to the n-th call, the last for ever; what is not declared fails the scenario."""
    assert play([ACCEPT, *steps], calls=calls).failure == failure


def test_an_incident_that_nobody_expects_fails_the_end(play):
    """It is named with what came to nothing, and the story has it where it happened."""
    outcome = play([ACCEPT], calls="{scale.weigh: [{refuse: broken}]}")
    assert outcome.failure == (
        "call case-000001/2/1 came to nothing: broken (tried 1 times); where that is meant, say `incidents: 1`"
    )
    assert outcome.story[-1].endswith("incident: call case-000001/2/1: broken (tried 1 times)")
    assert play([ACCEPT], calls="{scale.weigh: [{refuse: broken}]}", end="{incidents: 1}").failure is None


def test_letters_are_really_written(play):
    """A template that names a field without a value is an incident, as in life."""
    outcome = play(["{do: tell_all, by: ana}"])
    assert outcome.failure.startswith("notify case-000001/2/1 came to nothing: template remarks.en.txt:3: no value for")


@pytest.mark.parametrize(
    ("refuse", "failure"),
    [
        ("{do: accept, by: chris}", None),
        ("{do: accept, by: chris, because: ActorNotAllowed}", None),
        ("{do: accept, by: chris, because: Refused}", None),
        ("{do: accept, by: chris, because: GuardRefused}", "accept by chris was refused as ActorNotAllowed, not GuardRefused"),
        ("{do: split, by: ana}", "split by ana should have been refused, but it was accepted"),
    ],
)  # fmt: skip
def test_a_refusal_is_expected_with_its_reason(play, refuse, failure):
    """`because` names the error or one above it."""
    said = play([f"refuse: {refuse}"]).failure
    assert (said or "").startswith(failure or "")
    assert (said is None) == (failure is None)


def test_an_event_that_is_refused_fails(play):
    """With the kind of the refusal and its words."""
    assert play(["{do: accept, by: chris}"]).failure.startswith("accept by chris was refused (ActorNotAllowed): ")


def test_children_are_reached_by_their_workflow(play):
    """`case:` is the latest case of a workflow."""
    outcome = play(
        [
            "{do: split, by: ana}",
            "expect: {children: 1}",
            "{do: finish, by: ana, case: part}",
            "expect: {case: part, in: finished, outcome: completed}",
        ]
    )
    assert outcome.failure is None


def test_a_stand_in_opens_what_only_a_case_may(run):
    """A person of `people` that is a case of a workflow."""
    text = """\
workflow: part.yaml
clock: 2026-01-12 09:00
people: {ana: {roles: [clerk]}, mother: {case: order}, stranger: {case: part}}
scenarios:
  - {name: opened, open: {by: mother, with: {part.name: half}}, steps: [{do: finish, by: ana}], end: {outcome: completed}}
  - {name: not opened, open: {by: stranger, with: {part.name: half}}}
"""
    opened, refused = run(text, "part").files[0].outcomes
    assert opened.failure is None
    assert refused.failure.startswith("stranger could not open part: ")


def test_each_runs_once_for_every_row(run):
    """Names go together row by row, and stand in the scenario's own name."""
    text = """\
workflow: order.yaml
clock: 2026-01-12 09:00
people: {ana: {roles: [clerk]}, zavod: {roles: [supplier], party: z1}}
scenarios:
  - name: weighed
    each: {weight: [1, 2], why: [GuardRefused, EventNotAllowed], days: [5, 30]}
    open: {by: zavod, with: {order.supplier: z1, order.weight: "{weight}", order.remark: "weighs {weight}"}}
    steps:
      - refuse: {do: resubmit, by: zavod, because: EventNotAllowed}
      - refuse: {do: accept, by: ana, because: "{why}"}
      - wait: "{days} days"
      - expect: {data: {order.remark: "weighs {weight}"}}
"""
    outcomes = run(text).files[0].outcomes
    assert [outcome.scenario for outcome in outcomes] == [
        "weighed (weight 1, why GuardRefused, days 5)",
        "weighed (weight 2, why EventNotAllowed, days 30)",
    ]
    assert outcomes[0].failure is None
    assert outcomes[1].failure == "accept by ana should have been refused, but it was accepted"


def test_a_beginning_in_common_changes_nothing(run, play, written):
    """Scenarios that begin alike tell what they tell alone."""
    steps = ["{do: split, by: ana}", "{do: give_back, by: ana, with: {reasons: x}}"]
    tails = (["wait: 40 days"], ["{do: resubmit, by: zavod}", "wait: 40 days"], [], ["expect: {in: check}"])
    alone = [play([*steps, *tail]) for tail in tails]
    together = run(written({f"n{number}": [*steps, *tail] for number, tail in enumerate(tails)})).files[0].outcomes
    assert [outcome.story for outcome in together] == [outcome.story for outcome in alone]
    assert [outcome.failure for outcome in together] == [outcome.failure for outcome in alone]
    assert [outcome.failure is None for outcome in together] == [True, True, True, False]


def test_a_beginning_that_fails_fails_everybody(run, written):
    """The second scenario does not pass because the first one has failed before it."""
    failing = ["{do: accept, by: chris}"]
    report = run(written({"one": failing, "two": [*failing, "wait: 1 days"]}))
    assert len(report.files[0].failures) == 2


def test_scenarios_share_the_longest_beginning(written):
    """Counted in moves, of the first scenario that has it; where the moves stand in the file is no difference."""
    one, two, three = (f"wait: {days} days" for days in (1, 2, 3))
    text = written({"a": [one, two], "b": [one, three], "c": [one, two, three], "d": []})
    scenarios = read_scenarios(text, file="order.test.yaml").scenarios
    assert beginnings([moves_of(scenario) for scenario in scenarios]) == [(0, 0), (0, 2), (0, 3), (0, 1)]
