"""A workflow as a Mermaid state diagram: stages and regions as composite states, arms as labelled transitions.

Drawn are the arms that lead somewhere; deadlines that only inform stand as lines in their state. A transition between
siblings is drawn inside the state around them, any other at the end, outside of all, where Mermaid takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.describe.words import condition, shorten, timing, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.core.definition import Arm, State, Workflow

_RESERVED = frozenset(
    [
        "state",
        "note",
        "end",
        "as",
        "hide",
        "class",
        "classdef",
        "style",
        "click",
        "default",
        "direction",
        "root",
        "fork",
        "join",
        "choice",
        "href",
        "scale",
        "constructor",  # breaks the layout library
    ]
)
_ESCAPED = str.maketrans({"#": "#35;", ";": "#59;", ":": "#58;", '"': "#34;", "<": "#60;", ">": "#62;", "`": "#96;"})
_MOST_LABEL = 80
_CLOCK = "⏱"


def mermaid(workflow: Workflow, *, locale: str = "") -> str:
    """The text of a `stateDiagram-v2`."""
    return _Drawing(workflow, locale).draw()


class _Drawing:
    def __init__(self, workflow: Workflow, locale: str) -> None:
        self.workflow, self.locale = workflow, locale
        self.ids = _ids(workflow)
        self.lines: list[str] = []
        self.inside: dict[str, list[str]] = {}  # transitions by the state around them
        self.across: list[str] = []

    def draw(self) -> str:
        for state in self.workflow.states.values():
            for arm, label in _moves(state):
                self._transition(state, arm, label)
        head = ["---", f"title: {_quoted(self.workflow.title.say(self.locale))}", "---", "stateDiagram-v2"]
        self._inner(self.workflow.root, "  ")
        return "\n".join([*head, *self.lines, *(f"  {line}" for line in self.across)]) + "\n"

    def _transition(self, state: State, arm: Arm, label: str) -> None:
        if arm.to is None:
            return
        source, target = self.workflow.states[state.path], self.workflow.states[arm.to]
        if not source.path or not target.path:
            return  # the root is the drawing itself: what holds everywhere is listed by _everywhere
        text = f"{self.ids[source.path]} --> {self.ids[target.path]}" + (f" : {_escape(label)}" if label else "")
        if source.parent == target.parent:
            self.inside.setdefault(source.parent, []).append(text)
        else:
            self.across.append(text)

    def _state(self, state: State, indent: str) -> None:
        name = self.ids[state.path]
        if state.kind is StateKind.CHOICE:
            self.lines.append(f"{indent}state {name} <<choice>>")
            return
        self.lines.append(f'{indent}state "{_escape(title_of(state, self.locale))}" as {name}')
        if state.children:
            self.lines.append(f"{indent}state {name} {{")
            self._inner(state, indent + "  ")
            self.lines.append(f"{indent}}}")
            return
        for deadline in state.deadlines.values():
            if all(arm.to is None for arm in deadline.arms):
                self.lines.append(f"{indent}{name} : {_escape(f'{_CLOCK} {timing(deadline)}')}")

    def _inner(self, state: State, indent: str) -> None:
        if state.kind is StateKind.PARALLEL:
            for number, region in enumerate(state.children):
                if number:
                    self.lines.append(f"{indent}--")
                self.lines.append(f"{indent}[*] --> {self.ids[region.path]}")
                self._state(region, indent)
            return
        if state.initial is not None:
            self.lines.append(f"{indent}[*] --> {self.ids[state.initial]}")
        for child in state.children:
            self._state(child, indent)
        if not state.path:
            self.lines += self._everywhere(indent)
        self.lines += [f"{indent}{line}" for line in self.inside.get(state.path, [])]
        finals = [child for child in state.children if child.kind is StateKind.FINAL]
        self.lines += [f"{indent}{self.ids[final.path]} --> [*]" for final in finals]

    def _everywhere(self, indent: str) -> Iterator[str]:
        """The root's own arms, from a state that stands for all."""
        moves = [(arm, label) for arm, label in _moves(self.workflow.root) if arm.to]
        if not moves:
            return
        anywhere = "anywhere_"
        yield f'{indent}state "in any state" as {anywhere}'
        for arm, label in moves:
            if arm.to is not None:
                target = f"{anywhere} --> {self.ids[arm.to]} : {_escape(label)}"
                if self.workflow.states[arm.to].parent:
                    self.across.append(target)
                else:
                    yield indent + target


def _ids(workflow: Workflow) -> dict[str, str]:
    """Every path's id, no two alike: dots as underscores."""
    ids: dict[str, str] = {}
    taken = {"anywhere_"}
    for path in workflow.states:
        name = path.replace(".", "_")
        if name.lower() in _RESERVED:
            name += "_"
        while name in taken:
            name += "_"
        taken.add(name)
        ids[path] = name
    return ids


def _moves(state: State) -> Iterator[tuple[Arm, str]]:
    """Every arm of a state with the label of its transition."""
    for event, handler in state.events.items():
        yield from _labelled(handler.arms, event)
    for deadline in state.deadlines.values():
        yield from _labelled(deadline.arms, f"{_CLOCK} {timing(deadline)}")
    yield from _labelled(state.choose, "")
    yield from _labelled(state.done, "done")
    yield from _labelled(state.failed, "failed")


def _labelled(arms: tuple[Arm, ...], name: str) -> Iterator[tuple[Arm, str]]:
    """Where there are several arms, each says when it is taken."""
    for arm in arms:
        when = condition(arm.when) if len(arms) > 1 else ""
        otherwise = "else" if len(arms) > 1 and not when else ""
        guard = f"[{when or otherwise}]" if when or otherwise else ""
        yield arm, shorten(f"{name} {guard}".strip(), _MOST_LABEL)


def _escape(text: str) -> str:
    """A text inside a label: what Mermaid would read as its own stands as an entity."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(line.split()).translate(_ESCAPED) or " "


def _quoted(text: str) -> str:
    """A text as a YAML scalar of the front matter."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return "'" + line.replace("'", "''") + "'"
