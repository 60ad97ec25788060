"""What an expression may name where it stands, statically; filled by the loader, read by the checker."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.core.types import BOOLEAN, DATETIME, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.core.expressions.expression import Expression


def no_state(_: str) -> str | None:
    """Where no state may be named."""
    return None


@frozen
class Names:
    """`paths`: data paths `group.field` and `field`, `certificate.*` and `register.*` among them.

    `event`, `result`: members, or None where they are not available (`event.name`, `at`, `by` are always added).
    `answers`: the record type of a row, or None. `bound`: what `as` binds. `define`: usable by bare name. `state`
    resolves a state's name as written here to its full path; None: no such state.
    """

    paths: Mapping[str, Type]
    event: Mapping[str, Type] | None = None
    result: Mapping[str, Type] | None = None
    answers: Type | None = None
    children: bool = False
    bound: Mapping[str, Type] = field(default_factory=lambda: MappingProxyType({}))
    define: Mapping[str, Expression] = field(default_factory=lambda: MappingProxyType({}))
    state: Callable[[str], str | None] = no_state


EVENT: Mapping[str, Type] = MappingProxyType({"name": TEXT, "at": DATETIME, "by": TEXT})
ACTOR: Mapping[str, Type] = MappingProxyType({"id": TEXT, "party": TEXT, "roles": Type(Kind.LIST, item=TEXT)})
CASE: Mapping[str, Type] = MappingProxyType({"number": TEXT, "opened_at": DATETIME})
CHILD = Type(
    Kind.RECORD,
    members=MappingProxyType({"number": TEXT, "key": TEXT, "workflow": TEXT, "ended": BOOLEAN, "outcome": TEXT}),
)
SPECIAL = frozenset({"event", "actor", "case", "result", "answers", "children", "now", "today"})
