"""What a scenario has gone through, line by line, with what went out and what came to nothing on the way."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from engine.core.case import Case
    from engine.rehearse.world import World

_MARGIN = " " * 18


class Story:
    """Grows while a scenario runs; told where it fails."""

    def __init__(self, world: World, zone: ZoneInfo) -> None:
        self._world, self._zone = world, zone
        self._told: list[tuple[datetime | None, str, tuple[str, ...]]] = []
        self._sent = self._incidents = 0

    def tell(self, words: str, case: Case | None = None) -> None:
        """One thing that happened now, and where the case stands after it."""
        self._told.append((self._world.moment, words, case.leaves if case is not None else ()))

    def look_around(self) -> None:
        """The messages sent and the incidents since the last look."""
        receivers: dict[str, list[str]] = {}
        for message in islice(self._world.outside.messages.values(), self._sent, None):
            receivers.setdefault(message.template, []).append(message.to.id)
        for template, people in receivers.items():
            self._told.append((None, f"sent {template} to {', '.join(people)}", ()))
        incidents = self._world.incidents()
        for incident in incidents[self._incidents :]:
            self._told.append((None, f"incident: {incident.kind} {incident.subject}: {incident.text}", ()))
        self._sent, self._incidents = len(self._world.outside.messages), len(incidents)

    def copy(self) -> Story:
        """The story so far, to be told on from here."""
        made = Story(self._world, self._zone)
        made._told, made._sent, made._incidents = list(self._told), self._sent, self._incidents
        return made

    def now(self) -> str:
        """The present moment, for people."""
        return f"{self._world.moment.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def lines(self) -> tuple[str, ...]:
        """The whole story."""
        return tuple(self._line(*told) for told in self._told)

    def _line(self, at: datetime | None, words: str, leaves: tuple[str, ...]) -> str:
        if at is None:
            return f"{_MARGIN}{words}"
        where = f" → {', '.join(leaf.rpartition('.')[2] for leaf in leaves)}" if leaves else ""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}  {words}{where}"
