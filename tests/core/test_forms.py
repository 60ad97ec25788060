"""What a form takes, adds, changes and refuses (LANGUAGE §2.6 form, §2.3)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import build_chart
from engine.core.values import canonical, restore
from engine.errors import InvalidPayload

SOURCE = """
milepost: 1
workflow: forms
title: Forms
calendar: ru
timezone: Europe/Moscow
roles: {clerk: {title: Clerk}}
data:
  plain: text
  group:
    name: {type: text, max: 20, required: true}
    size: {type: integer, min: 1, max: 9}
    sum: number
    on: date
    who: person
    kind: [a, b]
    extra: map
  lots:
    rows: {type: list, of: {no: text, qty: {type: integer, max: 100}, state: {type: choice, options: [open, met], default: open}, on: date}, key: no, max: 5}
    days: {type: list, of: {no: integer, n: integer}, key: no}
    names: {type: list, of: text, min: 1, max: 3}
event_data: {reasons: {type: text, max: 50}, due: date}
open: {by: clerk}
initial: a
states:
  a:
    turn: clerk
    events:
      one: {by: clerk, form: [plain, group.size!, reasons]}
      said: {by: clerk, form: [reasons!, due]}
      group: {by: clerk, form: [group]}
      group_must: {by: clerk, form: [group!]}
      rows: {by: clerk, form: [lots.rows]}
      rows_must: {by: clerk, form: [lots.rows!]}
      add: {by: clerk, form: [lots.rows+]}
      add_must: {by: clerk, form: [lots.rows+!]}
      column: {by: clerk, form: [lots.rows.qty]}
      columns: {by: clerk, form: [lots.rows.qty, lots.rows.on]}
      column_must: {by: clerk, form: [lots.rows.qty!]}
      day: {by: clerk, form: [lots.days.n]}
      names: {by: clerk, form: [lots.names]}
      nothing: {by: clerk}
