"""What expressions mean, as tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.expressions.compiler import compile_expression, literal
from engine.core.expressions.expression import ExpressionError, MissingValue
from engine.core.types import BOOLEAN, DATE, INTEGER, NUMBER, TEXT, Kind, Type

MISSING, ERROR = MissingValue, ExpressionError

VALUES = {
    # precedence and literals
    "1 + 2 * 3 - 4": 3,
    "(1 + 2) * 3": 9,
    "-testing.score + 1": -6,
    "- -1": 1,
    "0x1F": 31,
    "1e3 == 1000": True,
    "'a\\u0041\\n\\x41' + r'\\d'": "aA\nA\\d",
    "'''it's'''": "it's",
    "true || false && false": True,
    "1 < 2 == true": True,
    "false ? 1 : true ? 2 : 3": 2,
    "[1, 2, ][1]": 2,
    "1 + 1 // a comment\n + 1": 3,
    # ours
    "1 / 2 == 0.5": True,
    "0.1 + 0.2 == 0.3": True,
    "1 / 3 * 3 == 1": False,
    "6 / 3": Decimal(2),
    "testing.score / 2 > 3.4": True,
    "7 % -2": 1,
    "-7 % 2": -1,
    "1 % 0": ERROR,
    "1 / 0": ERROR,
    "1 == 1.0 && 2.5 > 2": True,
    "true and not false or false": True,
    "not testing.score == 8": True,
    "not testing.passed == false": True,
    # missing values
    "testing.missing": MISSING,
    "testing.missing && false": False,
    "false && testing.missing": False,
    "testing.missing && true": MISSING,
    "true || testing.missing": True,
    "testing.missing || true": True,
    "testing.missing || false": MISSING,
    "1 / 0 == 1 || true": True,
    "!testing.missing": MISSING,
    "testing.missing ? 1 : 1": MISSING,
    "testing.passed ? 1 : testing.nothing": 1,
    "has(testing.missing)": False,
    "has(testing.score) && has(open)": True,
    "has(testing.lead.email)": False,
    "has(testing.lead.name)": True,
    "testing.lead.email": MISSING,
    # lists
    "testing.clauses.all(c, c.verdict == 'met')": False,
    "testing.clauses.all(c, has(c.verdict))": False,
    "testing.clauses.all(c, c.id != '' || c.weight > 0)": True,
    "testing.clauses.all(c, c.weight >= 0)": MISSING,
    "testing.clauses.exists(c, c.weight == 0)": True,
    "testing.clauses.exists(c, c.weight == 9)": MISSING,
    "testing.clauses.exists_one(c, c.id == 'a')": True,
    "testing.clauses.exists_one(c, c.weight == 3)": MISSING,
    "testing.clauses.count(c, has(c.weight) && c.weight > 0)": 1,
    "testing.clauses.filter(c, !has(c.due)).map(c, c.id)": ("c",),
    "testing.levels.map(x, x > 0, x * 2)": (2, 4),
    "testing.levels.exists(x, testing.levels.exists(y, x + y == 4))": True,
    "testing.levels.map(x, testing.levels.map(x, x * 10)[2] + x)": (21, 20, 22),
    "[].all(x, true)": True,
    "size(testing.clauses) + 'Ж😀'.size()": 5,
    "testing.levels[1]": 0,
    "testing.levels[3]": ERROR,
    "testing.levels[-1]": ERROR,
    "2 in testing.levels && !(3 in [1, 2])": True,
    "testing.verdict in ['met', 'not_met']": True,
    "'lead' in actor.roles": True,
    "[1, 2] + [3] == [1, 2, 3.0]": True,
    # text
    "testing.name.contains('DN') && testing.name.startsWith('З') && testing.name.endsWith('50')": True,
    "testing.name.matches('^[А-Я][а-я]+ DN-[0-9]{2}$') && matches('x', '.')": True,
    "string(0.50) + string(7) + string(true) + string(testing.plan)": "0.507true2026-01-31",
    "string(duration('90s')) + string(duration('1.5s'))": "90s1.5s",
    "int('-12') + int(3.9) + int(-3.9)": -12,
    "int('1.5')": ERROR,
    # money, maps
    "testing.fee > testing.paid && testing.fee >= 100 && testing.fee.amount == 100": True,
    "testing.fee == testing.paid": False,
    "testing.extra['k'] == 'v' && testing.extra.n == 5 && testing.extra.t != 1": True,
    "int(testing.extra.n) + 1": 6,
    "testing.extra['q']": MISSING,
    "has(testing.extra.q) || 'k' in testing.extra": True,
    # days: 1 February 2026 is a Sunday, the 2nd a day off
    "today": date(2026, 2, 2),
    "date(testing.done_at) == date('2026-02-01')": True,
    "start_of_day(testing.plan) == now - duration('48h')": True,
    "start_of_day(today) == now": True,
    "add_days(testing.plan, 1) < today": True,
    "add_months(testing.plan, 1)": date(2026, 2, 28),
    "add_working_days(testing.plan, 1)": date(2026, 2, 3),
    "add_working_days(testing.plan, 300)": ERROR,
    "days_between(testing.plan, certificate.valid_until)": 29,
    "earliest(testing.clauses.filter(c, has(c.due)).map(c, c.due))": date(2026, 4, 1),
    "latest([testing.plan, today])": date(2026, 2, 2),
    "earliest(testing.clauses.map(c, c.due))": MISSING,
    "latest(testing.clauses.filter(c, c.id == 'q').map(c, c.due))": MISSING,
    "now - testing.done_at": timedelta(hours=23, minutes=30),
    "date('2026-02-30')": ERROR,
    "add_days(today, 9999999)": ERROR,
    # special names
    "event.reasons + event.name": "lateaccept",
    "has(event.region) || actor.id == 'p-1' && case.number == 'Q-1'": True,
    "event.region": MISSING,
    "children.count(c, c.ended && c.outcome == 'upheld')": 1,
    "answers.count(a, a.vote == 'yes') >= 2": True,
    "in_state('lab') && !in_state('draft')": True,
    "entered('lab') < now": True,
    "entered('draft')": MISSING,
    "item.id": "z",
    "item.weight": MISSING,
}


@pytest.mark.parametrize("source", VALUES)
def test_value(value, source):
    """The expression has this value, or this error, and the value's type is exact."""
    found, expected = value(source), VALUES[source]
    assert found == expected
    assert isinstance(found, bool) is isinstance(expected, bool)


