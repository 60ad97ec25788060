"""What must not leave with a definition, and entries of the register that rest on nothing (WF105, WF106)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.core.acts import CertificateAction, CertificateVerb, RegisterAction, RegisterVerb
from engine.core.diagnostics import Mark

if TYPE_CHECKING:
    from engine.core.definition import State, Workflow
    from engine.verify.findings import Report
    from engine.verify.graph import Graph, Move

_SECRET = re.compile(
    r"whsec_[A-Za-z0-9+/=]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|\b[a-z][a-z0-9+.-]*://[^\s/:@\"']+:[^\s/@\"']{3,}@"
    r"|(?i:\b(?:password|passwd|secret|api[_-]?key|token)\b\s*[:=]\s*[\"']?[A-Za-z0-9+/_=-]{12,})"
)
_SIGNS = (
    *("whsec_", "private key", "akia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "xox", "eyj", "://"),
    *("password", "passwd", "secret", "key", "token"),
)
"""Folded: `_SECRET` finds nothing in a line that has none of them."""
RESERVES = frozenset({CertificateVerb.RESERVE, CertificateVerb.NEW_ISSUE})


def check_secrets(workflow: Workflow, report: Report) -> None:
    """Nothing that looks like a key or a password stands in the file; what does is not repeated."""
    text = workflow.source.casefold()
    signs = [sign for sign in _SIGNS if sign in text]
    for number, line in enumerate(workflow.source.splitlines(), 1) if signs else ():
        folded = line.casefold()
        found = _SECRET.search(line[:10_000]) if any(sign in folded for sign in signs) else None
        if found is not None:
            mark = Mark(number, found.start() + 1, found.end() - found.start())
            report.say(
                "WF106", mark, "this looks like a secret", "take it out, change it where it is valid, use a setting"
            )


def check_register(graph: Graph, report: Report) -> None:
    """Where a workflow has certificates, no way leads to `register: list` past every `certificate: reserve`."""
    if graph.workflow.certificate is None:
        return
    free = graph.reach(graph.start, lambda move: not _reserves(graph, move))
    for path, state in graph.states.items():
        if path not in free or any(_is_reserve(action) for action in state.enter):
            continue
        listing = next((action for action in _listing(graph, state) if isinstance(action, RegisterAction)), None)
        if listing is not None:
            way = graph.way(free, path)
            message = f"the register can be reached without a certificate: {way}"
            report.say("WF105", listing.mark, message, "reserve a certificate before, on every way")


def _listing(graph: Graph, state: State) -> list[object]:
    """What enters the register when a state is entered, or by an arm of it that reserves nothing."""
    arms = [move.arm for move in graph.moves[state.path] if not _reserves(graph, move)]
    actions = [*state.enter, *(action for arm in arms for action in arm.actions)]
    return [action for action in actions if isinstance(action, RegisterAction) and action.verb is RegisterVerb.LIST]


def _reserves(graph: Graph, move: Move) -> bool:
    """Whether a move reserves a certificate, itself or in what it enters."""
    if any(_is_reserve(action) for action in move.arm.actions):
        return True
    entered = graph.entry(move.arm.to) if move.arm.to is not None else ()
    return any(_is_reserve(action) for path in entered for action in graph.states[path].enter)


def _is_reserve(action: object) -> bool:
    return isinstance(action, CertificateAction) and action.verb in RESERVES
