"""What a step writes does not grow with what the case holds, and a history grows by what was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.core.case import Track
from engine.store.link import Link
from engine.store.pipelined import Pipelined
from engine.store.records import CaseFilter

LARGE = "Описание " * 20_000
LISTED = {"number", "closed_at", "outcome", "next_due", "overdue_since"}
"""Columns of a case that indexes have."""


@pytest.fixture
def sent(monkeypatch):
    """What is sent to be written, in turn: (table, row)."""
    seen = []

    def noting(write):
        def noted(link, rows):
            seen.extend((table, row) for one, of_table in rows for table in one.tables for row in of_table)
            write(link, rows)

        return noted

    monkeypatch.setattr(Pipelined, "write", noting(Pipelined.write))
    monkeypatch.setattr(Link, "write", noting(Link.write))
    return seen


def size(rows):
    """Of the texts in them, in bytes."""
    return sum(len(value.encode()) for row in rows for value in row.values() if isinstance(value, str))


def test_a_step_writes_what_it_changes(store, version_id, maker, sent):
    """A case that holds 300 KB takes a step that changes another group."""
    step = maker.opened(data={"file.text": LARGE, "n.seq": 1})
    index = {"product.designation": "Valve"}
    store.write(lambda tx: tx.insert_case(step, version_id=version_id, unique_key=None, index=index))
    assert size(row for table, row in sent if table == "case_section") > len(LARGE)
    sent.clear()
    case = step.case
    for n in range(2, 12):
        after = maker.next(case, data={**case.data, "n.seq": n})
        store.write(lambda tx, s=after: (tx.lock_case(s.case.id), tx.save(s, unique_key=None, index=index)))
        case = after.case
    assert store.read(lambda r: r.case(case.id)).case == case
    assert size(row for _, row in sent) < 10 * 2048
    tables = {table for table, _ in sent}
    assert tables == {"case", "case_section", "step", "feed" if "feed" in tables else "unsequenced"}


def at(case, days):
    """A moment so many days after the opening."""
    return case.opened_at + timedelta(days=days)


ALIKE = {
    "whose turn it is": lambda _: {"turn": ("region",)},
    "a reminder that is gone": lambda case: {"timers": case.timers[:1]},
}
OTHERWISE = {
    "the number": lambda _: {"number": "Q-7"},
    "the end": lambda case: {"closed_at": at(case, 1), "timers": ()},
    "the outcome": lambda _: {"outcome": "completed"},
    "the next deadline": lambda case: {"timers": tuple(replace(timer, due=at(case, 40)) for timer in case.timers)},
    "no deadline any more": lambda _: {"timers": ()},
    "a deadline that has fired": lambda case: {
        "timers": case.timers[1:],
        "memory": replace(case.memory, tracks={"application.draft#1:submit": Track(fired=at(case, 30))}),
    },
}


def check_listed(store, case):
    """The line of the only case says what the case does."""
    (line,) = store.read(lambda r: r.cases(CaseFilter()))
    coming = min((timer.due for timer in case.timers if timer.kind == "due"), default=None)
    (fired,) = {track.fired for track in case.memory.tracks.values()} or {None}
    assert (line.number, line.closed_at, line.outcome) == (case.number, case.closed_at, case.outcome)
    assert (line.next_due, line.overdue_since) == (coming, fired)
    assert (line.seq, line.turn) == (case.seq, case.turn)


@pytest.mark.parametrize("change", [*ALIKE, *OTHERWISE])
def test_what_a_case_is_listed_by_is_written_when_it_changes(store, version_id, maker, sent, change):
    """Every column that is set costs the entries of its indexes anew, so a step that leaves them alone sets none of them."""
    opened = maker.opened()
    (due,) = opened.case.timers
    case = replace(opened.case, timers=(due, replace(due, kind="remind", due=at(opened.case, 20))))
    opened = replace(opened, case=case)
    store.write(lambda tx: tx.insert_case(opened, version_id=version_id, unique_key=None, index={}))
    sent.clear()
    step = maker.next(case, **{**ALIKE, **OTHERWISE}[change](case))
    store.write(lambda tx: (tx.lock_case(case.id), tx.save(step, unique_key=None, index={})))
    (row,) = [row for table, row in sent if table == "case"]
    assert LISTED & row.keys() == (LISTED if change in OTHERWISE else set())
    check_listed(store, step.case)


@pytest.mark.parametrize("change", [*ALIKE, *OTHERWISE])
def test_what_a_case_is_listed_by_after_a_step_in_the_transaction_that_opened_it(store, version_id, maker, change):
    """The row that was put there at the opening says what the last step has made of it."""
    opened = maker.opened()
    step = maker.next(opened.case, **{**ALIKE, **OTHERWISE}[change](opened.case))

    def work(tx):
        tx.insert_case(opened, version_id=version_id, unique_key=None, index={})
        tx.save(step, unique_key=None, index={})

    store.write(work)
    check_listed(store, step.case)
