"""States with their content, and the rules of structure that hold among them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.definition import Handler, Panel, State, StateKind
from engine.core.loader.actions import read_actions
from engine.core.loader.arms import read_arms, read_event_arms
from engine.core.loader.conditions import assignments, condition
from engine.core.loader.deadlines import read_deadlines
from engine.core.loader.draft import Draft, Here
from engine.core.loader.forms import check_sight, event_types, read_form
from engine.core.loader.keys import EVENT, RESERVED_EVENTS
from engine.core.loader.kinds import (
    answers_type,
    panel_list,
    read_children,
    read_need,
    read_panel,
    read_service,
    result_types,
)
from engine.core.loader.people import senders, several
from engine.core.loader.tree import Outline, join
from engine.core.loader.yaml_nodes import Node, ScalarNode
from engine.core.naming import Who

if TYPE_CHECKING:
    from collections.abc import Mapping

_MUST_DONE = {StateKind.PANEL, StateKind.SERVICE}
_WAITS = {StateKind.WAITING, StateKind.CHILDREN}
Turn = tuple[Who, ...] | None


class States:
    """Builds the states of a draft in file order, and maps them by path."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.by_path: dict[str, State] = {}
        self._order = 0

    def build(self, outline: Outline, turn: Turn = None) -> State:
        """A state and all inside; `turn` is that of the enclosing state."""
        entries, draft = outline.entries, self.draft
        order, self._order = self._order, self._order + 1
        own = _turn(draft, entries["turn"]) if "turn" in entries and outline.path else None
        turn = own if own is not None else turn
        self._check_turn(outline, turn)
        here = Here(outline.path)
        state = State(
            path=outline.path,
            kind=outline.kind,
            order=order,
            title=draft.reader.title(entries) if outline.path else None,
            note=draft.reader.title(entries, "note") if outline.path else None,
            turn=own,
            set=assignments(draft, entries["set"], here) if "set" in entries else (),
            enter=read_actions(draft, entries["enter"], here) if "enter" in entries else (),
            leave=read_actions(draft, entries["leave"], here) if "leave" in entries else (),
            condition=condition(draft, entries["if"], here, "`if`") if "if" in entries else None,
            mark=outline.mark,
        )
        state = replace(state, **self._kind(outline, here))
        events = self._events(entries["events"], state) if "events" in entries else {}
        taken = events.keys() | ({state.panel.event} if state.panel else set())
        nobody = turn == () and not self._somebody_inside(outline)
        deadlines = (
            read_deadlines(draft, entries["deadlines"], outline.path, dict.fromkeys(taken), nobody=nobody)
            if "deadlines" in entries
            else {}
        )
        children = tuple(self.build(inner, turn) for inner in outline.inside)
        state = replace(state, events=events, deadlines=deadlines, children=children)
        self.by_path[outline.path] = state
        return state

    # ── turns ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_turn(self, outline: Outline, turn: Turn) -> None:
        if outline.kind in _WAITS and turn is None and "turn" not in outline.entries:
            hint = "say whose move it is: `turn: role`, or `turn: none`"
            self.draft.reader.say(
                "WF052", outline.mark, f"'{outline.path}' waits, and it is not said whose turn it is", hint
            )

    def _somebody_inside(self, outline: Outline) -> bool:
        panel = outline.kind is StateKind.PANEL
        return panel or any("turn" in inner.entries or self._somebody_inside(inner) for inner in outline.inside)

    # ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _events(self, node: Node, state: State) -> dict[str, Handler]:
        handlers = {}
        for key, value in self.draft.reader.named(node, "`events`"):
            if key.text in RESERVED_EVENTS:
                message = f"'{key.text}' cannot be the name of an event"
                self.draft.reader.say("WF025", key.mark, message, "the engine uses this word; choose another name")
            elif state.panel is not None and key.text == state.panel.event:
                message = f"'{key.text}' is what members of this panel send"
                self.draft.reader.say("WF026", key.mark, message, "give the panel another `event`")
            else:
                handlers[key.text] = self._handler(key, value, state.path)
        return handlers

    def _handler(self, key: ScalarNode, node: Node, path: str) -> Handler:
        draft = self.draft
        entries = draft.reader.table(node, EVENT, f"event '{key.text}'")
        by = senders(draft, entries["by"], system=True) if "by" in entries else ()
        form = read_form(draft, entries["form"]) if "form" in entries else ()
        check_sight(draft, by, form)
        here = Here(path, event=event_types(draft, form))
        return Handler(
            event=key.text,
            by=by,
            form=form,
            arms=read_event_arms(draft, entries, here, key.text, key.mark),
            title=draft.reader.title(entries),
            note=draft.reader.title(entries, "note"),
            mark=key.mark,
        )

    # ── what belongs to a kind ───────────────────────────────────────────────────────────────────────────────────────

    def _kind(self, outline: Outline, here: Here) -> dict[str, Any]:
        entries, draft, kind = outline.entries, self.draft, outline.kind
        own: dict[str, Any] = {}
        done = here
        if kind is StateKind.STAGE:
            own["initial"] = self._initial(outline)
        elif kind is StateKind.PARALLEL:
            own["need"] = read_need(draft, entries, here, most=len(outline.inside) or None)
        elif kind is StateKind.CHOICE and "choose" in entries:
            own["choose"] = read_arms(draft, entries["choose"], here, "choose")
        elif kind is StateKind.PANEL and "panel" in entries:
            own["panel"], own["need"], own["rest"] = read_panel(draft, entries["panel"], outline.path)
            done = Here(outline.path, answers=answers_type(panel_list(draft, entries["panel"])))
            self._check_panel_sight(own["panel"])
        elif kind is StateKind.SERVICE:
            own["call"] = read_service(draft, entries, outline.path, outline.mark)
            done = Here(outline.path, result=result_types(own["call"]))
        elif kind is StateKind.CHILDREN and "cases" in entries:
            own["cases"], own["need"], own["rest"] = read_children(draft, entries["cases"], outline.path)
        elif kind is StateKind.FINAL:
            own["outcome"] = self._final(entries, outline.path)
        for name in ("done", "failed"):
            if name in entries and outline.path:
                own[name] = read_arms(draft, entries[name], done, name)
        if kind in _MUST_DONE and "done" not in entries and not outline.region:
            hint = "say where it goes: done: [{to: state}]"
            draft.reader.say("WF056", outline.mark, f"{kind} state '{outline.path}' has no `done`", hint)
        return own

    def _final(self, entries: Mapping[str, Node], path: str) -> str | None:
        if "final" in entries:
            self.draft.reader.word(entries["final"], ("true",), "`final`")
        if "outcome" not in entries:
            return None
        if "." in path:
            message, hint = "only a final state at the top closes the case", "leave the outcome out here"
            self.draft.reader.say("WF019", entries["outcome"].mark, message, hint)
        return self.draft.reader.name(entries["outcome"], "`outcome`")

    def _initial(self, outline: Outline) -> str | None:
        reader = self.draft.reader
        names = [inner.path.rpartition(".")[2] for inner in outline.inside]
        node = outline.entries.get("initial")
        if node is None:
            if outline.path:  # at the top it is a key that is missing
                hint = f"write `initial: {names[0]}`" if names else "name one of its states"
                reader.say("WF050", outline.mark, f"'{outline.path}' has no `initial`", hint)
            return None
        name = reader.string(node, "`initial`")
        if name is None or name in self.draft.broken:
            return None
        if name not in names:
            found = self.draft.tree.find(name, outline.path)
            hint = found.hint if found.path is None and found.hint else f"one of {', '.join(names)}"
            where = f"inside '{outline.path}'" if outline.path else "at the top"
            reader.say("WF050", node.mark, f"no state '{name[:60]}' {where} to begin with", hint)
            return None
        return join(outline.path, name)

    def _check_panel_sight(self, panel: Panel | None) -> None:
        if panel is not None:
            by = tuple(Who("role", ask.role) for ask in panel.ask)
            check_sight(
                self.draft,
                by,
                tuple(replace(i, path=f"{panel.into}.{i.path}") if not i.event_data else i for i in panel.form),
            )


