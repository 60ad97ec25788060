"""A random workflow in words short enough to read when a test fails."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.core.definition import Arm, State, Workflow


@dataclass(frozen=True, repr=False)
class Drawn:
    """A workflow that shows itself as an outline."""

    workflow: Workflow

    def __repr__(self) -> str:
        return "\n" + "\n".join(line for state in self.workflow.root.walk() for line in _state(state))


def _state(state: State) -> list[str]:
    more = {"initial": state.initial, "if": state.condition, "set": state.set, "outcome": state.outcome}
    more |= {"need": state.need.condition or state.need.count, "rest": state.rest, "panel": state.panel}
    more |= {"cases": state.cases and (state.cases.each or state.cases.values)}
    if not state.children and state.panel is None and state.cases is None:
        more.pop("need")
    margin = "  " * (state.path.count(".") + 1)
    head = f"{margin}{state.path or 'root'}: {state.kind.value}{_said(more)}"
    groups: dict[str, Any] = {"choose": state.choose, "done": state.done, "failed": state.failed}
    groups |= {f"{name} by {'/'.join(map(str, h.by))}": h.arms for name, h in state.events.items()}
    groups |= {f"{name} after {d.after}": d.arms for name, d in state.deadlines.items()}
    return [head, *(f"{margin}    {name} → {_arm(arm)}" for name, arms in groups.items() for arm in arms)]


def _arm(arm: Arm) -> str:
    return f"{arm.id}{_said({f.name: getattr(arm, f.name) for f in fields(arm) if f.name in WORDS})}"


WORDS = ("when", "set", "to", "keep")


def _said(words: dict[str, Any]) -> str:
    shown = {"rest": "cancel", "need": "all"}
    return "".join(f" {k}={_value(v)}" for k, v in words.items() if v not in (None, (), shown.get(k)))


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if hasattr(value, "expression"):
        return f"{value.path}: {_value(value.expression) if value.expression else 'null'}"
    if hasattr(value, "ask"):
        return f"{value.event} {', '.join(f'{a.role}: {a.count}' for a in value.ask)}"
    return str(getattr(value, "source", value))
