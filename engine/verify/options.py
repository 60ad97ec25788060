"""Options of choices that a field can never have (WF115): no form gives them, no `set` and no default.

A form gives every option; whether people need all of them is not for a program to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import Assignment, FormItem
from engine.core.types import Kind
from engine.verify.giving import texts
from engine.verify.reads import fields_of

if TYPE_CHECKING:
    from engine.core.definition import Workflow
    from engine.verify.findings import Report
    from engine.verify.parts import Parts


def check_options(workflow: Workflow, parts: Parts, report: Report) -> None:
    """Each option of a field that only `set` writes is set somewhere, or is what it begins with."""
    given = {path for item in parts.of(FormItem) for path in fields_of(item.path, workflow)}
    for path, field in workflow.fields.items():
        if field.type.kind is not Kind.CHOICE or path in given:
            continue
        values = [field.default] if isinstance(field.default, str) else []
        for item in parts.of(Assignment):
            if item.path == path and item.expression is not None:
                said = texts(item.expression.tree)
                if said is None:
                    break
                values += said
        else:
            never = [option for option in field.type.options if option not in values]
            if never and values:
                names = ", ".join(f"'{option}'" for option in never)
                message = f"'{path}' can never be {names}: no form gives it and no `set` says so"
                report.say("WF115", field.mark, message, "set it, ask for it in a form, or take it out")
