"""What a file becomes: names resolved, arms flattened, defaults made plain."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.core.definition import FormItem, StateKind, Workflow
from engine.core.diagnostics import Severity
from engine.core.expressions.expression import Scope
from engine.core.loader.load import load, load_or_raise
from engine.core.naming import Who
from engine.core.terms import Term, Unit
from engine.core.types import Kind
from engine.errors import InvalidWorkflow

EVERYTHING = Path(__file__).with_name("everything.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def whole() -> Workflow:
    """The file with every key."""
    return load_or_raise(EVERYTHING, file="everything.yaml")


def scope(**data) -> Scope:
    """Data by path (`order__day` for `order.day`) as an expression sees it."""
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    return Scope(data={k.replace("__", "."): v for k, v in data.items()}, now=moment, zone=ZoneInfo("UTC"))


def test_states_are_there_by_full_path_in_file_order(whole):
    """The root is a stage with an empty path; `order` counts through the file."""
    assert list(whole.states)[:6] == ["", "first", "works", "works.left", "works.left.a", "works.left.b"]
    assert [s.path for s in whole.root.walk()] == list(whole.states)
    assert [s.order for s in whole.root.walk()] == list(range(len(whole.states)))
    assert {s.kind for s in whole.states.values()} == set(StateKind)
    assert (whole.root.initial, whole.states["second"].initial) == ("first", "second.vote")


def test_choose_is_flattened(whole):
    """What stands beside `choose` stands in each arm, first; each has an id of its own and full paths."""
    first, second = whole.states["first"].events["go"].arms
    assert (first.id, second.id) == ("first:go#1", "first:go#2")
    assert [e.source for e in first.when] == ["has(order.day)", "many"]
    assert [(a.path, a.expression and a.expression.source) for a in first.set] == [
        ("count", "count + 1"),
        ("order.kind", "a"),
        ("order.day", None),
        ("order.scheme", "3"),
    ]
    assert (first.to, first.keep, second.keep) == ("works", ("works.left",), ("works",))
    assert [type(a).__name__ for a in first.actions] == ["CertificateAction", "Notify"]
    assert [e.source for e in second.when] == ["has(order.day)"]


def test_arm_ids_are_unique(whole):
    """Every arm of a file can be told apart in a history."""
    ids = []
    for state in whole.root.walk():
        handlers = [arm for h in state.events.values() for arm in h.arms]
        deadlines = [arm for d in state.deadlines.values() for arm in d.arms]
        ids += [arm.id for arm in (*handlers, *deadlines, *state.done, *state.failed, *state.choose)]
    assert len(ids) == len(set(ids)) > 15


def test_a_deadline_is_complete(whole):
    """Terms, default rolls, short and long reminders, rungs and extensions."""
    deadlines = whole.states["first"].deadlines
    one = deadlines["one"]
    assert (one.after, one.roll, one.counts) == (Term(20, Unit.WORKING_DAYS), "next", "operator")
    assert one.remind is not None
    assert (one.remind.before, one.remind.template) == ((Term(5, Unit.WORKING_DAYS), Term(24, Unit.HOURS)), "soon")
    assert one.remind.to == (Who("role", "clerk", supervisor=True),)
    assert [(str(r.to), r.after) for r in one.escalate] == [("clerk", None), ("clerk.supervisor", Term(2, Unit.DAYS))]
    assert one.extend is not None
    assert one.extend.notify == (Who("turn"), Who("role", "buyer"))
    assert (deadlines["two"].roll, deadlines["three"].roll) == ("none", "next")
    three = deadlines["three"].remind
    assert three is not None
    assert (three.to, three.template, deadlines["three"].arms) == ((), "reminder", ())
    assert whole.root.deadlines["whole"].roll == "next"


def test_fields_have_their_types_and_defaults(whole):
    """Bare and full types, choices that keep their spelling, lists of rows, seals of fields and groups."""
    fields = whole.fields
    assert fields["order.scheme"].type.options == ("1a", "1b", "3", "5")
    assert (fields["order.kind"].default, fields["count"].default) == ("a", 0)
    assert str(fields["order.kind"].options["b"].say("ru")) == "Бета"
    assert (fields["order.lines"].key, list(fields["order.lines"].columns)) == ("line_no", ["line_no", "qty"])
    assert fields["order.team"].item is not None
    assert fields["order.team"].item.type.kind is Kind.PERSON
    assert [
        f and f.source for f in (fields["order.secret"].sealed, fields["order.buyer"].sealed, fields["count"].sealed)
    ] == [
        "count > 3",
        "count > 5",
        None,
    ]
    assert str(whole.groups["order"]) == "The order"


def test_who_may_be_many_things(whole):
    """Roles, supervisors, the system, workflows in `by`; turn, subscribers and persons in `notify`."""
    assert [str(w) for w in whole.states["first"].events["go"].by] == ["clerk", "system", "everything"]
    assert [w.kind for w in whole.states["first"].events["go"].by] == ["role", "system", "workflow"]
    assert [w.kind for w in whole.states["first"].enter[0].to] == ["role", "turn", "subscribers", "person"]
    assert (whole.states["works"].turn, whole.states["first"].turn, whole.states["works.right"].turn) == (
        (),
        (Who("role", "clerk"),),
        None,
    )


def test_forms_know_what_each_entry_is(whole):
    """Event data, list additions, groups and columns."""
    go = whole.states["first"].events["go"].form
    assert go == (
        FormItem("reasons", must=True, event_data=True, mark=go[0].mark),
        FormItem("from_day", event_data=True, mark=go[1].mark),
        FormItem("order.lines", "add", mark=go[2].mark),
    )
    source = EVERYTHING.replace("form: [reasons!, from_day, order.lines+]", "form: [order!, order.lines.qty, count]")
    form = load_or_raise(source, file="f").states["first"].events["go"].form
    assert [(i.path, i.mode, i.must, i.column) for i in form] == [
        ("order", "group", True, None),
        ("order.lines", "column", False, "qty"),
        ("count", "field", False, None),
    ]


def test_facts_of_the_certificate_have_types(whole):
    """They are as their expressions; number, issue, status and token stand beside them."""
    source = EVERYTHING.replace("many: count > 5", 'many: certificate.status == "valid" && has(certificate.holder)')
    assert load(source, file="f").diagnostics == ()
    assert whole.certificate is not None
    assert whole.certificate.facts["holder"].type.kind is Kind.TEXT
    loop = EVERYTHING.replace("  holder: order.buyer", "  holder: certificate.number")
    assert [d.code for d in load(loop, file="f").diagnostics] == ["WF031"]


def test_an_expression_is_compiled_where_it_stands(whole):
    """Conditions run on data; numbers, booleans and bare options are values of their fields."""
    first = whole.states["first"].events["go"].arms[0]
    assert first.when[1].run(scope(count=6)) is True
    assert first.set[0].expression.run(scope(count=6)) == 7
    assert first.set[1].expression.constant == "a"
    source = EVERYTHING.replace(
        "count: {type: integer, default: 0, min: 0, max: 10,", "count: {type: number, default: 0.5, max: 1,"
    )
    assert load_or_raise(source, file="f").fields["count"].default == Decimal("0.5")


def test_a_define_may_come_before_what_it_uses(whole):
    """The order in the file does not matter; a name may use another."""
    source = EVERYTHING.replace("many: count > 5", "very: many && some\n  many: some || count > 5\n  some: count > 1")
    assert list(load_or_raise(source, file="f").define) != []


NESTED = """
states:
  a:
    initial: x
    turn: clerk
    states:
      x: {}
      y: {}
      only: {}
  b:
    turn: clerk
    initial: x
    states:
      x: {}
      z: {initial: deep, states: {deep: {}, x: {}}}
  y: {turn: clerk}
