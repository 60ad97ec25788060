"""Deadlines of running cases move: by a new version of a calendar, or because applicants could not answer for a time.

Who locks a case first has its deadlines counted again before anything else (stepping.py); here all open cases are gone
through so that none waits for that, some at a time, and what would happen is shown before it does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime  # noqa: TC003  (the API reads annotations at run time)
from functools import partial
from typing import TYPE_CHECKING

from engine.core.calendars.reading import calendar_or_raise
from engine.core.calendars.zones import rules_of
from engine.core.case import SYSTEM
from engine.core.diagnostics import Diagnostic, Mark, Severity
from engine.core.frozen import frozen
from engine.core.machine.chart import build_chart
from engine.core.machine.recounting import moves
from engine.core.recounts import CalendarChanged, Outage
from engine.core.sight import may_see
from engine.errors import ActorNotAllowed, FieldProblem, InvalidPayload, InvalidWorkflow, NotFound, Refused
from engine.service.clean import said_why
from engine.service.stepping import caught_up, concerns
from engine.service.subscriptions import OPERATIONS
from engine.store.recount_records import StoredRecount
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zoneinfo import ZoneInfo

    from engine.core.calendars.calendar import Calendar
    from engine.core.case import Actor, Case
    from engine.core.machine.chart import Chart
    from engine.core.recounts import Move, Recount
    from engine.service.catalog import Catalog, Change
    from engine.service.stepping import Stepping
    from engine.store.records import StoredCalendar, StoredCase
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

    ChartOf = Callable[[StoredCase, Reader], Chart]

BATCH = 200
"""Cases at a time."""
OWNER = "process_owner"
"""The role that declares outages, in whatever workflow it is declared."""


@frozen
class MoveView:
    """A deadline of a case that moves, from `due` to `new`; or that does not though it is counted otherwise now (`stays`: why).

    `new` None: it cannot be counted. `timezone` is the workflow's.
    """

    case_id: str
    number: str | None
    workflow: str
    state: str
    deadline: str
    due: datetime
    new: datetime | None
    stays: str
    timezone: str


@frozen
class RecountView:
    """What has moved deadlines: a `calendar`, a `zone` or an `outage`; `cases` so many moved up to now; `done_at` none: it goes on."""

    number: int
    kind: str
    name: str
    version: int | None
    earlier: bool
    since: datetime | None
    until: datetime | None
    reason: str
    by: str
    at: datetime
    cases: int
    done_at: datetime | None


class RecountNotFound(NotFound):
    """No such recount."""


class Recounting:
    """A small service that a ticker calls; several nodes may do so at once."""

    def __init__(self, store: Store, catalog: Catalog, stepping: Stepping) -> None:
        self._store, self._catalog, self._stepping = store, catalog, stepping

    # ── what will happen ─────────────────────────────────────────────────────────────────────────────────────────────

    def preview_calendar(self, text: str, *, file: str, earlier: bool = False) -> tuple[MoveView, ...]:
        """What this text would do, were it published as the next version of its calendar. Raises InvalidWorkflow."""
        calendar = checked(text, file=file)
        charts: dict[int, Chart] = {}

        def chart_of(stored: StoredCase, reader: Reader) -> Chart:
            known = charts.get(stored.version_id)
            if known is None:
                workflow = self._catalog.chart(stored.version_id, reader).workflow
                known = charts[stored.version_id] = build_chart(workflow, calendar)
            return known

        def work(reader: Reader) -> tuple[MoveView, ...]:
            known = reader.calendar(calendar.name)
            if known is None or known.text == text:
                return ()
            said = CalendarChanged(reader.newest_recount() + 1, calendar.name, known.version + 1, earlier)
            return tuple(self._moves(reader, calendar.name, said, chart_of))

        return self._store.read(work)

    def preview_outage(
        self, workflow: str, since: datetime, until: datetime, actor: Actor | None = None
    ) -> tuple[MoveView, ...]:
        """What an outage would do to the cases he may see. Raises InvalidPayload, WorkflowNotFound, ActorNotAllowed."""
        self._may_declare(workflow, since, until, actor)

        def chart_of(stored: StoredCase, reader: Reader) -> Chart:
            return self._catalog.chart(stored.version_id, reader)

        def work(reader: Reader) -> tuple[MoveView, ...]:
            said = Outage(reader.newest_recount() + 1, since, until, "")
            return tuple(self._moves(reader, workflow, said, chart_of, actor))

        return self._store.read(work)

    def _moves(
        self, reader: Reader, name: str, said: Recount, chart_of: ChartOf, actor: Actor | None = None
    ) -> Iterator[MoveView]:
        now, seen = reader.business_now(), 0
        asked = StoredRecount(name, said, "", now)
        everything = actor is None or OPERATIONS in actor.roles
        while rows := reader.cases_to_recount(replace(asked, seen=seen), BATCH):
            seen = rows[-1][0]
            for stored in filter(None, (reader.case(case_id) for _, case_id in rows)):
                chart = self._catalog.chart(stored.version_id, reader)
                if not concerns(chart, stored.case, asked) or not (
                    everything or may_see(chart, stored.case, actor or SYSTEM)
                ):
                    continue
                case = caught_up(chart, stored.case, by=now)
                yield from map(partial(_view, case, chart), moves(chart_of(stored, reader), case, said, now=now))

    # ── what has to happen ───────────────────────────────────────────────────────────────────────────────────────────

    def publish_calendar(self, text: str, *, file: str, change: Change) -> StoredCalendar:
        """A calendar by itself; deadlines that it counts otherwise move. Raises InvalidWorkflow."""
        calendar = checked(text, file=file)
        return self._catalog.publish_calendar(calendar.name, text, change)

    def declare_outage(
        self, workflow: str, since: datetime, until: datetime, reason: str, actor: Actor | None = None
    ) -> int:
        """Deadlines that ran for applicants then are due later. Its number. Raises InvalidPayload, WorkflowNotFound, ActorNotAllowed."""
        why = said_why(reason, "reason")
        self._may_declare(workflow, since, until, actor)
        by = SYSTEM.id if actor is None else actor.id

        def work(tx: Transaction) -> int:
            tx.begin_publishing()
            return tx.add_outage(workflow, since, until, reason=why, actor_id=by)

        number = self._store.write(work)
        self._catalog.declared()
        return number

    def _may_declare(self, workflow: str, since: datetime, until: datetime, actor: Actor | None) -> None:
        if until <= since:
            raise InvalidPayload([FieldProblem("until", "range", "lies not after `since`; an outage takes some time")])
        _, chart = self._catalog.chart_of(workflow)
        if actor is None or OPERATIONS in actor.roles:
            return
        if OWNER not in actor.roles or OWNER not in chart.workflow.roles:
            words = f"the {OWNER} of {workflow} declares an outage, or {OPERATIONS}; ask them"
            raise ActorNotAllowed(words, event="outage", by=[OWNER, OPERATIONS])

    def get(self, number: int) -> RecountView:
        """One of them. Raises RecountNotFound."""
        found = self._store.read(lambda reader: reader.recounts_after(number - 1))
        if not found or found[0].number != number:
            raise RecountNotFound(f"there is no recount {number}; see the list of them")
        return _said(found[0])

    def latest(self, limit: int = 50) -> tuple[RecountView, ...]:
        """What was published and declared last, the newest first."""
        return tuple(map(_said, self._store.read(lambda reader: reader.latest_recounts(limit))))

    def look_at_zones(self) -> int:
        """At start-up: whether the time zone database has other rules for a zone than those deadlines were counted by; in how many."""

        def others(reader: Reader) -> list[tuple[ZoneInfo, int | None]]:
            zones = {self._catalog.chart_of(name, reader)[1].zone for name in reader.workflows()}
            known = [(zone, reader.rules_of_zone(zone.key)) for zone in zones]
            return [(zone, before) for zone, before in known if before != rules_of(zone)]

        def work(tx: Transaction) -> int:
            tx.begin_publishing()
            found = others(tx)
            for zone, before in found:
                tx.add_zone(zone.key, rules_of(zone), known=before is not None)
            return sum(before is not None for _, before in found)

        if not self._store.read(others):  # as at most starts
            return 0
        changed = self._store.write(work)
        self._catalog.declared()
        return changed

    def run_once(self) -> int:
        """Some cases of the first that is not over; how many were looked at. Call again while it is > 0."""
        asked = self._store.read(lambda reader: reader.next_recount())
        if asked is None:
            return 0
        rows = self._store.read(lambda reader: reader.cases_to_recount(asked, BATCH))
        if not rows:
            self._store.write(lambda tx: tx.finish_recount(asked.number))
            return 1
        moving = self._store.read(lambda reader: [one for _, one in rows if self._would_move(reader, one, asked)])
        works = [(case_id, partial(self._take, case_id)) for case_id in moving]
        for outcome in self._store.together(works, priority=Priority.IMPORTS):
            outcome.result()
        self._store.write(lambda tx: tx.advance_recount(asked.number, rows[-1][0], len(moving)))
        return len(rows)

    def _would_move(self, reader: Reader, case_id: str, asked: StoredRecount) -> bool:
        stored = reader.case(case_id)
        if stored is None:
            return False
        chart = self._catalog.chart(stored.version_id, reader)
        if not concerns(chart, stored.case, asked):
            return False
        try:
            return any(not one.stays for one in moves(chart, stored.case, asked.said, now=asked.at))
        except Refused:
            return True  # it becomes an incident

    def _take(self, case_id: str, tx: Transaction) -> None:
        self._stepping.take(tx, case_id)


def checked(text: str, *, file: str) -> Calendar:
    """A calendar that may be published. Raises InvalidWorkflow."""
    calendar = calendar_or_raise(text, file=file)
    if file != f"{calendar.name}.yaml":
        words = f"this is the calendar '{calendar.name}', and the file is {file}"
        hint = f"call the file {calendar.name}.yaml, or the calendar as the file"
        raise InvalidWorkflow([Diagnostic("CL011", Severity.ERROR, words, file, Mark(1, 1, 1), hint)])
    return calendar


def _view(case: Case, chart: Chart, move: Move) -> MoveView:
    return MoveView(
        case_id=case.id,
        number=case.number,
        workflow=case.workflow,
        state=move.state,
        deadline=move.deadline,
        due=move.due,
        new=move.new,
        stays=move.stays,
        timezone=chart.zone.key,
    )


def _said(one: StoredRecount) -> RecountView:
    said = one.said
    of_calendar = said if isinstance(said, CalendarChanged) else None
    of_outage = said if isinstance(said, Outage) else None
    return RecountView(
        number=one.number,
        kind=said.kind,
        name=one.name,
        version=None if of_calendar is None else of_calendar.version,
        earlier=not isinstance(said, Outage) and said.earlier,
        since=None if of_outage is None else of_outage.since,
        until=None if of_outage is None else of_outage.until,
        reason=said.reason,
        by=one.actor_id,
        at=one.at,
        cases=one.moved,
        done_at=one.done_at,
    )
