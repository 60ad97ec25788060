"""Every list that the API offers finds its rows by an index, on both databases: no case is looked at that is not asked for.

The statements are those that the services really run; the databases are asked how they would do it (EXPLAIN).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import create_engine, insert

from adapters.templates import MessageTemplates
from engine.core.calendars.words import parse_term
from engine.core.case import Actor
from engine.core.recounts import CalendarChanged, Outage
from engine.ports import Adapters
from engine.service.bundles import Bundle
from engine.service.searching import CaseFilters
from engine.service.services import build_services
from engine.store import tables
from engine.store.link import Link
from engine.store.packing import pack
from engine.store.recount_records import StoredRecount
from engine.store.store import Store, parsed_url

CASES = 4000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
FACTS = json.dumps({"holder": "Sample Valves " * 40})
OFFICER = Actor("oleg", roles=frozenset({"officer"}))
ANNA = Actor("anna", roles=frozenset({"applicant"}), attributes={"party": "7"})
WORKFLOW = """
milepost: 1
workflow: offer
title: Offer
number: "O-{seq:6}"
unique: [applicant.tax_id, product.designation]
roles:
  applicant: {title: Applicant, side: applicant, where: {party: applicant.tax_id}, sees: own}
  region:    {title: Region, where: {party: applicant.region}, sees: own}
  officer:   {title: Officer, sees: all}
data: {applicant: {tax_id: text, region: text}, product: {designation: text}}
open: {by: applicant, form: [applicant.tax_id!, applicant.region, product.designation!]}
initial: check
states:
  check: {turn: officer, events: {accept: {by: officer, to: done}}, deadlines: {decide: {after: 5 days, to: done}}}
  done: {final: true, outcome: completed}
  closed: {final: true, outcome: withdrawn}
