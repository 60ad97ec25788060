"""Documents that a step refers to: uploaded before by who refers to them, or known to him from the case already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.documents import references
from engine.core.sight import visible_data
from engine.errors import FieldProblem, InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from engine.core.case import Actor, Case, Step
    from engine.core.machine.chart import Chart
    from engine.store.records import Document

MOST_NAMED = 20
"""Problems of one step."""


def owner_of(actor: Actor) -> str:
    """Whose an actor's documents are: his party's, or his own where he has none."""
    return actor.party or f"person:{actor.persons[-1]}"


def new_documents(
    chart: Chart,
    before: Case | None,
    made: Step,
    actor: Actor,
    find: Callable[[str, str], Document | None],
) -> list[Document]:
    """What a person's step refers to that was not there before; `find` knows it by digest and owner.

    Raises InvalidPayload for what nobody of his has uploaded.
    """
    changed = _changed(chart, made)
    if not changed:
        return []
    found: dict[str, Document] = {}
    strange: list[tuple[str, str, str]] = []
    for path, value in changed.items():
        kept = _kept(chart, before, made, path)
        for place, digest in _in(chart, path, value):
            if digest in kept or digest in found:
                continue
            document = find(digest, owner_of(actor)) if digest else None
            if document is None:
                strange.append((path, place, digest))
            else:
                found[digest] = document
    shown = visible_data(chart, before, actor) if strange and before is not None else {}
    known = seen_documents(chart, shown)
    problems = [
        FieldProblem(_join(path, place), "unknown-document", _said(digest))
        for path, place, digest in strange
        if digest not in known
    ]
    if problems:
        raise InvalidPayload(problems[:MOST_NAMED])
    return list(found.values())


def passed_on(chart: Chart, made: Step, find: Callable[[str], Document | None]) -> list[Document]:
    """What a step refers to that another case sent, as far as that case refers to it."""
    digests = {digest for path, value in _changed(chart, made).items() for _, digest in _in(chart, path, value)}
    return [document for digest in sorted(digests) if (document := find(digest)) is not None]


def seen_documents(chart: Chart, shown: Mapping[str, Any]) -> set[str]:
    """Digests of the documents to which data refers that somebody sees."""
    return {digest for path in chart.referring & shown.keys() for _, digest in _in(chart, path, shown[path])}


def _changed(chart: Chart, made: Step) -> dict[str, Any]:
    """What was said and written in fields that can refer to documents."""
    payload = made.record.payload
    both = {**payload.get("said", {}), **payload.get("changes", {})}
    return {path: both[path] for path in chart.referring if path in both}


def _kept(chart: Chart, before: Case | None, made: Step, path: str) -> set[str]:
    """What the same field had, seen or not: where its rows stay, or no form wrote it. Who writes a whole field says what is in it."""
    ways = chart.ways.get(made.record.state, {}).get(made.record.name)
    slot = None if ways is None else ways.form.slots.get(path)
    if before is None or path not in before.data or not (slot is None or slot.adds or slot.columns):
        return set()
    return {digest for _, digest in _in(chart, path, before.data[path])}


def _in(chart: Chart, path: str, value: Any) -> Iterator[tuple[str, str]]:
    workflow = chart.workflow
    field = workflow.fields.get(path) or workflow.event_fields.get(path)
    return references(field, value) if field is not None else iter(())


def _join(path: str, place: str) -> str:
    return f"{path}{'' if not place or place.startswith('[') else '.'}{place}"


def _said(digest: str) -> str:
    if not digest:
        return "names a file, and not which; upload it with POST /documents, and give its sha256"
    return f"nobody of yours has uploaded {digest[:64]}; upload it with POST /documents first"
