"""Words that load and can do nothing where they stand."""

from __future__ import annotations

import pytest

GOOD = """\
    one: {turn: clerk, events: {go: {by: clerk, to: two}}}
    two: {choose: [{when: ok, to: end}, {to: end}]}
    end: {final: true}
"""


def test_words_that_do_something_are_no_findings(verify):
    """The strictest profile has nothing to say."""
    assert verify(GOOD, profile="production") == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("two: {", "two: {turn: clerk, ", "WF069"),
        ("end: {", "end: {turn: clerk, ", "WF069"),
        ("end: {", "end: {leave: [{notify: clerk, template: gone}], ", "WF069"),
    ],
)
def test_words_that_do_nothing(verify, old, new, code):
    """A turn where nothing waits, actions on leaving an end."""
    assert [found[0] for found in verify(GOOD.replace(old, new))] == [code]


def test_a_duty_where_nobody_acts(verify):
    """A final state has no acts, so the duty would never stand against anybody."""
    found = verify(GOOD, extra="duties: {d-1: {different: [one, end]}}")
    assert [(code, message) for code, _, message in found] == [("WF086", "duty 'd-1' names 'end', where nobody acts")]
