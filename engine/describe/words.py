"""Short words for parts of a definition, shared by the diagram and the outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.definition import Deadline, State
    from engine.core.expressions.expression import Expression


def title_of(state: State, locale: str = "") -> str:
    """A state's title, or its name as words."""
    if state.title is not None:
        return state.title.say(locale)
    return state.name.replace("_", " ").capitalize()


def timing(deadline: Deadline) -> str:
    """When a deadline is due: `30 working days`, `every 1 month`, `60 days before surveillance.next_on`."""
    if deadline.every is not None:
        words = f"every {deadline.every}"
    elif deadline.at is not None:
        words = f"{deadline.before} before {deadline.at.source}" if deadline.before else f"at {deadline.at.source}"
    else:
        words = f"{deadline.after}"
        if deadline.before is not None:
            words += f" less {deadline.before}"
    if deadline.start is not None:
        words += f" from {deadline.start.source}"
    if deadline.counts is not None:
        words += f" of the {deadline.counts}'s time"
    return words


def condition(when: Iterable[Expression], *, most: int = 60) -> str:
    """The conditions of an arm as one short text; empty where there is none."""
    return shorten(" and ".join(expression.source for expression in when), most)


def shorten(text: str, most: int) -> str:
    """A text of one line, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
