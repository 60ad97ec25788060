"""Published versions of workflows and their compiled charts; a case stays on the version it was opened with."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from engine.core.calendars.reading import read_calendar
from engine.core.case import SYSTEM
from engine.core.frozen import frozen
from engine.core.loader.load import load_or_raise
from engine.core.machine.chart import build_chart
from engine.errors import FieldProblem, InvalidPayload, WorkflowNotFound
from engine.service.checking import check_all, read_all
from engine.service.forms_view import form_fields
from engine.service.view_parts import RoleView
from engine.service.views import VersionView, WorkflowView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.core.definition import Workflow
    from engine.core.diagnostics import Diagnostic
    from engine.core.machine.chart import Chart
    from engine.ports import CertificateRenderer, Templates
    from engine.service.bundles import Bundle
    from engine.service.checking import Candidate
    from engine.store.records import StoredCalendar, Version
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

T = TypeVar("T")
UTC_ZONE = ZoneInfo("UTC")


@frozen
class Published:
    """A version as it stands after publishing; `new` False: its digest was published before and nothing was stored."""

    workflow: str
    version: int
    id: int
    digest: str
    new: bool
    diagnostics: tuple[Diagnostic, ...] = ()


@frozen
class Outfit:
    """What a version's messages and certificates are made with."""

    templates: Templates
    renderer: CertificateRenderer


@frozen
class Change:
    """How a new version of a calendar is meant: whether deadlines may become earlier, which needs a reason."""

    earlier: bool = False
    reason: str = ""
    actor_id: str = SYSTEM.id

    def __post_init__(self) -> None:
        """Raises InvalidPayload."""
        if self.earlier and not self.reason.strip():
            words = "has to say why deadlines are brought forward; every case that moves keeps it"
            raise InvalidPayload([FieldProblem("reason", "missing", words)])


LATER_ONLY = Change()


