"""Small workflows written by hand: states by their last names, put together into a tree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from vocabulary import EVENT_FIELDS, FIELDS, FORMS, GREEN, RED, ROW, ROWS

from engine.core.acts import Notify
from engine.core.definition import Arm, Ask, FormItem, Handler, Opening, Panel, State, StateKind, Workflow
from engine.core.naming import Field, Role, Text, Who

W, S, P, C, F = StateKind.WAITING, StateKind.STAGE, StateKind.PARALLEL, StateKind.CHOICE, StateKind.FINAL
CHILD = Who("workflow", "other")


def state(name: str, kind: StateKind, *inner: State, on: dict[str, Arm] | None = None, **more: Any) -> State:
    """A state by its last name; paths and order are given by `tree`."""
    events = {
        event: Handler(event, (CHILD,) if event == "child_ended" else (RED,), FORMS.get(event, ()), (arm,))
        for event, arm in (on or {}).items()
    }
    turn = (RED,) if kind in {W, StateKind.CHILDREN} else None
    return State(
        name, kind, 0, children=inner, events=events, enter=(Notify((GREEN,), f"+{name}"),), **{"turn": turn, **more}
    )


def tree(*inner: State) -> Workflow:
    """A workflow whose first state is the initial one, in each stage."""
    count = iter(range(100))

    def placed(bone: State, path: str) -> State:
        order = next(count)
        children = tuple(placed(c, f"{path}.{c.path}" if path else c.path) for c in bone.children)
        initial = children[0].path if bone.kind is S else None
        return replace(bone, path=path, order=order, children=children, initial=initial)

    root = replace(placed(State("", S, 0, children=inner), ""), enter=())
    columns = {name: Field(name, type_) for name, type_ in ROW.members.items()}
    fields = {**FIELDS, "votes.list0": Field("votes.list0", ROWS, columns=columns)}
    return Workflow(
        name="hand_made",
        title=Text((("", "Hand-made"),)),
        zone=ZoneInfo("UTC"),
        calendar=None,
        root=root,
        states={s.path: s for s in root.walk()},
        roles={name: Role(name, Text((("", name),)), sees="all") for name in ("red", "blue", "green")},
        fields=fields,
        groups={"facts": None, "votes": None},
        event_fields=EVENT_FIELDS,
        opening=Opening((RED,)),
    )


def panel(**ask: int) -> Panel:
    """A panel of so many holders of each role, with the event `vote0`."""
    asked = tuple(Ask(role, count) for role, count in ask.items())
    return Panel(asked, (FormItem("vote", must=True),), "votes.list0", event="vote0")


def twins(**on: dict[str, Arm]) -> Workflow:
    """A parallel state `p` of two regions with two states each; `on` gives handlers by name of the state."""
    regions = [
        state(r, S, state("x", W, on=on.get(f"{r}x")), state("z", F), state("y", W), on=on.get(r)) for r in ("a", "b")
    ]
    return tree(state("p", P, *regions, on=on.get("p")), state("q", W, on=on.get("q")), state("end", F, outcome="over"))
