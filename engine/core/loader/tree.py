"""The names of states and the one rule of LANGUAGE §3.3 that finds the state a name means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.diagnostics import NOWHERE, Mark
from engine.core.fixes import guess
from engine.core.frozen import frozen

if TYPE_CHECKING:
    from engine.core.definition import StateKind
    from engine.core.loader.yaml_nodes import Node


@dataclass(slots=True)
class Outline:
    """A state before its content is read: what it is and what is inside."""

    path: str
    kind: StateKind
    entries: dict[str, Node] = field(default_factory=dict)
    inside: list[Outline] = field(default_factory=list)
    region: bool = False
    mark: Mark = NOWHERE

    @property
    def parent(self) -> str:
        """The path of the state around it."""
        return self.path.rpartition(".")[0]


@frozen
class Found:
    """What a name means: a path, or None with the code, message and hint of the finding."""

    path: str | None
    code: str = ""
    message: str = ""
    hint: str | None = None


def join(parent: str, name: str) -> str:
    """The path of a state inside another."""
    return f"{parent}.{name}" if parent else name


def within(path: str, around: str) -> bool:
    """Whether a state is `around` or inside it."""
    return around in {"", path} or path.startswith(f"{around}.")


@dataclass(slots=True)
class Tree:
    """All states by path, and by their last name."""

    states: dict[str, Outline] = field(default_factory=dict)
    by_name: dict[str, list[str]] = field(default_factory=dict)

    def add(self, outline: Outline) -> None:
        """A state, once."""
        self.states[outline.path] = outline
        if outline.path:
            self.by_name.setdefault(outline.path.rpartition(".")[2], []).append(outline.path)

    def find(self, name: str, at: str) -> Found:
        """The state a name means in `at`: inside, a sibling, a sibling of one around; else the only one of that name."""
        first, *rest = name.split(".")
        start = self._first(first, at)
        if start.path is None:
            return start
        path = start.path
        for part in rest:
            inner = join(path, part)
            if inner not in self.states:
                names = [o.path.rpartition(".")[2] for o in self.states[path].inside]
                return Found(None, "WF020", f"no state '{part[:60]}' inside {path}", guess(part, names))
            path = inner
        return Found(path)

    def _first(self, name: str, at: str) -> Found:
        around: str | None = at
        while around is not None:
            path = join(around, name)
            if path in self.states:
                return Found(path)
            around = around.rpartition(".")[0] if around else None
        paths = self.by_name.get(name, [])
        if len(paths) == 1:
            return Found(paths[0])
        if paths:
            ways = " or ".join(self._shortest(p) for p in paths[:3])
            return Found(None, "WF021", f"{len(paths)} states are named '{name}'", f"write {ways}")
        return Found(None, "WF020", f"no state '{name[:60]}'", guess(name, self.by_name))

    def _shortest(self, path: str) -> str:
        """The shortest dotted name that means only this state everywhere."""
        parts = path.split(".")
        for n in range(2, len(parts)):
            head = parts[-n]
            if len(self.by_name[head]) == 1:
                return ".".join(parts[-n:])
        return path