class Catalog:
    """Publishes, and hands out charts by version; safe to share between threads."""

    def __init__(
        self,
        store: Store,
        *,
        templates: Callable[[Mapping[str, str]], Templates],
        renderer: Callable[[Mapping[str, str]], CertificateRenderer],
    ) -> None:
        self._store, self._templates, self._renderer = store, templates, renderer
        self._charts: dict[int, tuple[int, Chart]] = {}  # with the number of calendars that were published then
        self._versions: dict[int, Version] = {}
        self._outfits: dict[int, Outfit] = {}
        self._parsed: dict[tuple[str, str], Workflow] = {}  # what was read to be published is not read again
        self._published = 0  # versions of calendars that this process knows of
        self._recounts: int | None = None  # the number of the last recount, where only this process declares any
        self._lock = Lock()

    # ── publishing ───────────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self, bundle: Bundle) -> Published:
        """Checks and publishes one file; an older digest becomes the newest version again. Raises InvalidWorkflow."""
        return self.publish_all((bundle,))[0]

    def publish_all(self, bundles: Iterable[Bundle], change: Change = LATER_ONLY) -> tuple[Published, ...]:
        """All or none: checked with sight of each other and of what is published. Raises InvalidWorkflow."""
        return self._publish(tuple(bundles), _unless_newest, again=True, change=change)

    def publish_calendar(self, name: str, text: str, change: Change = LATER_ONLY) -> StoredCalendar:
        """A checked calendar by itself; deadlines that it counts otherwise move."""

        def work(tx: Transaction) -> tuple[StoredCalendar, int]:
            tx.begin_publishing()
            return _add_calendar(tx, name, text, change), tx.count_calendars()

        stored, calendars = self._store.write(work)
        self._forget(calendars)
        return stored

    def publish_new(self, bundles: Iterable[Bundle]) -> tuple[Published, ...]:
        """At start-up: only digests, and texts of calendars, never seen before. Raises InvalidWorkflow.

        So a node whose folder is older than another's does not bring the old back.
        """
        return self._publish(tuple(bundles), _unless_known, again=False, change=LATER_ONLY)

    def _publish(
        self,
        bundles: Sequence[Bundle],
        present: Callable[[Reader, Candidate], Version | None],
        *,
        again: bool,
        change: Change,
    ) -> tuple[Published, ...]:
        candidates = read_all(bundles)
        seen = self._store.read(
            lambda reader: [
                present(reader, one) is not None and _has_calendars(reader, one, newest=again) for one in candidates
            ]
        )
        if not all(seen):
            known = {**self._newest(), **{one.workflow.name: one.workflow for one in candidates}}
            candidates = check_all(candidates, known, self._templates, self._renderer)

        def work(tx: Transaction) -> tuple[tuple[Published, ...], int]:
            tx.begin_publishing()
            stored = tuple(_store(tx, one, present(tx, one), again=again, change=change) for one in candidates)
            return stored, tx.count_calendars()

        published, calendars = self._store.write(work)
        self._forget(calendars)
        with self._lock:
            self._parsed.update({(one.bundle.source, one.bundle.file): one.workflow for one in candidates})
        return published

    def _newest(self) -> dict[str, Workflow]:
        return self._store.read(
            lambda reader: {name: self.chart_of(name, reader)[1].workflow for name in reader.workflows()}
        )

    # ── versions and charts (within a transaction or snapshot: with its reader) ─────────────────────────────────────

    def chart(self, version_id: int, reader: Reader | None = None) -> Chart:
        """The compiled version, with the newest calendar of its name, whichever node has published it."""
        known = self._charts.get(version_id)
        if known is not None and (reader is None or self._is_new(known, reader)):
            return known[1]
        return self._within(reader, lambda r: self._build(r, version_id))

    def _is_new(self, known: tuple[int, Chart], reader: Reader) -> bool:
        return known[1].workflow.calendar is None or reader.calendars() in {0, known[0]}

    def recounts(self, reader: Reader) -> int:
        """The number of the last recount that was declared, on whichever node."""
        if self._recounts is None:
            self._recounts = reader.newest_recount()
        return max(self._recounts, reader.recounts())

    def declared(self) -> None:
        """Deadlines may have to be counted again."""
        self._recounts = None

    def _forget(self, calendars: int) -> None:
        """So many versions of calendars are published now."""
        with self._lock:
            self._published = max(self._published, calendars)
            self._charts.clear()
            self.declared()  # last, as a case is counted by the new calendar

    def outfit(self, version_id: int, reader: Reader | None = None) -> Outfit:
        """The message templates and the certificate renderer of a version."""
        found = self._outfits.get(version_id)
        if found is not None:
            return found
        sources = self.version_of(version_id, reader).templates
        built = Outfit(self._templates(sources), self._renderer(sources))
        with self._lock:
            return self._outfits.setdefault(version_id, built)

    def chart_of(self, workflow: str, reader: Reader | None = None) -> tuple[int, Chart]:
        """The newest version of a workflow: its id and chart. Raises WorkflowNotFound."""

        def work(reader: Reader) -> tuple[int, Chart]:
            version_id = reader.latest_version_id(workflow)
            if version_id is None:
                raise _unknown(f"workflow '{workflow}'", reader)
            return version_id, self.chart(version_id, reader)

        return self._within(reader, work)

    def version(self, workflow: str, number: int | None = None) -> Version:
        """The newest version, or one by number. Raises WorkflowNotFound."""

        def work(reader: Reader) -> Version:
            every = [v for v in reader.versions(workflow) if number in {None, v.version}]
            if not every:
                what = f"workflow '{workflow}'" if number is None else f"version {number} of workflow '{workflow}'"
                raise _unknown(what, reader)
            return every[-1]

        return self._store.read(work)

    def version_of(self, version_id: int, reader: Reader | None = None) -> Version:
        """A version by its id. Raises WorkflowNotFound."""
        found = self._versions.get(version_id) or self._within(reader, lambda r: r.version(version_id))
        if found is None:
            raise WorkflowNotFound(f"there is no version with the id {version_id}; see the list of versions")
        return self._versions.setdefault(version_id, found)

    def _build(self, reader: Reader, version_id: int) -> Chart:
        """Kept for others unless the snapshot is older than what was published since."""
        version, calendars = self.version_of(version_id, reader), reader.count_calendars()
        workflow = self._parsed.get((version.source, version.file)) or load_or_raise(version.source, file=version.file)
        stored = reader.calendar(workflow.calendar) if workflow.calendar is not None else None
        calendar = None if stored is None else read_calendar(stored.text, file=f"{stored.name}.yaml")[0]
        built = build_chart(workflow, calendar)
        with self._lock:
            known = self._charts.get(version_id)
            if calendars >= self._published and (known is None or known[0] < calendars):
                known = self._charts[version_id] = (calendars, built)
        return known[1] if known is not None and known[0] == calendars else built

    def _within(self, reader: Reader | None, work: Callable[[Reader], T]) -> T:
        return self._store.read(work) if reader is None else work(reader)

    # ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def workflows(self, *, locale: str = "") -> tuple[WorkflowView, ...]:
        """All published workflows in their newest versions."""
        names = self._store.read(lambda reader: reader.workflows())
        return tuple(self.workflow(name, locale=locale) for name in sorted(names))

    def workflow(self, name: str, *, locale: str = "") -> WorkflowView:
        """One workflow in its newest version. Raises WorkflowNotFound."""
        version_id, chart = self.chart_of(name)
        workflow = chart.workflow
        return WorkflowView(
            name=name,
            title=workflow.title.say(locale),
            version=self.version_of(version_id).version,
            roles=tuple(RoleView(r.name, r.title.say(locale), r.side.value) for r in workflow.roles.values()),
            states=tuple(path for path in workflow.states if path),
            open_form=form_fields(workflow.opening.form, workflow, locale=locale),
            open_by=tuple(str(who) for who in workflow.opening.by),
        )

    def versions(self, name: str) -> tuple[VersionView, ...]:
        """All versions of a workflow, oldest first. Raises WorkflowNotFound."""
        self.version(name)
        every = self._store.read(lambda reader: reader.versions(name))
        return tuple(VersionView(v.workflow, v.version, v.id, v.digest, v.published_at, v.file) for v in every)

    def register_zone(self) -> ZoneInfo:
        """Where the days of the register begin and end: the zone of the first workflow that keeps one, else UTC."""
        for workflow in self._newest().values():
            if workflow.register is not None:
                return workflow.zone
        return UTC_ZONE


