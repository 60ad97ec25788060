"""What is done to the store while it fails: each act begins at the same moment, and can be asked for again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters.documents import DocumentFolder
from benchmarks.stepping import OPENING, PROPOSAL, TAX_ID, actors
from engine.core.case import Actor, Event
from engine.service.bundles import read_folder
from engine.service.cases import BatchLine
from engine.service.news_view import Wanted
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


def officers(house: House) -> None:
    """The compact ones, and somebody who gets their letters."""
    permits(house)
    house.services.people.create_token(OFFICER.id, OFFICER.name, ["officer"], email="oleg@people.example")


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
    """Hands a qualification in: a letter, a new state with deadlines, a document."""
    (paper,) = PROPOSAL["documents"]
    data = {**PROPOSAL, "documents": [{**paper, "sha256": sha256(DRAWING).hexdigest()}]}
    return house.services.cases.send_event(ids[0], Event("submit", data), APPLICANT, key=tag)


def to_submit(house: House, tag: str) -> list[str]:
    """A qualification, and the document that goes with it."""
    keep(house, DRAWING, APPLICANT)
    return [open_qualification(house, f"{tag} first").case.id]


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


def told(house: House, tag: str) -> list[str]:
    """Two permits of which a letter waits for the digest, whose hour has come."""
    found = [permit(house, f"{tag} {n}", "tell") for n in range(2)]
    house.set_clock(START + timedelta(days=1))
    return found


def gather(house: House, _: str, __: list[str]) -> None:
    """Makes effects of what is due."""
    while house.services.digests.gather():
        pass


def gathered(house: House, tag: str) -> list[str]:
    """The same, with the digest still to be sent."""
    found = told(house, tag)
    gather(house, tag, found)
    return found


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


# ── deadlines counted again ──────────────────────────────────────────────────────────────────────────────────────────


def outage(house: House, tag: str) -> list[str]:
    """A case that waits for the applicant, and an outage that was declared and has come as far as this case."""
    case = permit(house, tag, "ask")
    number = house.services.recounting.declare_outage("permit", START, START + timedelta(days=2), tag)

    def work(tx: Any) -> None:
        asked = tx.recounts_after(number - 1)[0]
        rows = {case_id: row for row, case_id in tx.cases_to_recount(asked, 10_000)}
        tx.advance_recount(number, rows[case] - 1, 0)

    house.store.write(work)
    return [case]


def count_again(house: House, _: str, __: list[str]) -> None:
    """All cases that it concerns."""
    while house.services.recounting.run_once():
        pass


def unnumbered(house: House, _: str, ids: list[str]) -> Seen:
    """The cases, whatever the number of the outage is."""
    seen = {}
    for case_id, picture in look(house, ids).items():
        memory = replace(picture.case.memory, recounted=0)
        seen[case_id] = replace(picture, case=replace(picture.case, memory=memory))
    return seen


# ── documents and events out ─────────────────────────────────────────────────────────────────────────────────────────

DRAWING = b"valve DN 50, sheet 1 of 1\n"


def upload(house: House, tag: str, _: list[str]) -> None:
    """The officer's drawing, whose content is told apart by the tag."""
    keep(house, DRAWING + tag.encode(), OFFICER)


def keep(house: House, content: bytes, actor: Actor) -> None:
    """A document of somebody's."""
    incoming = house.services.documents.begin(actor)
    incoming.write(content)
    try:
        house.services.documents.keep(incoming, "drawing.txt", actor)
    finally:
        incoming.drop()


def uploaded(house: House, tag: str, _: list[str]) -> Seen:
    """Whether it is the officer's: then its content is there, too."""
    digest = sha256(DRAWING + tag.encode()).hexdigest()
    if house.store.read(lambda reader: reader.document(digest, "person:oleg")) is None:
        return {}
    content = b"".join(DocumentFolder(house.folder).read(digest))
    assert content == DRAWING + tag.encode()
    return {"drawing": len(DRAWING)}


