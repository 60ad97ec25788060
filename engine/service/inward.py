"""Effects between cases: open a child, send, tell the parent, cancel; the target's step and `done` in one transaction.

A case that does not take what it is sent: recorded on both sides, no incident (LANGUAGE §3.8). What goes to many cases is
a transaction each, told apart by its command; the effect is done with the last.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engine.core.case import Actor, Cancelled, ChildEnded, ChildOpened, Event
from engine.core.machine.step import dropped, step
from engine.errors import DeliveryFailed, Refused, WorkflowNotFound
from engine.service.searchable import as_text, fits, index_paths
from engine.service.stepping import parent_of

if TYPE_CHECKING:
    from typing import Literal

    from engine.core.case import Case
    from engine.service.stepping import Stepping, Taken
    from engine.store.records import StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction


class Inward:
    """Delivers to other cases; each method is safe to run again."""

    def __init__(self, store: Store, stepping: Stepping) -> None:
        self._store, self._stepping = store, stepping

    def open(self, effect: StoredEffect) -> None:
        """The child, and the parent that learns its number."""
        self._store.write(lambda tx: self._open(tx, effect))

    def _open(self, tx: Transaction, effect: StoredEffect) -> None:
        parent = self._locked(tx, effect.case_id)
        if not tx.finish_effect(effect.key, effect.attempt, "done"):
            return
        child_id, name = str(effect.payload["child_id"]), str(effect.payload["workflow"])
        if tx.case(child_id) is not None:
            return
        told = ChildOpened(child_id, name, None, effect.payload.get("key"))
        event = Event("open", effect.payload.get("with", {}), command=effect.key)
        try:
            version_id, _ = self._stepping.catalog.chart_of(name, tx)
            sender = _case_actor(parent.case, "parent")
            made = self._stepping.open(tx, version_id, event, sender, case_id=child_id, parent=parent_of(parent.case))
        except (Refused, WorkflowNotFound) as refusal:
            reason = f"{name} could not be opened: {refusal}"
            tx.add_incident(case_id=parent.case.id, kind="open", subject=effect.key, text=reason)
            self._stepping.drop(tx, parent, told, _case_actor(parent.case, "parent"), reason)
            return
        self._stepping.step(tx, parent, replace(told, number=made.case.number), _case_actor(made.case, "child"))

    def send(self, effect: StoredEffect) -> None:
        """An event to each target that is open now."""
        targets = self._store.read(lambda reader: self._targets(reader, effect))
        for target in targets[:-1]:
            self._store.write(partial(self._send, effect, target))
        self._store.write(partial(self._send_last, effect, targets[-1] if targets else None))

    def _targets(self, reader: Reader, effect: StoredEffect) -> list[str]:
        stored = reader.case(effect.case_id)
        if stored is None:
            return []
        case, to = stored.case, str(effect.payload["to"])
        if to == "parent":
            return [case.parent.id] if case.parent is not None else []
        if to == "children":
            return sorted(child.id for child in case.memory.children if not child.ended)
        where = effect.payload.get("where", {})
        plain = {path: as_text(where[path]) for path in self._indexed(reader, to) if path in where}
        found = reader.case_ids_where(to, plain)
        return [one for one in sorted(found) if one != case.id and _has(reader, one, where)]

    def _indexed(self, reader: Reader, workflow: str) -> list[str]:
        """The paths that cases of every version can be found by."""
        charts = [self._stepping.catalog.chart(version.id, reader) for version in reader.versions(workflow)]
        every = [index_paths(chart.workflow) for chart in charts]
        return [path for path in every[0] if all(path in paths for paths in every)] if every else []

    def _send_last(self, effect: StoredEffect, target: str | None, tx: Transaction) -> None:
        for one in sorted({effect.case_id, target or effect.case_id}):
            tx.lock_case(one)
        if tx.finish_effect(effect.key, effect.attempt, "done") and target is not None:
            self._send(effect, target, tx)

    def _send(self, effect: StoredEffect, target: str, tx: Transaction) -> None:
        both = sorted({effect.case_id, target})
        for one in both:
            tx.lock_case(one)  # both, before the timers of one take numbers: after a counter no case is locked any more
        held = {one: self._stepping.take_now(tx, one) for one in both}
        source, taken = held[effect.case_id], held[target]
        command = f"{effect.key}>{target}"
        if source is None or taken is None or tx.step_of_command(command) is not None:
            return
        event = Event(str(effect.payload["event"]), effect.payload.get("with", {}), command=command)
        sender = _case_actor(source.case, _relation(source.case, taken.case))
        try:
            self._stepping.step(tx, taken, event, sender)
        except Refused as refusal:
            self._not_taken(tx, source, taken, event, str(refusal))

    def _not_taken(self, tx: Transaction, source: Taken, target: Taken, event: Event, reason: str) -> None:
        sender = _case_actor(source.case, _relation(source.case, target.case))
        made = dropped(target.chart, target.case, event, sender, now=target.now, reason=reason)
        made = replace(made, record=replace(made.record, command=event.command))
        self._stepping.save(tx, target.chart, made, arrived_at=target.now)
        answer = _case_actor(target.case, _relation(target.case, source.case))
        name = target.case.number or target.case.id
        self._stepping.drop(tx, source, replace(event, command=None), answer, f"{name} did not take it: {reason}")

    def child_ended(self, effect: StoredEffect) -> None:
        """The parent learns the outcome of its child."""

        def work(tx: Transaction) -> None:
            stored = tx.case(effect.case_id)
            child = None if stored is None else stored.case
            if child is None or child.parent is None:
                tx.finish_effect(effect.key, effect.attempt, "done")
                return
            parent = self._locked(tx, child.parent.id)
            told = ChildEnded(child.id, child.number, child.workflow, child.outcome)
            self._tell(tx, effect, parent, told, _case_actor(child, "child"))

        self._store.write(work)

    def cancel(self, effect: StoredEffect) -> None:
        """A child that its parent no longer waits for closes."""

        def work(tx: Transaction) -> None:
            stored, child = tx.case(effect.case_id), self._stepping.take_now(tx, str(effect.payload["child_id"]))
            if stored is None or child is None or child.case.closed_at is not None:
                tx.finish_effect(effect.key, effect.attempt, "done")
                return
            self._tell(tx, effect, child, Cancelled(), _case_actor(stored.case, "parent"))

        self._store.write(work)

    def _tell(
        self, tx: Transaction, effect: StoredEffect, target: Taken, told: ChildEnded | Cancelled, sender: Actor
    ) -> None:
        try:
            step(target.chart, target.case, told, sender, now=target.now)
        except Refused as refusal:
            raise DeliveryFailed(f"{target.case.number or target.case.id}: {refusal}", retry_after=60) from refusal
        if tx.finish_effect(effect.key, effect.attempt, "done"):
            self._stepping.step(tx, target, told, sender)

    def _locked(self, tx: Transaction, case_id: str) -> Taken:
        taken = self._stepping.take_now(tx, case_id)
        if taken is None:
            raise DeliveryFailed(f"case {case_id} is gone; nothing is told to it", retry_after=None)
        return taken


def _has(reader: Reader, case_id: str, where: object) -> bool:
    stored = reader.case(case_id)
    return stored is not None and isinstance(where, dict) and fits(stored.case.data, where)


def _relation(sender: Case, receiver: Case) -> Literal["parent", "child", "other"]:
    if receiver.parent is not None and receiver.parent.id == sender.id:
        return "parent"
    return "child" if sender.parent is not None and sender.parent.id == receiver.id else "other"


def _case_actor(case: Case, relation: Literal["parent", "child", "other"]) -> Actor:
    return Actor(id=case.id, kind="case", name=case.number or case.workflow, workflow=case.workflow, relation=relation)
