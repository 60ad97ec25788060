"""Policies held against histories: what breaks them is named by its two moments."""

from __future__ import annotations

import pytest

CALLS = "{scale.weigh: [{return: {weight: 3}}]}"
STEPS = [
    "{do: give_back, by: ana, with: {reasons: x}}",
    "wait: 2 days",
    "{do: resubmit, by: zavod}",
    "{do: accept, by: ana}",
    "{do: again, by: chris}",
    "{do: accept, by: ana}",
]


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("never weighing before correction", None),
        ("never correction before weighing", "correction on 2026-01-12 09:00, weighing only on 2026-01-15 00:00"),
        ("decision only if listed happened", "decision on 2026-01-15 00:00, no listed until 2026-01-15 00:00"),
        ("resubmit only if give_back happened", None),
        ("at most 2 weighing", None),
        ("at most 1 weighing", "weighing first on 2026-01-15 00:00, for the 2. time on 2026-01-15 00:00"),
        ("at most 0 give_back", "give_back first on 2026-01-12 09:00, for the 1. time on 2026-01-12 09:00"),
        ("not both listed and lapsed", None),
        ("not both correction and decision", "correction on 2026-01-12 09:00, decision on 2026-01-15 00:00"),
        ('"different person: check, decision"', None),
        ('"different person: give_back, accept"', "ana in give_back on 2026-01-12 09:00, ana in accept on 2026-01-15 00:00"),
        ('"same person: check, decision"', "ana in check on 2026-01-12 09:00, chris in decision on 2026-01-15 00:00"),
        ('"same person: give_back, accept"', None),
        ("within 3 days from correction to weighing", None),
        ("within 45 working hours from correction to weighing", None),
        ("within 8 working hours from correction to weighing", "correction on 2026-01-12 09:00, weighing on 2026-01-15 00:00"),
        ("within 9000 working hours from correction to weighing", "correction on 2026-01-12 09:00: calendar plain covers 2026 to 2027, not 2028-01-01; add the year to workflows/calendars/plain.yaml"),
        ("within 1 days from correction to weighing", "correction on 2026-01-12 09:00, weighing on 2026-01-15 00:00"),
        ("within 1 days from give_back to listed", "give_back on 2026-01-12 09:00, no listed until 2026-01-15 00:00"),
    ],
)  # fmt: skip
def test_a_policy_is_held_against_what_happened(play, sentence, why):
    """Every form, kept and broken."""
    outcome = play(STEPS, calls=CALLS, beside=f"policies: [{sentence}]\n")
    words = sentence.strip('"')
    assert outcome.failure == (None if why is None else f"the policy '{words}' is broken: {why}")
    if why is not None:
        assert (outcome.mark.line, outcome.mark.column) == (20, 12)


def test_every_scenario_is_held_against_it(run, written):
    """One that breaks it fails, its neighbour does not."""
    give_back = "{do: give_back, by: ana, with: {reasons: x}}"
    report = run(written({"one": ["wait: 1 days"], "two": [give_back]}, beside="policies: [at most 0 correction]\n"))
    assert [outcome.scenario for outcome in report.files[0].failures] == ["two"]


def test_the_workflows_own_policies_count_too(play, folder):
    """What `validate` cannot decide, a scenario shows."""
    own = folder / "order.yaml"
    own.write_text(own.read_text().replace("initial: check\n", "policies: [at most 1 correction]\ninitial: check\n"))
    again = ["{do: give_back, by: ana, with: {reasons: x}}", "{do: resubmit, by: zavod}"]
    assert play(again).failure is None
    assert play([*again, *again]).failure.startswith("the policy 'at most 1 correction' is broken: ")
