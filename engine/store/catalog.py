"""Published workflows and calendars: reading and adding versions; what is worth publishing is left to the service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, literal_column, select

from engine.store.records import StoredCalendar, Version
from engine.store.session import Session
from engine.store.statement import Statement, insert_into
from engine.store.tables import CALENDAR_VERSION, WORKFLOW_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLISHING = 0x6D69_6C70
"""The key of the advisory lock of who publishes now."""
MY_TURN = Statement(select(func.pg_advisory_xact_lock(literal_column(str(PUBLISHING))).label("mine")))

V = WORKFLOW_VERSION.c
_VERSIONS = select(WORKFLOW_VERSION)
BY_ID = Statement(_VERSIONS.where(V.id == bindparam("row")))
LATEST = Statement(_VERSIONS.where(V.workflow == bindparam("workflow")).order_by(V.version.desc()).limit(1))
LATEST_ID = Statement(select(V.id).where(V.workflow == bindparam("workflow")).order_by(V.version.desc()).limit(1))
BY_DIGEST = Statement(
    _VERSIONS.where(V.workflow == bindparam("workflow"), V.digest == bindparam("digest"))
    .order_by(V.version.desc())
    .limit(1)
)
ALL = Statement(_VERSIONS.where(V.workflow == bindparam("workflow")).order_by(V.version))
NAMES = Statement(select(V.workflow).distinct().order_by(V.workflow))
INSERT_VERSION = Statement(insert_into(WORKFLOW_VERSION, "id"))
LATEST_CALENDAR = Statement(
    select(CALENDAR_VERSION)
    .where(CALENDAR_VERSION.c.name == bindparam("name"))
    .order_by(CALENDAR_VERSION.c.version.desc())
    .limit(1)
)
CALENDAR_OF_TEXT = Statement(
    select(CALENDAR_VERSION)
    .where(CALENDAR_VERSION.c.name == bindparam("name"), CALENDAR_VERSION.c.text == bindparam("said"))
    .order_by(CALENDAR_VERSION.c.version.desc())
    .limit(1)
)
INSERT_CALENDAR = Statement(insert_into(CALENDAR_VERSION, "id"))


class CatalogReader(Session):
    """Reads of what is published."""

    def version(self, version_id: int) -> Version | None:
        """A version by its id."""
        return _version(self.link.row(BY_ID, row=version_id))

    def latest_version(self, workflow: str) -> Version | None:
        """The version that new cases get."""
        return _version(self.link.row(LATEST, workflow=workflow))

    def latest_version_id(self, workflow: str) -> int | None:
        """Its id only: texts of versions are long."""
        found: int | None = self.link.value(LATEST_ID, workflow=workflow)
        return found

    def version_by_digest(self, workflow: str, digest: str) -> Version | None:
        """The newest version with this digest."""
        return _version(self.link.row(BY_DIGEST, workflow=workflow, digest=digest))

    def versions(self, workflow: str) -> tuple[Version, ...]:
        """All versions, oldest first."""
        found = (_version(row) for row in self.link.rows(ALL, workflow=workflow))
        return tuple(version for version in found if version is not None)

    def workflows(self) -> tuple[str, ...]:
        """The names of all workflows, in order."""
        return tuple(row.workflow for row in self.link.rows(NAMES))

    def calendar(self, name: str) -> StoredCalendar | None:
        """The latest calendar of this name."""
        return _calendar(self.link.row(LATEST_CALENDAR, name=name))

    def calendar_of_text(self, name: str, text: str) -> StoredCalendar | None:
        """The last version of a calendar with this very text."""
        return _calendar(self.link.row(CALENDAR_OF_TEXT, name=name, said=text))


class CatalogWriter(CatalogReader):
    """Adds versions; none is ever changed."""

    def begin_publishing(self) -> None:
        """One node at a time from here on, so that what is found missing is still missing when it is added."""
        if not self.link.owned:
            self.link.peek((MY_TURN, {}))

    def add_version(
        self,
        *,
        workflow: str,
        digest: str,
        source: str,
        file: str,
        templates: Mapping[str, str],
        calendar: str | None = None,
        calendar_version: int | None = None,
    ) -> Version:
        """A new version, one above the latest; an old digest may come again and is the newest then."""
        before = self.latest_version(workflow)
        columns: dict[str, Any] = {
            "workflow": workflow,
            "version": 1 if before is None else before.version + 1,
            "digest": digest,
            "source": source,
            "file": file,
            "published_at": self.business_now(),
            "calendar": calendar,
            "calendar_version": calendar_version,
        }
        texts = json.dumps(dict(templates), ensure_ascii=False, sort_keys=True)
        new = self.link.value(INSERT_VERSION, templates=texts, **dict(columns))
        return Version(id=new, templates=dict(templates), **columns)

    def add_calendar(self, name: str, text: str) -> StoredCalendar:
        """A new calendar version; the latest one where the text is the same."""
        before = self.calendar(name)
        if before is not None and before.text == text:
            return before
        version = 1 if before is None else before.version + 1
        new = self.link.value(INSERT_CALENDAR, name=name, version=version, text=text, published_at=self.business_now())
        return StoredCalendar(new, name, version, text)


def _calendar(row: Any) -> StoredCalendar | None:
    return None if row is None else StoredCalendar(row.id, row.name, row.version, row.text)


def _version(row: Any) -> Version | None:
    if row is None:
        return None
    return Version(
        row.id,
        row.workflow,
        row.version,
        row.digest,
        row.source,
        row.file,
        json.loads(row.templates),
        row.published_at,
        calendar=row.calendar,
        calendar_version=row.calendar_version,
    )
