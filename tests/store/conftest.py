"""A store on a real file, and steps to fill it with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from engine.core.case import Actor, Case, Effect, EffectKind, Memory, Position, Record, Step, Timer, Track
from engine.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 1, 12, 6, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Machine time that moves only when it is told to."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The moment it is."""
        return self.now

    def forward(self, **span: float) -> datetime:
        """Lets time pass; the moment it is then."""
        self.now += timedelta(**span)
        return self.now


@dataclass
class Maker:
    """Makes cases, and steps of them as a machine would."""

    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def opened(self, case_id: str | None = None, *, at: datetime = START, **changes: Any) -> Step:
        """A step that opens a case."""
        n = next(self.numbers)
        case = Case(
            id=case_id or f"case-{n:04}",
            workflow="qualification",
            number=f"Q-2026-{n:06}",
            opened_at=at,
            opened_by=Actor("pavel", roles=frozenset({"applicant"}), attributes={"party": "4027000001"}),
            last_at=at,
            data={"applicant.tax_id": "4027000001", "product.designation": f"Valve DN{n}", "urgent": True},
            positions=(Position("application", 1, at), Position("application.draft", 1, at)),
            timers=(Timer("application.draft", 1, "submit", "due", 0, at + timedelta(days=30)),),
            turn=("applicant",),
            seq=1,
            revision=1,
        )
        case = replace(case, **changes)
        return Step(case, self.record(case, "opened", "open"))

    def next(
        self, case: Case, *, command: str | None = None, effects: int = 0, facts: Any = (), **changes: Any
    ) -> Step:
        """A step of a case; `changes` are what is different after it."""
        seq = case.seq + 1
        memory = changes.pop("memory", replace(case.memory, entries={"application.draft": seq}))
        after = replace(case, seq=seq, revision=case.revision + 1, memory=memory, **changes)
        asked = tuple(
            Effect(f"{case.id}/{seq}/{n}", EffectKind.NOTIFY, "mail", {"to": ["applicant"], "template": "receipt"})
            for n in range(effects)
        )
        record = replace(self.record(after, "event", "save"), command=command)
        return Step(after, record, effects=asked, facts=tuple(facts))

    def record(self, case: Case, kind: Any, name: str) -> Record:
        """A line of the history."""
        payload = {"said": {"reasons": f"drawing {case.seq}"}}
        return Record(case.seq, kind, name, {"id": "pavel", "kind": "person"}, case.last_at, payload=payload)

    def overdue(self, case: Case, at: datetime) -> Memory:
        """Memory in which the deadline has fired."""
        return replace(case.memory, tracks={"application.draft#1:submit": Track(fired=at)})


@pytest.fixture
def clock() -> Clock:
    """Machine time, to be moved."""
    return Clock()


@pytest.fixture
def maker() -> Maker:
    """Makes steps."""
    return Maker()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database, on each kind there is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cases.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[Store]:
    """A store on a new database."""
    opened = Store(store_url, machine_now=clock)
    yield opened
    opened.close()


@pytest.fixture
def file_store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store on a file, where its one writer is looked at."""
    opened = Store(f"sqlite:///{tmp_path}/cases.db", machine_now=clock)
    yield opened
    opened.close()


@pytest.fixture
def version_id(store: Store) -> int:
    """A published version."""
    return publish(store)


@pytest.fixture
def publishing() -> Any:
    """Publishes a version in any store."""
    return publish


@pytest.fixture
def opened(store: Store, version_id: int, maker: Maker) -> Case:
    """One case that is stored."""
    step = maker.opened()
    store.write(
        lambda tx: tx.insert_case(
            step, version_id=version_id, unique_key="one", index={"product.designation": "Valve DN50"}
        )
    )
    return step.case


@pytest.fixture
def sql():
    """Runs a text of SQL in a transaction of its own, behind the back of the program."""

    def run(store: Store, text: str) -> list[Any]:
        def work(tx: Any) -> list[Any]:
            cursor = tx.link.connection.execute(text)
            return list(cursor.fetchall()) if text.startswith("SELECT") else []

        found = store.write(work)
        store._engine.forget()
        return found

    return run


@pytest.fixture
def feed_of():
    """The feed of a store once all that was committed has its place."""

    def read(store: Store, after: int = 0, limit: int = 10**6) -> Any:
        store.write(lambda tx: tx.sequence_steps())
        return store.read(lambda r: r.feed(after, limit))

    return read


def publish(store: Store) -> int:
    """Publishes a version; its id."""
    return store.write(
        lambda tx: tx.add_version(
            workflow="qualification", digest="d1", source="milepost: 1", file="q.yaml", templates={"a": "b"}
        )
    ).id