def test_missing_value_is_named(names, scope):
    """A missing value says the path: of a field, of a row's member by its list, of an event member."""
    for source, path in {
        "testing.missing": "testing.missing",
        "testing.clauses.map(c, c.due)": "testing.clauses.due",
        "testing.clauses.filter(c, true).all(q, q.weight > -1)": "testing.clauses.weight",
        "event.region": "event.region",
        "entered('draft')": 'entered("draft")',
        "earliest( [] )": "earliest( [] )",
    }.items():
        with pytest.raises(MissingValue) as caught:
            compile_expression(source, names()).run(scope())
        assert caught.value.path == path


def test_outside_a_step_names_are_missing(value):
    """Without an event or an actor their members are missing, and has() is false."""
    assert value("event.reasons", event=None) is MissingValue
    assert value("has(event.reasons) || has(actor.id)", event=None, actor=None) is False


def test_bounds(value):
    """Numbers, texts and lists out of bounds are errors, never slow and never wrong."""
    nines = "9" * 40
    for source in (
        f"{nines} + 1",
        f"{nines} * {nines}",
        f"{'9' * 38}.0 * 1000",
        "testing.tags.map(t, testing.name + testing.name)[9]",
        "duration('999999999999999h')",
        "now + duration('99999999h')",
        "add_working_days(today, 99999)",
    ):
        assert value(source) is ExpressionError, source
    long = {"testing.name": "x" * 9000, "testing.levels": tuple(range(20_000))}
    assert value("testing.name + testing.name", data=long) is ExpressionError
    assert value("testing.levels.all(x, x >= 0)", data=long) is ExpressionError
    assert value("testing.levels + [1]", data=long) is ExpressionError


