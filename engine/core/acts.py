"""Actions of a definition, one class a verb (LANGUAGE §2.8); what they do in a step is left to machine/actions."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.core.diagnostics import NOWHERE, Mark
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.expressions.expression import Expression
    from engine.core.naming import Field, Who
    from engine.core.terms import Term


@frozen
class Notify:
    """`notify:`; `delivered` is the path that gets the time of proven delivery."""

    to: tuple[Who, ...]
    template: str
    delivered: str | None = None
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Open:
    """`open: workflow`: the new case is a child of this one."""

    workflow: str
    values: Mapping[str, Expression]
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Send:
    """`send: event`; to `parent`, `children` or every open case of a workflow that has the values of `where`."""

    event: str
    to: str
    where: Mapping[str, Expression]
    values: Mapping[str, Expression]
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Call:
    """`call: adapter.operation`, as an action (its answer is recorded and not used) or as a service state's work."""

    adapter: str
    operation: str
    values: Mapping[str, Expression]
    result: Mapping[str, Field] = field(default_factory=dict)
    retry_times: int | None = None
    retry_wait: Term | None = None
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


class CertificateVerb(StrEnum):
    """What can be done to a certificate inside a step's transaction."""

    RESERVE = "reserve"
    NEW_ISSUE = "new_issue"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    WITHDRAW = "withdraw"
    TERMINATE = "terminate"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    ANNUL = "annul"


@frozen
class CertificateAction:
    """`certificate: verb`."""

    verb: CertificateVerb
    effective_from: Expression | None = None
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


class RegisterVerb(StrEnum):
    """What can be done to the register entry itself; for the rest it follows the certificate."""

    LIST = "list"
    UPDATE = "update"


@frozen
class RegisterAction:
    """`register: verb`: `list` enters the product, copying the facts; `update` copies them anew, its status stays."""

    verb: RegisterVerb
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class NewPeople:
    """`new_people: [role]`: nobody who acted in these roles in this case may take them again."""

    roles: tuple[str, ...]
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


Action = Notify | Open | Send | Call | CertificateAction | RegisterAction | NewPeople