"""
CHART = build_chart(load_or_raise(SOURCE, file="forms.yaml"), None)
ROWS = ({"no": "x", "qty": 1, "state": "open"}, {"no": "y", "state": "met"})


def read(event: str, payload: Any, **held: Any):
    """What the form of an event makes of a payload."""
    return CHART.ways["a"][event].form.read(payload, {name.replace("__", "."): v for name, v in held.items()})


def problems(event: str, payload: Any, **held: Any) -> list[tuple[str, str]]:
    """Paths and codes of what is wrong."""
    with pytest.raises(InvalidPayload) as caught:
        read(event, payload, **held)
    return [(problem.path, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize("payload", [{"group": {"size": 3}}, {"group.size": 3}, {"group.size": "3"}])
def test_a_payload_is_by_path_or_by_group(payload) -> None:
    """Nested by group or by dotted path: the same."""
    assert read("one", payload).writes == {"group.size": 3}


def test_both_spellings_may_be_mixed() -> None:
    """A group and a path beside each other are both read."""
    filled = read("group", {"group": {"size": 3, "who": "Ada Example"}, "group.sum": "1.50", "group.on": "2026-02-01"})
    assert filled.writes == {
        "group.size": 3,
        "group.who": {"name": "Ada Example"},
        "group.sum": Decimal("1.50"),
        "group.on": date(2026, 2, 1),
    }


def test_event_data_is_said_and_not_written() -> None:
    """Event data stays with the event."""
    filled = read("said", {"reasons": "so", "due": "2026-02-01"})
    assert (filled.writes, filled.said) == ({}, {"reasons": "so", "due": date(2026, 2, 1)})


@pytest.mark.parametrize(
    ("event", "payload", "held", "found"),
    [
        ("one", {}, {}, [("group.size", "missing")]),
        ("one", {"group": {"size": None}}, {"group__size": 3}, [("group.size", "missing")]),
        ("one", {"group.size": 10}, {}, [("group.size", "range")]),
        ("one", {"group.size": "many"}, {}, [("group.size", "type")]),
        ("one", {"group.size": 3, "group.name": "x"}, {}, [("group.name", "unknown")]),
        ("one", {"group.size": 3, "other": {"a": 1}}, {}, [("other", "unknown")]),
        ("said", {}, {}, [("reasons", "missing")]),
        ("said", {"reasons": ""}, {}, [("reasons", "missing")]),
        ("said", {"reasons": "x" * 51}, {}, [("reasons", "range")]),
        ("group_must", {"group": {"size": 3}}, {}, [("group.name", "missing")]),
        ("group", {"group": {"who": {"shoe": 1}}}, {}, [("group.who", "unknown")]),
        ("group_must", {"group": {"name": {"deep": 1}}}, {}, [("group.name", "type")]),
        ("group", {"group": {"kind": "c"}}, {}, [("group.kind", "option")]),
        ("group", {"group": "text"}, {}, [("group", "unknown")]),
        ("group", {"group": {"on": "2026-02-30"}}, {}, [("group.on", "type")]),
        ("nothing", {"plain": "x"}, {}, [("plain", "unknown")]),
        ("rows", {"lots.rows": [{"qty": 1}]}, {}, [("lots.rows[0].no", "missing")]),
        ("rows", {"lots.rows": [{"no": "x"}, {"no": "x"}]}, {}, [("lots.rows[1].no", "key")]),
        ("rows", {"lots.rows": [{"no": "x", "bad": 1}]}, {}, [("lots.rows[0]", "unknown")]),
        ("rows", {"lots.rows": {"no": "x"}}, {}, [("lots.rows", "type")]),
        ("rows", {"lots.rows": [{"no": str(n)} for n in range(6)]}, {}, [("lots.rows", "range")]),
        ("rows_must", {}, {}, [("lots.rows", "missing")]),
        ("rows_must", {"lots.rows": []}, {"lots__rows": ROWS}, [("lots.rows", "missing")]),
        ("add", {"lots.rows": [{"no": "x"}]}, {"lots__rows": ROWS}, [("lots.rows[0].no", "duplicate")]),
        ("add", {"lots.rows": [{"no": "z"}, {"no": "z"}]}, {"lots__rows": ROWS}, [("lots.rows[1].no", "key")]),
        ("add", {"lots.rows": [{"no": c} for c in "abcd"]}, {"lots__rows": ROWS}, [("lots.rows", "range")]),
        ("add_must", {}, {}, [("lots.rows", "missing")]),
        ("add_must", {"lots.rows": []}, {}, [("lots.rows", "missing")]),
        ("add_must", {}, {"lots__rows": ROWS}, [("lots.rows", "missing")]),
        ("add_must", {"lots.rows": []}, {"lots__rows": ROWS}, [("lots.rows", "missing")]),
        ("column", {"lots.rows": [{"no": "z", "qty": 1}]}, {"lots__rows": ROWS}, [("lots.rows[0].no", "unknown")]),
        ("column", {"lots.rows": [{"qty": 1}]}, {"lots__rows": ROWS}, [("lots.rows[0].no", "unknown")]),
        (
            "column",
            {"lots.rows": [{"no": "x", "state": "met"}]},
            {"lots__rows": ROWS},
            [("lots.rows[0].state", "unknown")],
        ),
        ("column", {"lots.rows": [{"no": "x", "qty": 101}]}, {"lots__rows": ROWS}, [("lots.rows[0].qty", "range")]),
        ("column", {"lots.rows": [7]}, {"lots__rows": ROWS}, [("lots.rows[0]", "type")]),
        ("column", {"lots.rows": "x"}, {"lots__rows": ROWS}, [("lots.rows", "type")]),
        ("column", {"lots.rows": [{"no": ["x"], "qty": 1}]}, {"lots__rows": ROWS}, [("lots.rows[0].no", "unknown")]),
        ("names", {"lots.names": ["a", "b", "c", "d"]}, {}, [("lots.names", "range")]),
        ("names", {"lots.names": [1]}, {}, [("lots.names[0]", "type")]),
    ],
)
def test_what_a_form_refuses(event, payload, held, found) -> None:
    """One problem a field, with its path and a stable word."""
    assert problems(event, payload, **held) == found


def test_a_field_is_given_once() -> None:
    """By path and in its group besides: refused, since nobody knows which of the two is meant."""
    assert problems("group", {"group": {"size": 3}, "group.size": 4}) == [("group.size", "duplicate")]


def test_all_problems_are_told_at_once() -> None:
    """A payload with three faults gives three problems."""
    assert problems("one", {"group.size": 0, "plan": "x", "reasons": "y" * 99}) == [
        ("group.size", "range"),
        ("plan", "unknown"),
        ("reasons", "range"),
    ]


def test_an_unknown_field_is_answered_with_the_nearest() -> None:
    """`did you mean`."""
    with pytest.raises(InvalidPayload, match=r"did you mean plain\?"):
        read("one", {"plan": "x", "group.size": 1})


def test_a_value_that_is_there_already_is_enough() -> None:
    """`!` = has a value afterwards: a data field that has one need not be given; event data is given now."""
    assert read("one", {}, group__size=3).writes == {}
    assert read("group_must", {"group": {"size": 3}}, group__name="x").writes == {"group.size": 3}
    assert read("rows_must", {}, lots__rows=ROWS).writes == {}


@pytest.mark.parametrize("empty", [None, ""])
def test_null_and_an_empty_text_empty_a_field(empty) -> None:
    """A field that is not asked for with `!` may be emptied."""
    assert read("group", {"group": {"size": empty}}, group__size=3).writes == {"group.size": None}


def test_an_empty_list_empties_a_list() -> None:
    """A list is replaced whole, by nothing too."""
    assert read("rows", {"lots.rows": []}, lots__rows=ROWS).writes == {"lots.rows": None}


def test_a_group_asks_for_all_its_fields() -> None:
    """`group` takes every field of it; `group!` asks for those that are `required`."""
    assert read("group_must", {"group": {"name": "x"}}).writes == {"group.name": "x"}
    assert set(CHART.ways["a"]["group"].form.slots) == {
        f"group.{name}" for name in ("name", "size", "sum", "on", "who", "kind", "extra")
    }


def test_a_list_is_replaced_whole() -> None:
    """What is not in it is gone; defaults of columns are filled in."""
    assert read("rows", {"lots": {"rows": [{"no": "z"}]}}, lots__rows=ROWS).writes == {
        "lots.rows": ({"no": "z", "state": "open"},)
    }


@pytest.mark.parametrize("name", ["lots.rows", "lots.rows+"])
def test_adding_leaves_what_is_there(name) -> None:
    """`list+` only adds; its rows stand under the list's own path."""
    filled = read("add", {name: [{"no": "z", "qty": 4}]}, lots__rows=ROWS)
    assert filled.writes["lots.rows"] == (*ROWS, {"no": "z", "qty": 4, "state": "open"})
    assert read("add", {name: []}, lots__rows=ROWS).writes == {}


