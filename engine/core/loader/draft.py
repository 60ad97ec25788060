"""What is known of a workflow while it is being read: names first, then what refers to them; shared by all parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.core.expressions.compiler import Names
from engine.core.frozen import frozen
from engine.core.loader.tree import Tree
from engine.core.types import DATE, INTEGER, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.expressions.expression import Expression
    from engine.core.loader.reader import Reader
    from engine.core.loader.yaml_nodes import Node
    from engine.core.naming import Field, Role, Text

CERTIFICATE_STATUS = (
    "reserved",
    "valid",
    "suspended",
    "withdrawn",
    "terminated",
    "expired",
    "superseded",
    "annulled",
)
CERTIFICATE_FACTS: Mapping[str, Type] = {
    "certificate.number": TEXT,
    "certificate.issue": INTEGER,
    "certificate.status": Type(Kind.CHOICE, options=CERTIFICATE_STATUS),
    "certificate.token": TEXT,
}
REGISTER_FACTS: Mapping[str, Type] = {
    "register.entry_no": TEXT,
    "register.status": Type(Kind.CHOICE, options=("listed", "suspended", "delisted")),
    "register.listed_on": DATE,
}


@frozen
class Here:
    """Where an expression stands: the state for names of states, and what is available besides data."""

    state: str = ""
    event: Mapping[str, Type] | None = None
    result: Mapping[str, Type] | None = None
    answers: Type | None = None
    bound: Mapping[str, Type] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class Draft:
    """The names of a workflow. `broken` are names that were reported: what mentions them is not reported again."""

    reader: Reader
    top: dict[str, Node]
    name: str = ""
    note: Text | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    groups: dict[str, Text | None] = field(default_factory=dict)
    group_notes: dict[str, Text] = field(default_factory=dict)
    event_fields: dict[str, Field] = field(default_factory=dict)
    sealed: dict[str, Node] = field(default_factory=dict)  # path of a group or field → its condition
    tree: Tree = field(default_factory=Tree)
    paths: dict[str, Type] = field(default_factory=dict)  # what expressions may name
    define: dict[str, Expression] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def names(self, here: Here) -> Names:
        """What an expression may name here."""
        return Names(
            paths=self.paths,
            event=here.event,
            result=here.result,
            answers=here.answers,
            children=True,
            bound=here.bound,
            define=self.define,
            state=lambda name: self.tree.find(name, here.state).path,
        )
