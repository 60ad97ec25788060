r"""Patterns of `matches`: read and turned into an automaton, so that a search takes time in line with the text, always.

The syntax is RE2's, as in CEL, without word boundaries and Unicode classes: literals, `.`, `[a-z]`, `\d \w \s` (ASCII) and
their opposites, groups, `|`, `* + ? {n,m}`, `^ $`, and `(?i)` in front. Found anywhere in the text unless anchored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.expressions.expression import ExpressionError
from engine.core.expressions.pattern_syntax import (
    Anchor,
    Chars,
    Either,
    PatternFault,
    Repeat,
    Sequence,
    read_pattern,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.core.expressions.pattern_syntax import Piece, Test

MAX_STATES = 500
MAX_SUBJECT = 10_000
MAX_CACHED = 5_000

__all__ = ["PatternFault", "compile_pattern"]

States = frozenset[int]


@dataclass(slots=True)
class Automaton:
    """States by number: `tests[n]` takes a character, `ways[n]` leads on; `anchors[n]` is `^` or `$`; 0 is the end."""

    tests: list[Test | None] = field(default_factory=lambda: [None])
    ways: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    anchors: list[str] = field(default_factory=lambda: [""])
    budget: int = MAX_STATES * 4

    def state(self, ways: tuple[int, ...], test: Test | None = None, anchor: str = "") -> int:
        """A new state."""
        if len(self.ways) >= MAX_STATES:
            raise PatternFault(f"it is too large: more than {MAX_STATES} states")
        self.tests.append(test)
        self.ways.append(ways)
        self.anchors.append(anchor)
        return len(self.ways) - 1

    def build(self, piece: Piece, then: int) -> int:
        """The state that a piece begins in, leading to `then`."""
        self.budget -= 1
        if self.budget < 0:
            raise PatternFault("it is too large")
        match piece:
            case Chars(test=test):
                return self.state((then,), test)
            case Anchor(sign=sign):
                return self.state((then,), anchor=sign)
            case Sequence(pieces=pieces):
                for part in reversed(pieces):
                    then = self.build(part, then)
                return then
            case Either(ways=ways):
                return self.state(tuple(self.build(way, then) for way in ways))
            case Repeat():
                return self.repeat(piece, then)

    def repeat(self, piece: Repeat, then: int) -> int:
        """A piece several times: copies that must be, then a loop or copies that may be."""
        start = then
        if piece.most is None:
            start = self.state(())
            self.ways[start] = (self.build(piece.piece, start), then)
        else:
            for _ in range(piece.most - piece.least):
                start = self.state((self.build(piece.piece, start), then))
        for _ in range(piece.least):
            start = self.build(piece.piece, start)
        return start

    def reached(self, start: list[int], *, begin: bool, end: bool) -> States:
        """All states that can be in without another character; at the text's begin and end anchors hold."""
        seen: set[int] = set()
        todo = list(start)
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            anchor = self.anchors[number]
            if self.tests[number] is None and (not anchor or (anchor == "^" and begin) or (anchor == "$" and end)):
                todo.extend(self.ways[number])
        return frozenset(seen)


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a text has a match; raises PatternFault now, ExpressionError for a text that is too long."""
    automaton = Automaton()
    first = automaton.build(read_pattern(pattern), 0)
    at_begin = automaton.reached([first], begin=True, end=False)
    anew = automaton.reached([first], begin=False, end=False)
    table: dict[tuple[States, str], States] = {}

    def after(states: States, char: str) -> States:
        moved = [
            automaton.ways[number][0]
            for number in states
            if (test := automaton.tests[number]) is not None and test(char)
        ]
        if len(table) >= MAX_CACHED:
            table.clear()
        return table.setdefault((states, char), automaton.reached(moved, begin=False, end=False) | anew)

    def search(text: str) -> bool:
        if len(text) > MAX_SUBJECT:
            raise ExpressionError(f"the text has {len(text)} characters; a pattern looks at {MAX_SUBJECT} at most")
        states = at_begin
        for char in text:
            if 0 in states:
                return True
            states = table.get((states, char)) or after(states, char)
        return 0 in automaton.reached(list(states), begin=not text, end=True)

    return search
