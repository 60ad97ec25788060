"""Which arms an event takes (LANGUAGE §3.5): shared by step, allowed, dry run and verification; nothing moves here.

Innermost first, per active leaf; an arm whose `by` or `when` fails is passed over and the search goes outward. Of two arms
whose exit sets meet the inner one wins, then the first in the file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from engine.core.case import Actor
    from engine.core.definition import Arm, Workflow
    from engine.core.naming import Role, Who
    from engine.core.work import Assigned


@frozen
class Taken:
    """An arm that is to be run, and the state whose handler has it."""

    state: str
    arm: Arm


def active_leaves(active: Collection[str]) -> list[str]:
    """Active states with no active state inside."""
    inner = {path.rpartition(".")[0] for path in active if path}
    return [path for path in active if path not in inner]


@frozen
class Reach:
    """The states an arm leaves, and the one it moves in (None: it goes nowhere)."""

    left: frozenset[str]
    domain: str | None


def reach(domain: str, branch: str, active: Iterable[str], *, parallel: bool) -> Reach:
    """What an arm into `branch` of `domain` leaves: of a parallel that region only, of a stage all that is inside."""
    if parallel:
        return Reach(frozenset(p for p in active if p == branch or p.startswith(f"{branch}.")), domain)
    prefix = f"{domain}." if domain else ""
    return Reach(frozenset(p for p in active if p and p.startswith(prefix) and p != domain), domain)


def without_conflicts(found: list[Taken], reach: Mapping[str, Reach]) -> list[Taken]:
    """Of arms whose reaches meet, the inner one's source stays, then the first in the file (`found` is in file order)."""
    kept: list[Taken] = []
    for candidate in found:
        clashing = [other for other in kept if _meet(reach[candidate.arm.id], reach[other.arm.id])]
        if not clashing:
            kept.append(candidate)
        elif all(is_inside(candidate.state, other.state) for other in clashing):
            kept = [other for other in kept if other not in clashing]
            kept.append(candidate)
    return kept


def _meet(one: Reach, two: Reach) -> bool:
    """Both leave one state, or one enters something inside what the other leaves."""
    return bool(one.left & two.left) or one.domain in two.left or two.domain in one.left


def is_inside(inner: str, outer: str) -> bool:
    """Whether a state lies inside another, at any depth."""
    return inner != outer and inner.startswith(f"{outer}." if outer else "")


def admits(
    workflow: Workflow,
    by: Iterable[Who],
    actor: Actor,
    data: Mapping[str, object],
    excluded: Mapping[str, tuple[str, ...]],
    assigned: Mapping[str, Assigned],
) -> str | None:
    """The role (or `system`, or workflow) in which this actor may send, or None; a supervisor acts whoever has the work."""
    for who in by:
        if not could_be(who, actor):
            continue
        if who.kind != "role":
            return str(who)
        if who.name in assigned and str(who) == who.name and has_another(assigned[who.name], actor):
            continue
        if not actor.among(excluded.get(who.name, ())) and fits(workflow.roles[who.name], actor, data):
            return str(who)
    return None


def has_another(assigned: Assigned, actor: Actor) -> bool:
    """Whether this role's work in the case is another's: claimed by him, or offered and not to this actor."""
    holders = assigned.offered if assigned.claimed is None else (assigned.claimed,)
    return bool(holders) and not actor.among(holders)


def pools(assigned: Mapping[str, Assigned]) -> Mapping[str, Assigned]:
    """As a panel sees it: it asks several, so only offers count."""
    return {role: replace(one, claimed=None) for role, one in assigned.items()} if assigned else assigned


def could_be(who: Who, actor: Actor) -> bool:
    """Whether this actor is one of these in any case at all: by his kind and his roles."""
    if who.kind == "system":
        return actor.kind == "system"
    if who.kind == "workflow":
        return actor.kind == "case" and actor.workflow == who.name
    return actor.kind == "person" and str(who) in actor.roles


def fits(role: Role, actor: Actor, data: Mapping[str, object]) -> bool:
    """Whether `where` is met: the person's attribute equals the case's field, or a list attribute contains it."""
    for attribute, path in role.where.items():
        wanted = plain_of(data.get(path))
        held = actor.attributes.get(attribute)
        if wanted is None or held is None:
            return False
        if wanted not in (held if isinstance(held, tuple) else (held,)):
            return False
    return True


def plain_of(value: object) -> object:
    """A party or person is compared by its id."""
    if isinstance(value, dict):
        return value.get("tax_id") or value.get("id")
    return value