"""
OTHER = WORKFLOW.replace("workflow: offer", "workflow: other").replace("O-{", "X-{")


def fill(insert_rows, versions):
    """Some thousand cases: most open; a few rare ones that lists ask for; a history, a timer, an effect, an entry each."""
    rows = {table: [] for table in tables.METADATA.sorted_tables}
    add = lambda table, **row: rows[table].append(row)  # noqa: E731
    opened_by = pack(Actor("anna"))
    for n in range(1, CASES + 1):
        at = NOW - timedelta(hours=CASES - n)
        rare, closed = n % 500 == 7, n % 4 == 0
        outcome = ("withdrawn" if n % 400 == 0 else "completed") if closed else None
        tax_id, word, state = str(n % 900), f"word{n % 700}", "closed" if rare else "check"
        name = "other" if n % 1000 == 3 else "offer"
        turn = "region" if rare else "officer"
        search = {"applicant.tax_id": tax_id, "product.designation": word}
        add(
            tables.CASE, id=n, public_id=f"case-{n}", workflow=name, version_id=versions[name], number=f"O-{n:06}",
            unique_key=None if closed else f"{n}", opened_at=at, opened_by=opened_by, last_at=at, seq=3, revision=3,
            closed_at=at if closed else None, outcome=outcome, leaves=json.dumps([state]), turn=json.dumps([turn]),
            memory="{}", parent=None, search=json.dumps(search), next_due=None if closed else NOW + timedelta(hours=n),
            overdue_since=at if rare and not closed else None, hash="0" * 64, pruned_at=None,
        )  # fmt: skip
        add(tables.CASE_SECTION, case_id=n, section="x", data="{}")
        for place, path in enumerate(("", state)):
            add(tables.POSITION, case_id=n, state=path, place=place, entry=1, entered_at=at, finished=False)
        if not closed:
            due = NOW + timedelta(hours=n - 20)
            add(tables.TIMER, case_id=n, key="check#1:decide/due0", place=0, state="check", entry=1, deadline="decide",
                kind="due", rung=0, due=due, workflow="offer")  # fmt: skip
        for path, value in (
            *search.items(),
            ("@turn", turn),
            *([("@assignee", "oleg")] if rare else []),
            ("@word", word),
            ("@word", tax_id),
            ("@word", "o"),
            ("@word", f"{n:06}"),
        ):
            add(tables.CASE_INDEX, case_id=n, path=path, value=value)
        if n % 20 == 1:
            add(tables.CASE_LINK, case_id=n, parent_id=n // 200 + 1)
        for seq in range(1, 4):
            add(tables.STEP, case_id=n, seq=seq, kind="event", name="x", record="{}", payload="{}", payload_hash="0",
                hash=f"{n}-{seq}", command=f"{n}-{seq}", at=at, recorded_at=at, arrived_at=at)  # fmt: skip
            add(tables.FEED, case_id=n, seq=seq, hash=f"{n}-{seq}")
        add(tables.EFFECT, key=f"{n}/1", case_id=n, seq=1, kind="notify", adapter="mail", payload="{}", state="", entry=0,
            status="done" if n % 100 else "pending", attempt=1, tries="[]", next_at=None if n % 100 else NOW - timedelta(hours=n), result=None)  # fmt: skip
        add(tables.DIGEST_LINE, case_id=n, effect=f"case-{n}/1/1", person=f"p{n % 50}", due_at=at + timedelta(days=2000) if n % 500 else at,
            digest=None, alone=False)  # fmt: skip
        add(tables.LETTER, case_id=n, message_id=f"{n}@milepost", channel="smtp", effect=f"case-{n}/1/1", person=f"p{n % 50}",
            address="a@b.example", template="t", sha256="0", at=at, status="sent", reason=None)  # fmt: skip
        add(tables.INCIDENT, case_id=n, kind="x", subject="s", text="t", opened_at=at, closed_at=None if n % 800 == 1 else at,
            closed_by=None, answer=None)  # fmt: skip
        add(tables.REGISTER_ENTRY, id=n, entry_no=f"R-{n}", revision=1, case_id=n, verb="list", status="listed",
            facts=FACTS, reason="", tax_id=tax_id, designation=word, code=f"c{n % 800}", effective_from=at, recorded_at=at)  # fmt: skip
        add(tables.REGISTER_WORD, word=word, entry_id=n)
        add(
            tables.CERTIFICATE,
            number=f"C-{n}",
            issue=1,
            token=f"t{n}",
            case_id=n,
            status="expired",
            facts="{}",
            issued_at=at,
        )
        kept = NOW - timedelta(days=30 if n % 500 == 0 else 0)
        add(tables.ACCEPTED, key=f"k{n}", party="p", body_hash="h", case_id=f"case-{n}", seq=1, accepted_at=kept)
    for table, found in rows.items():
        if found:
            insert_rows(table, found)


class Asked:
    """Services over a filled database, and how it does what they ask of it."""

    def __init__(self, url, services):
        self.url, self.services, self.said = url, services, []

    def plans(self):
        """How each statement that was run would be done: (statement, lines)."""
        said, self.said = self.said, []
        assert said
        read = self.services.store.read
        if self.url.startswith("postgresql"):
            explain = "EXPLAIN "
            with psycopg.connect(self.url, cursor_factory=psycopg.RawCursor) as connection:
                return [
                    (sql, [row[0] for row in connection.execute(explain + sql, binds).fetchall()])
                    for sql, binds in said
                ]
        run = lambda reader, sql, binds: reader.link.connection.execute(f"EXPLAIN QUERY PLAN {sql}", binds).fetchall()  # noqa: E731
        return [(sql, [row[3] for row in read(lambda r, s=sql, b=binds: run(r, s, b))]) for sql, binds in said]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, tmp_path_factory):
    """A database with some thousand cases, of which it has gathered statistics."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = server.new_database() if server else f"sqlite:///{tmp_path_factory.mktemp('lists')}/lists.db"
    store = Store(url, machine_now=lambda: NOW)
    adapters = Adapters([], MessageTemplates, lambda _: None)
    services = build_services(store, adapters, public_url="https://milepost.example")
    published = services.catalog.publish_all([Bundle(WORKFLOW, "a.yaml", {}, {}), Bundle(OTHER, "b.yaml", {}, {})])
    assert len(published) == 2
    versions = {name: store.read(lambda r, n=name: r.latest_version(n)).id for name in ("offer", "other")}
    engine = create_engine(parsed_url(url).set(drivername="postgresql+psycopg") if server else url)
    with engine.begin() as connection:
        fill(lambda table, rows: connection.execute(insert(table), rows), versions)
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
    store.close()
    store = Store(url, machine_now=lambda: NOW)
    yield Asked(url, build_services(store, adapters, public_url="https://milepost.example"))
    store.close()
    if server:
        server.drop(url)


