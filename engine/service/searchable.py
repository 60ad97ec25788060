"""What a case is found by: its index values, and the key that keeps it the only one of its kind."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.core.types import Kind
from engine.core.values import canonical, instant
from engine.service.pinned import Pinned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.case import Case
    from engine.core.definition import FormItem, Workflow

MAX_TEXT = 300
OPENED_BY = "case.opened_by"
_PLAIN = {Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.CHOICE, Kind.CODE, Kind.BOOLEAN}
_FACTS = ("certificate.number", "certificate.status", "register.entry_no", "register.status")


def index_paths(workflow: Workflow) -> tuple[str, ...]:
    """The fields of roles' `where`, of `unique` and of the opening form, as far as they are single plain values, never sealed."""
    return _index_paths(Pinned(workflow))


@lru_cache(maxsize=256)
def _index_paths(pinned: Pinned[Workflow]) -> tuple[str, ...]:
    workflow = pinned.it
    wanted = [path for role in workflow.roles.values() for path in role.where.values()]
    wanted += workflow.unique.of if workflow.unique else ()
    wanted += [path for item in workflow.opening.form for path in _paths(item, workflow)]
    fields = [(path, workflow.fields[path]) for path in wanted if path in workflow.fields]
    plain = [path for path, field in fields if field.type.kind in _PLAIN and field.sealed is None]
    return tuple(dict.fromkeys([*plain, *_FACTS]))


def index(workflow: Workflow, case: Case) -> dict[str, str]:
    """The index values a case has, as texts, and who opened it."""
    found = {path: as_text(case.data[path]) for path in index_paths(workflow) if path in case.data}
    return {**found, OPENED_BY: case.opened_by.id} if case.opened_by.kind == "person" else found


def found_alike(before: Case, after: Case) -> bool:
    """Whether a step has left all that index and key are made of: the data, and where the case is (it closes by moving)."""
    return after.data is before.data and after.positions == before.positions


def as_text(value: Any) -> str:
    """A plain value as it is searched for."""
    if type(value) is str:  # by far the most
        return value[:MAX_TEXT]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)[:MAX_TEXT]


def unique_key(workflow: Workflow, case: Case) -> str | None:
    """The combination that no other case may have now; None while none is guarded.

    That is: no `unique`, closed, none of its states active, or a value still missing.
    """
    rule = workflow.unique
    if rule is None or case.closed_at is not None:
        return None
    if rule.during and not any(_inside(p.state, state) for p in case.positions for state in rule.during):
        return None
    values = [case.data.get(path) for path in rule.of]
    return None if any(value is None for value in values) else canonical(values)


def fits(data: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether a case's data has these values."""
    return all(path in data and data[path] == value for path, value in where.items())


def _inside(state: str, outer: str) -> bool:
    return state == outer or state.startswith(f"{outer}.")


def _paths(item: FormItem, workflow: Workflow) -> list[str]:
    if item.mode == "group":
        return [path for path in workflow.fields if path.startswith(f"{item.path}.")]
    return [] if item.event_data or item.mode != "field" else [item.path]
