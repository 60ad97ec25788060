"""What a change of a workflow changes for a case: for each arm, event or deadline that is not as it was, a case that shows it.

A case is made on the version that has it, as near to the change as can be; then the same is said to the other version. What comes
out otherwise is a gain or a loss; where nothing does, the change is none of behaviour, or no case was found that shows it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from engine.core.case import EffectKind, Event
from engine.core.frozen import frozen
from engine.core.machine.chart import arms_of
from engine.verify.domains import decide
from engine.verify.space.watch import entering, taking
from engine.verify.trial.replay import replay
from engine.verify.trial.story import story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from engine.core.definition import Arm, Workflow
    from engine.describe.diff import Change
    from engine.verify.trial.player import Act, Run
    from engine.verify.trial.trials import Trials

TIMES = 5
"""How often in one case an arm is taken at most, to see where a counter ends."""


@frozen
class Behaviour:
    """`name` is the change's; `run` was made on the version that can do it; `words` tell it, and what the other does instead."""

    kind: Literal["gained", "lost"]
    name: str
    words: str
    run: Run


def behaviours(old: Trials, new: Trials, changes: Iterable[Change], progress: Callable[[str], None]) -> list[Behaviour]:
    """A witness for each change that is one of behaviour, in the order of the changes; each case is told once."""
    found: list[Behaviour] = []
    told: set[str] = set()
    for change in changes:
        if change.what not in {"arm", "event", "deadline", "state", "opening"}:
            continue
        progress(change.name)
        ways: list[tuple[Literal["gained", "lost"], Trials, Trials]] = []
        if change.kind != "added":
            ways.append(("lost", old, new))
        if change.kind != "removed":
            ways.append(("gained", new, old))
        for kind, here, there in ways:
            witness = _witness(change, here, there, "before" if kind == "gained" else "now")
            if witness is not None and witness[1] not in told:
                told.add(witness[1])
                found.append(Behaviour(kind, change.name, witness[1], witness[0]))
    return found


def _witness(change: Change, here: Trials, there: Trials, when: str) -> tuple[Run, str] | None:
    for run in _candidates(change, here, there):
        place, otherwise = _otherwise(run, here, there)
        if otherwise and (
            place == len(run.acts) or change.what in {"opening", "state"}
        ):  # sooner: another change's doing
            return run, f"{story(run, here.player.answers.telling)}; {when} {otherwise}"
    return None


# ── cases that come to a change ──────────────────────────────────────────────────────────────────────────────────────


def _candidates(change: Change, here: Trials, there: Trials) -> Iterator[Run]:
    """Cases that go through what has changed, the plainest first."""
    path, _, name = change.name.rpartition(": ") if change.what in {"event", "deadline"} else (change.name, "", "")
    path = "" if path == "(root)" else path
    if change.what == "opening":
        yield from here.player.openings()
    elif change.what == "arm":
        yield from _taking(change.name, here, there)
    elif path in here.workflow.states:
        found = here.to(entering(path)) if path else next(here.player.openings(), None)
        if found is None:
            return
        if change.what == "state":
            yield found
        elif change.what == "event":
            yield from here.player.events(found, name)
        elif (late := here.player.until(found, path, name)) is not None:
            yield late


def _taking(arm_id: str, here: Trials, there: Trials) -> Iterator[Run]:
    """Cases that take an arm, once and again, and with values on which the two versions differ."""
    arm = _arm(here.workflow, arm_id)
    if arm is None:
        return
    differing = _differing(arm, _arm(there.workflow, arm_id), here.workflow)
    for times in range(1, TIMES + 1):
        run = here.to(taking(arm_id, times))
        if run is None:
            return
        yield run
        for known in differing:
            *_, again = replay(here.player, [_saying(act, known) for act in run.acts])
            if again is not None:
                yield again


def _saying(act: Act, known: Mapping[str, Any]) -> Act:
    """The act with these values, where it gives such fields at all."""
    if not isinstance(act.said, Event):
        return act
    data = {path: known.get(path, known.get(f"event.{path}", value)) for path, value in act.said.data.items()}
    return replace(act, said=replace(act.said, data=data))


def _differing(arm: Arm, other: Arm | None, here: Workflow) -> list[Mapping[str, Any]]:
    """Values with which the arm fits here and not there."""
    decided = None if other is None else decide([arm, other], here)
    if decided is None:
        return []
    mine, others = decided.holds
    return [values for values, a, b in zip(decided.examples, mine, others, strict=True) if a and not b][:4]


def _arm(workflow: Workflow, arm_id: str) -> Arm | None:
    return next((arm for state in workflow.states.values() for arm in arms_of(state) if arm.id == arm_id), None)


# ── the same said to the other version ───────────────────────────────────────────────────────────────────────────────


def _otherwise(run: Run, here: Trials, there: Trials) -> tuple[int, str]:
    """At which act (from 1) the other version first does something else, and what; "" where it never does."""
    again = zip(run.acts, replay(here.player, run.acts), replay(there.player, run.acts), strict=False)
    for place, (act, mine, other) in enumerate(again, 1):
        words = "" if mine is None else _compared(act, mine, other, here, there)
        if words:
            return place, words
    return 0, ""


def _compared(act: Act, mine: Run, other: Run | None, here: Trials, there: Trials) -> str:
    if other is None:
        return f"'{act.name}' is refused" if isinstance(act.said, Event) else f"'{act.name}' does not come"
    if other.now != mine.now and not isinstance(act.said, Event):
        return f"'{act.name}' comes on {_day(other, there)}, not on {_day(mine, here)}"
    if other.case.leaves != mine.case.leaves:
        return f"it comes to {_where(other)}, not to {_where(mine)}"
    if _letters(other) != _letters(mine):
        return f"'{act.name}' sends {_listed(_letters(other))}, not {_listed(_letters(mine))}"
    return ""


def _day(run: Run, trials: Trials) -> str:
    return f"{run.now.astimezone(trials.workflow.zone):%Y-%m-%d %H:%M}"


def _where(run: Run) -> str:
    return " and ".join(f"'{leaf}'" for leaf in run.case.leaves)


def _letters(run: Run) -> list[str]:
    return sorted(str(effect.payload["template"]) for effect in run.last.effects if effect.kind is EffectKind.NOTIFY)


def _listed(letters: list[str]) -> str:
    return ", ".join(letters) or "nothing"
