"""Which conditions came out true and false in scenarios, and which of the numbers they compare with were met from both sides.

The arm that is taken was the first that fits: its conditions were true, those of the arms before it were not. Where an event was
refused for its conditions, all were false. Values are those of the case with what was said, as conditions saw them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.expressions.ast import Binary, Field, Literal, Node, Special, children
from engine.core.machine.chart import lists_of
from engine.core.types import Kind
from engine.verify.domains import FLIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.core.definition import Arm, Workflow


class Refusal(NamedTuple):
    """An event whose conditions were false: after which line of its case's history, and what was given."""

    case: str
    seq: int
    event: str
    given: Mapping[str, Any]


class Comparison(NamedTuple):
    """A field, or `event.name`, that a condition compares with a number; `whole` numbers have next ones."""

    name: str
    sign: str
    number: Decimal
    whole: bool

    @property
    def sides(self) -> tuple[str, str]:
        """The two values that show where it turns: the number itself, and what is just on its other side."""
        at = f"{self.name} {self.sign} {self.number}: at {self.number}"
        if self.sign in {"==", "!="}:
            return at, f"{self.name} {self.sign} {self.number}: at another"
        below = self.sign in {"<", ">="}
        beside = str(self.number - 1 if below else self.number + 1) if self.whole else "below" if below else "above"
        return at, f"{self.name} {self.sign} {self.number}: {'at ' if self.whole else ''}{beside}"

    def values(self, side: str) -> list[int | Decimal]:
        """Values that show one of the two, the likeliest first; none where it is not one of them."""
        if side not in self.sides:
            return []
        number = int(self.number) if self.whole else self.number
        if side == self.sides[0]:
            return [number]
        if self.sign in {"==", "!="}:
            return [number + 1, number - 1]
        sign = -1 if self.sign in {"<", ">="} else 1
        return (
            [number + sign] if self.whole else [number + sign * step for step in (1, Decimal("0.1"), Decimal("0.01"))]
        )

    def side(self, value: Any) -> str | None:
        """Which of the two a value shows, if it shows one."""
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            return None
        at, beside = self.sides
        if found == self.number:
            return at
        if self.sign in {"==", "!="}:
            return beside
        below = self.sign in {"<", ">="}
        if self.whole:
            return beside if found == self.number + (-1 if below else 1) else None
        return beside if (found < self.number) == below else None


@dataclass
class Guards:
    """What is to be seen in one workflow, and what was."""

    workflow: Workflow
    outcomes: set[str] = field(default_factory=set)
    boundaries: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        lists = [arms for state in self.workflow.states.values() for arms in lists_of(state)]
        self._place = {arm.id: (arms, n) for arms in lists for n, arm in enumerate(arms)}
        self._comparisons = {
            arm.id: tuple(c for one in arm.when for c in _comparisons(one.tree, self.workflow))
            for arms in lists
            for arm in arms
        }

    def all_outcomes(self) -> list[str]:
        """Both of every arm that has a condition."""
        guarded = [arm for arms, n in self._place.values() for arm in arms[n : n + 1] if arm.when]
        return [f"{arm.id} {word}" for arm in guarded for word in ("true", "false")]

    def all_boundaries(self) -> list[str]:
        """Both sides of every number."""
        return list(dict.fromkeys(side for some in self._comparisons.values() for one in some for side in one.sides))

    def comparing(self, side: str) -> Iterator[tuple[str, Comparison]]:
        """The arms whose conditions turn there, by their ids, each with the comparison."""
        yield from ((arm, one) for arm, some in self._comparisons.items() for one in some if side in one.sides)

    def look(self, case: str, records: Iterable[Mapping[str, Any]], refusals: Iterable[Refusal]) -> None:
        """One case's history from its beginning, with the refusals of the scenario."""
        refused: dict[int, list[Refusal]] = {}
        for refusal in refusals:
            if refusal.case == case:
                refused.setdefault(refusal.seq, []).append(refusal)
        data: dict[str, Any] = {path: one.default for path, one in self.workflow.fields.items()}
        active: set[str] = set()
        for record in records:
            payload = record.get("payload") or {}
            said = payload.get("said") or {}
            values = _named(data, said, self.workflow)
            for arm in record.get("arms", ()):
                self._taken(str(arm), values)
            if record.get("kind") == "deadline" and not record.get("arms"):
                state, name = self.workflow.states.get(str(record["state"])), str(record["name"])
                deadline = None if state is None else state.deadlines.get(name)
                self._all_false(deadline.arms if deadline is not None else (), values)
            data.update(payload.get("changes") or {})
            active = (active - set(record.get("left", ()))) | set(record.get("entered", ()))
            for refusal in refused.get(int(record["seq"]), ()):
                values = _named(data, refusal.given, self.workflow)
                for path in active | {""}:
                    handler = self.workflow.states[path].events.get(refusal.event)
                    self._all_false(handler.arms if handler is not None else (), values)

    def _taken(self, arm: str, values: Mapping[str, Any]) -> None:
        if arm in self._place:
            arms, place = self._place[arm]
            self._all_false(arms[:place], values)
            if arms[place].when:
                self.outcomes.add(f"{arm} true")
                self._compared(arm, values)

    def _all_false(self, arms: Iterable[Arm], values: Mapping[str, Any]) -> None:
        for arm in arms:
            if arm.when:
                self.outcomes.add(f"{arm.id} false")
                self._compared(arm.id, values)

    def _compared(self, arm: str, values: Mapping[str, Any]) -> None:
        for one in self._comparisons[arm]:
            side = one.side(values.get(one.name))
            if side is not None:
                self.boundaries.add(side)


def _named(data: Mapping[str, Any], said: Mapping[str, Any], workflow: Workflow) -> dict[str, Any]:
    """Values by the names that conditions use."""
    return {**data, **said, **{f"event.{name}": value for name, value in said.items() if name in workflow.event_fields}}


def _comparisons(tree: object, workflow: Workflow) -> Iterator[Comparison]:
    if not isinstance(tree, Node):
        return
    match tree:
        case Binary(operator=sign, left=left, right=Literal(value=value)) if sign in FLIPPED:
            yield from _comparison(left, sign, value, workflow)
        case Binary(operator=sign, left=Literal(value=value), right=right) if sign in FLIPPED:
            yield from _comparison(right, FLIPPED[sign], value, workflow)
    for inner in children(tree):
        yield from _comparisons(inner, workflow)


def _comparison(part: Node, sign: str, value: object, workflow: Workflow) -> Iterator[Comparison]:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return
    name = part.path if isinstance(part, Field) else part.name if isinstance(part, Special) else ""
    known = workflow.fields.get(name) or workflow.event_fields.get(name.removeprefix("event."))
    if known is not None:
        yield Comparison(name, sign, Decimal(value), known.type.kind is Kind.INTEGER)
