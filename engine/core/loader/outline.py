"""The first look at the states: names, kinds and what is inside what; their content is left to states.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.definition import StateKind
from engine.core.fixes import guess
from engine.core.loader.keys import KINDS, MAIN_KEY, REGION, REGION_KINDS, RESERVED_WORDS
from engine.core.loader.reader import misspelt
from engine.core.loader.tree import Outline, join
from engine.core.loader.yaml_nodes import MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from engine.core.loader.draft import Draft

_ALL_KEYS = {name for table in KINDS.values() for name in table}


def outline_root(draft: Draft) -> Outline:
    """The root, a stage with the path "", and everything inside it."""
    root = Outline("", StateKind.STAGE, dict(draft.top))
    draft.tree.add(root)
    if "states" in draft.top:
        root.inside = _inside(draft, draft.top["states"], "", region=False)
    return root


def _inside(draft: Draft, node: Node, parent: str, *, region: bool) -> list[Outline]:
    found = []
    for key, value in draft.reader.named(node, "regions" if region else "states"):
        if key.text in RESERVED_WORDS | {"all", "parent"}:
            draft.reader.say("WF025", key.mark, f"'{key.text}' cannot be the name of a state", "choose another name")
            draft.broken.add(key.text)
            continue
        found.append(_outline(draft, key, value, join(parent, key.text), region=region))
    if isinstance(node, MapNode) and not node.entries:
        draft.reader.shape(node, f"no {'regions' if region else 'states'} in {{}}", "write at least one")
    return found


def _outline(draft: Draft, key: ScalarNode, node: Node, path: str, *, region: bool) -> Outline:
    outline = Outline(path, StateKind.WAITING, region=region, mark=key.mark)
    draft.tree.add(outline)
    if not isinstance(node, MapNode):
        draft.reader.shape(node, f"state '{key.text}' is a map of keys", "write it like {turn: role, events: {…}}")
        outline.kind = StateKind.FINAL  # a kind that asks for nothing, so that nothing else is reported
        return outline
    outline.kind = _kind(draft, node)
    outline.entries = _entries(draft, node, outline)
    if region and outline.kind.value not in REGION_KINDS:
        hint = "give it states and initial, or make it parallel, panel, call or cases"
        draft.reader.say("WF055", key.mark, f"region '{key.text}' is a {outline.kind} state", hint)
    if outline.kind is StateKind.STAGE and "states" in outline.entries:
        outline.inside = _inside(draft, outline.entries["states"], path, region=False)
    if outline.kind is StateKind.PARALLEL and "parallel" in outline.entries:
        outline.inside = _inside(draft, outline.entries["parallel"], path, region=True)
    return outline


def _kind(draft: Draft, node: MapNode) -> StateKind:
    mains = [key for key, _ in node.entries if key.text in MAIN_KEY]
    if len(mains) > 1:
        message = f"`{mains[0].text}` and `{mains[1].text}` in one state"
        draft.reader.say("WF051", mains[1].mark, message, "a state has one kind: put one inside the other")
    if mains:
        return StateKind(MAIN_KEY[mains[0].text])
    if any(key.text == "initial" for key, _ in node.entries):
        return StateKind.STAGE
    return StateKind.WAITING


def _entries(draft: Draft, node: MapNode, outline: Outline) -> dict[str, Node]:
    """The entries that a state of this kind has; others are reported, those of another kind as such."""
    kind = outline.kind.value
    table = {**KINDS[kind], **(REGION if outline.region else {})}
    entries: dict[str, Node] = {}
    other = sum(key.text in MAIN_KEY for key, _ in node.entries) > 1  # reported as two kinds
    for key, value in node.entries:
        if key.text in table:
            entries[key.text] = value
        elif key.text in MAIN_KEY:
            continue  # reported as a second kind
        elif key.text in _ALL_KEYS | {"if", "need", "rest"}:
            if not other:  # one finding a state: it is the kind that is wrong
                _other_kind(draft, key, kind)
            other = True
        else:
            hint = guess(key.text, [*table, *_ALL_KEYS]) or f"allowed: {', '.join(table)}"
            draft.reader.say("WF010", key.mark, f"a {kind} state has no key '{key.text[:60]}'", hint)
    for name, described in table.items():
        if described.must and name not in entries and name != "initial" and not misspelt(name, node, table):
            draft.reader.say("WF011", outline.mark, f"a {kind} state needs `{name}`", described.doc)
    return entries


def _other_kind(draft: Draft, key: ScalarNode, kind: str) -> None:
    owners = [name for name, table in KINDS.items() if key.text in table]
    hint = f"`{key.text}` belongs to: {', '.join(owners)}"
    if key.text == "if":
        hint = "only regions of a parallel state have `if`"
    elif key.text in {"need", "rest"} and kind in {"panel", "children"}:
        hint = f"write `{key.text}` inside `{'panel' if kind == 'panel' else 'cases'}`"
    elif key.text == "rest":
        hint = "panels and children have `rest`"
    elif kind == "final":
        hint = "a final state ends the region; nothing happens in it"
    draft.reader.say("WF019", key.mark, f"a {kind} state has no `{key.text}`", hint)
