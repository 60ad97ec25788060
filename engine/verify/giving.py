"""Whether the values of a `with` fill in a receiver's form; who gives them and when is left to the caller."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.core.expressions.ast import Conditional, Literal, Node
from engine.core.expressions.fitting import TEXTS, fits
from engine.core.frozen import frozen
from engine.core.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.definition import FormItem, Workflow
    from engine.core.diagnostics import Mark
    from engine.core.expressions.expression import Expression
    from engine.core.naming import Field
    from engine.core.types import Type

_FROM_TEXT = frozenset({Kind.ADDRESS, Kind.PERSON, Kind.PARTY, Kind.DOCUMENT})


@frozen
class Problem:
    """One value that does not fit the form."""

    code: str
    message: str
    hint: str | None
    mark: Mark | None


def problems(receiver: Workflow, form: tuple[FormItem, ...], values: Mapping[str, Expression]) -> list[Problem]:
    """What is wrong with these values as the content of a form."""
    taken = {path: field for item in form for path, field in _fields(receiver, item)}
    found: list[Problem] = []
    for path, expression in values.items():
        field = taken.get(path)
        if field is None:
            found.append(_untaken(receiver, path, list(taken), expression))
        elif (problem := _type(path, expression, field)) is not None:
            found.append(problem)
    for item in form:
        found += [
            Problem("WF075", f"'{path}' has to be given", f"add {path} to `with`", None)
            for path in _needed(receiver, item)
            if path not in values
        ]
    return found


def _fields(receiver: Workflow, item: FormItem) -> list[tuple[str, Field]]:
    """The paths that an entry of a form takes."""
    if item.event_data:
        return [(item.path, receiver.event_fields[item.path])] if item.path in receiver.event_fields else []
    if item.mode == "group":
        return [(path, field) for path, field in receiver.fields.items() if path.startswith(f"{item.path}.")]
    if item.mode == "column" or item.path not in receiver.fields:
        return []
    return [(item.path, receiver.fields[item.path])]


def _needed(receiver: Workflow, item: FormItem) -> list[str]:
    if not item.must or item.mode == "column":
        return []
    fields = _fields(receiver, item)
    if item.mode == "group":
        return [path for path, field in fields if field.required and field.default is None]
    return [path for path, field in fields if item.event_data or field.default is None]


def _untaken(receiver: Workflow, path: str, taken: list[str], expression: Expression) -> Problem:
    close = get_close_matches(path, taken, 1)
    known = path in receiver.fields or path in receiver.event_fields
    fact = f"'{path}' is not in its form" if known else f"it has no field '{path}'"
    hint = f"did you mean '{close[0]}'?" if close else f"it takes {', '.join(taken[:8]) or 'nothing'}"
    return Problem("WF073", fact, hint, expression.mark)


def _type(path: str, expression: Expression, field: Field) -> Problem | None:
    have, want = expression.type, field.type
    if have.kind in {Kind.ANY, Kind.NULL} or fits(have, want):
        return None
    if want.kind is Kind.NUMBER and have.kind is Kind.INTEGER:
        return None
    if want.kind in _FROM_TEXT and have.kind in TEXTS:
        return None
    if want.kind is Kind.CHOICE and have.kind in TEXTS:
        return _option(path, expression, want)
    return Problem("WF074", f"'{path}' takes {want}, not {have}", f"give a value of type {want}", expression.mark)


def _option(path: str, expression: Expression, want: Type) -> Problem | None:
    """A text that is no option; a choice of which some options fit is checked when it comes, like any other text."""
    said = texts(expression.tree)
    if said is None and set(expression.type.options) & set(want.options):
        return None
    wrong = [text for text in said or expression.type.options if text not in want.options]
    if not wrong:
        return None
    hint = f"options are {', '.join(want.options[:12])}"
    return Problem("WF074", f"'{wrong[0]}' is no option of '{path}'", hint, expression.mark)


def texts(tree: object) -> list[str] | None:
    """All texts that an expression can be; None: not known."""
    if isinstance(tree, Literal) and isinstance(tree.value, str):
        return [tree.value]
    if isinstance(tree, Conditional):
        parts = [texts(branch) for branch in (tree.then, tree.otherwise) if isinstance(branch, Node)]
        known = [part for part in parts if part is not None]
        return [text for part in known for text in part] if len(known) == len(parts) else None
    return None
