"""What is done to the store while it fails: each act begins at the same moment, and can be asked for again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.stepping import OPENING, PROPOSAL, TAX_ID, actors
from engine.core.case import Event
from engine.service.bundles import read_folder
from engine.service.cases import BatchLine
from tests.crash.house import OFFICER, PERMIT, START, VISIT, House
from tests.crash.pictures import feed_of, pictures

WORKFLOWS = Path(__file__).parents[2] / "workflows"
APPLICANT = actors()["applicant"]
PARTY = {"applicant.tax_id": TAX_ID}

Seen = Mapping[str, Any]


def permit(house: House, tag: str, *events: str) -> str:
    """A permit that has taken these events and whose effects are delivered."""
    case = house.services.cases.open_case("permit", {**PARTY, "product.designation": tag}, OFFICER).case
    for event in events:
        house.services.cases.send_event(case.id, Event(event), OFFICER)
        house.at_rest()
    return case.id


def family(house: House, case_ids: list[str]) -> list[str]:
    """The cases and all their children."""

    def work(reader: Any) -> list[str]:
        return [one for case_id in case_ids for one in (case_id, *(c.id for c in reader.children(case_id)))]

    return house.store.read(work)


def look(house: House, case_ids: list[str]) -> Seen:
    """The pictures of cases, each of which is in order by itself."""
    feed = feed_of(house.store)
    return house.store.read(lambda reader: pictures(reader, case_ids, feed))


@dataclass(frozen=True)
class Act:
    """`prepare` gives the ids of the cases it is about, `run` does it, `seen` is what there is of them now.

    `whole`: all of these cases change in one transaction; otherwise each of them does.
    """

    name: str
    publish: Callable[[House], Any]
    prepare: Callable[[House, str], list[str]]
    run: Callable[[House, str, list[str]], Any]
    seen: Callable[[House, str, list[str]], Seen] = lambda house, _, ids: look(house, family(house, ids))
    whole: bool = True
    often: bool = True  # False: only in long campaigns, as another one is much like it


def roadmap(house: House) -> None:
    """The real workflows."""
    house.services.catalog.publish_all(read_folder(WORKFLOWS))


def permits(house: House) -> None:
    """The compact ones."""
    house.publish(PERMIT, VISIT)


# ── opening and stepping ─────────────────────────────────────────────────────────────────────────────────────────────


def opening(tag: str) -> dict[str, Any]:
    """What a qualification is opened with."""
    return {**OPENING, "product": {**OPENING["product"], "designation": tag}}


def open_qualification(house: House, tag: str, _: list[str] | None = None) -> Any:
    """Opens one, under a key."""
    return house.services.cases.open_case("qualification", opening(tag), APPLICANT, key=tag)


def seen_by_key(house: House, tag: str, _: list[str]) -> Seen:
    """The case that the key has opened; without one there is no case more than the key's."""
    kept = house.store.read(lambda r: r.accepted(tag, APPLICANT.party))
    feed = {entry.case_id for entry in feed_of(house.store)}
    keys = house.store.read(
        lambda r: [r.case(case_id).case.data["product.designation"] for case_id in sorted(feed)].count(tag)
    )
    assert keys == (0 if kept is None else 1)
    return {} if kept is None else look(house, [kept.case_id])


def submit(house: House, tag: str, ids: list[str]) -> Any:
    """Hands a qualification in: a letter, a new state with deadlines."""
    return house.services.cases.send_event(ids[0], Event("submit", PROPOSAL), APPLICANT, key=tag)


def send(event: str) -> Callable[[House, str, list[str]], Any]:
    """Sends an event under a key."""
    return lambda house, tag, ids: house.services.cases.send_event(ids[0], Event(event), OFFICER, key=tag)


def batch(house: House, tag: str, ids: list[str]) -> Any:
    """An event to each of several cases, and a second one to the first."""
    lines = [BatchLine(one, Event("note"), key=f"{tag}-{n}") for n, one in enumerate([*ids, ids[0]])]
    results = house.services.cases.batch(lines, OFFICER)
    for result in results:
        if result.error is not None:
            raise result.error
    return results


def batch_of_permits(house: House, tag: str) -> list[str]:
    """Three of them."""
    return [permit(house, f"{tag} {n}") for n in range(3)]


# ── timers and effects ───────────────────────────────────────────────────────────────────────────────────────────────


def overdue(house: House, tag: str) -> list[str]:
    """A permit whose answer is overdue, and its reminder too."""
    case_id = permit(house, tag, "ask")
    house.set_clock(START + timedelta(days=30))
    return [case_id]


def fire(house: House, _: str, __: list[str]) -> None:
    """Fires all that is due."""
    while house.services.timers.fire_due():
        pass


def asked(*events: str) -> Callable[[House, str], list[str]]:
    """A permit after these events, with the effect of the last one still to be delivered."""

    def prepare(house: House, tag: str) -> list[str]:
        case_id = permit(house, tag, *events[:-1])
        house.services.cases.send_event(case_id, Event(events[-1]), OFFICER)
        return [case_id]

    return prepare


def deliver(house: House, _: str, __: list[str]) -> None:
    """Delivers what waits; what another try has under its lease waits until that ends."""
    house.machine.at += timedelta(hours=2)
    while house.services.effects.deliver_pending():
        pass


def two_visits(house: House, tag: str) -> list[str]:
    """A permit with two children that something is sent to."""
    case_id = permit(house, tag, "visit")
    house.services.cases.open_case("visit", {}, OFFICER, parent=case_id)
    house.services.cases.send_event(case_id, Event("remind_all"), OFFICER)
    return [case_id]


def visit_over(house: House, tag: str) -> list[str]:
    """A permit whose child has closed and not told yet."""
    case_id = permit(house, tag, "visit")
    (child,) = house.store.read(lambda r: r.children(case_id))
    house.services.cases.send_event(child.id, Event("finish"), OFFICER)
    return [case_id]


# ── publication ──────────────────────────────────────────────────────────────────────────────────────────────────────


def republish(house: House, tag: str, _: list[str]) -> None:
    """Two workflows, each with a change, together."""
    house.publish(*(text.replace("title: ", f"title: {tag} ", 1) for text in (PERMIT, VISIT)))


def versions(house: House, tag: str, _: list[str]) -> Seen:
    """Which versions have the change."""

    def work(reader: Any) -> Seen:
        every = [version for name in ("permit", "visit") for version in reader.versions(name)]
        return {v.workflow: (v.source, v.templates, v.file) for v in every if f"title: {tag} " in v.source}

    return house.store.read(work)


ACTS = (
    Act("open", roadmap, lambda _, __: [], open_qualification, seen_by_key),
    Act("submit", roadmap, lambda h, tag: [open_qualification(h, f"{tag} first").case.id], submit),
    Act("grant", permits, lambda h, tag: [permit(h, tag)], send("grant"), often=False),
    Act("suspend", permits, lambda h, tag: [permit(h, tag, "grant")], send("suspend")),
    Act("batch", permits, batch_of_permits, batch, whole=False),
    Act("fire", permits, overdue, fire),
    Act("issue", permits, asked("grant"), deliver),
    Act("notify", permits, asked("note"), deliver),
    Act("call", permits, asked("weigh"), deliver, often=False),
    Act("open a child", permits, asked("visit"), deliver),
    Act("send to children", permits, two_visits, deliver, whole=False),
    Act("child ended", permits, visit_over, deliver, often=False),
    Act("publish", permits, lambda _, __: [], republish, versions),
)
