"""Ways and runs in one line: `open → submit (kind is basic) → over`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from engine.verify.space.plan import Step
    from engine.verify.trial.player import Act, Run

_LONG = 14
"""Steps that are told; of more the first and the last."""


def way_of(steps: Iterable[Step]) -> str:
    """The moves of a way."""
    return _shortened([str(step.move) for step in steps])


def story(run: Run, telling: Collection[str]) -> str:
    """What was said in a run; of what was given only what is `telling`: fields, or `event.name`, that conditions compare."""
    return _shortened([_told(act, telling) for act in run.acts if act.name])


def _told(act: Act, telling: Collection[str]) -> str:
    given = [
        f"{path} is {_value(value)}"
        for path, value in act.data.items()
        if path in telling or f"event.{path}" in telling
    ]
    return f"{act.name} ({', '.join(given)})" if given else act.name


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)[:40]


def _shortened(words: list[str]) -> str:
    half = _LONG // 2
    return " → ".join(words if len(words) <= _LONG else [*words[:half], "…", *words[-half:]])
