"""Static errors: code, place and hint."""

from __future__ import annotations

import pytest

from engine.core.expressions.compiler import ExpressionFault, compile_expression

# source with the offending part between «», code, a piece of the message, a piece of the hint
FAULTS = [
    ("testing.«scroe» >= 70", "WF031", "no field 'scroe' here", "did you mean 'score'?"),
    ("«tsting».score >= 70", "WF031", "no field 'tsting'", "did you mean 'testing'?"),
    ("«score» >= 70", "WF031", "no field 'score'", "did you mean 'testing.score'?"),
    ("«testing» == 1", "WF031", "is a group, not a value", "testing.score"),
    ("testing.clauses.all(c, c.«verdct» == 'met')", "WF031", "no field 'verdct'", "did you mean 'verdict'?"),
    ("testing.clauses.«verdict» == 'met'", "WF031", "a list has no field", ".map(x, x.verdict)"),
    ("testing.lead.«nam» == ''", "WF031", "no field 'nam'", "did you mean 'name'?"),
    ("event.«reason» == ''", "WF031", "no field 'reason'", "did you mean 'reasons'?"),
    ("in_state(«'nowhere'»)", "WF031", "no state 'nowhere'", None),
    ("testing.verdict == «met»", "WF031", "no field 'met'", "for text write '\"met\"'"),
    ("testing.verdict in [«met», 'not_met']", "WF031", "no field 'met'", "for text write '\"met\"'"),
    ("testing.name == «hello»", "WF031", "no field 'hello'", "for text write '\"hello\"'"),
    ("testing.verdict == «'mett'»", "WF032", "'mett' is no option here", "did you mean 'met'?"),
    ("testing.verdict in ['met', «'mett'»]", "WF032", "'mett' is no option here", "did you mean 'met'?"),
    ("«testing.verdict < 'met'»", "WF032", "have no order", "=="),
    ("«testing.score == 'a'»", "WF032", "an integer can never equal text", "int(x)"),
    ("open && «testing.plan < now»", "WF032", "does not compare a date with a datetime", "date(x)"),
    ("«testing.plan == '2026-01-01'»", "WF032", "can never equal", "date("),
    ("«testing.score == null»", "WF032", "can never equal null", "has(field)"),
    ("open && «testing.score»", "WF032", "'&&' takes conditions, not an integer", "has(testing.score)"),
    ("«1 < testing.score < 9»", "WF032", "does not compare", "a < x && x < b"),
    ("«open ? 1 : 'a'»", "WF032", "different types", "one type"),
    ("[1, «'a'»]", "WF032", "one type", None),
    ("«'a' * 1000»", "WF032", "'*' does not take text and an integer", None),
    ("«'a' + 1»", "WF032", "'+' does not take", "string(x)"),
    ("«testing.plan + 1»", "WF032", "'+' does not take", "add_days"),
    ("«testing.fee + 1»", "WF032", "'+' does not take", "x.amount"),
    ("«1.5 % 2»", "WF032", "'%' takes integers", "int(x)"),
    ("1 in «5»", "WF032", "'in' looks into a list", None),
    ("'a' in «testing.name»", "WF032", "'in' looks into a list", "contains"),
    ("add_days(«now», 1)", "WF032", "does not take a datetime", "date(x)"),
    ("testing.score.«foo»()", "WF033", "no function 'foo'", "there are"),
    ("«sise»(testing.levels) > 1", "WF033", "no function 'sise'", "did you mean 'size'?"),
    ("«size(1, 2)»", "WF033", "takes 1 argument, not 2", "size(list)"),
    ("«contains('a', 'b')»", "WF033", "not called like this", "text.contains(part)"),
    ("«testing.levels.all(x > 1)»", "WF033", "not called like this", "list.all(x, condition)"),
    ("testing.levels.all(«now», true)", "WF033", "means something already", "another name"),
    ("has(«1 + 1»)", "WF033", "'has' takes a field", "has(group.field)"),
    ("testing.name.matches(«'('»)", "WF033", "pattern is not right", None),
    ("testing.name.matches(«testing.name»)", "WF033", "written out", None),
    ("«result».score > 1", "WF035", "'result' is not available here", "service"),
    ("testing.score «=» 3", "WF030", "unexpected '='", "write =="),
    ("testing.score «===» 3", "WF030", "unexpected '==='", "write =="),
    ("open «&» open", "WF030", "unexpected '&'", "write &&"),
    ("2«**»3", "WF030", "unexpected '**'", "no power operator"),
    ("«import» os", "WF030", "reserved word", None),
    ("«lambda» x: x", "WF030", "reserved word", None),
    ("«__class__»", "WF031", "no field '__class__'", None),
    ("testing.name.«__class__»", "WF031", "text has no field '__class__'", None),
    ("''.«__class__».__mro__", "WF031", "text has no field '__class__'", None),
    ("«open»('/etc/passwd')", "WF033", "no function 'open'", None),
    ("testing.name == «'»abc", "WF030", "no end", "close it"),
    ("testing.name == «“»abc”", "WF030", "unexpected", "plain quotes"),
    ("testing.score > «6m»onths", "WF030", "is no number", "terms"),
    ("open «open»", "WF030", "unexpected 'open'", "operator is missing"),
    ("open &«&»", "WF030", "ends too early", None),
    ("open == «True»", "WF030", "unexpected 'True'", "write true"),
    ("«»", "WF030", "empty", None),
    ("'\\«»q'", "WF030", "is no escape", None),
    ("«" + "9" * 41 + "»", "WF034", "at most 40 digits", None),
]


