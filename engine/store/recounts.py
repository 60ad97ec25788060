"""What moves deadlines of running cases, in the order in which it was declared, and how far its work is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from engine.core.recounts import CalendarChanged, Outage, ZoneChanged
from engine.store.case_writing import CaseWriter
from engine.store.recount_records import StoredRecount
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import CASE, RECOUNT, WORKFLOW_VERSION

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.recounts import Recount

R, C = RECOUNT.c, CASE.c
ALL = ("recounts",)

AFTER = Statement(select(RECOUNT).where(R.id > bindparam("number")).order_by(R.id))
NEXT = Statement(select(RECOUNT).where(R.done_at.is_(None)).order_by(R.id).limit(1))
LATEST = Statement(select(RECOUNT).order_by(R.id.desc()).limit(bindparam("limit")))
_RUNS = select(WORKFLOW_VERSION.c.id)
_OPEN = (
    select(C.id, C.public_id)
    .where(C.id > bindparam("seen"), C.closed_at.is_(None), C.pruned_at.is_(None))
    .order_by(C.id)
    .limit(bindparam("limit"))
)
OPEN_BY_CALENDAR = Statement(
    _OPEN.where(C.version_id.in_(_RUNS.where(WORKFLOW_VERSION.c.calendar == bindparam("name"))))
)
OPEN_CASES = Statement(_OPEN)
OPEN_OF_WORKFLOW = Statement(_OPEN.where(C.workflow == bindparam("name")))
LAST_OF_ZONE = Statement(
    select(R.version).where(R.kind == ZoneChanged.kind, R.name == bindparam("name")).order_by(R.id.desc()).limit(1)
)
INSERT = Statement(insert_into(RECOUNT, "id"))
ADVANCE = Statement(
    update(RECOUNT)
    .where(R.id == bindparam("row"), R.seen < bindparam("place"))
    .values(seen=bindparam("place"), moved=R.moved + bindparam("more"))
)
FINISH = Statement(
    update(RECOUNT)
    .where(R.id == bindparam("row"), R.done_at.is_(None))
    .values(done_at=bindparam("now", type_=R.done_at.type))
)


class RecountReader(Session):
    """Reads of them."""

    def recounts_after(self, number: int) -> tuple[StoredRecount, ...]:
        """Those that came later, in their order."""
        return tuple(map(_recount, self.link.rows(AFTER, number=number)))

    def next_recount(self) -> StoredRecount | None:
        """The first one that is not over."""
        row = self.link.row(NEXT)
        return None if row is None else _recount(row)

    def latest_recounts(self, limit: int) -> tuple[StoredRecount, ...]:
        """The last ones, the newest first."""
        return tuple(map(_recount, self.link.rows(LATEST, limit=limit)))

    def cases_to_recount(self, said: StoredRecount, limit: int) -> tuple[tuple[int, str], ...]:
        """(row, id) of open cases that it may concern and that were not looked at, in their order."""
        binds: dict[str, Any] = {"seen": said.seen, "limit": limit}
        if isinstance(said.said, ZoneChanged):
            return tuple((row.id, row.public_id) for row in self.link.rows(OPEN_CASES, **binds))
        statement = OPEN_BY_CALENDAR if isinstance(said.said, CalendarChanged) else OPEN_OF_WORKFLOW
        return tuple((row.id, row.public_id) for row in self.link.rows(statement, name=said.name, **binds))

    def rules_of_zone(self, name: str) -> int | None:
        """The rules by which deadlines in a zone were counted last; None: nobody has said yet."""
        found: int | None = self.link.value(LAST_OF_ZONE, name=name)
        return found


class RecountWriter(CaseWriter, RecountReader):
    """Writes of them; who adds one has said `begin_publishing`, so that their numbers are in the order of their commits."""

    def recounts_after(self, number: int) -> tuple[StoredRecount, ...]:
        """Read once for all commands that share a transaction: each case that was opened before has to know of them."""
        all_of_them = self.unit.known.get(ALL)
        if all_of_them is None:
            all_of_them = self.unit.known[ALL] = super().recounts_after(0)
        return tuple(said for said in all_of_them if said.number > number)

    def add_calendar_recount(self, name: str, version: int, *, earlier: bool, reason: str, actor_id: str) -> int:
        """A calendar has a new version; the number."""
        said = {"version": version, "earlier": earlier, "reason": reason}
        return self._add(kind=CalendarChanged.kind, name=name, actor_id=actor_id, **said)

    def add_zone(self, name: str, rules: int, *, known: bool) -> int:
        """The rules of a zone, for the first time, or (`known`) others than before: then cases move; the number."""
        earlier = {"earlier": known, "reason": "the rules of the time zone have changed" if known else "as found"}
        number = self._add(kind=ZoneChanged.kind, name=name, version=rules, actor_id="system", **earlier)
        if not known:
            self.finish_recount(number)
        return number

    def add_outage(self, workflow: str, since: datetime, until: datetime, *, reason: str, actor_id: str) -> int:
        """Applicants of a workflow could not, or will not, answer for a time; the number."""
        return self._add(kind=Outage.kind, name=workflow, since=since, until=until, reason=reason, actor_id=actor_id)

    def advance_recount(self, number: int, place: int, more: int) -> None:
        """Cases up to a row were looked at, and so many of them moved; nothing where another node got further."""
        self.link.run(ADVANCE, row=number, place=place, more=more)

    def finish_recount(self, number: int) -> None:
        """It is over."""
        self.link.run(FINISH, row=number, now=self.machine_now())

    def _add(self, **said: Any) -> int:
        blank = {"version": 0, "earlier": False, "since": None, "until": None}
        self.unit.known.pop(ALL, None)
        columns = {**blank, **said, "at": self.business_now(), "seen": 0, "moved": 0, "done_at": None}
        return int(self.link.value(INSERT, **columns))


def _recount(row: Any) -> StoredRecount:
    made: Recount
    if row.kind == CalendarChanged.kind:
        made = CalendarChanged(row.id, row.name, row.version, bool(row.earlier), row.reason)
    elif row.kind == ZoneChanged.kind:
        made = ZoneChanged(row.id, row.name, row.version, bool(row.earlier), row.reason)
    else:
        made = Outage(row.id, row.since, row.until, row.reason)
    return StoredRecount(row.name, made, row.actor_id, row.at, row.seen, row.moved, row.done_at)
