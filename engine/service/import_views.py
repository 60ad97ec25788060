"""Imports as callers see them: a job, how far it is, and its report by row and column."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  programs read the annotations to describe what they send
from datetime import datetime  # noqa: TC003  as above

from engine.core.frozen import frozen
from engine.errors import RowProblem  # noqa: TC001  as above


@frozen
class ImportView:
    """A table that somebody sent. `status` is previewed, running or done; `take` which rows are to be opened: all or good.

    `columns` maps each heading to the field it fills, None: not known. Of a preview `wrong` and `known` say what commit
    would find, and `opened` is 0.
    """

    id: str
    status: str
    workflow: str
    parent: str | None
    file: str
    sheet: str | None
    read_as: str
    sha256: str
    take: str | None
    rows: int
    opened: int
    known: int
    wrong: int
    columns: Mapping[str, str | None]
    imported_at: datetime


@frozen
class ImportedRowView:
    """A row that has a case; `known`: it had been imported before."""

    row: int
    case_id: str
    number: str | None
    known: bool


@frozen
class ImportReport:
    """What came of a table, or would: problems and rows in the order of the table."""

    job: ImportView
    opened: tuple[ImportedRowView, ...]
    problems: tuple[RowProblem, ...]