def test_a_column_changes_in_existing_rows() -> None:
    """`list.column` changes that column; other rows, other columns and the order stay."""
    filled = read("column", {"lots.rows": [{"no": "y", "qty": 9}]}, lots__rows=ROWS)
    assert filled.writes["lots.rows"] == (ROWS[0], {"no": "y", "state": "met", "qty": 9})
    filled = read("columns", {"lots.rows": [{"no": "x", "qty": None, "on": "2026-02-01"}]}, lots__rows=ROWS)
    assert filled.writes["lots.rows"] == ({"no": "x", "state": "open", "on": date(2026, 2, 1)}, ROWS[1])
    assert ROWS[0]["qty"] == 1


def test_a_column_that_is_asked_for_has_a_value_in_every_row() -> None:
    """`list.column!` = every item has that column afterwards."""
    assert problems("column_must", {"lots.rows": [{"no": "x", "qty": 2}]}, lots__rows=ROWS) == [
        ("lots.rows[1].qty", "missing")
    ]
    filled = read("column_must", {"lots.rows": [{"no": "y", "qty": 2}]}, lots__rows=ROWS)
    assert [row["qty"] for row in filled.writes["lots.rows"]] == [1, 2]


@pytest.mark.parametrize("key", [7, "7"])
def test_a_key_is_read_by_its_type(key) -> None:
    """Rows keyed by a number are found by the number, however it is written."""
    rows = ({"no": 7, "n": 1},)
    assert read("day", {"lots.days": [{"no": key, "n": 5}]}, lots__days=rows).writes == {
        "lots.days": ({"no": 7, "n": 5},)
    }
    assert problems("day", {"lots.days": [{"no": True, "n": 5}]}, lots__days=({"no": 1},)) == [
        ("lots.days[0].no", "unknown")
    ]


