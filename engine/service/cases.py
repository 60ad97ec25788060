"""Cases for people and programs: open, send, read, find; every read is cut to what the reader may see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.case import Event
from engine.core.frozen import frozen
from engine.core.machine.step import step
from engine.core.sight import Sight, may_address, may_see, visible_data
from engine.describe.explain import explain_case
from engine.errors import DuplicateCase, MilepostError
from engine.service.ahead import look_ahead
from engine.service.case_views import (
    case_view,
    effect_view,
    etag,
    planned_effect,
    reader_of,
    sees_work,
    step_view,
    timer_views,
)
from engine.service.commands import Command, as_told, check_match, missing, no_case, stored
from engine.service.holders import holders
from engine.service.inbox import inbox
from engine.service.lateness import lateness
from engine.service.letters import LetterView, letter_views
from engine.service.searchable import unique_key
from engine.service.searching import MAX_PAGE, counts, find, row_of
from engine.service.stepping import caught_up, check_free, knowing_parent
from engine.service.view_parts import CaseRef
from engine.service.views import CaseSnapshot, DryRun, Outcome, Page
from engine.store.store import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from engine.core.case import Actor, Case, Parent, Record, Step
    from engine.core.machine.chart import Chart
    from engine.describe.explain import Explanation
    from engine.service.ahead import Asked
    from engine.service.catalog import Catalog
    from engine.service.commands import Commands, Decision
    from engine.service.searching import CaseFilters
    from engine.service.views import (
        CaseCounts,
        CaseLine,
        CaseView,
        DueLine,
        EffectView,
        LateLine,
        StepView,
        TimerView,
        WorkLine,
    )
    from engine.store.records import StoredCase, StoredRecord
    from engine.store.store import Store
    from engine.store.transaction import Reader


REMEMBERED = 10_000


@frozen
class BatchLine:
    """One event of a batch."""

    case_id: str
    event: Event
    if_match: str | None = None
    key: str | None = None


@frozen
class BatchResult:
    """What came of one line, in short: where the case is now, or the refusal."""

    case_id: str = ""
    number: str | None = None
    seq: int = 0
    etag: str = ""
    leaves: tuple[str, ...] = ()
    error: MilepostError | None = None


class Cases:
    """The use cases around one case; each call is one transaction or one snapshot."""

    def __init__(self, store: Store, catalog: Catalog, commands: Commands) -> None:
        self._store, self._catalog, self._commands = store, catalog, commands
        self._parents: dict[str, CaseRef] = {}

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def open_case(
        self,
        workflow: str,
        data: Mapping[str, Any],
        actor: Actor,
        *,
        parent: str | None = None,
        key: str | None = None,
        command: str | None = None,
        declares: frozenset[str] = frozenset(),
        locale: str = "",
    ) -> Outcome:
        """A new case of the newest version; with `parent` (id or number) a child that somebody adds there."""
        event = Event("open", data, declares, command)
        decision = self._commands.decide(Command(event, actor, workflow=workflow, parent=parent, key=key))
        return self.answer(decision, actor, locale=locale)

    def submit_open(
        self,
        workflow: str,
        data: Mapping[str, Any],
        actor: Actor,
        *,
        parent: str | None = None,
        key: str | None = None,
        command: str | None = None,
        declares: frozenset[str] = frozenset(),
    ) -> Future[Decision]:
        """As open_case, without waiting."""
        event = Event("open", data, declares, command)
        return self._commands.submit(Command(event, actor, workflow=workflow, parent=parent, key=key))

    def send_event(
        self,
        case_id: str,
        event: Event,
        actor: Actor,
        *,
        if_match: str | None = None,
        key: str | None = None,
        locale: str = "",
    ) -> Outcome:
        """One event to a case (id or number). Raises CaseNotFound, KeyReused, CaseChanged, Refused."""
        decision = self._commands.decide(Command(event, actor, case_id=case_id, if_match=if_match, key=key))
        return self.answer(decision, actor, locale=locale)

    def submit_event(
        self, case_id: str, event: Event, actor: Actor, *, if_match: str | None = None, key: str | None = None
    ) -> Future[Decision]:
        """As send_event, without waiting."""
        return self._commands.submit(Command(event, actor, case_id=case_id, if_match=if_match, key=key))

    def answer(self, decision: Decision, actor: Actor, *, locale: str = "") -> Outcome:
        """A decision for its sender; raises the refusal."""
        chart, case, record = self._accepted(decision, actor)
        shown = visible_data(chart, case, actor)
        seen = self._view(case, decision.version_id, actor, shown, now=case.last_at, locale=locale)
        made = step_view(chart, case.id, record, reader_of(chart, case, actor, shown), locale=locale)
        return Outcome(seen, made, decision.replayed)

    def _accepted(self, decision: Decision, actor: Actor) -> tuple[Chart, Case, Record | StoredRecord]:
        """What a decision is about; raises the refusal, and knows no case of which the sender may not know any more."""
        case, record = decision.case, decision.record
        if decision.refusal is not None or case is None or record is None:
            raise decision.refusal or no_case("")
        chart = self._catalog.chart(decision.version_id)
        if decision.replayed and not may_address(chart, case, actor):
            raise no_case(case.id)
        return chart, case, record

    def batch(self, lines: Sequence[BatchLine], actor: Actor) -> tuple[BatchResult, ...]:
        """Each line its own step, in order, committed together where the store can."""
        ids = self._ids({line.case_id for line in lines})
        decided = self._commands.decide_all(
            [
                (
                    ids[line.case_id],
                    Command(line.event, actor, case_id=ids[line.case_id], if_match=line.if_match, key=line.key),
                )
                for line in lines
            ],
            priority=Priority.PEOPLE,
        )
        return tuple(self._batch_result(one.result, actor) for one in decided)

    def _ids(self, refs: Iterable[str]) -> dict[str, str]:
        """Ids of cases that are named by id or number; what is neither stays as it is."""

        def work(reader: Reader) -> dict[str, str]:
            return {ref: (reader.case_id_of_number(ref) if ref.isprintable() else None) or ref for ref in refs}

        return self._store.read(work)

    def _batch_result(self, decision: Callable[[], Decision], actor: Actor) -> BatchResult:
        try:
            _, case, record = self._accepted(decision(), actor)
        except MilepostError as error:
            return BatchResult(error=error)
        return BatchResult(case.id, case.number, record.seq, etag(case), tuple(leaf for leaf in case.leaves if leaf))

    def dry_run(
        self, case_id: str, event: Event, actor: Actor, *, if_match: str | None = None, locale: str = ""
    ) -> DryRun:
        """The step as it would be now; nothing is stored. Raises as send_event does."""
        Command(event, actor, case_id=case_id).check()

        def work(reader: Reader) -> tuple[Step, int, datetime]:
            found, now = self._stored(reader, case_id, actor), reader.business_now()
            chart = self._catalog.chart(found.version_id, reader)
            if not may_address(chart, found.case, actor):
                raise no_case(case_id)
            case = caught_up(chart, found.case, by=now)
            check_match(case, if_match)
            made = step(chart, case, event, actor, now=max(now, case.last_at))
            if made is None:
                raise no_case(case_id)
            self._commands.stepping.check_documents(reader, chart, case, made, actor)
            self._check_unique(reader, chart, made.case, actor)
            return made, found.version_id, now

        made, version_id, now = self._store.read(work)
        chart, case = self._catalog.chart(version_id), made.case
        shown = visible_data(chart, case, actor)
        return DryRun(
            step=step_view(chart, case.id, made.record, reader_of(chart, case, actor, shown), locale=locale),
            case=self._view(case, version_id, actor, shown, now=now, locale=locale),
            armed=timer_views(chart, case, made.armed, now=now),
            cancelled=timer_views(chart, case, made.cancelled, now=now),
            effects=tuple(planned_effect(effect) for effect in made.effects),
            facts=made.record.facts,
        )

    def _check_unique(self, reader: Reader, chart: Chart, case: Case, actor: Actor) -> None:
        """Raises DuplicateCase, as far as this sender may know of the other."""
        key = unique_key(chart.workflow, case)
        if key is None:
            return
        try:
            check_free(chart, case, reader.unique_holder(case.workflow, key))
        except DuplicateCase as taken:
            raise as_told(reader, self._catalog, taken, actor) from None

    # ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, case_id: str, actor: Actor, *, locale: str = "") -> CaseView:
        """A case by id or number. Raises CaseNotFound for what he may not see."""

        def work(reader: Reader) -> tuple[StoredCase, datetime]:
            return self._seen(reader, case_id, actor), reader.business_now()

        stored, now = self._store.read(work)
        shown = visible_data(self._catalog.chart(stored.version_id), stored.case, actor)
        return self._view(stored.case, stored.version_id, actor, shown, now=now, locale=locale)

    def find(
        self, filters: CaseFilters, actor: Actor, *, cursor: str | None = None, limit: int = 50, locale: str = ""
    ) -> Page[CaseLine]:
        """Cases that he may find, the newest first."""
        return self._store.read(
            lambda reader: find(reader, self._catalog, filters, actor, cursor=cursor, limit=limit, locale=locale)
        )

    def counts(self, filters: CaseFilters, actor: Actor) -> CaseCounts:
        """How many of the cases that he may find are in each state."""
        return self._store.read(lambda reader: counts(reader, self._catalog, filters, actor))

    def inbox(self, actor: Actor, *, cursor: str | None = None, limit: int = 50, locale: str = "") -> Page[WorkLine]:
        """What waits for him, the most urgent first."""
        return self._store.read(
            lambda reader: inbox(reader, self._catalog, actor, cursor=cursor, limit=limit, locale=locale)
        )

    def history(
        self, case_id: str, actor: Actor, *, after: int = 0, limit: int = 200, locale: str = ""
    ) -> tuple[StepView, ...]:
        """Records after a seq, oldest first, without what he may not see."""

        def work(reader: Reader) -> tuple[StepView, ...]:
            stored = self._seen(reader, case_id, actor)
            chart = self._catalog.chart(stored.version_id, reader)
            readable = reader_of(chart, stored.case, actor, visible_data(chart, stored.case, actor))
            records = reader.history(stored.case.id, after, limit)
            return tuple(step_view(chart, stored.case.id, line, readable, locale=locale) for line in records)

        return self._store.read(work)

    def timers(self, case_id: str, actor: Actor) -> tuple[TimerView, ...]:
        """Armed timers, the next first."""

        def work(reader: Reader) -> tuple[TimerView, ...]:
            stored = self._seen(reader, case_id, actor)
            chart = self._catalog.chart(stored.version_id, reader)
            return timer_views(chart, stored.case, stored.case.timers, now=reader.business_now())

        return self._store.read(work)

    def ahead(
        self, asked: Asked, actor: Actor, *, cursor: str | None = None, limit: int = 50, locale: str = ""
    ) -> Page[DueLine]:
        """The deadlines that run in cases that he finds, the next first."""
        return self._store.read(
            lambda reader: look_ahead(reader, self._catalog, asked, actor, cursor=cursor, limit=limit, locale=locale)
        )

    def lateness(self, actor: Actor, *, workflow: str | None = None, locale: str = "") -> tuple[LateLine, ...]:
        """How late cases are by state and turn, in the workflows of which he finds every case."""
        return self._store.read(lambda reader: lateness(reader, self._catalog, actor, workflow=workflow, locale=locale))

    def effects(self, case_id: str, actor: Actor) -> tuple[EffectView, ...]:
        """All effects of a case, oldest first."""

        def work(reader: Reader) -> tuple[EffectView, ...]:
            stored = self._seen(reader, case_id, actor)
            whole = Sight(self._catalog.chart(stored.version_id, reader), stored.case, actor).sees_all()
            return tuple(effect_view(effect, answers=whole) for effect in reader.effects(stored.case.id))

        return self._store.read(work)

    def letters(
        self, case_id: str, actor: Actor, *, cursor: str | None = None, limit: int = MAX_PAGE
    ) -> Page[LetterView]:
        """Letters about a case, oldest first: the operator's side sees all, others their own. Raises CaseNotFound."""
        limit, after = max(1, min(limit, MAX_PAGE)), row_of(cursor) or 0

        def work(reader: Reader) -> Page[LetterView]:
            stored = self._seen(reader, case_id, actor)
            whole = sees_work(self._catalog.chart(stored.version_id, reader), stored.case, actor)
            own = None if whole else actor.id
            found = letter_views(reader, stored.case.id, own=own, after=after, limit=limit + 1)
            more = str(found[limit - 1][0]) if len(found) > limit else None
            return Page(tuple(view for _, view in found[:limit]), more)

        return self._store.read(work)

    def snapshot(self, case_id: str, actor: Actor) -> CaseSnapshot:
        """The case as core values, for explanations and pictures. Raises CaseNotFound."""

        def work(reader: Reader) -> CaseSnapshot:
            stored = self._seen(reader, case_id, actor)
            return CaseSnapshot(stored.case, stored.version_id, reader.business_now())

        return self._store.read(work)

    def explain(self, case_id: str, actor: Actor, *, locale: str = "") -> Explanation:
        """Why it stands where it stands. Who else could move it is told to the operator's side. Raises CaseNotFound."""

        def work(reader: Reader) -> Explanation:
            stored = self._seen(reader, case_id, actor)
            chart, case = self._catalog.chart(stored.version_id, reader), stored.case
            people = holders(reader, chart, case) if sees_work(chart, case, actor) else {}
            return explain_case(chart, case, actor, now=reader.business_now(), locale=locale, holders=people)

        return self._store.read(work)

    def _seen(self, reader: Reader, case_id: str, actor: Actor) -> StoredCase:
        stored = self._stored(reader, case_id, actor)
        if not may_see(self._catalog.chart(stored.version_id, reader), stored.case, actor):
            raise no_case(case_id)
        return stored

    def _stored(self, reader: Reader, case_id: str, actor: Actor) -> StoredCase:
        found = stored(reader, case_id)
        if found is None:
            raise missing(reader, self._catalog, case_id, actor)
        chart = self._catalog.chart(found.version_id, reader)
        return replace(found, case=knowing_parent(reader, chart, found.case))

    def _view(
        self, case: Case, version_id: int, actor: Actor, shown: Mapping[str, Any], *, now: datetime, locale: str
    ) -> CaseView:
        chart: Chart = self._catalog.chart(version_id)
        version = self._catalog.version_of(version_id).version
        parent = None if case.parent is None else self._parent_ref(case.parent)
        return case_view(chart, case, actor, shown, version=version, parent=parent, now=now, locale=locale)

    def _parent_ref(self, parent: Parent) -> CaseRef:
        """The parent as a view names it; a number once given stays, so it is remembered."""
        known = self._parents.get(parent.id)
        if known is None:
            number = self._store.read(lambda reader: reader.number_of(parent.id))
            known = CaseRef(parent.id, parent.workflow, number)
            if len(self._parents) >= REMEMBERED:
                self._parents.clear()
            if number is not None:
                self._parents[parent.id] = known
        return known
