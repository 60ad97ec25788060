"""A workflow as frozen values: what the loader makes and everything else reads; it knows neither YAML nor cases.

States are named by their full dotted path from the root (`assessment.evaluation.testing.in_laboratory`); the root is a
stage with the path "". All references (`to`, `keep`, duties, …) are resolved to full paths by the loader.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from engine.core.diagnostics import NOWHERE, Mark
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from engine.core.acts import Action, Call
    from engine.core.expressions.expression import Expression
    from engine.core.mailing import Mailing
    from engine.core.naming import Field, Role, Side, Text, Who
    from engine.core.terms import Term


@frozen
class Assignment:
    """`set: {path: expr}`; expression None empties the field (`null`)."""

    path: str
    expression: Expression | None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class FormItem:
    """One entry of a form.

    mode `field` (a data path, or event data when `path` has no dot and is declared there), `group` (all its fields),
    `add` (`list+`), `column` (`list.column`: path is the list, column the column).
    """

    path: str
    mode: Literal["field", "group", "add", "column"] = "field"
    must: bool = False
    column: str | None = None
    event_data: bool = False
    mark: Mark = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        tail = {"add": "+", "column": f".{self.column}"}.get(self.mode, "")
        return f"{self.path}{tail}{'!' if self.must else ''}"


# ── arms, events, deadlines ──────────────────────────────────────────────────────────────────────────────────────────


@frozen
class Arm:
    """One way to go. `choose` is flattened by the loader: what holds for all its arms stands in each of them.

    `id` names it in history, coverage and findings: `<state path>:<event|deadline|choose|done|failed name>` with `#n`
    (from 1) where there is more than one. `when`: all must be true. `to` None: nothing is left or entered.
    `keep`: full paths of the states (regions, or the target itself for `all`) that come back as they were left.
    """

    id: str
    when: tuple[Expression, ...] = ()
    set: tuple[Assignment, ...] = ()
    to: str | None = None
    keep: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Handler:
    """What a state does on an event."""

    event: str
    by: tuple[Who, ...]
    form: tuple[FormItem, ...]
    arms: tuple[Arm, ...]
    title: Text | None = None
    note: Text | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Reminder:
    """Terms before a deadline, and to whom (empty: to the `turn`)."""

    before: tuple[Term, ...]
    to: tuple[Who, ...] = ()
    template: str = "reminder"


@frozen
class Rung:
    """One addressee of an escalation: when due, or `after` later."""

    to: Who
    after: Term | None = None


@frozen
class Extension:
    """`extend:`: event `extend_<deadline>` with `reasons!`, `times` at most, each adding `add`."""

    by: tuple[Who, ...]
    times: int
    add: Term
    notify: tuple[Who, ...] = ()


@frozen
class Deadline:
    """A deadline of a state: exactly one of after, at, every."""

    name: str
    after: Term | None = None
    at: Expression | None = None
    every: Term | None = None
    start: Expression | None = None  # `from`; None: entry of the state
    before: Term | None = None
    roll: Literal["next", "none"] = "none"  # resolved default: next for terms in days or months, none else
    counts: Side | None = None
    remind: Reminder | None = None
    escalate: tuple[Rung, ...] = ()
    extend: Extension | None = None
    arms: tuple[Arm, ...] = ()
    title: Text | None = None
    note: Text | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


# ── states ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class StateKind(StrEnum):
    """The eight kinds of state."""

    WAITING = "waiting"
    STAGE = "stage"
    PARALLEL = "parallel"
    CHOICE = "choice"
    PANEL = "panel"
    SERVICE = "service"
    CHILDREN = "children"
    FINAL = "final"


@frozen
class Need:
    """What is enough: `all`, `any`, a count, or a condition (then `count` is None)."""

    count: int | Literal["all", "any"] | None = "all"
    condition: Expression | None = None


@frozen
class Ask:
    """Whom a panel asks: `count` holders of `role`, or the persons listed at `persons`."""

    role: str
    count: int | None = None
    persons: str | None = None


@frozen
class Panel:
    """Members send `event`; each answer is a row of the list `into`."""

    ask: tuple[Ask, ...]
    form: tuple[FormItem, ...]  # paths are columns of `into`, or event data
    into: str
    event: str = "answer"


@frozen
class Children:
    """Opens one case of `workflow` per item of `each` (bound to `item_name`), one if only `values`, none if neither."""

    workflow: str
    each: Expression | None = None
    item_name: str | None = None
    key: Expression | None = None
    values: Mapping[str, Expression] | None = None
    add: tuple[Who, ...] = ()


@frozen
class State:
    """A state of any kind; what its kind does not have is empty. A region is a state whose parent is parallel."""

    path: str
    kind: StateKind
    order: int  # preorder position in the file, from 0 (the root)
    title: Text | None = None
    note: Text | None = None
    turn: tuple[Who, ...] | None = None  # None: not said; (): `none`
    set: tuple[Assignment, ...] = ()
    enter: tuple[Action, ...] = ()
    leave: tuple[Action, ...] = ()
    events: Mapping[str, Handler] = field(default_factory=dict)
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    done: tuple[Arm, ...] = ()
    failed: tuple[Arm, ...] = ()
    need: Need = Need()
    rest: Literal["cancel", "go_on"] = "cancel"
    condition: Expression | None = None  # `if` of a region
    initial: str | None = None  # full path
    children: tuple[State, ...] = ()  # a stage's states, a parallel's regions, in file order
    choose: tuple[Arm, ...] = ()
    panel: Panel | None = None
    call: Call | None = None
    cases: Children | None = None
    outcome: str | None = None
    mark: Mark = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """The path of the state around it ("" for those of the root)."""
        return self.path.rpartition(".")[0]

    def walk(self) -> Iterator[State]:
        """This state and all inside, in file order."""
        yield self
        for child in self.children:
            yield from child.walk()


# ── the workflow ─────────────────────────────────────────────────────────────────────────────────────────────────────


@frozen
class Duty:
    """`different` or `same` natural person in these states (`parent` = anywhere in the case that opened this one);
    or `no_interest`: who acts in `states` declares to have no tie with the party at `interest`.
    """

    id: str
    kind: Literal["different", "same", "no_interest"]
    states: tuple[str, ...]
    interest: str | None = None
    within: Term | None = None
    title: Text | None = None
    note: Text | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class Unique:
    """One case per combination of `of`: while open, or while in one of the states `during`."""

    of: tuple[str, ...]
    during: tuple[str, ...] = ()


@frozen
class Opening:
    """Who may open a case and what he gives."""

    by: tuple[Who, ...]
    form: tuple[FormItem, ...] = ()
    set: tuple[Assignment, ...] = ()
    actions: tuple[Action, ...] = ()
    mark: Mark = field(default=NOWHERE, compare=False)


@frozen
class CertificateFacts:
    """What a certificate says: `facts` are computed and frozen by `reserve` and `new_issue`."""

    number: str
    template: str
    facts: Mapping[str, Expression]


@frozen
class Workflow:
    """A whole definition. `fields` maps every data path to its field, `event_fields` event data; `groups` the groups
    to their titles (or None), in file order. `states` maps every full path (with "" the root) to its state.
    `working_hours` is where a term first counts them, so that its calendar has to have office hours.
    """

    name: str
    title: Text
    zone: ZoneInfo
    calendar: str | None
    root: State
    states: Mapping[str, State]
    roles: Mapping[str, Role]
    fields: Mapping[str, Field]
    groups: Mapping[str, Text | None]
    event_fields: Mapping[str, Field]
    opening: Opening
    define: Mapping[str, Expression] = field(default_factory=dict)
    duties: tuple[Duty, ...] = ()
    number: str | None = None
    mail: Mailing | None = None
    unique: Unique | None = None
    certificate: CertificateFacts | None = None
    register: Mapping[str, Expression] | None = None
    policies: tuple[str, ...] = ()
    note: Text | None = None
    group_notes: Mapping[str, Text] = field(default_factory=dict)
    working_hours: Mark | None = field(default=None, compare=False)
    file: str = ""
    source: str = field(default="", compare=False)
