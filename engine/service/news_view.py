"""Steps as CloudEvents 1.0: thin, so that who hears of one reads the case for what he may see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core.sight import may_see
from engine.core.values import instant

if TYPE_CHECKING:
    from engine.core.case import Actor
    from engine.service.catalog import Catalog
    from engine.store.records import StoredCase
    from engine.store.store import Store
    from engine.store.transaction import Reader

CHUNK = 200
KIND = "milepost.case."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which steps: of a workflow, of a case (id or number), of a kind; None: no matter."""

    workflow: str | None = None
    case: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """A step's place in the feed, and its event as JSON."""

    pos: int
    event: dict[str, Any]


class Newsroom:
    """Reads the feed for one actor after the other."""

    def __init__(self, store: Store, catalog: Catalog, *, public_url: str) -> None:
        self._store, self._catalog = store, catalog
        self._source = f"{public_url.rstrip('/')}/"

    def end(self) -> int:
        """The last position."""
        return self._store.read(lambda reader: reader.feed_end())

    def after(self, pos: int, actor: Actor, wanted: Wanted) -> tuple[int, list[News]]:
        """(the position up to which was looked, what of it this actor may know), at most CHUNK steps further."""

        def work(reader: Reader) -> tuple[int, list[News]]:
            known: dict[str, StoredCase | None] = {}
            found, last = [], pos
            for entry in reader.feed(pos, CHUNK):
                last = entry.pos
                if entry.case_id not in known:
                    known[entry.case_id] = self._visible(reader, entry.case_id, actor, wanted)
                case = known[entry.case_id]
                event = None if case is None else self._event(reader, case, entry.pos, entry.seq)
                if event is not None and wanted.type in {None, event["type"]}:
                    found.append(News(entry.pos, event))
            return last, found

        return self._store.read(work)

    def _visible(self, reader: Reader, case_id: str, actor: Actor, wanted: Wanted) -> StoredCase | None:
        stored = reader.case(case_id)
        if stored is None or wanted.workflow not in {None, stored.case.workflow}:
            return None
        if wanted.case is not None and wanted.case not in {stored.case.id, stored.case.number}:
            return None
        chart = self._catalog.chart(stored.version_id, reader)
        return stored if may_see(chart, stored.case, actor) else None

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
