"""The parts of a definition that name things: texts, roles, fields, senders and receivers."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from engine.core.diagnostics import NOWHERE, Mark
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.expressions.expression import Expression
    from engine.core.types import Type


@frozen
class Text:
    """A text per locale, in file order; a plain text has the single locale ""."""

    values: tuple[tuple[str, str], ...]

    def say(self, locale: str = "") -> str:
        """The text for this reader; a reader without his locale gets the first."""
        for name, value in self.values:
            if name == locale:
                return value
        return self.values[0][1]

    def __str__(self) -> str:
        return self.say()


class Side(StrEnum):
    """Whose clock runs."""

    OPERATOR = "operator"
    APPLICANT = "applicant"


@frozen
class Role:
    """Who may act; `where` maps an attribute of the person to the path it has to equal (or contain)."""

    name: str
    title: Text
    side: Side = Side.OPERATOR
    where: Mapping[str, str] = field(default_factory=dict)
    sees: Literal["own", "assigned", "all", "none"] = "assigned"
    fields: tuple[str, ...] | None = None  # groups or paths; None: all
    hides: tuple[str, ...] = ()
    note: Text | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Field:
    """A typed field; `path` is `group.name`, or `name` for a field outside groups, for event data and for columns."""

    path: str
    type: Type
    title: Text | None = None
    note: Text | None = None
    default: object = None  # a value of the type, or None
    min: object = None  # for text and list: the length
    max: object = None
    pattern: str | None = None
    check: str | None = None  # a named checksum, e.g. ru_inn
    unit: str | None = None
    required: bool = False
    options: Mapping[str, Text] = field(default_factory=dict)
    columns: Mapping[str, Field] = field(default_factory=dict)  # list of rows
    item: Field | None = None  # list of plain values
    key: str | None = None  # the column that tells rows apart
    sealed: Expression | None = None  # the field's own or its group's
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Who:
    """A sender or receiver: kind `role` (name, maybe its supervisor), `system`, `workflow`, `turn`, `subscribers`, or
    `person` (name = path of a person field).
    """

    kind: Literal["role", "system", "workflow", "turn", "subscribers", "person"]
    name: str = ""
    supervisor: bool = False

    def __str__(self) -> str:
        if self.kind in {"system", "turn", "subscribers"}:
            return self.kind
        return f"{self.name}.supervisor" if self.supervisor else self.name


@lru_cache(maxsize=4096)
def group_of(path: str) -> str:
    """The data group of a path; "" for a field outside groups."""
    head, dot, _ = path.partition(".")
    return head if dot else ""


@lru_cache(maxsize=64)
def by_group(paths: tuple[str, ...]) -> Mapping[str, list[str]]:
    """Paths by what stands before their dots, groups in groups too; one workflow asks for the same hundreds of times."""
    found: dict[str, list[str]] = {}
    for path in paths:
        for at, char in enumerate(path):
            if char == ".":
                found.setdefault(path[:at], []).append(path)
    return found
