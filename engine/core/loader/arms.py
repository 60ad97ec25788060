"""Arms: conditions, sets, ways and what is kept; `choose` is flattened here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import Arm, Assignment, StateKind
from engine.core.frozen import frozen
from engine.core.loader.actions import read_actions
from engine.core.loader.conditions import assignments, condition
from engine.core.loader.keys import CHOSEN_ARM
from engine.core.loader.tree import join, within
from engine.core.loader.yaml_nodes import Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.acts import Action
    from engine.core.diagnostics import Mark
    from engine.core.expressions.expression import Expression
    from engine.core.loader.draft import Draft, Here

ARM_KEYS = ("when", "set", "to", "keep", "actions", "choose")


@frozen
class _Shared:
    """What stands beside `choose` and holds for all its arms."""

    when: tuple[Expression, ...] = ()
    set: tuple[Assignment, ...] = ()
    actions: tuple[Action, ...] = ()


def resolve(draft: Draft, node: Node, at: str, what: str) -> str | None:
    """The full path of the state a node names."""
    name = draft.reader.string(node, what)
    if name is None:
        return None
    found = draft.tree.find(name, at)
    if found.path is None and name.split(".")[-1] not in draft.broken:
        draft.reader.say(found.code, node.mark, found.message, found.hint)
    return found.path


def resolve_all(draft: Draft, node: Node, at: str, what: str) -> tuple[str, ...]:
    """[state], each once."""
    paths: list[str] = []
    for item in draft.reader.some(node, what):
        path = resolve(draft, item, at, what)
        if path is not None and path in paths:
            draft.reader.say("WF029", item.mark, f"'{path}' stands twice", "keep one of them")
        elif path is not None:
            paths.append(path)
    return tuple(paths)


def read_arms(draft: Draft, node: Node, here: Here, name: str) -> tuple[Arm, ...]:
    """[arm] of `choose`, `done` and `failed`; at least one."""
    items = draft.reader.some(node, f"`{name}`")
    return _several(draft, items, here, f"{here.state}:{name}", _Shared())


def read_event_arms(draft: Draft, entries: Mapping[str, Node], here: Here, name: str, mark: Mark) -> tuple[Arm, ...]:
    """The arms of an event or deadline: one, or those of its `choose`."""
    arm_id = f"{here.state}:{name}"
    if "choose" not in entries:
        return (_arm(draft, entries, here, arm_id, _Shared(), mark=mark),)
    for key in ("to", "keep"):
        if key in entries:
            draft.reader.say(
                "WF058", entries[key].mark, f"`{key}` beside `choose`", f"write `{key}` in the arms of `choose`"
            )
    own = {key: entries[key] for key in ("when", "set", "actions") if key in entries}
    outer = _arm(draft, own, here, arm_id, _Shared(), mark=mark)
    shared = _Shared(outer.when, outer.set, outer.actions)
    items = draft.reader.some(entries["choose"], "`choose`")
    return _several(draft, items, here, arm_id, shared)


def _several(draft: Draft, items: list[Node], here: Here, arm_id: str, shared: _Shared) -> tuple[Arm, ...]:
    arms = []
    for number, item in enumerate(items, start=1):
        entries = draft.reader.table(item, CHOSEN_ARM, "an arm")
        own_id = f"{arm_id}#{number}" if len(items) > 1 else arm_id
        arms.append(_arm(draft, entries, here, own_id, shared, mark=item.mark))
    return tuple(arms)


def _arm(draft: Draft, entries: Mapping[str, Node], here: Here, arm_id: str, shared: _Shared, *, mark: Mark) -> Arm:
    test = condition(draft, entries["when"], here, "`when`") if "when" in entries else None
    sets = assignments(draft, entries["set"], here) if "set" in entries else ()
    for assignment in sets:
        if any(assignment.path == other.path for other in shared.set):
            hint = "set it here or beside `choose`, not in both"
            draft.reader.say("WF062", assignment.mark, f"'{assignment.path}' is set beside `choose` too", hint)
    to = resolve(draft, entries["to"], here.state, "`to`") if "to" in entries else None
    if to is not None and not _can_go(draft, entries["to"], here.state, to):
        to = None
    keep = _keep(draft, entries, here.state, to)
    actions = read_actions(draft, entries["actions"], here) if "actions" in entries else ()
    return Arm(
        id=arm_id,
        when=shared.when + ((test,) if test is not None else ()),
        set=shared.set + sets,
        to=to,
        keep=keep,
        actions=shared.actions + actions,
        mark=mark,
    )


# ── where an arm may go (LANGUAGE §3.4) ──────────────────────────────────────────────────────────────────────────────


def _can_go(draft: Draft, node: Node, source: str, target: str) -> bool:
    """Whether the way does not lead from one region into another of the same parallel."""
    parallel = region_crossed(draft, source, target)
    if parallel is None:
        return True
    hint = f"leave the parallel state: go to '{parallel}' (with `keep`) or to a state outside"
    draft.reader.say("WF054", node.mark, f"'{target}' is in another region of '{parallel}'", hint)
    return False


def region_crossed(draft: Draft, source: str, target: str) -> str | None:
    """The parallel state of which source and target are in two different regions."""
    common = ""
    for a, b in zip(source.split("."), target.split("."), strict=False):
        if a != b:
            break
        common = join(common, a)
    if common in {source, target} or common not in draft.tree.states:
        return None
    return common if draft.tree.states[common].kind is StateKind.PARALLEL else None


def _keep(draft: Draft, entries: Mapping[str, Node], at: str, to: str | None) -> tuple[str, ...]:
    if "keep" not in entries:
        return ()
    node = entries["keep"]
    if "to" not in entries:
        draft.reader.say("WF053", node.mark, "`keep` without `to`", "nothing is left, so all is kept; leave it out")
        return ()
    if isinstance(node, ScalarNode) and node.text == "all":
        if to is not None and draft.tree.states[to].kind in {StateKind.FINAL, StateKind.CHOICE}:
            kind = draft.tree.states[to].kind
            draft.reader.say("WF053", node.mark, f"a {kind} state has nothing to keep", "leave `keep` out")
        return (to,) if to is not None else ()
    paths = []
    for item in draft.reader.some(node, "`keep`"):
        path = resolve(draft, item, at, "`keep`")
        if path is not None and to is not None and _can_keep(draft, item, path, to):
            paths.append(path)
    return tuple(paths)


def _can_keep(draft: Draft, node: Node, path: str, to: str) -> bool:
    if not draft.tree.states[path].region:
        hint = "name regions of a parallel state, or write keep: all"
        draft.reader.say("WF053", node.mark, f"'{path}' is no region", hint)
        return False
    around = path.rpartition(".")[0]
    if within(to, path) or not (within(to, around) or within(around, to)):
        draft.reader.say("WF053", node.mark, f"going to '{to}' does not enter region '{path}'", f"go to '{around}'")
        return False
    return True
