"""A small world of names and values for the tests of expressions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.core.calendars.calendar import Calendar
from engine.core.expressions.compiler import ExpressionFault, Names, compile_expression
from engine.core.expressions.expression import ExpressionError, Scope
from engine.core.types import BOOLEAN, DATE, DATETIME, INTEGER, NUMBER, TEXT, Kind, Type

MOSCOW = ZoneInfo("Europe/Moscow")
VERDICT = Type(Kind.CHOICE, options=("met", "not_met", "not_applicable"))
CLAUSE = Type(Kind.RECORD, members={"id": TEXT, "verdict": VERDICT, "weight": INTEGER, "due": DATE})
PATHS = {
    "testing.score": INTEGER,
    "testing.rounds": INTEGER,
    "testing.share": NUMBER,
    "testing.verdict": VERDICT,
    "testing.clauses": Type(Kind.LIST, item=CLAUSE),
    "testing.levels": Type(Kind.LIST, item=INTEGER),
    "testing.tags": Type(Kind.LIST, item=TEXT),
    "testing.passed": BOOLEAN,
    "testing.missing": BOOLEAN,
    "testing.nothing": INTEGER,
    "testing.name": TEXT,
    "testing.plan": DATE,
    "testing.done_at": DATETIME,
    "testing.fee": Type(Kind.MONEY),
    "testing.paid": Type(Kind.MONEY),
    "testing.lead": Type(Kind.PERSON),
    "testing.extra": Type(Kind.MAP),
    "open": BOOLEAN,
    "certificate.valid_until": DATE,
}
DATA = {
    "testing.score": 7,
    "testing.rounds": 2,
    "testing.share": Decimal("0.30"),
    "testing.verdict": "met",
    "testing.clauses": (
        {"id": "a", "verdict": "met", "weight": 3, "due": date(2026, 5, 1)},
        {"id": "b", "verdict": "not_met", "weight": 0, "due": date(2026, 4, 1)},
        {"id": "c"},
    ),
    "testing.levels": (1, 0, 2),
    "testing.tags": ("x", "y"),
    "testing.passed": True,
    "testing.name": "Задвижка DN-50",
    "testing.plan": date(2026, 1, 31),
    "testing.done_at": datetime(2026, 1, 31, 21, 30, tzinfo=UTC),  # already 1 February in Moscow
    "testing.fee": {"amount": Decimal(100), "currency": "RUB"},
    "testing.paid": {"amount": Decimal("99.5"), "currency": "RUB"},
    "testing.lead": {"id": "p-1", "name": "Ana Primer"},
    "testing.extra": {"k": "v", "n": 5, "t": True},
    "open": True,
    "certificate.valid_until": date(2026, 3, 1),
}
STATES = {"lab": "evaluation.lab", "draft": "draft"}
CALENDAR = Calendar("test", "1", 2026, 2026, off=frozenset({date(2026, 2, 2)}))


def a_scope(**changes):
    """A scope of the small world, with changes."""
    values = {
        "data": DATA,
        "now": datetime(2026, 2, 1, 21, 0, tzinfo=UTC),
        "zone": MOSCOW,
        "calendar": CALENDAR,
        "event": {"reasons": "late", "name": "accept", "at": datetime(2026, 2, 1, 20, 0, tzinfo=UTC)},
        "actor": {"id": "p-1", "party": "40270", "roles": ("reviewer", "lead")},
        "case": {"number": "Q-1", "opened_at": datetime(2026, 1, 1, tzinfo=UTC)},
        "children": ({"number": "A-1", "workflow": "appeal", "ended": True, "outcome": "upheld"},),
        "answers": ({"vote": "yes"}, {"vote": "no"}, {"vote": "yes"}),
        "in_state": lambda path: path == "evaluation.lab",
        "entered": {"evaluation.lab": datetime(2026, 1, 2, tzinfo=UTC)}.get,
        "names": {"item": {"id": "z"}},
    }
    return Scope(**{**values, **changes})


@pytest.fixture(scope="session")
def scope():
    """Makes a scope, with changes."""
    return a_scope


@pytest.fixture(scope="session")
def names():
    """Makes the names of the small world, with changes."""

    def make(**changes):
        usual = {
            "event": {"reasons": TEXT, "region": TEXT},
            "answers": Type(Kind.RECORD, members={"vote": Type(Kind.CHOICE, options=("yes", "no"))}),
            "children": True,
            "bound": {"item": CLAUSE},
            "state": STATES.get,
        }
        return Names(paths=PATHS, **{**usual, **changes})

    return make


@pytest.fixture(scope="session")
def value(names):
    """What an expression gives in the small world; an ExpressionError comes back as its class."""

    def give(source, expect=None, **changes):
        compiled = compile_expression(source, names(), expect=expect)
        try:
            return compiled.run(a_scope(**changes))
        except ExpressionError as error:
            return type(error)

    return give


@pytest.fixture(scope="session")
def fault(names):
    """The static error of an expression."""

    def give(source, expect=None, **changes):
        with pytest.raises(ExpressionFault) as caught:
            compile_expression(source, names(**changes), expect=expect)
        return caught.value

    return give
