"""What is decided over all values agrees with what conditions say of each."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.definition import Arm
from engine.core.expressions.compiler import Names, compile_expression
from engine.core.expressions.expression import Scope
from engine.core.types import BOOLEAN
from engine.verify.domains import decide

ATOMS = st.sampled_from(
    [
        "n < 2", "n <= 2", "n == 3", "n != 0", "3 > n", "n >= 4", "amount < 1", "amount >= 0.5", "amount == 1.5",
        'kind == "a"', 'kind in ["b", "c"]', 'kind != "c"', "ok", "!ok", "ok == false", "size(rows) > 0", "n > size(rows)",
        "size(rows) == 1", "size(rows) >= n", 'name == "x"', 'name < "m"', "rows.exists(r, r.x > 1)", "has(name)", "true",
    ]
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
    ),
    max_leaves=5,
)
CASES = [
    {"n": n, "amount": Decimal(amount), "kind": kind, "ok": ok, "name": name, "rows": rows}
    for n, amount, kind, ok, name, rows in product(
        range(6),
        ("0", "0.5", "0.7", "1.5"),
        "abc",
        (True, False),
        ("", "x", "z"),
        ((), ({"x": 1},), ({"x": 2}, {"x": 0})),
    )
]


@pytest.fixture(scope="module")
def workflow(make):
    """Fields to compare."""
    return make("one: {turn: clerk, events: {go: {by: clerk, to: end}}}\nend: {final: true}\n")


def compiled(source, workflow):
    """A condition on the fields of the workflow."""
    names = Names(paths={path: field.type for path, field in workflow.fields.items()})
    return compile_expression(source, names, expect=BOOLEAN)


@settings(max_examples=60, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=3))
def test_what_is_proved_is_true_of_every_case(workflow, sources):
    """No gap means that an arm fits in each of 1,296 cases; hidden, never and apart hold in each too."""
    arms = [Arm(str(number), when=(compiled(source, workflow),)) for number, source in enumerate(sources)]
    decided = decide(arms, workflow)
    if decided is None:
        return
    now = datetime(2026, 1, 1, tzinfo=UTC)
    scopes = [Scope(data=case, now=now, zone=ZoneInfo("UTC")) for case in CASES]
    truth = [[arm.when[0].run(scope) for arm in arms] for scope in scopes]
    if decided.gap() is None:
        assert all(any(row) for row in truth)
    for number in range(len(arms)):
        if decided.never(number):
            assert not any(row[number] for row in truth)
        if decided.hidden(number):
            assert all(any(row[:number]) for row in truth if row[number])
    if len(arms) > 1 and not decided.both(0, 1):
        assert not any(row[0] and row[1] for row in truth)


@pytest.mark.parametrize(
    "source", ["n < 2 || n >= 2", 'kind in ["a", "b", "c"]', "ok || !ok", "ok ? n < 3 || n > 2 : true"]
)
def test_what_always_holds_is_seen(workflow, source):
    """A tautology over constants has no gap."""
    decided = decide([Arm("x", when=(compiled(source, workflow),))], workflow)
    assert decided.gap() is None