def _unknown(what: str, reader: Reader) -> WorkflowNotFound:
    names = ", ".join(sorted(reader.workflows())) or "none"
    return WorkflowNotFound(f"there is no {what[:80]}; published are: {names}")


def _unless_newest(reader: Reader, item: Candidate) -> Version | None:
    newest = reader.latest_version(item.workflow.name)
    return newest if newest is not None and newest.digest == item.digest else None


def _unless_known(reader: Reader, item: Candidate) -> Version | None:
    return reader.version_by_digest(item.workflow.name, item.digest)


def _has_calendars(reader: Reader, item: Candidate, *, newest: bool) -> bool:
    """Whether all its calendars are published with these very texts (`newest`: and are the newest of their names)."""
    for name, text in item.bundle.calendars.items():
        stored = reader.calendar(name) if newest else reader.calendar_of_text(name, text)
        if stored is None or stored.text != text:
            return False
    return True


def _add_calendar(tx: Transaction, name: str, text: str, change: Change) -> StoredCalendar:
    """As the newest version; running deadlines are counted again where there was another."""
    before = tx.calendar(name)
    stored = tx.add_calendar(name, text)
    if before is not None and stored.version != before.version:
        tx.add_calendar_recount(
            name, stored.version, earlier=change.earlier, reason=change.reason, actor_id=change.actor_id
        )
    return stored


def _store(tx: Transaction, item: Candidate, present: Version | None, *, again: bool, change: Change) -> Published:
    calendar = None
    for name, text in item.bundle.calendars.items():
        known = None if again else tx.calendar_of_text(name, text)
        stored = known or _add_calendar(tx, name, text, change)
        calendar = stored if name == item.workflow.calendar else calendar
    if present is not None:
        return Published(
            present.workflow, present.version, present.id, present.digest, new=False, diagnostics=item.diagnostics
        )
    version = tx.add_version(
        workflow=item.workflow.name,
        digest=item.digest,
        source=item.bundle.source,
        file=item.bundle.file,
        templates=item.templates,
        calendar=item.workflow.calendar,
        calendar_version=None if calendar is None else calendar.version,
    )
    return Published(
        version.workflow, version.version, version.id, version.digest, new=True, diagnostics=item.diagnostics
    )
