"""What is left open when a case closes: answers, children, a certificate that was only reserved (WF110 to WF112)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.acts import Call, CertificateAction, CertificateVerb, Send
from engine.core.definition import StateKind
from engine.core.fixes import Remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.core.acts import Action
    from engine.core.definition import State
    from engine.core.diagnostics import Mark
    from engine.verify.findings import Report
    from engine.verify.graph import Graph, Move

_OPEN = frozenset(
    {CertificateVerb.RESERVE, CertificateVerb.NEW_ISSUE, CertificateVerb.SUSPEND, CertificateVerb.REINSTATE}
)
"""What does not end a certificate."""


def check_leftover(graph: Graph, report: Report) -> None:
    """A case closes with nothing open that only an open case could finish."""
    for path in graph.reached:
        state = graph.states[path]
        if state.panel is not None and state.rest == "go_on":
            _check_answers(graph, state, report)
        if state.cases is not None and state.rest == "go_on":
            _check_children(graph, state, report)
    if graph.workflow.certificate is not None:
        _check_certificate(graph, report)


def _leaving(graph: Graph, state: State) -> Iterator[Move]:
    """The moves that leave a state: its own, and what may happen in those around it."""
    for holder in (state, *graph.around(state.path)):
        for move in graph.moves[holder.path]:
            own = holder.path == state.path or move.kind in {"event", "deadline"}
            if own and move.arm.to is not None and not f"{move.arm.to}.".startswith(f"{state.path}."):
                yield move


def _closes(graph: Graph, path: str) -> bool:
    return graph.states[path].kind is StateKind.FINAL and not graph.states[path].parent


# ── answers and children ─────────────────────────────────────────────────────────────────────────────────────────────


def _check_answers(graph: Graph, state: State, report: Report) -> None:
    """Answers that go on to be recorded are of use while the case is open: here every way out closes it."""
    ways = list(_leaving(graph, state))
    if state.done and ways and all(move.arm.to is not None and _closes(graph, move.arm.to) for move in ways):
        message = f"`rest: go_on` of '{state.path}' does nothing: the case closes, and a closed case takes no answer"
        report.say(
            "WF110",
            state.mark,
            message,
            "leave `rest` out, or lead to a state that waits",
            fix=Remove(state.mark, inside=("panel", "rest")),
        )


def _check_children(graph: Graph, state: State, report: Report) -> None:
    """Children that live on are waited for somewhere, told of the end, or left alone on purpose."""
    cases = state.cases

    def passes(move: Move) -> bool:
        entered = [graph.states[path] for path in (graph.entry(move.arm.to) if move.arm.to else ())]
        waits = any(
            one.cases is not None and cases is not None and one.cases.workflow == cases.workflow for one in entered
        )
        return not waits and not any(_tells(action) for action in _done_by(graph, move))

    for first in _leaving(graph, state):
        if not passes(first) or (first.kind == "done" and state.need.count == "all"):
            continue
        reached = graph.reach(graph.entry(str(first.arm.to)), passes)
        end = next((path for path in reached if _closes(graph, path)), None)
        if end is not None:
            way = " → ".join([str(first), *([] if end == first.arm.to else [graph.way(reached, end)])])
            message = f"children of '{state.path}' can outlive the case: {way}"
            hint = "wait for them in a `cases` state, tell them with `send: …, to: children`, or say `rest: cancel`"
            report.say("WF111", first.arm.mark, message, hint)
            return


def _tells(action: Action) -> bool:
    return isinstance(action, Send) and action.to == "children"


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_certificate(graph: Graph, report: Report) -> None:
    """From where one is reserved no way leads to an end past its issue and past every verb that ends it."""
    for start, mark in _reserving(graph):
        reached = graph.reach(start, lambda move: not _settles(graph, move))
        end = next((path for path in reached if _closes(graph, path)), None)
        if end is not None:
            way = graph.way(reached, end)
            message = f"the case can close with its certificate reserved and never issued: {way}"
            hint = "issue it on every way (`call: certificate.issue`), or `certificate: annul` it before the end"
            report.say("WF112", mark, message, hint)


def _reserving(graph: Graph) -> Iterator[tuple[tuple[str, ...], Mark]]:
    """What is active after a certificate was reserved, with the place."""
    for path in graph.reached:
        state = graph.states[path]
        reserve = _reserve(state.enter)
        if reserve is not None and not any(_ends(action) for action in state.enter):
            yield graph.entry(path), reserve.mark
        for move in graph.moves[path]:
            reserve = _reserve(move.arm.actions)
            if reserve is not None and not _settles(graph, move):
                yield graph.entry(move.arm.to or path), reserve.mark


def _reserve(actions: Iterable[Action]) -> CertificateAction | None:
    made = (action for action in actions if isinstance(action, CertificateAction))
    return next((action for action in made if action.verb is CertificateVerb.RESERVE), None)


def _settles(graph: Graph, move: Move) -> bool:
    """Whether a move issues a certificate or ends it, itself or in what it enters."""
    call = move.source.call
    issued = move.kind == "done" and call is not None and call.adapter == "certificate"
    return issued or any(_ends(action) for action in _done_by(graph, move))


def _ends(action: Action) -> bool:
    if isinstance(action, Call):
        return action.adapter == "certificate"
    return isinstance(action, CertificateAction) and action.verb not in _OPEN


def _done_by(graph: Graph, move: Move) -> Iterator[Action]:
    """The actions of a move and of what it enters."""
    yield from move.arm.actions
    for path in graph.entry(move.arm.to) if move.arm.to is not None else ():
        yield from graph.states[path].enter
