"""Commands to cases: Idempotency-Key, then If-Match, then the step, in one transaction; answers are made elsewhere.

A refusal is the command's value, not a failure of the transaction: the timers that fired before it stay.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from engine.core.case import ChildOpened, Event
from engine.core.frozen import frozen
from engine.core.machine.step import step
from engine.core.sight import may_address, may_see
from engine.core.work import AssignmentChanged, PanelChanged
from engine.errors import (
    ActorNotAllowed,
    CaseChanged,
    CaseNotFound,
    CasePruned,
    DuplicateCase,
    EventNotAllowed,
    KeyReused,
    NotFound,
    Refused,
)
from engine.service.case_views import etag
from engine.service.clean import check_data, check_names
from engine.service.searching import sees_all
from engine.service.stepping import parent_of
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from engine.core.case import Actor, Case, Record
    from engine.core.machine.chart import Chart
    from engine.errors import MilepostError
    from engine.service.catalog import Catalog
    from engine.service.stepping import Stepping
    from engine.store.outcome import Outcome
    from engine.store.pruning import Tombstone
    from engine.store.records import StoredCase, StoredRecord
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction


@frozen
class Decision:
    """What became of a command: a refusal, or the case after the step and its record."""

    refusal: MilepostError | None = None
    case: Case | None = None
    version_id: int = 0
    record: Record | StoredRecord | None = None
    replayed: bool = False


Asked = Event | AssignmentChanged | PanelChanged


@frozen
class Command:
    """What is asked: of a workflow to open a case (`case_id` None), or of a case to take an event or another who does its work."""

    event: Asked
    actor: Actor
    workflow: str = ""
    case_id: str | None = None
    parent: str | None = None
    if_match: str | None = None
    key: str | None = None
    fresh: bool = False  # its event's command id was made here, so nobody has sent it before

    def check(self) -> None:
        """Raises InvalidPayload where it could not even be looked up or stored."""
        name, data, declares = self.said
        check_names(
            workflow=self.workflow,
            case=self.case_id,
            parent=self.parent,
            key=self.key,
            event=name,
            command=self.event.command,
        )
        check_data(data)
        check_data(declares)

    @property
    def said(self) -> tuple[str, Mapping[str, Any], list[str]]:
        """Name, data and declarations of what is asked."""
        event = self.event
        match event:
            case Event():
                return event.name, event.data, sorted(event.declares)
            case AssignmentChanged():
                persons = [person.id for person in event.persons]
                return event.verb, {"role": event.role, "persons": persons, "reason": event.reason}, []
            case PanelChanged():
                by = None if event.by is None else event.by.id
                data = {"state": event.state, "person": event.person, "by": by, "reason": event.reason}
                return event.verb, data, []

    @property
    def party(self) -> str:
        """Whose Idempotency-Keys these are."""
        return self.actor.party or self.actor.persons[-1]

    @property
    def body_hash(self) -> str:
        """What has to be equal when a key comes again."""
        said = [self.workflow, self.case_id, self.parent, *self.said]
        text = json.dumps(said, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Commands:
    """Puts commands to the store and returns what became of them."""

    def __init__(self, store: Store, stepping: Stepping) -> None:
        self._store, self.stepping = store, stepping

    def decide(self, command: Command) -> Decision:
        """One transaction; waits until it is committed."""
        return self._store.write(partial(self.decided, command=_named(command)))

    def submit(self, command: Command, *, priority: Priority = Priority.PEOPLE) -> Future[Decision]:
        """One transaction; the future is done when it is committed."""
        command = _named(command)
        return self._store.submit(partial(self.decided, command=command), priority=priority)

    def decide_all(self, commands: Sequence[tuple[str, Command]], *, priority: Priority) -> list[Outcome[Decision]]:
        """Each by itself, committed together where the store can; with each stands the case it goes to ("": a new one)."""
        named = [(case_id, _named(command)) for case_id, command in commands]
        works = [(case_id, partial(self.decided, command=command)) for case_id, command in named]
        return self._store.together(works, priority=priority)

    def decided(self, tx: Transaction, command: Command) -> Decision:
        """What becomes of a command inside a transaction that does more."""
        try:
            command.check()
            done = self._open(tx, command) if command.case_id is None else self._send(tx, command, command.case_id)
        except DuplicateCase as taken:
            return Decision(refusal=as_told(tx, self.stepping.catalog, taken, command.actor))
        except (Refused, NotFound, CaseChanged, KeyReused) as refusal:
            return Decision(refusal=refusal)
        if command.key is not None and not done.replayed and done.case is not None and done.record is not None:
            tx.keep_accepted(command.key, command.party, command.body_hash, done.case.id, done.case.seq)
        return done

    def _known(self, tx: Transaction, command: Command) -> Decision | None:
        """The stored answer to a key or a command that was accepted before."""
        if command.key is not None:
            kept = tx.accepted(command.key, command.party)
            if kept is not None:
                if kept.body_hash != command.body_hash:
                    raise KeyReused(
                        f"the Idempotency-Key '{command.key}' came before with another body; use a new key for a new request"
                    )
                return stored_answer(tx, kept.case_id, kept.seq)
        if command.event.command is None or (command.fresh and not tx.repeated):
            return None
        place = tx.step_of_command(command.event.command)
        return None if place is None else stored_answer(tx, *place)

    def _send(self, tx: Transaction, command: Command, ref: str) -> Decision:
        """The key is looked up under the lock: who sent it first has answered by then."""
        case_id = locked(tx, ref)
        known = self._known(tx, command)
        if known is not None:
            return known
        taken = None if case_id is None else self.stepping.take_now(tx, case_id)
        if taken is None:
            raise missing(tx, self.stepping.catalog, ref, command.actor)
        if not may_address(taken.chart, taken.case, command.actor):
            raise no_case(ref)
        check_match(taken.case, command.if_match)
        made = self.stepping.step(tx, taken, command.event, command.actor)
        return Decision(case=made.case, version_id=taken.version_id, record=made.record)

    def _open(self, tx: Transaction, command: Command) -> Decision:
        parent_id = None if command.parent is None else locked(tx, command.parent)
        known = self._known(tx, command)
        if known is not None:
            return known
        version_id, _ = self.stepping.catalog.chart_of(command.workflow, tx)
        case_id = self.stepping.new_id()
        if not isinstance(command.event, Event):
            raise TypeError("a case is opened by an event")
        event = replace(command.event, name="open")
        if command.parent is None:
            made = self.stepping.open(tx, version_id, event, command.actor, case_id=case_id, parent=None)
            return Decision(case=made.case, version_id=version_id, record=made.record)
        taken = None if parent_id is None else self.stepping.take_now(tx, parent_id)
        if taken is None:
            raise missing(tx, self.stepping.catalog, command.parent, command.actor)
        told = ChildOpened(case_id, command.workflow, None, by=command.actor)
        check_parent(taken.chart, taken.case, told, command.actor, now=taken.now)
        parent = parent_of(taken.case)
        made = self.stepping.open(tx, version_id, event, command.actor, case_id=case_id, parent=parent)
        self.stepping.step(tx, taken, replace(told, number=made.case.number), command.actor)
        return Decision(case=made.case, version_id=version_id, record=made.record)


def check_parent(chart: Chart, parent: Case, told: ChildOpened, actor: Actor, *, now: datetime) -> None:
    """Raises what the parent says against a child of this sender, before anything is stored."""
    try:
        step(chart, parent, told, actor, now=now)
    except (ActorNotAllowed, EventNotAllowed):
        if not may_see(chart, parent, actor):
            raise no_case(parent.id) from None
        raise


def check_match(case: Case, if_match: str | None) -> None:
    """Raises CaseChanged where If-Match names an older state; `*` and nothing fit always."""
    if if_match is None:
        return
    seen = {part.strip().removeprefix("W/") for part in if_match.split(",")}
    if seen.isdisjoint({"*", etag(case)}):
        raise CaseChanged("the case has changed since it was read; read it again and decide anew", etag=etag(case))


def locked(tx: Transaction, ref: str) -> str | None:
    """The id of the case with this id or number, locked from now on; None: there is none."""
    if tx.lock_case(ref) is not None:
        return ref
    case_id = tx.case_id_of_number(ref)
    return case_id if case_id is not None and tx.lock_case(case_id) is not None else None


def stored(reader: Reader, ref: str) -> StoredCase | None:
    """The case with this id or number."""
    found = reader.case(ref)
    if found is not None:
        return found
    case_id = reader.case_id_of_number(ref)
    return None if case_id is None else reader.case(case_id)


def _named(command: Command) -> Command:
    """With an id by which its step is found, should nobody learn whether it was committed."""
    said = command.event
    if said.command is not None:
        return command
    return replace(command, event=replace(said, command=token_hex(16)), fresh=True)


def no_case(case_id: str) -> CaseNotFound:
    """The same words whether it is not there or may not be known."""
    return CaseNotFound(f"there is no case '{case_id[:80]}' for you; look in the list of your cases")


def as_told(reader: Reader, catalog: Catalog, taken: DuplicateCase, actor: Actor) -> DuplicateCase:
    """What a sender may know of the case that has what he wants."""
    found = None if taken.holder is None else reader.case(taken.holder)
    if found is not None and may_see(catalog.chart(found.version_id, reader), found.case, actor):
        return taken
    words = "a case that is not for you to see has the same values where they have to be unique; ask those who keep the list"
    return DuplicateCase(words, number=None)


def missing(reader: Reader, catalog: Catalog, ref: str, actor: Actor) -> NotFound:
    """Why there is no case with this id or number: it never was, or it was pruned.

    The latter is told to who found every case of its workflow: whose the others' were is not known any more.
    """
    left = reader.tombstone(ref)
    if left is None:
        return no_case(ref)
    _, chart = catalog.chart_of(left.workflow, reader)
    return pruned(left) if not actor.roles.isdisjoint(sees_all(chart)) else no_case(ref)


def pruned(left: Tombstone) -> CasePruned:
    """What is left of a case."""
    name = left.number or left.id
    return CasePruned(
        f"case {name} was closed on {left.closed_at:%Y-%m-%d} and pruned on {left.pruned_at:%Y-%m-%d};"
        " its proof is kept: the last hash of its history, its certificates and its register entries"
    )


def stored_answer(reader: Reader, case_id: str, seq: int) -> Decision:
    """An accepted command's answer, from what is stored."""
    held = reader.case(case_id)
    records = reader.history(case_id, seq - 1, 1)
    if held is None or not records:
        left = reader.tombstone(case_id)
        raise no_case(case_id) if left is None else pruned(left)
    return Decision(case=held.case, version_id=held.version_id, record=records[0], replayed=True)