def with_drawing(house: House, tag: str) -> list[str]:
    """A permit, and a drawing that was uploaded."""
    upload(house, tag, [])
    return [permit(house, tag)]


def draw(house: House, tag: str, ids: list[str]) -> Any:
    """A case refers to the drawing."""
    data = {"product.drawing": sha256(DRAWING + tag.encode()).hexdigest()}
    return house.services.cases.send_event(ids[0], Event("draw", data), OFFICER, key=tag)


def drawn(house: House, tag: str, ids: list[str]) -> Seen:
    """The case, and whether the drawing is kept for it: exactly when its data refers to it."""
    digest = sha256(DRAWING + tag.encode()).hexdigest()
    found = house.store.read(lambda reader: reader.document_of_case(ids[0], digest))
    seen = look(house, ids)
    assert (found is not None) == ("product.drawing" in seen[ids[0]].case.data)
    return seen


def subscribed(house: House, tag: str) -> list[str]:
    """A subscription that has not heard yet of a permit's steps; its id."""
    services = house.services
    feed_of(house.store)
    for one in services.subscriptions.find(OFFICER).items:
        services.subscriptions.end(one.id, OFFICER)
    made = services.subscriptions.create(OFFICER, "https://receiver.example/", Wanted())
    permit(house, tag, "note")
    return [made.subscription.id]


def subscribed_to_an_entry(house: House, tag: str) -> list[str]:
    """A subscription that has not heard yet of a revision of its entry; its id."""
    services = house.services
    for one in services.subscriptions.find(OFFICER).items:
        services.subscriptions.end(one.id, OFFICER)
    listed = permit(house, tag, "grant")
    feed_of(house.store)
    entry = house.store.read(lambda reader: reader.entry_of(listed))
    assert entry is not None
    wanted = Wanted(entries=frozenset({entry.entry_no}))
    made = services.subscriptions.create(OFFICER, "https://receiver.example/", wanted)
    services.cases.send_event(listed, Event("suspend", {}), OFFICER)
    return [made.subscription.id]


def post(house: House, _: str, __: list[str]) -> None:
    """Posts what is owed; what another try has under its lease waits until that ends."""
    house.machine.at += timedelta(hours=2)
    feed_of(house.store)
    while house.services.publishing.run_once():
        pass


def posted(house: House, _: str, ids: list[str]) -> Seen:
    """Which events are done; each of them was posted, under one id."""
    some = house.services.subscriptions.deliveries(ids[0], OFFICER, limit=100).items
    done = {one.event for one in some if one.status == "done"}
    known = {f"{ids[0]}-{event.replace('/', '-')}" for event in done}
    assert known <= set(house.outside.posted)
    return {f"step {event.rpartition('/')[2]} is done": True for event in done}


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
    Act("submit", roadmap, to_submit, submit),
    Act("grant", permits, lambda h, tag: [permit(h, tag)], send("grant"), often=False),
    Act("suspend", permits, lambda h, tag: [permit(h, tag, "grant")], send("suspend")),
    Act("batch", permits, batch_of_permits, batch, whole=False),
    Act("fire", permits, overdue, fire),
    Act("issue", permits, asked("grant"), deliver),
    Act("notify", officers, asked("note"), deliver),
    Act("wait for the digest", officers, asked("tell"), deliver),
    Act("gather a digest", officers, told, gather),
    Act("send a digest", officers, gathered, deliver),
    Act("call", permits, asked("weigh"), deliver, often=False),
    Act("open a child", permits, asked("visit"), deliver),
    Act("send to children", permits, two_visits, deliver, whole=False),
    Act("child ended", permits, visit_over, deliver, often=False),
    Act("count deadlines again", permits, outage, count_again, unnumbered),
    Act("upload", permits, lambda _, __: [], upload, uploaded),
    Act("refer to a document", permits, with_drawing, draw, drawn),
    Act("post events", permits, subscribed, post, posted, whole=False),
    Act("post revisions", permits, subscribed_to_an_entry, post, posted, whole=False),
    Act("publish", permits, lambda _, __: [], republish, versions),
)