@pytest.fixture
def asked(filled, monkeypatch):
    """What is asked of the database during a test is written down."""
    execute = Link._execute

    def told(link, statement, binds):
        text = statement.text(link.dialect)
        said = (text.sql, text.given(binds))
        cursor = execute(link, statement, binds)
        filled.said.append((said[0], text.given(binds)))
        return cursor

    filled.services.catalog.workflows()
    monkeypatch.setattr(Link, "_execute", told)
    filled.said.clear()
    return filled


def scans(plan, table):
    """Lines of a plan that go through a whole table, by none of its keys."""
    sequential = re.compile(rf'Seq Scan on "?{table}"?\b|^SCAN "?{table}"?(?! USING)')
    return [line for line in plan if sequential.search(line.strip().removeprefix("->").strip())]


LISTS = {
    "workflow": {"workflow": "other"},
    "state": {"state": "closed"},
    "state of a workflow": {"state": "closed", "workflow": "offer"},
    "turn": {"turn": "region"},
    "turn of a workflow": {"turn": "region", "workflow": "offer"},
    "party": {"party": "7"},
    "party of a workflow": {"party": "7", "workflow": "offer"},
    "overdue": {"overdue": True},
    "overdue, of a workflow": {"overdue": True, "workflow": "offer"},
    "q": {"q": "word17"},
    "q, a number": {"q": "O-000123"},
    "q, two words": {"q": "word17 o"},
    "open": {"open_only": True},
    "outcome": {"outcome": "withdrawn"},
    "outcome of a workflow": {"outcome": "withdrawn", "workflow": "offer"},
    "parent": {"parent": "case-3"},
    "version": {"workflow": "other", "version": 1},
    "assignee": {"assignee": "oleg"},
    "assignee of a workflow": {"assignee": "oleg", "workflow": "offer"},
    "due before": {"due_before": NOW - timedelta(hours=5)},
    "a field": {"fields": (("product.designation", "word17"),)},
    "two fields": {"fields": (("product.designation", "word17"), ("applicant.tax_id", "17"))},
    "by deadline": {"by_due": True},
    "by deadline, of a state": {"by_due": True, "state": "closed"},
    "all at once": {
        "workflow": "offer",
        "state": "check",
        "turn": "officer",
        "party": "7",
        "q": "word7",
        "open_only": True,
    },
    "everything": {},
}


@pytest.mark.parametrize("actor", [OFFICER, ANNA], ids=["who sees all", "who sees his own"])
@pytest.mark.parametrize("name", LISTS)
def test_lists_of_cases(asked, name, actor):
    """GET /cases by each of its filters, for who sees every case and who sees his own; the next page too."""
    find = asked.services.cases.find
    page = find(CaseFilters(**LISTS[name]), actor, limit=5)
    assert page.items or actor is ANNA or name in {"all at once", "q, two words"}
    if page.cursor:
        find(CaseFilters(**LISTS[name]), actor, limit=5, cursor=page.cursor)
    for sql, plan in asked.plans():
        whole = scans(plan, "case") if name != "everything" or actor is ANNA else []
        assert (whole or scans(plan, "case_index") or scans(plan, "position")) == [], f"{sql}\n" + "\n".join(plan)


def register(services):
    """Searches of the register, and the tender question."""
    search = services.register.search
    for wanted in (
        {"tax_id": "7"},
        {"designation": "word7"},
        {"code": "c7"},
        {"q": "word17"},
        {"tax_id": "7", "designation": "word7"},
    ):
        assert search(**wanted, limit=5).items
        search(**wanted, on=date(2026, 1, 1), known_at=NOW, limit=5)
    services.register.eligibility("7", "word7")
    services.register.entry("R-7")
    services.certificates.by_number("C-7")
    services.certificates.by_token("t9")


