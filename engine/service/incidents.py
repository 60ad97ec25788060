"""Incidents: what could not be done and waits for a person; they are opened where it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.service.case_views import effect_view
from engine.service.clean import check_names, said_why
from engine.service.views import IncidentView
from engine.store.incidents import ALL

if TYPE_CHECKING:
    from engine.core.case import Actor
    from engine.store.records import Incident
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction


class IncidentNotFound(NotFound):
    """No such incident, or none that is open."""


class Incidents:
    """Reads and closes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(
        self, *, case_id: str | None = None, open_only: bool = True, after: int = 0, limit: int = ALL
    ) -> tuple[IncidentView, ...]:
        """Incidents, of one case (by id or number) or of all, the open ones or all, oldest first, after an id."""
        check_names(case=case_id)

        def work(reader: Reader) -> tuple[IncidentView, ...]:
            of_case = case_id and (reader.case_id_of_number(case_id) or case_id)
            return _views(reader, reader.incidents(of_case, open_only, after=after, limit=limit))

        return self._store.read(work)

    def get(self, incident_id: int) -> IncidentView:
        """One incident, open or closed. Raises IncidentNotFound."""

        def work(reader: Reader) -> IncidentView:
            found = reader.incident(incident_id)
            if found is None:
                raise IncidentNotFound(f"there is no incident {incident_id}; see the list of incidents")
            return _views(reader, (found,))[0]

        return self._store.read(work)

    def open_ones(self) -> int:
        """How many wait for a person."""
        return self._store.read(lambda reader: reader.open_incidents())

    def close(self, incident_id: int, actor: Actor, *, answer: str) -> IncidentView:
        """Somebody has seen to it, and says how. Raises IncidentNotFound, InvalidPayload."""
        said = said_why(answer, "answer")

        def work(tx: Transaction) -> IncidentView:
            closed = tx.close_incident(incident_id, by=actor.id, answer=said)
            found = tx.incident(incident_id)
            mine = found is not None and (found.closed_by, found.answer) == (
                actor.id,
                said,
            )  # perhaps when it ran before
            if found is None or not (closed or (tx.repeated and mine)):
                raise IncidentNotFound(f"there is no open incident {incident_id}; see the list of incidents")
            return _views(tx, (found,))[0]

        return self._store.write(work)


def _views(reader: Reader, found: tuple[Incident, ...]) -> tuple[IncidentView, ...]:
    """With the effect that each is about, if it is about one."""
    effects = reader.effects_of([incident.subject for incident in found])
    return tuple(
        IncidentView(
            id=incident.id,
            case_id=incident.case_id,
            number=incident.number,
            kind=incident.kind,
            subject=incident.subject,
            text=incident.text,
            opened_at=incident.opened_at,
            closed_at=incident.closed_at,
            closed_by=incident.closed_by,
            answer=incident.answer,
            effect=effect_view(effects[incident.subject], answers=False) if incident.subject in effects else None,
        )
        for incident in found
    )
