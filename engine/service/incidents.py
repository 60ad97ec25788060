"""Incidents: what could not be done and waits for a person; they are opened where it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.service.views import IncidentView

if TYPE_CHECKING:
    from engine.store.store import Store


class IncidentNotFound(NotFound):
    """No such incident that is open."""


class Incidents:
    """Reads and closes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, *, case_id: str | None = None, open_only: bool = True) -> tuple[IncidentView, ...]:
        """Incidents, of one case or of all, the open ones or all."""
        found = self._store.read(lambda reader: reader.incidents(case_id, open_only))
        return tuple(IncidentView(i.id, i.case_id, i.kind, i.subject, i.text, i.opened_at, i.closed_at) for i in found)

    def close(self, incident_id: int) -> None:
        """Somebody has seen to it. Raises IncidentNotFound."""
        if not self._store.write(lambda tx: tx.close_incident(incident_id)):
            raise IncidentNotFound(f"there is no open incident {incident_id}; see the list of incidents")
