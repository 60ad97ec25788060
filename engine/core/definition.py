"""A workflow as frozen values: what the loader makes and everything else reads; it knows neither YAML nor cases.

States are named by their full dotted path from the root (`assessment.evaluation.testing.in_laboratory`); the root is a
stage with the path "". All references (`to`, `keep`, duties, …) are resolved to full paths by the loader.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from engine.core.diagnostics import NOWHERE, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from engine.core.expressions.expression import Expression
    from engine.core.terms import Term
    from engine.core.types import Type


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Assignment:
    """`set: {path: expr}`; expression None empties the field (`null`)."""

    path: str
    expression: Expression | None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
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


# ── actions: one class a verb ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Notify:
    """`notify:`; `delivered` is the path that gets the time of proven delivery."""

    to: tuple[Who, ...]
    template: str
    delivered: str | None = None
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Open:
    """`open: workflow`: the new case is a child of this one."""

    workflow: str
    values: Mapping[str, Expression]
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Send:
    """`send: event`; to `parent`, `children` or every open case of a workflow that has the values of `where`."""

    event: str
    to: str
    where: Mapping[str, Expression]
    values: Mapping[str, Expression]
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class CertificateAction:
    """`certificate: verb`."""

    verb: CertificateVerb
    effective_from: Expression | None = None
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class RegisterList:
    """`register: list`: enters the product, copying the facts."""

    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class NewPeople:
    """`new_people: [role]`: nobody who acted in these roles in this case may take them again."""

    roles: tuple[str, ...]
    condition: Expression | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


Action = Notify | Open | Send | Call | CertificateAction | RegisterList | NewPeople


# ── arms, events, deadlines ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Handler:
    """What a state does on an event."""

    event: str
    by: tuple[Who, ...]
    form: tuple[FormItem, ...]
    arms: tuple[Arm, ...]
    title: Text | None = None
    note: Text | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Reminder:
    """Terms before a deadline, and to whom (empty: to the `turn`)."""

    before: tuple[Term, ...]
    to: tuple[Who, ...] = ()
    template: str = "reminder"


@dataclass(frozen=True, slots=True)
class Rung:
    """One addressee of an escalation: when due, or `after` later."""

    to: Who
    after: Term | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """`extend:`: event `extend_<deadline>` with `reasons!`, `times` at most, each adding `add`."""

    by: tuple[Who, ...]
    times: int
    add: Term
    notify: tuple[Who, ...] = ()


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Need:
    """What is enough: `all`, `any`, a count, or a condition (then `count` is None)."""

    count: int | Literal["all", "any"] | None = "all"
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom a panel asks: `count` holders of `role`, or the persons listed at `persons`."""

    role: str
    count: int | None = None
    persons: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Members send `event`; each answer is a row of the list `into`."""

    ask: tuple[Ask, ...]
    form: tuple[FormItem, ...]  # paths are columns of `into`, or event data
    into: str
    event: str = "answer"


@dataclass(frozen=True, slots=True)
class Children:
    """Opens one case of `workflow` per item of `each` (bound to `item_name`), one if only `values`, none if neither."""

    workflow: str
    each: Expression | None = None
    item_name: str | None = None
    key: Expression | None = None
    values: Mapping[str, Expression] | None = None
    add: tuple[Who, ...] = ()


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Duty:
    """`different` or `same` natural person in these states (`parent` = anywhere in the case that opened this one);
    or `no_interest`: who acts in `states` declares to have no tie with the party at `interest`.
    """

    id: str
    kind: Literal["different", "same", "no_interest"]
    states: tuple[str, ...]
    interest: str | None = None
    within: Term | None = None
    note: Text | None = None
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Unique:
    """One case per combination of `of`: while open, or while in one of the states `during`."""

    of: tuple[str, ...]
    during: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """Who may open a case and what he gives."""

    by: tuple[Who, ...]
    form: tuple[FormItem, ...] = ()
    set: tuple[Assignment, ...] = ()
    actions: tuple[Action, ...] = ()
    mark: Mark = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says: `facts` are computed and frozen by `reserve` and `new_issue`."""

    number: str
    template: str
    facts: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A whole definition. `fields` maps every data path to its field, `event_fields` event data; `groups` the groups
    to their titles (or None), in file order. `states` maps every full path (with "" the root) to its state.
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
    unique: Unique | None = None
    certificate: CertificateFacts | None = None
    register: Mapping[str, Expression] | None = None
    policies: tuple[str, ...] = ()
    file: str = ""
    source: str = field(default="", compare=False)
