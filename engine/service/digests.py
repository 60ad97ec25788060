"""Letters that wait, for the day's digest or the end of quiet hours: when they go out, and what is left to say then."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from engine.core.calendars.moments import local_instant
from engine.errors import DeliveryFailed
from engine.service.digest_letter import digest_of, digest_templates
from engine.service.messages import message_id, write_message
from engine.service.receivers import people_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from engine.core.case import Case
    from engine.ports import Adapters, Message, Person
    from engine.service.catalog import Catalog
    from engine.store.digest_records import DigestLine
    from engine.store.records import StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Reader

AT = time(8)
"""When digests go out where nobody says otherwise, by the workflow's clock."""


def next_digest(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The next moment at which digests go out: now, if it is just that moment."""
    today = now.astimezone(zone).date()
    moments = (local_instant(datetime.combine(today + timedelta(days=days), at), zone) for days in range(3))
    return next(moment for moment in moments if moment >= now)


class Digests:
    """Collects what is due into effects, and writes the letter of one."""

    def __init__(self, store: Store, catalog: Catalog, adapters: Adapters, *, public_url: str) -> None:
        self._store, self._catalog, self._public_url = store, catalog, public_url
        self._words = digest_templates(adapters.templates)

    def gather(self) -> int:
        """Makes effects of the letters that are due; how many. Call again while it is > 0."""
        due = self.next_at()
        if due is None or due > self._store.read(lambda reader: reader.business_now()):
            return 0
        return self._store.write(lambda tx: tx.gather_digests())

    def next_at(self) -> datetime | None:
        """When the next digest goes out, in business time; None: no letter waits."""
        return self._store.read(lambda reader: reader.next_digest_at())

    def message(self, reader: Reader, effect: StoredEffect) -> tuple[Message | None, list[str]]:
        """What a digest says now, and the case of each letter that is left of it; None where none is.

        A letter is left out where its receiver would not get it any more, or the deadline it is about has been met or has
        moved. One that is left alone goes as it is.
        """
        letters = [
            (letter, link, zone)
            for line in reader.digest_lines(effect.key)
            for letter, link, zone in self._letters(reader, line)
        ]
        cases = [letter.case_id for letter, _, _ in letters]
        if not letters:
            return None, cases
        if len(letters) == 1:
            return letters[0][0], cases
        said = [(letter, link) for letter, link, _ in letters]
        fixed = message_id(effect, letters[0][0].to)
        return digest_of(self._words, said, message_id=fixed, zone=letters[0][2]), cases

    def _letters(self, reader: Reader, line: DigestLine) -> Sequence[tuple[Message, str, str]]:
        effect = reader.effect(line.effect)
        stored = reader.case(effect.case_id) if effect is not None else None
        records = reader.history(effect.case_id, effect.seq - 1, 1) if effect is not None else ()
        if effect is None or stored is None or not records or _is_over(effect, stored.case):
            return ()
        chart = self._catalog.chart(stored.version_id, reader)
        templates = self._catalog.outfit(stored.version_id, reader).templates
        people, _ = people_for(reader, chart.workflow, stored.case, effect.payload.get("to", ()))
        link = f"{self._public_url}/cases/{stored.case.id}"
        now = reader.business_now()

        def written(person: Person) -> Message:
            try:
                return write_message(
                    templates, chart, stored.case, effect, records[0].record, person, link=link, now=now
                )
            except DeliveryFailed as failure:
                raise DeliveryFailed(f"the letter of {effect.key}: {failure}", retry_after=None) from None

        return [(written(person), link, chart.workflow.zone.key) for person in people if person.id == line.person]


def _is_over(effect: StoredEffect, case: Case) -> bool:
    """Whether a reminder speaks of a deadline that does not run any more, or not to that moment."""
    said = effect.payload
    if said.get("reason") != "reminder":
        return False
    wanted = (effect.state, said.get("deadline"), "due", said.get("due"))
    return not any((timer.state, timer.deadline, timer.kind, timer.due) == wanted for timer in case.timers)
