"""Roles that nothing is asked of, certificates that one person could make alone, and the people who are there (WF100 to WF104)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from engine.core.acts import CertificateAction, RegisterAction
from engine.core.definition import Ask
from engine.core.fixes import Remove
from engine.core.naming import Who
from engine.verify.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from engine.core.case import Actor
    from engine.core.definition import Duty, State, Workflow
    from engine.verify.findings import Report
    from engine.verify.graph import Graph


def check_roles(workflow: Workflow, parts: Parts, report: Report) -> None:
    """Each role has something to do or to hear; what is certified or listed passes four eyes."""
    for name in workflow.roles.keys() - _named(parts):
        hint = "let it act, or take it out"
        mark = workflow.roles[name].mark
        report.say("WF100", mark, f"nothing is ever asked of the role '{name}'", hint, fix=Remove(mark))
    marks = [made.mark for made in parts.of(CertificateAction)]
    marks += [made.mark for made in parts.of(RegisterAction)]
    if marks and not any(duty.kind == "different" for duty in workflow.duties):
        message = "one person may evaluate and decide: no duty says `different`"
        report.say("WF101", marks[0], message, "add `duties: {four_eyes: {different: [evaluation, decision]}}`")


def check_people(graph: Graph, parts: Parts, people: Collection[Actor], report: Report) -> None:
    """Of these people somebody can do everything, within the duties, and not always the same one."""
    workflow = graph.workflow
    holders = {name: _holders(name, people) for name in _named(parts)}
    for name, found in holders.items():
        role = workflow.roles.get(name)
        if role is not None and not found and _acts(workflow, parts, name):
            report.say("WF102", role.mark, f"nobody holds the role '{name}'", "give it to somebody, in the directory")
    for duty in workflow.duties:
        if duty.kind == "different":
            _check_duty(workflow, duty, holders, report)
    for state in workflow.states.values():
        _check_alone(workflow, state, holders, graph, report)


def _check_duty(workflow: Workflow, duty: Duty, holders: Mapping[str, frozenset[str]], report: Report) -> None:
    """Two states that have to be of different people, and of whom there is one and the same for both."""
    able = {path: _able(workflow.states.get(path), holders) for path in duty.states}
    for first, second in combinations([path for path, who in able.items() if who], 2):
        if len(able[first] | able[second]) == 1:
            (alone,) = able[first]
            message = f"duty '{duty.id}' cannot be kept: only {alone} may act in '{first}' and in '{second}'"
            report.say("WF103", duty.mark, message, "give one of the roles to somebody else as well")
            return


def _check_alone(
    workflow: Workflow, state: State, holders: Mapping[str, frozenset[str]], graph: Graph, report: Report
) -> None:
    if state.path not in graph.reached or not state.turn:
        return
    roles = [who for who in state.turn if who.kind == "role" and who.name in workflow.roles]
    if any(workflow.roles[who.name].where or workflow.roles[who.name].side == "applicant" for who in roles):
        return  # whose case it is decides who may
    able: frozenset[str] = frozenset().union(*(holders.get(who.name, frozenset()) for who in roles))
    if len(able) == 1:
        (alone,) = able
        message = f"in '{state.path}' only {alone} may act; while he is away every case waits"
        report.say("WF104", state.mark, message, "give the role to a second person")


def _able(state: State | None, holders: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Who may send something in a state or inside it."""
    if state is None:
        return frozenset()
    names = {
        who.name
        for inner in state.walk()
        for handler in inner.events.values()
        for who in handler.by
        if who.kind == "role"
    }
    names |= {ask.role for ask in Parts(state).of(Ask)}
    return frozenset().union(*(holders.get(name, frozenset()) for name in names))


def _holders(role: str, people: Iterable[Actor]) -> frozenset[str]:
    return frozenset(person.id for person in people if role in person.roles)


def _named(parts: Parts) -> set[str]:
    """Roles that are asked for something or told something."""
    return {who.name for who in parts.of(Who) if who.kind == "role"} | {ask.role for ask in parts.of(Ask)}


def _acts(workflow: Workflow, parts: Parts, role: str) -> bool:
    """Whether something waits for it, not only informs it."""
    asked = any(
        who.kind == "role" and who.name == role and not who.supervisor
        for state in workflow.states.values()
        for handler in state.events.values()
        for who in handler.by
    )
    return asked or any(ask.role == role for ask in parts.of(Ask))
