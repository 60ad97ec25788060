"""Definitions and event data that nothing uses (WF123)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import Extension, FormItem, Panel
from engine.core.diagnostics import NOWHERE
from engine.core.expressions.ast import Defined, Node, children
from engine.core.expressions.expression import Expression
from engine.core.fixes import Remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import Workflow
    from engine.verify.findings import Report
    from engine.verify.parts import Parts


def check_unused(workflow: Workflow, parts: Parts, report: Report) -> None:
    """Each `define`d name is used by something else, each field of event data is asked for."""
    used = {name for expression in parts.of(Expression) for name in _defined(expression.tree)}
    for name, expression in workflow.define.items():
        if name not in used:
            message = f"nothing uses the definition '{name}'"
            fix = Remove(NOWHERE, inside=("define", name))
            report.say("WF123", expression.mark or workflow.root.mark, message, "use it, or take it out", fix=fix)
    asked = {item.path for item in parts.of(FormItem) if item.event_data}
    asked |= {"reasons"} if parts.of(Extension) else set()
    asked |= {item.path for panel in parts.of(Panel) for item in panel.form}
    for name, field in workflow.event_fields.items():
        if name not in asked:
            message = f"no form asks for the event data '{name}'"
            fix = Remove(NOWHERE, inside=("event_data", name))
            report.say("WF123", field.mark, message, "put it into a form, or take it out", fix=fix)


def _defined(tree: object) -> Iterator[str]:
    """The names that an expression uses, and those that these use."""
    if not isinstance(tree, Node):
        return
    if isinstance(tree, Defined):
        yield tree.name
    for inner in children(tree):
        yield from _defined(inner)
