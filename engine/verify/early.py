"""Fields that are read where nothing can have written them yet (WF128)."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from engine.core.acts import CertificateAction, RegisterAction, RegisterVerb
from engine.core.definition import StateKind
from engine.verify.parts import Parts
from engine.verify.reads import empty_fields, given_by, is_there, needed, needed_by
from engine.verify.safety import RESERVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.core.definition import State, Workflow
    from engine.core.expressions.expression import Expression
    from engine.verify.findings import Report
    from engine.verify.graph import Graph


def check_early(graph: Graph, parts: Parts, report: Report) -> None:
    """Whatever way a case takes, somebody can have given what a state reads, and what a certificate and its entry say is there
    when they are made; what nobody ever gives is WF098.
    """
    workflow = graph.workflow
    own = {path: Parts(replace(state, children=())) for path, state in workflow.states.items()}
    writers: dict[str, tuple[str, ...]] = {}
    for place, some in own.items():
        for path in given_by(workflow, some):
            writers[path] = (*writers.get(path, ()), place)
    quiet = empty_fields(workflow, parts) | given_by(workflow, Parts(workflow.opening))
    quiet |= {path for path, field in workflow.fields.items() if is_there(field)}
    behind: dict[tuple[str, ...], set[str]] = {}
    reported: set[str] = set()
    for state in [state for path, state in workflow.states.items() if path in graph.reached]:
        for path, expression, where in (*_reads(own[state.path]), *_frozen(state, own[state.path], workflow)):
            if path not in workflow.fields or path in quiet or path in reported:
                continue
            by = writers.get(path, ())
            if by not in behind:
                behind[by] = _behind(graph, by)
            if state.path not in behind[by]:
                reported.add(path)
                message = f"'{path}' is read here{where}, and nothing can have written it yet"
                hint = "ask for it before, give it a default, or ask `has(…)` first"
                report.say("WF128", expression.mark or state.mark, message, hint)


def _reads(own: Parts) -> Iterator[tuple[str, Expression, str]]:
    """What a state reads."""
    return ((path, expression, "") for path, expression in needed(own))


def _frozen(state: State, own: Parts, workflow: Workflow) -> Iterator[tuple[str, Expression, str]]:
    """What a certificate is to say that a state reserves, and an entry of the register that it lists."""
    facts: dict[str, Iterable[Expression]] = {}
    if workflow.certificate is not None and any(one.verb in RESERVES for one in own.of(CertificateAction)):
        facts["the certificate is reserved"] = workflow.certificate.facts.values()
    if workflow.register is not None and any(one.verb is RegisterVerb.LIST for one in own.of(RegisterAction)):
        facts["the product is listed"] = workflow.register.values()
    for what, expressions in facts.items():
        for path, expression in chain.from_iterable(map(needed_by, expressions)):
            yield path, expression, f" when {what} in '{state.path}'"


def _behind(graph: Graph, writers: Iterable[str]) -> set[str]:
    """Every state that can be active when one of these was: with them, in other regions, or later."""
    found = {one for path in writers for one in _beside(graph, graph.states[path])}
    kept = {path for moves in graph.moves.values() for move in moves for path in move.arm.keep}
    while True:
        reached = set(graph.reach(found))
        reached |= {one.path for path in kept & reached for one in graph.states[path].walk()}
        if reached == found:
            return found
        found = reached


def _beside(graph: Graph, state: State) -> Iterator[str]:
    """A state, what is inside and around it, and all that other regions may be in meanwhile."""
    yield from (one.path for one in state.walk())
    inner = state
    for outer in graph.around(state.path) if state.path else ():
        yield outer.path
        if outer.kind is StateKind.PARALLEL:
            yield from (one.path for region in outer.children if region is not inner for one in region.walk())
        inner = outer