def _turn(draft: Draft, node: Node) -> Turn:
    if isinstance(node, ScalarNode) and node.text == "none":
        return ()
    roles = several(draft, node)
    return roles or None


def check_extensions(draft: Draft, root: State) -> None:
    """The engine's own events `extend_<deadline>` are not declared a second time."""
    for state in root.walk():
        for name, deadline in state.deadlines.items():
            handler = state.events.get(f"extend_{name}")
            if deadline.extend is not None and handler is not None:
                message = f"'{handler.event}' is the event that extends deadline '{name}'"
                draft.reader.say("WF026", handler.mark, message, "rename the event or the deadline")


def check_same_events(draft: Draft, root: State) -> None:
    """One event name has one `by` and `form` within a parallel state (LANGUAGE §2.6); one finding a name."""
    reported: set[tuple[str, int]] = set()
    for parallel in root.walk():
        if parallel.kind is not StateKind.PARALLEL:
            continue
        first: dict[str, tuple[str, object]] = {}
        for region in parallel.children:
            for state in region.walk():
                for event, key, mark in _sent(state):
                    other = first.setdefault(event, (region.path, key))
                    spot = (event, mark.line)
                    if other[0] != region.path and other[1] != key and spot not in reported:
                        reported.add(spot)
                        message = f"event '{event}' has another `by` or `form` in '{other[0]}'"
                        draft.reader.say("WF059", mark, message, "rename one, or give both the same `by` and `form`")


def _sent(state: State) -> list[tuple[str, object, Any]]:
    sent: list[tuple[str, object, Any]] = [(h.event, _key(h.by, h.form), h.mark) for h in state.events.values()]
    if state.panel is not None:
        by = tuple(Who("role", ask.role) for ask in state.panel.ask)
        sent.append((state.panel.event, (*_key(by, state.panel.form), state.panel.into), state.mark))
    return sent


def _key(by: tuple[Who, ...], form: tuple[Any, ...]) -> tuple[Any, ...]:
    return frozenset(by), frozenset((i.path, i.mode, i.must, i.column, i.event_data) for i in form)
