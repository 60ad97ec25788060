"""Fields that nobody gives or reads, and fields that are read and cannot have a value (WF097, WF098)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.acts import Notify, Open, Send
from engine.core.definition import Assignment, Children, Deadline, FormItem, Panel
from engine.core.expressions.ast import Field as Path
from engine.core.expressions.ast import Has, Node, children
from engine.core.expressions.expression import Expression
from engine.core.fixes import Remove
from engine.core.naming import Who, by_group
from engine.core.types import Kind
from engine.verify.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.core.definition import Workflow
    from engine.core.naming import Field
    from engine.verify.findings import Report


def check_fields(workflow: Workflow, parts: Parts, others: Mapping[str, Workflow], report: Report) -> None:
    """Every field is given by somebody or read by something; what is read can be there."""
    given = given_by(workflow, parts)
    asked = {path for role in workflow.roles.values() for path in role.where.values()}
    asked |= {who.name for who in parts.of(Who) if who.kind == "person"}
    asked |= {ask.persons for panel in parts.of(Panel) for ask in panel.ask if ask.persons}
    asked |= {duty.interest for duty in workflow.duties if duty.interest}
    asked |= set(workflow.unique.of) if workflow.unique is not None else set()
    asked |= {path for other in others.values() for path in _named_by(other)}
    for expression in parts.of(Expression):
        asked |= expression.reads
    for path, field in workflow.fields.items():
        if path not in given and path not in asked:
            hint = "put it into a form, or take it out"
            report.say("WF097", field.mark, f"nobody ever gives or reads '{path}'", hint, fix=Remove(field.mark))
    _check_readable(workflow, parts, report)


def empty_fields(workflow: Workflow, parts: Parts) -> set[str]:
    """The fields that can have no value: nobody gives them, and they have no default."""
    given = given_by(workflow, parts)
    return {path for path, field in workflow.fields.items() if path not in given and not is_there(field)}


def _check_readable(workflow: Workflow, parts: Parts, report: Report) -> None:
    empty = empty_fields(workflow, parts)
    reported: set[str] = set()
    for path, expression in needed(parts):
        if path in empty and path not in reported:
            reported.add(path)
            mark = expression.mark or workflow.fields[path].mark
            hint = "ask for it in a form, set it, give it a default, or ask `has(…)` first"
            report.say("WF098", mark, f"'{path}' is read here and can have no value", hint)


def given_by(workflow: Workflow, parts: Parts) -> set[str]:
    """The fields that some parts of a workflow may write."""
    sets = {item.path for item in parts.of(Assignment) if item.expression is not None}
    return written_by_others(workflow, parts) | sets


def written_by_others(workflow: Workflow, parts: Parts) -> set[str]:
    """The fields that something else than a `set` writes: a form, an answer, a delivery."""
    return {path for item in _written(parts) for path in fields_of(item, workflow)}


def _written(parts: Parts) -> Iterator[str]:
    """Paths and groups, as they are written."""
    yield from (item.path for item in parts.of(FormItem))
    yield from (action.delivered for action in parts.of(Notify) if action.delivered)
    yield from (panel.into for panel in parts.of(Panel))


def fields_of(path: str, workflow: Workflow) -> list[str]:
    """The fields that a path of a form means: one, all of a group, the list of a column."""
    for known in (path, path.rpartition(".")[0]):
        if known in workflow.fields:
            return [known]
    return by_group(tuple(workflow.fields)).get(path, [])


def _named_by(other: Workflow) -> set[str]:
    """Paths that another workflow names when it looks for cases (`where`) or gives values."""
    parts = Parts(other)
    sends = {path for send in parts.of(Send) for path in (*send.values, *send.where)}
    opened = [one.values for one in parts.of(Open)] + [one.values for one in parts.of(Children)]
    return sends | {path for values in opened for path in values or ()}


def is_there(field: Field) -> bool:
    """Whether a field has a value without anybody giving it."""
    return field.default is not None or field.type.kind in {Kind.LIST, Kind.MAP}


def needed(parts: Parts) -> Iterator[tuple[str, Expression]]:
    """What has to have a value where it is read; a deadline waits for the field that it begins with (WF118)."""
    begins = [one for deadline in parts.of(Deadline) for one in (deadline.start, deadline.at)]
    for expression in parts.of(Expression):
        if not (isinstance(expression.tree, Path) and any(expression is one for one in begins)):
            yield from needed_by(expression)


def needed_by(expression: Expression) -> Iterator[tuple[str, Expression]]:
    """What an expression reads and does not ask for by `has` first."""
    yield from ((path, expression) for path in sorted(expression.reads - _asked_for(expression)))


def _asked_for(expression: Expression) -> set[str]:
    """Paths that the same expression asks for by `has`."""
    return set(_has(expression.tree)) if isinstance(expression.tree, Node) else set()


def _has(tree: Node) -> Iterator[str]:
    if isinstance(tree, Has) and isinstance(tree.operand, Path):
        yield tree.operand.path
    for inner in children(tree):
        yield from _has(inner)
