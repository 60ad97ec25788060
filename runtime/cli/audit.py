"""`milepost audit verify`: the hash chains of histories, computed anew from what is stored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from engine.errors import CaseNotFound
from engine.store.records import CaseFilter
from runtime.cli.choices import FINDINGS, FINE, Format
from runtime.cli.printing import as_json, err, out
from runtime.cli.settings import services_now

if TYPE_CHECKING:
    from engine.store.records import CaseSummary
    from engine.store.store import Store
    from engine.store.transaction import Reader

PAGE = 500


def run(case: str | None, report: Format) -> int:
    """One case or all; 1 where a chain is broken."""
    with services_now() as services, _progress(report) as progress:
        wanted = _all(services.store) if case is None else [_one(services.store, case)]
        broken = [
            case_id
            for case_id in progress.track(wanted, description="histories")
            if not services.store.read(partial(_is_whole, case_id=case_id))
        ]
    if report is Format.JSON:
        as_json({"cases": len(wanted), "broken": broken})
        return FINDINGS if broken else FINE
    for case_id in broken:
        out().print(Text(f"case {case_id}: the history is not as it was written", style="red"))
    said = f"{len(wanted)} histories, {len(broken)} broken"
    out().print(Text(said, style="red" if broken else "green"))
    return FINDINGS if broken else FINE


def _one(store: Store, case: str) -> str:
    case_id = store.read(lambda reader: reader.case_id_of_number(case)) or case
    if store.read(lambda reader: reader.case(case_id)) is None:
        raise CaseNotFound(f"there is no case '{case[:80]}'; give its id or number, or none for all")
    return case_id


def _all(store: Store) -> list[str]:
    found: list[str] = []
    after: int | None = None
    while True:
        page = store.read(partial(_page, after=after))
        found += [summary.id for summary in page]
        if len(page) < PAGE:
            return found
        after = page[-1].row


def _page(reader: Reader, *, after: int | None) -> tuple[CaseSummary, ...]:
    return reader.cases(CaseFilter(), after=after, limit=PAGE)


def _is_whole(reader: Reader, *, case_id: str) -> bool:
    return reader.chain_is_whole(case_id)


def _progress(report: Format) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = err()
    return Progress(*columns, console=console, transient=True, disable=report is Format.JSON or not console.is_terminal)
