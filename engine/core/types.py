"""The types of values that a case holds; shared by fields, forms and expressions.

Python values: text, choice, code, file → str · integer → int · number → Decimal · boolean → bool · date → date ·
datetime → aware datetime in UTC · money, address, person, party, document → dict with the members below ·
map → dict, not looked into · list → tuple. A field without a value is absent, never None.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """The words for types in a workflow file, and those that only expressions have."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    MONEY = "money"
    CODE = "code"
    ADDRESS = "address"
    PERSON = "person"
    PARTY = "party"
    FILE = "file"
    DOCUMENT = "document"
    LIST = "list"
    MAP = "map"
    # expressions only
    RECORD = "record"  # a list's row, `event`, `actor`, `case`
    DURATION = "duration"
    NULL = "null"
    ANY = "any"  # what a map holds: not looked into


@frozen
class Type:
    """A type: `item` for lists, `members` for records (rows of a list, persons, documents, …), `options` for choices."""

    kind: Kind
    item: Type | None = None
    members: Mapping[str, Type] = field(default_factory=lambda: MappingProxyType({}))
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind is Kind.LIST and self.item is not None:
            return f"list of {self.item}"
        return self.kind.value


TEXT = Type(Kind.TEXT)
INTEGER = Type(Kind.INTEGER)
NUMBER = Type(Kind.NUMBER)
BOOLEAN = Type(Kind.BOOLEAN)
DATE = Type(Kind.DATE)
DATETIME = Type(Kind.DATETIME)
DURATION = Type(Kind.DURATION)
NULL = Type(Kind.NULL)
ANY = Type(Kind.ANY)

MEMBERS: Mapping[Kind, Mapping[str, Type]] = MappingProxyType(
    {
        Kind.MONEY: MappingProxyType({"amount": NUMBER, "currency": TEXT}),
        Kind.ADDRESS: MappingProxyType(
            dict.fromkeys(("country", "region", "city", "street", "postal_code", "text"), TEXT)
        ),
        Kind.PERSON: MappingProxyType(dict.fromkeys(("id", "name", "email", "phone", "locale", "timezone"), TEXT)),
        Kind.PARTY: MappingProxyType(dict.fromkeys(("id", "name", "tax_id"), TEXT)),
        Kind.DOCUMENT: MappingProxyType(
            {
                "kind": TEXT,
                "title": TEXT,
                "number": TEXT,
                "revision": TEXT,
                "standard": TEXT,
                "approved_on": DATE,
                "valid_until": DATE,
                "file": TEXT,
                "sha256": TEXT,
            }
        ),
    }
)
"""Members of the built-in record kinds; none is obligatory, but one must have a value. A plain text is accepted for an
address (→ `text`), a person (→ `name`), a party (→ `id`) and a document (→ `number`)."""
