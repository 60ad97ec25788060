"""Every error the engine raises, and nothing else; what each means over HTTP is said in api/problems.py.

MilepostError
├── InvalidWorkflow            the definition has findings; nothing was published
├── NotFound
│   ├── CaseNotFound           (also: the caller may not know that it exists)
│   ├── CasePruned             closed long ago; what proves it is kept
│   ├── WorkflowNotFound
│   ├── EffectNotFound
│   ├── ImportNotFound         (also: it is somebody else's)
│   └── CertificateNotFound
├── Refused                    the step says no; nothing was stored
│   ├── EventNotAllowed        no active state takes this event
│   ├── ActorNotAllowed        the sender is not among its `by`
│   ├── DutyConflict           an earlier act of this person stands against it
│   ├── InvalidPayload         the form is not filled in as it has to be
│   ├── GuardRefused           every arm's condition is false
│   ├── GuardFailed            a condition could not be decided
│   ├── FactNotAllowed         the certificate or the register does not go this way
│   ├── ConflictingSets        two regions set one field in one step
│   ├── StepTooLong            the automatic part of a step does not come to rest
│   ├── ImportRefused          a table is not taken as it was asked; nothing was opened
│   └── DuplicateCase          `unique` is taken by an open case
├── CaseChanged                the caller saw an older state of the case
├── KeyReused                  an Idempotency-Key came again with another body
├── NotAuthenticated           no token, or one that is unknown, expired or revoked
├── TooManyRequests            more than this caller may send in a time
├── Unavailable                the store is busy or closed; try again
└── DeliveryFailed             an adapter could not deliver (again later, or never)
    └── ReceiverGone           who was to have it says that he is there no more
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.core.diagnostics import Diagnostic


class MilepostError(Exception):
    """Root of all; `str(error)` is one line: fact; what is allowed instead."""


class InvalidWorkflow(MilepostError):
    """A definition with findings of severity error."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0]
        more = f" and {len(self.diagnostics) - 1} more" if len(self.diagnostics) > 1 else ""
        super().__init__(f"{first.location}: {first.message}{more}")


class NotFound(MilepostError):
    """There is no such thing, or the caller may not know of it."""


class CaseNotFound(NotFound):
    """No such case for this caller."""


class CasePruned(NotFound):
    """The case was closed and, after its term, pruned; what proves it is kept."""


class WorkflowNotFound(NotFound):
    """No such workflow, or no such version of it."""


class EffectNotFound(NotFound):
    """No such effect."""


class ImportNotFound(NotFound):
    """No such import of this person."""


class CertificateNotFound(NotFound):
    """No certificate has this number or token."""


class Refused(MilepostError):
    """The step says no; nothing was stored."""


class EventNotAllowed(Refused):
    """No active state takes this event; `allowed` lists what the sender could send now."""

    def __init__(self, message: str, *, event: str, allowed: Sequence[str] = ()) -> None:
        self.event, self.allowed = event, tuple(allowed)
        super().__init__(message)


class ActorNotAllowed(Refused):
    """The sender is not among those who may send it; `by` names them."""

    def __init__(self, message: str, *, event: str, by: Sequence[str] = ()) -> None:
        self.event, self.by = event, tuple(by)
        super().__init__(message)


class DutyConflict(Refused):
    """A duty stands against this person; `act` names the earlier act, or None where a declaration is missing."""

    def __init__(self, message: str, *, duty: str, act: str | None = None) -> None:
        self.duty, self.act = duty, act
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field of a payload that is not right; `code` is a stable word: missing, unknown, type, range, pattern, …"""

    path: str
    code: str
    text: str

    def __post_init__(self) -> None:
        """The path may be a sender's own word: it is kept printable, so that messages stay one line."""
        if not self.path.isprintable():
            object.__setattr__(self, "path", "".join(c if c.isprintable() else "?" for c in self.path))


class InvalidPayload(Refused):
    """The form is not filled in as it has to be; `problems` has an entry a field."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        more = f" and {len(self.problems) - 1} more" if len(self.problems) > 1 else ""
        super().__init__(f"{first.path}: {first.text}{more}")


class GuardRefused(Refused):
    """Every arm's condition is false; `false` names the conditions, `missing` the fields without a value."""

    def __init__(self, message: str, *, event: str, false: Sequence[str], missing: Sequence[str]) -> None:
        self.event, self.false, self.missing = event, tuple(false), tuple(missing)
        super().__init__(message)


class GuardFailed(Refused):
    """A condition or expression could not be decided (a missing value, a division by zero)."""

    def __init__(self, message: str, *, expression: str, values: Mapping[str, Any], line: int) -> None:
        self.expression, self.values, self.line = expression, dict(values), line
        super().__init__(message)


class FactNotAllowed(Refused):
    """The certificate or register entry cannot go from its present status to the one asked for."""


class ConflictingSets(Refused):
    """Two regions set one path in one step."""


class StepTooLong(Refused):
    """The automatic part of a step did not come to rest within the bound."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one cell (or a row, then `column` is ""); with `warning` it is only to be known.

    `code` as in FieldProblem, or formula, error, merged, digits, duplicate, changed, running, refused, listed,
    known, not-allowed.
    """

    row: int
    column: str
    code: str
    text: str
    warning: bool = False


class ImportRefused(Refused):
    """A table is not taken as it was asked; `rows` are the first problems, a row may have several."""

    def __init__(self, message: str, *, rows: Sequence[RowProblem] = ()) -> None:
        self.rows = tuple(rows)
        super().__init__(message)


class DuplicateCase(Refused):
    """`unique` is taken; `holder` is the id of the open case that has it, `number` its number; None: it is not to be told."""

    def __init__(self, message: str, *, number: str | None, holder: str | None = None) -> None:
        self.number, self.holder = number, holder
        super().__init__(message)


class CaseChanged(MilepostError):
    """If-Match names an older state; `etag` is the present one."""

    def __init__(self, message: str, *, etag: str) -> None:
        self.etag = etag
        super().__init__(message)


class KeyReused(MilepostError):
    """An Idempotency-Key came again with another body."""


class NotAuthenticated(MilepostError):
    """No token, or one that is unknown, expired or revoked."""


class TooManyRequests(MilepostError):
    """This caller has to wait; `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Unavailable(MilepostError):
    """The store is busy or closed; `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class DeliveryFailed(MilepostError):
    """An adapter did not deliver; `retry_after` seconds, or None: refused for good, do not retry."""

    def __init__(self, message: str, *, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class ReceiverGone(DeliveryFailed):
    """Who was to have it says that he is there no more, and wants nothing of the kind."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=None)
