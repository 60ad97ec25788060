"""Incidents: what needs a person, opened where it happens and closed with an answer. Business time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, select, update

from engine.store.records import Incident
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import CASE, INCIDENT

I = INCIDENT.c  # noqa: E741  (one letter a table, as in the other modules)

_SELECT = select(INCIDENT, CASE.c.public_id, CASE.c.number).outerjoin(CASE, CASE.c.id == I.case_id)
_PAGE = _SELECT.where(I.id > bindparam("after")).order_by(I.id).limit(bindparam("most"))
_OF_CASE = CASE.c.public_id == bindparam("of_case")
PAGES = {
    (False, False): Statement(_PAGE),
    (False, True): Statement(_PAGE.where(I.closed_at.is_(None))),
    (True, False): Statement(_PAGE.where(_OF_CASE)),
    (True, True): Statement(_PAGE.where(_OF_CASE, I.closed_at.is_(None))),
}
ONE = Statement(_SELECT.where(I.id == bindparam("row")))
COUNT_OPEN = Statement(select(func.count().label("n")).select_from(INCIDENT).where(I.closed_at.is_(None)))
ROW_OF_CASE = Statement(select(CASE.c.id).where(CASE.c.public_id == bindparam("of_case")))
INSERT = Statement(insert_into(INCIDENT, "id"))
_CLOSED = {
    name: bindparam(bind, type_=I[name].type)
    for name, bind in {"closed_at": "now", "closed_by": "by", "answer": "said"}.items()
}
CLOSE = Statement(update(INCIDENT).where(I.id == bindparam("row"), I.closed_at.is_(None)).values(_CLOSED))
CLOSE_ABOUT = Statement(
    update(INCIDENT)
    .where(
        I.case_id == select(CASE.c.id).where(_OF_CASE).scalar_subquery(),
        I.subject == bindparam("about"),
        I.closed_at.is_(None),
    )
    .values(_CLOSED)
)
ALL = 2**31 - 1


class IncidentReader(Session):
    """Reads of incidents."""

    def incidents(
        self, case_id: str | None = None, open_only: bool = True, *, after: int = 0, limit: int = ALL
    ) -> tuple[Incident, ...]:
        """Incidents, of one case or of all, oldest first, after an id."""
        binds = {"after": after, "most": limit, **({} if case_id is None else {"of_case": case_id})}
        return tuple(_incident(row) for row in self.link.rows(PAGES[case_id is not None, open_only], **binds))

    def incident(self, incident_id: int) -> Incident | None:
        """One incident, open or closed."""
        row = self.link.row(ONE, row=incident_id)
        return None if row is None else _incident(row)

    def open_incidents(self) -> int:
        """How many are open."""
        count: int = self.link.value(COUNT_OPEN)
        return count


class IncidentWriter(IncidentReader):
    """Writes of incidents."""

    def add_incident(self, *, case_id: str | None, kind: str, subject: str, text: str) -> int:
        """Something that needs a person; its id."""
        row = None if case_id is None else self.link.value(ROW_OF_CASE, of_case=case_id)
        now = self.business_now()
        open_still = {"closed_at": None, "closed_by": None, "answer": None}
        new: int = self.link.value(
            INSERT,
            case_id=row,
            kind=kind,
            subject=subject,
            text=text.replace("\0", "\ufffd"),
            opened_at=now,
            **open_still,
        )
        return new

    def close_incident(self, incident_id: int, *, by: str | None = None, answer: str | None = None) -> bool:
        """Somebody has seen to it, and what he says; False where it is closed or unknown."""
        return self.link.run(CLOSE, row=incident_id, now=self.business_now(), by=by, said=answer) == 1

    def close_incidents_about(self, case_id: str, subject: str, *, by: str, answer: str) -> int:
        """The same for all open ones of a case about one thing; how many there were."""
        return self.link.run(CLOSE_ABOUT, of_case=case_id, about=subject, now=self.business_now(), by=by, said=answer)


def _incident(row: Any) -> Incident:
    return Incident(
        id=row.id,
        case_id=row.public_id,
        kind=row.kind,
        subject=row.subject,
        text=row.text,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        answer=row.answer,
        number=row.number,
    )
