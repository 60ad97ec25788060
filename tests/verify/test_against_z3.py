"""Conditions are decided twice: by the cells that constants cut, and by z3. On random guards both say the same."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import z3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.verify.arithmetic import Prover
from engine.verify.domains import decide

if TYPE_CHECKING:
    from engine.core.definition import Workflow

N, AMOUNT, OK, KIND, NAME = z3.Int("n"), z3.Real("amount"), z3.Bool("ok"), z3.Int("kind"), z3.Int("name")
DOMAIN = [N >= 0, KIND >= 0, KIND <= 2]
"""What the fields of the small workflow can be: a whole number from 0, a number, yes or no, a, b or c, a text."""
COMPARED = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@dataclass(frozen=True)
class Guard:
    """An expression in both languages."""

    text: str
    truth: object


def numbers(field, sort):
    """A field with a constant, on either side."""
    constants = st.integers(-2, 6) if sort == "n" else st.integers(-8, 24).map(lambda n: n / 4)

    def made(operator, constant, turned):
        shown = f"({constant})" if constant < 0 else f"{constant}"
        text = f"{shown} {operator} {sort}" if turned else f"{sort} {operator} {shown}"
        value = z3.RealVal(str(constant)) if sort == "amount" else constant
        return Guard(text, COMPARED[operator](value, field) if turned else COMPARED[operator](field, value))

    return st.builds(made, st.sampled_from(sorted(COMPARED)), constants, st.booleans())


def words(field, sort, known):
    """A choice or a text: is it this one, is it one of these."""
    codes = {word: code for code, word in enumerate(known)}
    same = st.builds(
        lambda operator, word: Guard(f'{sort} {operator} "{word}"', COMPARED[operator](field, codes[word])),
        st.sampled_from(["==", "!="]),
        st.sampled_from(known),
    )
    among = st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True).map(
        lambda some: Guard(
            f"{sort} in [{', '.join(f'{chr(34)}{word}{chr(34)}' for word in some)}]",
            z3.Or(*[field == codes[word] for word in some]),
        )
    )
    return st.one_of(same, among)


LEAVES = st.one_of(
    numbers(N, "n"),
    numbers(AMOUNT, "amount"),
    st.just(Guard("ok", OK)),
    words(KIND, "kind", ["a", "b", "c"]),
    words(NAME, "name", ["x", "y"]),
)
BETWEEN = st.sampled_from(
    [
        Guard("n < amount", N < AMOUNT),
        Guard("amount <= n", AMOUNT <= N),
        Guard("n + 2 > amount", N + 2 > AMOUNT),
        Guard("n == amount", z3.ToReal(N) == AMOUNT),
        Guard("n * 2 >= amount - 1", N * 2 >= AMOUNT - 1),
    ]
)


def trees(leaves):
    """Guards of guards."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda a, b: Guard(f"({a.text} && {b.text})", z3.And(a.truth, b.truth)), inner, inner),
            st.builds(lambda a, b: Guard(f"({a.text} || {b.text})", z3.Or(a.truth, b.truth)), inner, inner),
            st.builds(lambda a: Guard(f"!({a.text})", z3.Not(a.truth)), inner),
            st.builds(
                lambda a, b, c: Guard(f"(({a.text}) ? ({b.text}) : ({c.text}))", z3.If(a.truth, b.truth, c.truth)),
                inner,
                inner,
                inner,
            ),
        ),
        max_leaves=6,
    )


def possible(*truths):
    """Whether all of these can be true together."""
    solver = z3.Solver()
    solver.add(*DOMAIN, *truths)
    return solver.check() == z3.sat


def arms_of(make, guards) -> tuple[Workflow, list]:
    """The arms of an event with these guards."""
    arms = ", ".join(f"{{when: '{guard.text}', to: end}}" for guard in guards)
    workflow = make(f"one: {{turn: clerk, events: {{go: {{by: clerk, choose: [{arms}]}}}}}}\nend: {{final: true}}")
    return workflow, workflow.states["one"].events["go"].arms


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(guards=st.lists(trees(LEAVES), min_size=1, max_size=3))
def test_cells_are_as_good_as_z3(make, guards):
    """Where fields are compared with constants: never, hidden, together, and a gap, each exactly so."""
    workflow, arms = arms_of(make, guards)
    decided = decide(arms, workflow)
    assert decided is not None
    truths = [guard.truth for guard in guards]
    assert (decided.gap() is None) == (not possible(*[z3.Not(truth) for truth in truths]))
    for number, truth in enumerate(truths):
        assert decided.never(number) == (not possible(truth))
        before = [z3.Not(other) for other in truths[:number]]
        assert decided.hidden(number) == (bool(before) and not possible(truth, *before))
    for one, other in itertools.combinations(range(len(truths)), 2):
        assert decided.both(one, other) == possible(truths[one], truths[other])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(guards=st.lists(trees(st.one_of(LEAVES, BETWEEN)), min_size=1, max_size=3))
def test_what_is_said_of_fields_compared_with_each_other_is_true(make, guards):
    """Cells say never and hidden only where it is so; our own questions to z3 find a gap exactly where there is one."""
    workflow, arms = arms_of(make, guards)
    truths = [guard.truth for guard in guards]
    decided = decide(arms, workflow)
    if decided is not None:
        assert decided.gap() is not None or not possible(*[z3.Not(truth) for truth in truths])
        for number, truth in enumerate(truths):
            assert not decided.never(number) or not possible(truth)
            assert not decided.hidden(number) or not possible(truth, *[z3.Not(other) for other in truths[:number]])
    asked = Prover(workflow).gap([[expression.tree for expression in arm.when] for arm in arms])
    assert asked is not False
    assert (asked is None) == (not possible(*[z3.Not(truth) for truth in truths]))


def test_a_choice_that_only_arithmetic_completes(make, codes, monkeypatch):
    """With z3 nothing is reported; a gap that there is, is named; without z3 it is said that it was not decided."""
    states = """
    one: {{turn: clerk, events: {{go: {{by: clerk, to: sort}}}}}}
    sort: {{choose: [{{when: n < amount, to: end}}, {{when: amount <= n && n < 5, to: end}}, {{when: {last}, to: one}}]}}
    end: {{final: true}}
    """
    whole, gap = states.format(last="n >= 5 && amount < n + 1"), states.format(last="n >= 7 && amount < n + 1")
    assert "WF082" not in codes(whole)
    assert "WF082" in codes(gap)
    monkeypatch.setattr("engine.verify.arithmetic.import_module", _none)
    assert "WF082" in codes(whole)


def test_the_gap_is_named(make, verify):
    """With values that people can try."""
    states = """
    one: {turn: clerk, events: {go: {by: clerk, to: sort}}}
    sort: {choose: [{when: n < amount, to: end}, {when: amount < n, to: one}]}
    end: {final: true}
    """
    ((_, _, message),) = [one for one in verify(states) if one[0] == "WF082"]
    assert message.startswith("`choose` of 'sort' has no arm that fits where ")


def _none(_name):
    raise ModuleNotFoundError


@pytest.mark.parametrize("text", ["n / 2 > amount", 'name < "x"', "rows.size() > n", "size(rows) > 2 && n > 3"])
def test_what_it_cannot_say_may_be_anything(make, text):
    """No answer is "never" because of it."""
    workflow, arms = arms_of(make, [Guard(text, None)])
    asked = Prover(workflow).gap([[expression.tree for expression in arm.when] for arm in arms])
    assert isinstance(asked, str)
