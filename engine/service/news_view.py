"""Steps as CloudEvents 1.0: thin, so that who hears of one reads the case for what he may see of it.

Who wants entries of the register hears of their revisions instead, as entry_news.py says them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.core.sight import Sight, may_see
from engine.core.values import instant
from engine.service.entry_news import entry_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.core.case import Actor, Case
    from engine.service.catalog import Catalog
    from engine.store.records import FeedEntry, StoredCase
    from engine.store.store import Store
    from engine.store.transaction import Reader

CHUNK = 200
KIND = "milepost.case."


@frozen
class Wanted:
    """Which steps: of a workflow, of a case (id or number), of a kind, of a party's cases; None: no matter.

    With `entries`: no steps, but the revisions of these entries of the register.
    """

    workflow: str | None = None
    case: str | None = None
    type: str | None = None
    party: str | None = None
    entries: frozenset[str] = frozenset()


@frozen
class News:
    """A step's place in the feed, and its event as JSON; `seq` is the step's in its case, or the revision of the entry."""

    pos: int
    seq: int
    event: dict[str, Any]


Listener = tuple["Actor", Wanted]


class Newsroom:
    """Reads the feed for one actor after the other."""

    def __init__(self, store: Store, catalog: Catalog, *, public_url: str) -> None:
        self._store, self._catalog = store, catalog
        self._source = f"{public_url.rstrip('/')}/"

    def after(self, pos: int, actor: Actor, wanted: Wanted) -> tuple[int, list[News]]:
        """(the position up to which was looked, what of it this actor may know), at most CHUNK steps further."""
        last, (found,) = self.after_for(pos, [(actor, wanted)])
        return last, found

    def after_for(self, pos: int, listeners: Sequence[Listener]) -> tuple[int, list[list[News]]]:
        """The same for several, by one look: what each of them may know."""

        def work(reader: Reader) -> tuple[int, list[list[News]]]:
            found: list[list[News]] = [[] for _ in listeners]
            feed = reader.feed(pos, CHUNK)
            last = feed[-1].pos if feed else pos
            if any(not wanted.entries for _, wanted in listeners):
                self._tell_steps(reader, feed, listeners, found)
            if any(wanted.entries for _, wanted in listeners):
                self._tell_entries(reader, (pos, last), listeners, found)
            return last, found

        return self._store.read(work)

    def _tell_steps(
        self, reader: Reader, feed: Sequence[FeedEntry], listeners: Sequence[Listener], found: list[list[News]]
    ) -> None:
        known: dict[str, tuple[StoredCase | None, list[int]]] = {}
        for entry in feed:
            if entry.case_id not in known:
                known[entry.case_id] = self._seen_by(reader, entry.case_id, listeners)
            case, places = known[entry.case_id]
            event = None if case is None or not places else self._event(reader, case, entry.pos, entry.seq)
            if event is None:
                continue
            for place in places:
                if listeners[place][1].type in {None, event["type"]}:
                    found[place].append(News(entry.pos, entry.seq, event))

    def _tell_entries(
        self, reader: Reader, between: tuple[int, int], listeners: Sequence[Listener], found: list[list[News]]
    ) -> None:
        for pos, row in reader.register_changes(*between):
            for place, (_, wanted) in enumerate(listeners):
                if row.entry_no in wanted.entries:
                    found[place].append(News(pos, row.revision, entry_event(row, pos, self._source)))

    def event_for(self, reader: Reader, listener: Listener, case_id: str, seq: int, pos: int) -> dict[str, Any] | None:
        """One step's event; None where this actor may not know of it any more, or it was pruned.

        For who wants entries `case_id` is an entry's number, and `seq` its revision.
        """
        if listener[1].entries:
            row = reader.register_revision(case_id, seq)
            return None if row is None else entry_event(row, pos, self._source)
        case, places = self._seen_by(reader, case_id, [listener])
        return self._event(reader, case, pos, seq) if case is not None and places else None

    def _seen_by(
        self, reader: Reader, case_id: str, listeners: Sequence[Listener]
    ) -> tuple[StoredCase | None, list[int]]:
        """A case, and which of these may see it and want to."""
        stored = reader.case(case_id)
        wanting = [] if stored is None else [n for n, (_, wanted) in enumerate(listeners) if _fits(stored.case, wanted)]
        if stored is None or not wanting:
            return stored, []
        chart = self._catalog.chart(stored.version_id, reader)
        return stored, [
            place
            for place in wanting
            if may_see(chart, stored.case, listeners[place][0])
            and Sight(chart, stored.case, listeners[place][0]).knows_party(listeners[place][1].party)
        ]

    def _event(self, reader: Reader, stored: StoredCase, pos: int, seq: int) -> dict[str, Any] | None:
        records = reader.history(stored.case.id, seq - 1, 1)
        if not records:
            return None
        line = records[0].record
        return {
            "specversion": "1.0",
            "id": f"{stored.case.id}/{seq}",
            "source": self._source,
            "type": f"{KIND}{line['kind']}",
            "subject": stored.case.id,
            "time": instant(line["at"]),
            "datacontenttype": "application/json",
            "pos": str(pos),
            "data": {
                "workflow": stored.case.workflow,
                "number": stored.case.number,
                "seq": seq,
                "name": line["name"],
                "left": [path for path in line.get("left", ()) if path],
                "entered": [path for path in line.get("entered", ()) if path],
            },
        }


def _fits(case: Case, wanted: Wanted) -> bool:
    if wanted.entries:
        return False
    return wanted.workflow in {None, case.workflow} and (wanted.case is None or wanted.case in {case.id, case.number})
