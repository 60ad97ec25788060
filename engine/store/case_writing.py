"""Writing cases: what one step changes becomes rows, all in the transaction at hand; facts are left to fact_writing.py."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from engine.core.naming import group_of
from engine.core.values import canonical
from engine.errors import DuplicateCase
from engine.store import chain
from engine.store.case_reading import CASE_BY_ROW, CaseReader
from engine.store.codec import (
    Held,
    arrange,
    case_columns,
    changed_sections,
    index_rows,
    opening_columns,
    sections,
)
from engine.store.records import LockedCase
from engine.store.statement import Statement, insert_into
from engine.store.tables import CASE, CASE_INDEX, CASE_LINK, CASE_SECTION, EFFECT, FEED, POSITION, STEP, TIMER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from engine.core.case import Case, Step
    from engine.store.statement import Link

C = CASE.c

LOCK = Statement(select(C.id, C.seq, C.hash).where(C.public_id == bindparam("case_id")).with_for_update(key_share=True))
ROW_OF = Statement(select(C.id).where(C.public_id == bindparam("case_id")))
INSERT_CASE = Statement(insert_into(CASE, "id"))
_CHANGING = (
    "number",
    "last_at",
    "seq",
    "revision",
    "closed_at",
    "outcome",
    "leaves",
    "turn",
    "memory",
    "next_due",
    "overdue_since",
    "unique_key",
    "search",
    "hash",
)
UPDATE_CASE = Statement(
    update(CASE)
    .where(C.id == bindparam("row"))
    .values({name: bindparam(name, type_=C[name].type) for name in _CHANGING})
)
INSERT_LINK = Statement(insert_into(CASE_LINK))
INSERT_SECTION = Statement(insert_into(CASE_SECTION))
UPDATE_SECTION = Statement(
    update(CASE_SECTION)
    .where(CASE_SECTION.c.case_id == bindparam("row"), CASE_SECTION.c.section == bindparam("key"))
    .values(data=bindparam("data", type_=CASE_SECTION.c.data.type))
)
DELETE_SECTION = Statement(
    delete(CASE_SECTION).where(CASE_SECTION.c.case_id == bindparam("row"), CASE_SECTION.c.section == bindparam("key"))
)
INSERT_POSITION = Statement(insert_into(POSITION))
DELETE_POSITION = Statement(
    delete(POSITION).where(POSITION.c.case_id == bindparam("row"), POSITION.c.state == bindparam("key"))
)
INSERT_TIMER = Statement(insert_into(TIMER))
DELETE_TIMER = Statement(delete(TIMER).where(TIMER.c.case_id == bindparam("row"), TIMER.c.key == bindparam("key")))
INSERT_INDEX = Statement(insert_into(CASE_INDEX))
DELETE_INDEX = Statement(
    delete(CASE_INDEX).where(
        CASE_INDEX.c.case_id == bindparam("row"),
        CASE_INDEX.c.path == bindparam("path"),
        CASE_INDEX.c.value == bindparam("value"),
    )
)
INSERT_STEP = Statement(insert_into(STEP))
INSERT_FEED = Statement(insert_into(FEED))
INSERT_EFFECT = Statement(insert_into(EFFECT))


class CaseWriter(CaseReader):
    """Locks, inserts and saves cases; `kept` are the cases as the last transactions left them."""

    def __init__(
        self,
        link: Link,
        machine_now: Callable[[], datetime],
        *,
        manual_clock: bool,
        kept: Callable[[str], Held | None] = lambda _: None,
    ) -> None:
        super().__init__(link, machine_now, manual_clock=manual_clock)
        self.held: dict[str, Held] = {}
        self._kept = kept

    def lock_case(self, case_id: str) -> LockedCase | None:
        """The case, not to be changed by others before this transaction ends; several: ascending by id."""
        held = self.held.get(case_id)
        if held is None:
            lock = self.link.row(LOCK, case_id=case_id)
            if lock is None:
                return None
            held = self._kept(case_id)
            if held is None or (held.case.seq, held.hash) != (lock.seq, lock.hash):
                row = self.link.row(CASE_BY_ROW, row=lock.id)
                held = self._load(row, received_at=self.business_now())
        held = replace(held, received_at=max(self.business_now(), held.case.last_at))
        self.held[case_id] = held
        return LockedCase(held.case, held.version_id, held.received_at)

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
        case = step.case
        self._claim_unique(case, None, unique_key)
        head = chain.genesis(case.id)
        columns = case_columns(case) | opening_columns(case)
        search = json.dumps(dict(index), ensure_ascii=False)
        new = self.link.row(
            INSERT_CASE, **columns, version_id=version_id, unique_key=unique_key, search=search, hash=head
        )
        assert new is not None  # noqa: S101  (RETURNING of one row)
        now = max(self.business_now(), case.last_at)
        empty = replace(case, data={}, positions=(), timers=())
        held = Held(new.id, empty, version_id, head, unique_key, {}, {}, {}, now)
        if case.parent is not None:
            parent = self.link.value(ROW_OF, case_id=case.parent.id)
            if parent is not None:
                self.link.run(INSERT_LINK, case_id=new.id, parent_id=parent)
        self._write(held, step, unique_key, index, arrived_at, is_new=True)

    def save(
        self,
        step: Step,
        *,
        unique_key: str | None,
        index: Mapping[str, str],
        arrived_at: datetime | None = None,
    ) -> None:
        """Stores what a step has made of a locked case. Raises DuplicateCase before any write."""
        held = self.held[step.case.id]
        self._claim_unique(step.case, held.unique_key, unique_key)
        self._write(held, step, unique_key, index, arrived_at, is_new=False)

    def _claim_unique(self, case: Case, before: str | None, key: str | None) -> None:
        if key is None or key == before:
            return
        holder = self.unique_holder(case.workflow, key)
        if holder is not None and holder[0] != case.id:
            name = holder[1] or holder[0]
            raise DuplicateCase(f"{name} is open for the same; go on with it or wait for its end", number=holder[1])

    def _write(
        self,
        held: Held,
        step: Step,
        unique_key: str | None,
        index: Mapping[str, str],
        arrived_at: datetime | None,
        *,
        is_new: bool,
    ) -> None:
        case, link = step.case, self.link
        self._write_sections(held, step)
        places = self._write_positions(held, case)
        timer_places = self._write_timers(held, case)
        self._write_index(held, case, index, is_new=is_new)
        row = held.row
        head = self._write_record(held, step, arrived_at)
        search = json.dumps(dict(index), ensure_ascii=False)
        link.run(UPDATE_CASE, row=row, unique_key=unique_key, search=search, hash=head, **case_columns(case))
        self._write_effects(held, step)
        if step.facts:
            self._write_facts(held, step)
        self.held[case.id] = Held(
            row, case, held.version_id, head, unique_key, dict(index), places, timer_places, held.received_at
        )

    def _write_sections(self, held: Held, step: Step) -> None:
        changed = changed_sections(held.case.data, step.case.data) | step.changed_groups
        if not changed:
            return
        stored = set(map(group_of, held.case.data))
        new = sections(step.case.data, changed)
        texts = [(key, canonical(new[key])) for key in sorted(new)]
        row = held.row
        self.link.many(UPDATE_SECTION, [{"row": row, "key": k, "data": t} for k, t in texts if k in stored])
        self.link.many(INSERT_SECTION, [{"case_id": row, "section": k, "data": t} for k, t in texts if k not in stored])
        self.link.many(DELETE_SECTION, [{"row": row, "key": k} for k in sorted(changed & stored - new.keys())])

    def _write_index(self, held: Held, case: Case, index: Mapping[str, str], *, is_new: bool) -> None:
        before = held.case
        if is_new:
            old = set()
        elif (before.number, before.turn, held.index) == (case.number, case.turn, index):
            return
        else:
            old = index_rows(before, held.index)
        new, row = index_rows(case, index), held.row
        self.link.many(DELETE_INDEX, [{"row": row, "path": p, "value": v} for p, v in sorted(old - new)])
        self.link.many(INSERT_INDEX, [{"case_id": row, "path": p, "value": v} for p, v in sorted(new - old)])

    def _write_positions(self, held: Held, case: Case) -> Mapping[str, int]:
        if held.case.positions == case.positions:
            return held.places
        places, dropped, written = arrange(
            held.places, {p.state: p for p in held.case.positions}, [(p.state, p) for p in case.positions]
        )
        self.link.many(DELETE_POSITION, [{"row": held.row, "key": key} for key in dropped])
        rows = [
            {
                "case_id": held.row,
                "state": p.state,
                "place": place,
                "entry": p.entry,
                "entered_at": p.entered_at,
                "finished": p.finished,
            }
            for place, p in written
        ]
        self.link.many(INSERT_POSITION, rows)
        return places

    def _write_timers(self, held: Held, case: Case) -> Mapping[str, int]:
        if held.case.timers == case.timers:
            return held.timer_places
        places, dropped, written = arrange(
            held.timer_places, {t.key: t for t in held.case.timers}, [(t.key, t) for t in case.timers]
        )
        self.link.many(DELETE_TIMER, [{"row": held.row, "key": key} for key in dropped])
        rows = [
            {
                "case_id": held.row,
                "key": t.key,
                "place": place,
                "state": t.state,
                "entry": t.entry,
                "deadline": t.deadline,
                "kind": t.kind,
                "rung": t.rung,
                "due": t.due,
            }
            for place, t in written
        ]
        self.link.many(INSERT_TIMER, rows)
        return places

    def _write_record(self, held: Held, step: Step, arrived_at: datetime | None) -> str:
        record = step.record
        text, payload = chain.record_text(record), chain.payload_text(record)
        payload_hash = chain.digest(payload)
        head = chain.link(held.hash, text, payload_hash)
        self.link.run(
            INSERT_STEP,
            case_id=held.row,
            seq=record.seq,
            kind=record.kind,
            name=record.name,
            record=text,
            payload=payload,
            payload_hash=payload_hash,
            hash=head,
            command=record.command,
            at=record.at,
            recorded_at=held.received_at,
            arrived_at=arrived_at,
        )
        self.link.run(INSERT_FEED, case_id=held.row, seq=record.seq, hash=head)
        return head

    def _write_effects(self, held: Held, step: Step) -> None:
        if not step.effects:
            return
        now = self.machine_now()
        rows: list[dict[str, Any]] = [
            {
                "key": effect.key,
                "case_id": held.row,
                "seq": step.record.seq,
                "kind": effect.kind.value,
                "adapter": effect.adapter,
                "payload": canonical(effect.payload),
                "state": effect.state,
                "entry": effect.entry,
                "status": "pending",
                "attempt": 0,
                "tries": "[]",
                "next_at": now,
                "result": None,
            }
            for effect in step.effects
        ]
        self.link.many(INSERT_EFFECT, rows)

    def _write_facts(self, held: Held, step: Step) -> None:
        raise NotImplementedError
