"""Cases of the roadmap in a real store, and what a step writes, so that a floor can write the same rows without the engine."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from adapters.documents import DocumentFolder
from adapters.templates import MessageTemplates
from benchmarks.stepping import DRAWINGS, OPENING, PATH, WORKFLOWS, actors
from engine.core.case import Event
from engine.ports import Adapters, RenderedCertificate
from engine.service.bundles import read_folder
from engine.service.commands import Command
from engine.service.services import build_services
from engine.store.link import Link
from engine.store.pipelined import Pipelined
from engine.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.service.services import Services

ACTORS = actors()
DECLARED = frozenset({"sod-3"})
Written = list[tuple[str, Any]]
"""Statements of one transaction with their parameters: a map, or a list of maps for many rows."""


class _NoNotifier:
    name = "none"

    def deliver(self, message: object) -> None:
        """Nowhere."""


class _NoRenderer:
    def check(self, _name: str) -> list[str]:
        """Every template is good."""
        return []

    def render(self, view: object) -> RenderedCertificate:  # noqa: ARG002  (the port says so)
        """Nothing."""
        return RenderedCertificate(b"", "")


@contextmanager
def opened(url: str) -> Iterator[Services]:
    """Services over a database, with the shipped workflows published."""
    clock = None if url.startswith("postgresql") else lambda: datetime.now(UTC)
    store = Store(url, machine_now=clock)
    with TemporaryDirectory(dir=".") as folder:
        adapters = Adapters(
            notifiers=[_NoNotifier()],
            templates=MessageTemplates,
            renderer=lambda _: _NoRenderer(),
            documents=DocumentFolder(Path(folder)),
        )
        services = build_services(store, adapters, public_url="https://milepost.example")
        services.catalog.publish_new(read_folder(Path(WORKFLOWS)))
        upload(services)
        try:
            yield services
        finally:
            store.close()


def upload(services: Services) -> None:
    """The drawings that the path refers to, from the applicant."""
    for number, drawing in enumerate(DRAWINGS):
        incoming = services.documents.begin(ACTORS["applicant"])
        incoming.write(drawing)
        services.documents.keep(incoming, f"drawing-{number}.txt", ACTORS["applicant"])


def new_cases(services: Services, first: int, count: int) -> list[str]:
    """Ids of new cases, each for a product of its own."""
    applicant = ACTORS["applicant"]
    asked = [
        services.cases.submit_open(
            "qualification", {**OPENING, "product": {**OPENING["product"], "designation": f"Z-{n}"}}, applicant
        )
        for n in range(first, first + count)
    ]
    return [case.id for future in asked if (case := future.result().case) is not None]


def send(services: Services, case_id: str, place: int) -> None:
    """The event at a place of the path, durable when this returns. Raises what it was refused with."""
    role, name, data = PATH[place]
    command = Command(Event(name, data, DECLARED), ACTORS[role], case_id=case_id)
    refusal = services.commands.decide(command).refusal
    if refusal is not None:
        raise refusal


def walk(services: Services, case_id: str) -> int:
    """All steps of the path, one after the other; how many."""
    for place in range(len(PATH)):
        send(services, case_id, place)
    return len(PATH)


@contextmanager
def noting() -> Iterator[list[Written]]:
    """What is written inside, a transaction a step; one step at a time."""
    transactions: list[Written] = []
    execute, many = Link._execute, Link.many  # noqa: SLF001  (the two ways to the driver)
    write = Pipelined.write

    def noted(link: Link, statement: Any, binds: dict[str, Any]) -> Any:
        cursor = execute(link, statement, binds)
        if statement.writes:
            text = statement.text(link.dialect)
            transactions[-1].append((text.sql, text.given(binds)))
        return cursor

    def noted_many(link: Link, statement: Any, rows: Any) -> None:
        many(link, statement, rows)
        text = statement.text(link.dialect)
        if rows:
            transactions[-1].append((text.sql, [text.given(row) for row in rows]))

    Link._execute, Link.many = noted, noted_many  # type: ignore[method-assign]  # noqa: SLF001
    Pipelined.write = Link.write  # type: ignore[method-assign]  # a statement a row
    try:
        yield transactions
    finally:
        Link._execute, Link.many = execute, many  # type: ignore[method-assign]  # noqa: SLF001
        Pipelined.write = write  # type: ignore[method-assign]


def recorded(url: str, cases: list[str], steps: int) -> dict[str, list[Written]]:
    """What the first steps of the path write for each of these cases, transaction by transaction."""
    found: dict[str, list[Written]] = {}
    with opened(url) as services, noting() as transactions:
        for case in cases:
            transactions.clear()
            for place in range(steps):
                transactions.append([])
                send(services, case, place)
            found[case] = list(transactions)
    return found