@pytest.mark.parametrize(("marked", "code", "message", "hint"), FAULTS, ids=[row[0][:40] for row in FAULTS])
def test_fault(names, marked, code, message, hint):
    """The fault has this code, stands at this place, and its hint says what to do."""
    source = marked.replace("«", "").replace("»", "") if "“" not in marked else "testing.name == “abc”"
    with pytest.raises(ExpressionFault) as caught:
        compile_expression(source, names())
    found = caught.value
    assert (found.code, message in found.message, (hint or "") in (found.hint or "")) == (code, True, True), (
        found.message,
        found.hint,
    )
    start, end = marked.index("«"), marked.index("»") - 1
    if end > start:
        assert source[found.offset : found.offset + found.length] == source[start:end]
    assert "\n" not in found.message


def test_too_costly(fault, names):
    """Two macros over lists may be nested, three may not; the message says why, the hint what to do."""
    two = "testing.clauses.all(a, testing.clauses.exists(b, a.id == b.id && b.verdict == 'met' && b.weight > 1))"
    assert compile_expression(two, names()).cost > 1_000_000
    found = fault(
        "testing.levels.all(a, testing.levels.all(b, testing.levels.all(c, a == b && b == c)))",
    )
    assert (found.code, "nest" in found.hint) == ("WF034", True)
    assert "multiplies" in found.message


def chained(names, first, form, *, most):
    """The code of the fault where definitions use the one before, each in this form."""
    define = {"d0": compile_expression(first, names())}
    for n in range(most):
        try:
            define[f"d{n + 1}"] = compile_expression(form.format(f"d{n}"), names(define=define))
        except ExpressionFault as fault:
            return fault.code
    return None


def test_too_costly_through_defines(names):
    """Costs of definitions add up where they are used, however deep."""
    assert chained(names, "testing.levels.all(a, a > 0)", "{0} && {0}", most=30) == "WF034"


@pytest.mark.parametrize(
    "source",
    [
        "(" * 2000 + "1" + ")" * 2000,
        "[" * 3000,
        "!" * 3000 + "open",
        "-" * 3999,
        "not " * 900 + "open",
        "1" + "+1" * 1900,
        "open ? 1 : " * 300 + "1",
        "testing" + ".a" * 1900,
        "testing.levels" + "[0]" * 1200,
        "has(" * 900,
        "x" * 4001,
        "testing.levels" + ".filter(x, true)" * 200,
        "testing.levels.map(x, " * 100,
    ],
    ids=lambda source: source[:12],
)
def test_too_deep(names, source):
    """Depth and length are bounded before anything recurses."""
    with pytest.raises(ExpressionFault) as caught:
        compile_expression(source, names())
    assert caught.value.code in {"WF030", "WF031", "WF034"}


def test_long_conditions_are_fine(value):
    """Many conditions side by side are not deep."""
    assert value(" || ".join(f"testing.score == {n}" for n in range(150))) is True


def test_deep_through_defines(names):
    """Definitions that use each other do not add up to a deeper stack than is safe."""
    assert chained(names, "open", "!{0}", most=300) == "WF034"


def test_defines_where_their_names_are_not(names):
    """A definition that uses event data is refused where there is no event, or another type of it."""
    late = compile_expression("event.reasons == 'late'", names())
    votes = compile_expression("answers.exists(a, a.vote == 'no')", names())
    for changes in ({"event": None}, {"event": {"region": names().event["region"]}}):
        with pytest.raises(ExpressionFault) as caught:
            compile_expression("open && late", names(define={"late": late}, **changes))
        assert (caught.value.code, caught.value.offset) == ("WF035", 8)
    with pytest.raises(ExpressionFault) as caught:
        compile_expression("votes", names(define={"votes": votes}, answers=None))
    assert caught.value.code == "WF035"