def one_case(services):
    """A case by id and by number, its history, effects and incidents."""
    cases = services.cases
    for ref in ("case-5", "O-000005"):
        assert cases.get(ref, OFFICER).number == "O-000005"
    assert len(services.store.read(lambda r: r.history("case-5", 1, 10))) == 2
    cases.effects("case-5", OFFICER)
    services.incidents.find(case_id="case-801", open_only=True)
    services.store.read(lambda r: (r.children("case-3"), r.unique_holder("offer", "5"), r.entry_of("case-5")))
    services.store.read(lambda r: r.case_ids_where("offer", {"applicant.tax_id": "7"}))
    services.store.read(lambda r: r.last_ended("offer", {"applicant.tax_id": "7"}, ("rejected", "withdrawn")))


def work_to_do(services):
    """What tickers look for: timers, effects, incidents, the feed, old answers, what is to be pruned."""
    store = services.store
    assert store.read(lambda r: r.due_timers(NOW, 5))
    assert store.read(lambda r: (r.next_due(), r.count_due(NOW), r.next_effect_at(), r.pending_effects()))
    ahead = store.read(lambda r: r.due_moments(NOW - timedelta(days=400), NOW + timedelta(days=400), None, 5))
    assert len(ahead) == 5
    store.read(lambda r: r.due_moments(NOW, NOW + timedelta(days=400), ahead[-1].place, 5))
    assert store.write(lambda tx: tx.claim_effects(lease_seconds=60, limit=5))
    recounts = store.read(lambda r: (r.newest_recount(), r.recounts_after(0), r.next_recount(), r.late_cases(5)))
    assert recounts[:3] == (0, (), None)
    outage = StoredRecount("offer", Outage(1, NOW, NOW, ""), "x", NOW)
    assert store.read(lambda r: len(r.cases_to_recount(outage, 5))) == 5
    store.read(lambda r: r.cases_to_recount(replace(outage, said=CalendarChanged(1, "here", 2), name="here"), 5))
    assert len(services.incidents.find()) == 5
    assert len(store.read(lambda r: r.feed(CASES, 10))) == 10
    assert store.read(lambda r: r.accepted("k5", "p")) is not None
    assert store.read(lambda r: r.step_of_command("5-1")) == ("case-5", 1)
    assert services.digests.next_at()
    gathered = store.write(lambda tx: tx.gather_digests())
    assert 0 < gathered < 50
    digest = next(e.key for e in store.read(lambda r: r.effects("case-500")) if e.kind == "digest")
    assert store.read(lambda r: (r.digest_lines(digest), r.waiting_for_digest("case-7/1/1")))
    store.write(lambda tx: tx.drop_digest_lines(digest))
    assert store.read(
        lambda r: (r.letters("case-7", None, 0, 5), r.letters("case-7", "p7", 0, 5), r.letters_of_effect("case-7/1/1"))
    )
    assert store.read(lambda r: (r.letters_by_id("7@milepost"), r.cases_of_letter("7@milepost"))) is not None
    letters = store.read(lambda r: r.letters_by_id("7@milepost"))
    store.write(lambda tx: tx.put_letters(["case-7"], letters))
    assert store.write(lambda tx: tx.bounce_letter("7@milepost", ("smtp", "mailbox"), "no mailbox")) == 1
    services.pruning.forget_answers()
    assert list(services.pruning.prune(parse_term("165 days")))


TABLES = (
    "case",
    "step",
    "feed",
    "case_index",
    "position",
    "timer",
    "effect",
    "register_entry",
    "certificate",
    "accepted",
    "incident",
    "digest_line",
    "letter",
)


@pytest.mark.parametrize("ask", [register, one_case, work_to_do])
def test_everything_else_that_is_asked(asked, ask):
    """The register, one case with all that belongs to it, and what is looked for all the time: no table is gone through."""
    ask(asked.services)
    for sql, plan in asked.plans():
        found = [line for table in TABLES for line in scans(plan, table)]
        assert found == [], f"{sql}\n" + "\n".join(plan)