def test_what_the_case_holds_is_not_changed() -> None:
    """A reading makes new rows and leaves the old ones alone."""
    held = ({"no": "x", "qty": 1},)
    read("column", {"lots.rows": [{"no": "x", "qty": 2}]}, lots__rows=held)
    assert held == ({"no": "x", "qty": 1},)


# ── hostile payloads ─────────────────────────────────────────────────────────────────────────────────────────────────

EVENTS = list(CHART.ways["a"])
PATHS = sorted({path for ways in CHART.ways["a"].values() for path in ways.form.slots})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=30)
    | st.sampled_from(["2026-02-01", "x", "1e999", "0001-01-01", "\x00", "1.0 RUB", 10**400, -0.0])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["no", "qty", "on", "id", "name", "size", "day"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=12,
)
PAYLOADS = st.dictionaries(
    st.sampled_from([*PATHS, "group", "lots", "lots.rows+", "group.", ".", "certificate.status"]) | st.text(max_size=8),
    JSON,
    max_size=5,
)


def read_or_refused(form, payload, held):
    """What a form makes of a payload, or its refusal."""
    try:
        return form.read(payload, held)
    except InvalidPayload as error:
        return error


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(EVENTS), PAYLOADS, st.booleans())
def test_a_hostile_payload_is_read_or_refused(event, payload, rows) -> None:
    """Whatever JSON comes: InvalidPayload or values that are stored and come back the same; only the form's paths."""
    held = {"lots.rows": ROWS, "group.size": 3} if rows else {}
    form = CHART.ways["a"][event].form
    filled = read_or_refused(form, payload, held)
    if isinstance(filled, InvalidPayload):
        assert filled.problems
        assert all(len(problem.text) < 2_000 for problem in filled.problems)
        assert "\n" not in str(filled)
        return
    assert {*filled.writes, *filled.said} <= set(form.slots)
    values = {**filled.writes, **filled.said}
    assert restore(canonical(values)) == values


@pytest.mark.parametrize(
    "payload",
    [
        {f"key{n}": n for n in range(50_000)},
        {"x" * 2_000_000: 1},
        {"group": {f"key{n}": n for n in range(50_000)}},
        {"group": {"extra": {str(n): [n] for n in range(50_000)}}},
        {"lots.rows": [{"no": "x"}] * 100_000},
        {"group.name": "x" * 5_000_000},
        {"group.size": 10**5_000},
        {"group.sum": "1" * 1_000_000},
    ],
    ids=["keys", "long key", "inner keys", "map", "rows", "text", "integer", "digits"],
)
def test_nothing_huge_is_worked_on(payload) -> None:
    """A huge payload is refused quickly, with an answer of ordinary size."""
    begun = perf_counter()
    with pytest.raises(InvalidPayload) as caught:
        CHART.ways["a"]["group" if "lots.rows" not in payload else "rows"].form.read(payload, {})
    assert perf_counter() - begun < 1
    assert len(caught.value.problems) <= 100
    assert len(str(caught.value)) < 1_000
