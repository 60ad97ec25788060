"""Runs of the prover told as a scenario file: its people and answers are made up, so each scenario is to be confirmed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.core.case import EffectKind, EffectResult, Event
from engine.core.machine.results import name_of
from engine.rehearse.recording import one_line
from engine.verify.trial.people import holders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from engine.core.case import Actor
    from engine.core.definition import Workflow
    from engine.verify.trial.player import Act, Run


@dataclass(slots=True)
class Told:
    """A file that grows by a scenario at a time; those that need different answers of one call are no neighbours."""

    workflow: Workflow
    start: datetime
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scenarios: list[str] = field(default_factory=list)

    def takes(self, run: Run) -> bool:
        """Whether a run's answers from outside are those of this file as far as both go."""
        pairs = [(answers, self.calls.get(name, [])) for name, answers in _calls(run).items()]
        return all(one == other for answers, known in pairs for one, other in zip(answers, known, strict=False))

    def add(self, name: str, run: Run, *, refused: Act | None = None, expect: bool = True) -> None:
        """One more scenario: what is `refused` for its conditions comes last; with `expect` it says where the case is then."""
        opened, *acts = run.acts
        for call, answers in _calls(run).items():
            self.calls[call] = max(self.calls.get(call, []), answers, key=len)
        for holder in holders(self.workflow, run.case.data):
            self._sender(holder)
        lines = [
            f"  - name: {one_line(name)}",
            f"    open: {{by: {self._sender(opened.actor)}, with: {one_line(opened.data)}}}",
        ]
        steps, now = [], opened.at
        for act in (*acts, *([refused] if refused is not None else [])):
            if act.at > now:
                steps.append(f"until: {self._local(act.at)}")
                now = act.at
            if isinstance(act.said, Event):
                done = self._done(act)
                steps.append(f"{{{done}}}" if act is not refused else f"refuse: {{{done}, because: GuardRefused}}")
        if expect and run.case.closed_at is None:
            steps.append(f"expect: {one_line({'in': [leaf for leaf in run.case.leaves if leaf]})}")
        lines += ["    steps:", *(f"      - {step}" for step in steps)] if steps else []
        if expect and run.case.closed_at is not None:
            lines.append(f"    end: {one_line({'state': run.case.leaves[0], 'outcome': run.case.outcome})}")
        self.scenarios.append("\n".join(lines))

    def text(self, *notes: str) -> str:
        """The whole file, with remarks at its head."""
        return "\n".join(
            [
                *(f"# {note}" for note in notes),
                f"workflow: {self.workflow.name}",
                f"clock: {self._local(self.start)}",
                "people:",
                *(f"  {name}: {one_line(said)}" for name, said in self.people.items()),
                *(["calls:"] if self.calls else []),
                *(f"  {name}: {one_line(answers)}" for name, answers in sorted(self.calls.items())),
                "scenarios:",
                *self.scenarios,
                "",
            ]
        )

    def _done(self, act: Act) -> str:
        given = f", with: {one_line(act.data)}" if act.data else ""
        return f"do: {act.name}, by: {self._sender(act.actor)}{given}"

    def _sender(self, actor: Actor) -> str:
        """The name of who says something; he is one of the people from now on."""
        if actor.kind == "system":
            return "system"
        said: dict[str, Any] = {"case": actor.workflow or ""}
        if actor.kind == "person":
            declares = sorted(duty.id for duty in self.workflow.duties if duty.kind == "no_interest")
            said = {"roles": sorted(actor.roles), **actor.attributes, **({"declares": declares} if declares else {})}
        base = actor.id.replace(".", "-").replace("_", "-") if actor.kind == "person" else f"case-{actor.workflow}"
        name, number = base, 1
        while self.people.setdefault(name, said) != said:
            number += 1
            name = f"{base}-{number}"
        return name

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(self.workflow.zone).replace(tzinfo=None).isoformat(sep=" ")


def _calls(run: Run) -> dict[str, list[dict[str, Any]]]:
    """What adapters have to answer, in their order."""
    calls: dict[str, list[dict[str, Any]]] = {}
    for act in run.acts:
        if isinstance(act.said, EffectResult) and act.said.effect.kind is EffectKind.CALL:
            said = (
                {"return": {k: v for k, v in act.data.items() if k != "sha256"}}
                if act.said.ok
                else {"refuse": "as the scenario has it"}
            )
            calls.setdefault(name_of(act.said.effect), []).append(said)
    return calls


def can_be_told(run: Run) -> bool:
    """Whether a scenario can say all of it: children of other workflows end when these say so, not when they are told to."""
    return all(
        isinstance(act.said, Event | EffectResult) or act.actor.kind == "system" for act in run.acts
    ) and not _open_calls(run)


def _open_calls(run: Run) -> Sequence[object]:
    answered = {act.said.effect.key for act in run.acts if isinstance(act.said, EffectResult)}
    return [call for call in run.calls if call.key not in answered and call.kind is EffectKind.CALL]
