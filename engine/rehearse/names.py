"""The names in a scenario file against the workflows beside it: what none of them has would make a claim say nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.diagnostics import Diagnostic, Severity
from engine.errors import InvalidWorkflow
from engine.rehearse.nodes import UNKNOWN, near
from engine.rehearse.scenario import Do, Expect, OpenCase, Refuse
from engine.verify.policies import PolicyFault, parse_policy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from engine.core.definition import Workflow
    from engine.core.diagnostics import Mark
    from engine.rehearse.scenario import Claim, Move, ScenarioFile

OWN_FACTS = {"certificate": ("number", "issue", "status", "token"), "register": ("entry_no", "status", "listed_on")}


def check_names(file: ScenarioFile, tested: Workflow, known: Mapping[str, Workflow]) -> None:
    """Raises InvalidWorkflow with every name that is unknown; `known` are the workflows by name, the tested one too."""
    names = _Names(file, tested, known)
    names.look()
    if names.found:
        raise InvalidWorkflow(sorted(names.found.values(), key=lambda one: (one.mark.line, one.mark.column)))


@dataclass
class _Names:
    file: ScenarioFile
    tested: Workflow
    known: Mapping[str, Workflow]
    found: dict[tuple[Mark, str], Diagnostic] = field(default_factory=dict)  # the rows of `each` say the same thing
    events: dict[str, set[str]] = field(default_factory=dict)  # by workflow

    def say(self, mark: Mark, message: str, hint: str | None = None) -> None:
        finding = Diagnostic(UNKNOWN, Severity.ERROR, message, self.file.file, mark, hint)
        self.found.setdefault((mark, message), finding)

    def need(self, name: str, names: Collection[str], mark: Mark, what: str) -> None:
        if name not in names:
            self.say(mark, f"{what} '{name[:80]}'", near(name, names))

    def look(self) -> None:
        for sentence in self.file.policies:
            try:
                parse_policy(sentence.text, self.tested)
            except PolicyFault as fault:
                self.say(sentence.mark, str(fault), fault.hint)
        self.people()
        for scenario in self.file.scenarios:
            self.moves(scenario.steps)
            self.claims(scenario.end, self.tested)

    def people(self) -> None:
        roles = {role for workflow in self.known.values() for role in workflow.roles}
        duties = {duty.id for workflow in self.known.values() for duty in workflow.duties}
        for name, person in self.file.people.items():
            for role in sorted(person.actor.roles):
                self.need(role.removesuffix(".supervisor"), roles, person.mark, f"{name} has an unknown role")
            for duty in sorted(person.declares):
                self.need(duty, duties, person.mark, f"{name} declares an unknown duty")
            if person.actor.workflow is not None:
                self.need(person.actor.workflow, self.known, person.mark, f"{name} is a case of an unknown workflow")

    def moves(self, moves: Sequence[Move]) -> None:
        for move in moves:
            match move:
                case Do():
                    self.event(move)
                case Refuse():
                    self.event(move.do)
                case OpenCase() if move.workflow is not None:
                    self.need(move.workflow, self.known, move.mark, "there is no workflow")
                case Expect():
                    workflow = self.of(move.case, move.mark)
                    if workflow is not None:
                        self.claims(move.claims, workflow)
                case _:
                    pass

    def of(self, case: str | None, mark: Mark) -> Workflow | None:
        if case is not None:
            self.need(case, self.known, mark, "there is no workflow")
        return self.tested if case is None else self.known.get(case)

    def event(self, do: Do) -> None:
        workflow = self.of(do.case, do.mark)
        if workflow is not None:
            if workflow.name not in self.events:
                self.events[workflow.name] = events_of(workflow)
            self.need(do.event, self.events[workflow.name], do.mark, f"{workflow.name} has no event")

    def claims(self, claims: Iterable[Claim], workflow: Workflow) -> None:
        for claim in claims:
            if claim.name in {"in", "not_in", "state"}:
                for name in claim.value:
                    self.state(name, workflow, claim.mark)
                continue
            names = _names_of(claim, workflow, self.known)
            if names is not None:
                for name in claim.value:
                    self.need(name, names, claim.mark, f"{workflow.name} has no {_WORDS[claim.name]}")

    def state(self, name: str, workflow: Workflow, mark: Mark) -> None:
        states = [path for path in workflow.states if path]
        found = [path for path in states if path == name or path.endswith(f".{name}")]
        if not found:
            shown = [*states, *(path.rpartition(".")[2] for path in states)]
            self.say(mark, f"{workflow.name} has no state '{name[:80]}'", near(name, shown))
        elif len(found) > 1 and name not in found:
            self.say(mark, f"'{name}' is the name of several states", f"write one of {', '.join(found)}")


_WORDS = {
    "data": "field",
    "deadline": "deadline",
    "certificate": "fact of the certificate",
    "register": "fact of the register",
    "children": "neighbour",
}


def _names_of(claim: Claim, workflow: Workflow, known: Mapping[str, Workflow]) -> Collection[str] | None:
    match claim.name:
        case "data":
            return workflow.fields
        case "deadline":
            return dict.fromkeys(name for state in workflow.states.values() for name in state.deadlines)
        case "certificate":
            facts = workflow.certificate.facts if workflow.certificate is not None else {}
            return (*OWN_FACTS["certificate"], *facts)
        case "register":
            return (*OWN_FACTS["register"], *(workflow.register or {}))
        case "children" if not isinstance(claim.value, int):
            return known
        case _:
            return None


def events_of(workflow: Workflow) -> set[str]:
    """Every event that a case can be sent: its own, answers of panels, extensions, the end of a child."""
    found = {"child_ended"}
    for state in workflow.states.values():
        found.update(state.events)
        found.update(f"extend_{name}" for name, deadline in state.deadlines.items() if deadline.extend)
        if state.panel is not None:
            found.add(state.panel.event)
    return found
