"""Changing cases: locked, stepped, kept in the unit of the transaction at hand; facts are left to fact_writing.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from engine.core.values import canonical, plain_text
from engine.errors import DuplicateCase
from engine.store import chain
from engine.store.bounded import bounded
from engine.store.case_reading import WHOLE_CASES, CaseReader, asked_whole, held_of
from engine.store.codec import Held, case_columns, held_in, listed_columns, opening_columns, search_text
from engine.store.columns import Instant
from engine.store.outgoing import (
    INSERT_CASE,
    INSERT_EFFECT,
    INSERT_FEED,
    INSERT_LINK,
    INSERT_STEP,
    INSERT_UNSEQUENCED,
)
from engine.store.records import LockedCase, StoredCase
from engine.store.statement import Statement
from engine.store.tables import CALENDAR_VERSION, CASE, CLOCK, RECOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.core.case import Case, Step
    from engine.store.link import Asked
    from engine.store.unit import Unit

C = CASE.c

_LOCK = select(C.id, C.seq, C.hash, C.pruned_at).where(C.public_id == bindparam("case_id"))
LOCK = Statement(_LOCK.with_for_update(key_share=True))
LOCK_IF_FREE = Statement(_LOCK.with_for_update(key_share=True, skip_locked=True))
AROUND = Statement(
    select(
        func.clock_timestamp(type_=Instant()).label("now"),
        select(CLOCK.c.moment).where(CLOCK.c.id == 1).scalar_subquery().label("by_hand"),
        select(func.count()).select_from(CALENDAR_VERSION).scalar_subquery().label("calendars"),
        select(func.max(RECOUNT.c.id)).scalar_subquery().label("recounts"),
    )
)
"""What a step on PostgreSQL has to know beside its case, in one question: the moment, and what was published or declared."""
READ_AHEAD = 16
"""Cases."""
NEVER = datetime.min.replace(tzinfo=UTC)
ROW_OF = Statement(select(C.id).where(C.public_id == bindparam("case_id")))


class CaseWriter(CaseReader):
    """Locks, inserts and saves cases; what they have become stays in `unit` until it is written."""

    def __init__(self, unit: Unit, *, manual_clock: bool) -> None:
        super().__init__(unit.link, manual_clock=manual_clock)
        self.unit = unit
        self._now = NEVER  # the last moment that was read after a lock

    @property
    def repeated(self) -> bool:
        """Whether this work has run before, so that what it did may be stored already."""
        return self.unit.repeated

    def lock_case(self, case_id: str, *, wait: bool = True) -> LockedCase | None:
        """The case, not to be changed by others before this transaction ends; several: ascending by id.

        None: there is none, or (`wait` False) somebody else has it locked.
        """
        held = self.unit.held.get(case_id)
        if held is None:
            held = self._lock(case_id, wait=wait)
            if held is None:
                return None
            self.unit.found(held)
        elif self.link.owned:
            self._now = self.business_now()
        held = self.unit.held[case_id] = held.received(max(self._now, held.received_at, held.case.last_at))
        return LockedCase(held.case, held.version_id, held.received_at)

    def _lock(self, case_id: str, *, wait: bool) -> Held | None:
        """The case row by a locking statement; the moment and all else by later ones, which see what came before the lock."""
        kept = self.unit.kept(case_id)
        if self.link.owned:  # the transaction holds all that is in the database
            self._now = self.business_now()
            return kept or self.unit.read_ahead.pop(case_id, None) or self._read_ahead(case_id)
        questions: list[Asked] = [(LOCK if wait else LOCK_IF_FREE, {"case_id": case_id}), (AROUND, {})]
        questions += [] if kept is not None else [asked_whole(case_id)]
        (locked, around, *rows) = self.link.peek(*questions)
        if not locked:
            return None
        self._hear(around[0])
        if locked[0].pruned_at is not None:
            return None
        if kept is not None and (kept.case.seq, kept.hash) == (locked[0].seq, locked[0].hash):
            return kept
        return held_of(rows[0]) if rows else self.read_case(case_id)

    def _read_ahead(self, case_id: str) -> Held | None:
        """With those that come next: what is read one by one costs as much as the step."""
        ids = self.unit.next_cases(case_id, READ_AHEAD)
        if len(ids) == 1:
            return self.read_case(case_id)
        (rows,) = self.link.peek((WHOLE_CASES, {"ids": plain_text(ids)}))
        self.unit.read_ahead = {row.public_id: held_in(row) for row in rows if row.pruned_at is None}
        return self.unit.read_ahead.pop(case_id, None)

    def _hear(self, around: Any) -> None:
        moment: datetime = self.link.machine_time(around.now)
        self._now = (around.by_hand or moment) if self.manual_clock else moment
        self._calendars, self._recounts = int(around.calendars), int(around.recounts or 0)

    def case(self, case_id: str) -> StoredCase | None:
        """The case as it is now, in this transaction."""
        held = self.unit.held.get(case_id)
        if held is not None:
            return StoredCase(held.case, held.version_id)
        return None if case_id in self.unit.gone else super().case(case_id)

    def unique_holder(self, workflow: str, key: str) -> tuple[str, str | None] | None:
        """(id, number) of the case that has this unique key, in this transaction."""
        wanted = bounded(key)
        for held in reversed(self.unit.held.values()):  # mostly it is the case at hand that has it
            if held.unique_key == wanted and held.case.workflow == workflow:
                return held.case.id, held.case.number
        holder = super().unique_holder(workflow, key)
        return None if holder is None or holder[0] in self.unit.held else holder

    def insert_case(
        self,
        step: Step,
        *,
        version_id: int,
        unique_key: str | None,
        index: Mapping[str, str],
        arrived_at: datetime | None = None,
    ) -> None:
        """Stores a case that the step has opened; it is locked from now on. Raises DuplicateCase before any write."""
        case, unique_key = step.case, _key(unique_key)
        self._claim_unique(case, None, unique_key)
        line = _line(chain.genesis(case.id), step)
        binds = {
            **case_columns(case),
            **listed_columns(case),
            **opening_columns(case),
            "version_id": version_id,
            "unique_key": unique_key,
            "search": search_text(index),
            "hash": line["hash"],
            "pruned_at": None,
        }
        ((new,),) = self.link.peek((INSERT_CASE, binds))
        empty = replace(case, data={}, positions=(), timers=())
        self._now = self.business_now()
        now = max(self._now, case.last_at)
        held = Held(new.id, empty, version_id, line["hash"], unique_key, None, {}, {}, now)
        self.unit.found(held)
        if case.parent is not None:
            (parents,) = self.link.peek((ROW_OF, {"case_id": case.parent.id}))
            for parent in parents:
                self.unit.add(INSERT_LINK, case_id=new.id, parent_id=parent.id)
        self._change(held.stepped(case, line["hash"], unique_key, dict(index)), step, line, arrived_at)

    def save(
        self,
        step: Step,
        *,
        unique_key: str | None,
        index: Mapping[str, str],
        arrived_at: datetime | None = None,
    ) -> None:
        """Stores what a step has made of a locked case. Raises DuplicateCase before any write."""
        held, unique_key = self.unit.held[step.case.id], _key(unique_key)
        self._claim_unique(step.case, held.unique_key, unique_key)
        self._step(held, step, unique_key, dict(index), arrived_at)

    def save_found_alike(self, step: Step, *, arrived_at: datetime | None = None) -> None:
        """As `save`, of a step after which the case has the unique key and the index that it had."""
        held = self.unit.held[step.case.id]
        self._step(held, step, held.unique_key, held.search, arrived_at)

    def _step(
        self,
        held: Held,
        step: Step,
        unique_key: str | None,
        search: Mapping[str, str] | None,
        arrived_at: datetime | None,
    ) -> None:
        line = _line(held.hash, step)
        self._change(held.stepped(step.case, line["hash"], unique_key, search), step, line, arrived_at)

    def _claim_unique(self, case: Case, before: str | None, key: str | None) -> None:
        if key is None or key == before:
            return
        holder = self.unique_holder(case.workflow, key)
        if holder is not None and holder[0] != case.id:
            name = holder[1] or holder[0]
            words = f"{name} is open for the same; go on with it or wait for its end"
            raise DuplicateCase(words, number=holder[1], holder=holder[0])

    def _change(self, held: Held, step: Step, line: dict[str, Any], arrived_at: datetime | None) -> None:
        unit, record = self.unit, step.record
        unit.change(held)
        unit.add(
            INSERT_STEP,
            case_id=held.row,
            seq=record.seq,
            kind=record.kind,
            name=record.name,
            command=record.command,
            at=record.at,
            recorded_at=held.received_at,
            arrived_at=arrived_at,
            **line,
        )
        order = INSERT_FEED if self.link.owned else INSERT_UNSEQUENCED
        unit.add(order, case_id=held.row, seq=record.seq, hash=held.hash)
        if record.command is not None:
            unit.known["command", record.command] = (held.case.id, record.seq)
        if step.effects:
            self._ask(held, step)
        if step.facts:
            self._write_facts(held, step)

    def _ask(self, held: Held, step: Step) -> None:
        now = self.machine_now() if self.manual_clock else self._now
        for effect in step.effects:
            self.unit.add(
                INSERT_EFFECT,
                key=effect.key,
                case_id=held.row,
                seq=step.record.seq,
                kind=effect.kind.value,
                adapter=effect.adapter,
                payload=canonical(effect.payload),
                state=effect.state,
                entry=effect.entry,
                status="pending",
                attempt=0,
                tries="[]",
                next_at=now,
                result=None,
            )

    def _write_facts(self, held: Held, step: Step) -> None:
        raise NotImplementedError


def _key(unique_key: str | None) -> str | None:
    return None if unique_key is None else bounded(unique_key)


def _line(before: str, step: Step) -> dict[str, Any]:
    """The columns of a record that its chain runs over."""
    record = chain.record_text(step.record)
    payload = chain.payload_text(step.record)
    digest = chain.digest(payload)
    return {
        "record": record,
        "payload": payload,
        "payload_hash": digest,
        "hash": chain.link(before, record, digest),
    }