"""


@pytest.mark.parametrize(
    ("at", "name", "means"),
    [
        ("a", "x", "a.x"),
        ("a.x", "y", "a.y"),
        ("b.x", "y", "y"),
        ("b.z.deep", "x", "b.z.x"),
        ("b.z.x", "x", "b.z.x"),
        ("b.z", "x", "b.z.x"),
        ("y", "only", "a.only"),
        ("y", "deep", "b.z.deep"),
        ("y", "b.z.x", "b.z.x"),
        ("a.x", "b.x", "b.x"),
        ("y", "z.x", "b.z.x"),
        ("", "y", "y"),
        ("", "x", None),
        ("y", "b.deep", None),
        ("y", "nothing", None),
    ],
)
def test_a_name_means_the_nearest_state(small, at, name, means):
    """Inside, a sibling, a sibling of one around; else the only one of that name; dots go inside (LANGUAGE §3.3)."""
    from engine.core.loader.draft import Draft
    from engine.core.loader.outline import outline_root
    from engine.core.loader.reader import Reader
    from engine.core.loader.yaml_nodes import MapNode, read

    node, _ = read(NESTED, file="f")
    assert isinstance(node, MapNode)
    draft = Draft(Reader("f"), {key.text: value for key, value in node.entries})
    outline_root(draft)
    assert draft.tree.find(name, at).path == means


def test_a_typo_that_could_be_a_workflow_is_a_warning(small):
    """A sender that is no role is a workflow; where it looks like a role, that is said, and the file still loads."""
    loaded = load(small.replace("by: clerk, form: [reasons!]", "by: clerc, form: [reasons!]"), file="s")
    assert [(d.code, d.severity, d.hint) for d in loaded.diagnostics] == [
        ("WF024", Severity.WARNING, "did you mean 'clerk'?")
    ]
    assert loaded.workflow is not None


def test_a_faulty_file_raises_with_all_its_errors(small):
    """`load_or_raise` says the first in its message and has them all."""
    with pytest.raises(InvalidWorkflow, match=r"^s.yaml:8:11: role 'clerk' has no key 'titel' and 1 more$") as caught:
        load_or_raise(small.replace("title: Clerk", "titel: Clerk").replace("due: date", "due: dat"), file="s.yaml")
    assert len(caught.value.diagnostics) == 2