def test_currencies_have_no_order(value):
    """Amounts of two currencies are not equal and cannot be ordered."""
    data = {
        "testing.fee": {"amount": Decimal(1), "currency": "RUB"},
        "testing.paid": {"amount": Decimal(1), "currency": "XTS"},
    }
    assert value("testing.fee == testing.paid", data=data) is False
    assert value("testing.fee < testing.paid", data=data) is ExpressionError


def test_what_an_expression_tells(names):
    """reads, calls, type, cost, parts and constant are filled in."""
    source = "testing.score > 1 && (open || has(event.region)) && in_state('lab') && now > entered('lab')"
    found = compile_expression(source, names())
    assert found.reads == {"testing.score", "open"}
    assert found.calls == {"event.region", "in_state:evaluation.lab", "entered:evaluation.lab", "now"}
    assert [name for name, _ in found.parts] == [
        "testing.score > 1",
        "open || has(event.region)",
        "in_state('lab')",
        "now > entered('lab')",
    ]
    assert found.type == BOOLEAN
    assert compile_expression("1 + 2", names()).constant == 3
    assert compile_expression("testing.levels.all(x, x > 0)", names()).cost >= 1000
    assert literal("met", TEXT, "met", None).run(None) == "met"


def test_parts_run_alone(names, scope):
    """Each operand can be asked by itself, so that a refusal names the false ones."""
    found = compile_expression("testing.score > 9 && open && testing.missing", names())
    assert [found.parts[0][1](scope()), found.parts[1][1](scope())] == [False, True]
    with pytest.raises(MissingValue):
        found.parts[2][1](scope())


def test_defines(names, scope):
    """A defined name is used bare, quoted by its name, and brings its reads, calls, cost and needs along."""
    high = compile_expression("testing.score > 5 && event.reasons != ''", names())
    two = compile_expression("answers.count(a, a.vote == 'yes') >= 2", names())
    found = compile_expression("high && !two || open", names(define={"high": high, "two": two}))
    assert found.run(scope()) is True
    assert found.reads == {"testing.score", "open"}
    assert found.calls == {"event.reasons", "answers"}
    both = compile_expression("high && two", names(define={"high": high, "two": two}))
    assert [name for name, _ in both.parts] == ["high", "two"]
    assert compile_expression("testing.levels.all(x, high)", names(define={"high": high})).run(scope()) is True


def test_expected_types(value, fault):
    """A value is converted where nothing is lost: integers to decimals, literal texts to options."""
    verdict = Type(Kind.CHOICE, options=("met", "not_met"))
    found = value("testing.score", expect=NUMBER)
    assert isinstance(found, Decimal)
    assert found == 7
    assert value("open ? 'met' : 'not_met'", expect=verdict) == "met"
    assert value("[1, 2.5]", expect=Type(Kind.LIST, item=NUMBER)) == (Decimal(1), Decimal("2.5"))
    assert value("testing.verdict", expect=TEXT) == "met"
    assert value("[]", expect=Type(Kind.LIST, item=DATE)) == ()
    assert fault("open ? 'met' : 'mett'", expect=verdict).hint == "did you mean 'met'?"
    assert fault("open ? met : 'met'", expect=verdict).hint == "for text write '\"met\"'"
    assert fault("testing.name", expect=verdict).code == "WF032"
    assert fault("testing.verdict", expect=verdict).code == "WF032"
    assert fault("testing.share", expect=INTEGER).hint == "int(x) cuts a number to an integer"
    assert fault("now", expect=DATE).code == "WF032"
    assert fault("testing.score", expect=BOOLEAN).code == "WF032"
    assert fault("testing.extra.k", expect=TEXT).code == "WF032"


def test_utc_days_are_local(value):
    """Days are those of the workflow's zone, whatever the instant's own."""
    assert value("date(now)", now=datetime(2026, 1, 1, 20, 59, tzinfo=UTC)) == date(2026, 1, 1)
    assert value("date(now)", now=datetime(2026, 1, 1, 21, 0, tzinfo=UTC)) == date(2026, 1, 2)
