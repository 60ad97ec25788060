"""Tokens, imported tables, published versions and calls of adapters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.core.case import Tie
from engine.errors import InvalidPayload, InvalidWorkflow, NotAuthenticated, NotFound, WorkflowNotFound
from engine.service.bundles import Bundle, UnreadableFile, read_folder
from engine.store.store import Priority

TABLE = b"""tax_id,contact_name,designation,items
1234567890,Anna,V-1,V-1a|V-1b
123,Boris,V-2,
1234567890,Vera,V-1,
0987654321,Gleb,V-3,
"""


def test_a_token_opens_as_its_holder_until_it_is_revoked_or_expires(world):
    """Roles, attributes and ties come with it; only a hash is stored; unknown, revoked and expired are one answer."""
    people = world.services.people
    end = world.machine() + timedelta(days=1)
    secret, token = people.create_token(
        "olga",
        "Olga",
        ["officer"],
        {"party": "1", "category": ["valves", "pumps"]},
        ties=[Tie("7")],
        expires=end,
        locale="ru",
    )
    actor = people.actor_of(secret)
    assert (actor.id, actor.name, actor.roles, actor.party) == ("olga", "Olga", {"officer"}, "1")
    assert (actor.attributes["category"], actor.ties) == (("valves", "pumps"), (Tie("7"),))
    assert people.locale_of("olga") == "ru"
    assert secret not in repr(world.store.read(lambda reader: reader.tokens()))
    for _ in range(1000):  # a server has two threads for what may wait: what comes later may be done sooner
        world.store.submit(lambda tx: tx.business_now(), priority=Priority.IMPORTS).result()
        if people.tokens()[0].last_used_at is not None:
            break
    assert people.tokens()[0].last_used_at == world.machine()
    with pytest.raises(NotAuthenticated):
        people.actor_of(secret + "x")
    world.machine.forward(days=1)
    with pytest.raises(NotAuthenticated):
        people.actor_of(secret)
    second, token = people.create_token("olga", "Olga", ["officer"])
    people.revoke(token.id)
    with pytest.raises(NotAuthenticated):
        people.actor_of(second)
    with pytest.raises(NotFound):
        people.revoke(token.id)


@pytest.mark.parametrize(
    "given",
    [
        {"actor_id": " "},
        {"actor_id": "olga\n"},
        {"name": "x" * 201},
        {"roles": ["off\ticer"]},
        {"email": "olga@people.example\nBcc: eve@people.example"},
        {"locale": "../ru"},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_token_for_nobody(world, given):
    """Names are one line and not too long, a language is a language; nothing is stored otherwise."""
    asked = {"actor_id": "olga", "name": "Olga", "roles": ["officer"], **given}
    with pytest.raises(InvalidPayload):
        world.services.people.create_token(asked.pop("actor_id"), asked.pop("name"), asked.pop("roles"), **asked)
    assert not world.services.people.tokens()


def test_a_table_is_reported_by_row_and_column_and_the_good_rows_open(proposals):
    """Bad cells, repeats and unknown columns are told; the corrected file opens only what was not opened before."""
    clara = proposals.person("clara", "coordinator", "officer", party="Kaluga")
    parent = proposals.open("list", {"region.name": "Kaluga"}, clara)
    imports = proposals.services.imports
    preview = imports.preview(TABLE, "list.csv", "proposal", clara, parent=parent.id)
    assert [(p.row, p.column, p.code) for p in preview.problems] == [(3, "tax_id", "pattern"), (4, "", "duplicate")]
    assert preview.columns["contact_name"] == "applicant.contact.name"
    assert len(proposals.services.cases.get(parent.id, clara).children) == 0
    report = imports.commit(TABLE, "list.csv", "proposal", clara, parent=parent.id)
    assert [(row.row, row.number) for row in report.opened] == [(2, "P-2026-0001"), (5, "P-2026-0002")]
    assert [problem.row for problem in report.problems] == [3, 4]
    first = proposals.services.cases.get("P-2026-0001", clara)
    assert [item["item_id"] for item in first.data["product"]["items"]] == ["V-1a", "V-1b"]
    assert first.data["applicant"]["contact"] == {"name": "Anna"}
    corrected = TABLE.replace(b"123,Boris", b"1111111111,Boris")
    again = imports.commit(corrected, "list2.csv", "proposal", clara, parent=parent.id)
    assert [(row.row, row.replayed) for row in again.opened] == [(2, True), (3, False), (5, True)]
    assert len(proposals.services.cases.get(parent.id, clara).children) == 3
    changed = imports.commit(TABLE.replace(b"Anna", b"Inna"), "list3.csv", "proposal", clara, parent=parent.id)
    assert [(p.row, p.code) for p in changed.problems] == [(2, "changed"), (3, "pattern"), (4, "duplicate")]


def test_an_unknown_column_stops_an_import(proposals, officer):
    """Nothing of a table is lost in silence."""
    report = proposals.services.imports.commit(b"tax_id,colour\n1234567890,red\n", "x.csv", "proposal", officer)
    assert (report.opened, [(p.row, p.column, p.code) for p in report.problems]) == ((), [(1, "colour", "unknown")])


def test_a_broken_definition_is_not_published(world):
    """Findings of severity error keep all files of the call out."""
    good = "milepost: 1\nworkflow: a\ntitle: A\nroles: {r: {title: R}}\ndata: {a: text}\nopen: {by: r}\ninitial: s\nstates: {s: {turn: r, events: {e: {by: r, to: f}}}, f: {final: true}}\n"
    with pytest.raises(InvalidWorkflow):
        world.publish(good, good.replace("workflow: a", "workflow: b").replace("to: f", "to: nowhere"))
    with pytest.raises(WorkflowNotFound):
        world.services.catalog.version("a")
    with pytest.raises(InvalidWorkflow, match=r"templates/bad"):
        world.services.catalog.publish(Bundle(good, "a.yaml", {"bad.en.txt": "Subject: x\n\n{{ self.__class__ }}\n"}))


def test_start_up_publishes_only_what_was_never_seen(proposals):
    """A digest that was published before stays what it was; `publish` brings an older one back as the newest."""
    catalog = proposals.services.catalog
    source = catalog.version("proposal").source
    old = Bundle(source, "proposal.yaml", dict(catalog.version("proposal").templates))
    new = Bundle(source.replace("title: Officer", "title: Clerk"), "proposal.yaml", old.templates)
    assert [p.new for p in catalog.publish_new([old])] == [False]
    assert [(p.version, p.new) for p in catalog.publish_new([new])] == [(2, True)]
    assert [(p.version, p.new) for p in catalog.publish_new([old])] == [(1, False)]
    assert catalog.workflow("proposal").version == 2
    assert catalog.publish(old).version == 3
    assert [version.version for version in catalog.versions("proposal")] == [1, 2, 3]
    assert [role.title for role in catalog.workflow("proposal", locale="ru").roles][1] == "Officer"


def test_a_folder_is_read_with_its_templates_and_calendars(tmp_path):
    """Workflows, not scenarios; what is no text is named."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "calendars").mkdir()
    (tmp_path / "a.yaml").write_text("milepost: 1")
    (tmp_path / "a.test.yaml").write_text("x")
    (tmp_path / "templates" / "t.en.txt").write_text("Subject: x\n\ny\n")
    (tmp_path / "calendars" / "ru.yaml").write_text("calendar: ru")
    (bundle,) = read_folder(tmp_path)
    assert (bundle.file, list(bundle.templates), list(bundle.calendars)) == ("a.yaml", ["t.en.txt"], ["ru"])
    assert read_folder(tmp_path / "a.yaml") == (bundle,)
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(UnreadableFile, match=r"b\.yaml is not UTF-8"):
        read_folder(tmp_path)


SERVICE = """
milepost: 1
workflow: tests
title: Tests
roles: {officer: {title: Officer, sees: all}}
data: {lab: {score: integer, note: text}}
open: {by: officer}
initial: asking
states:
  asking:
    turn: officer
    call: laboratory.test
    with: {kind: '"full"'}
    result: {score: integer}
    retry: {times: 2, wait: 10 minutes}
    done: [{set: {lab.score: result.score}, to: good}]
    failed: [{to: bad}]
  good: {final: true, outcome: good}
  bad: {final: true, outcome: bad}
"""


def test_a_service_state_takes_its_answer_after_a_retry(world, officer):
    """A failed call waits as the definition says, with the same key, and the answer moves the case."""
    world.publish(SERVICE)
    world.caller.answers = [world.later(1), {"score": 7}]
    case = world.open("tests", {}, officer)
    world.settle()
    world.machine.forward(minutes=9)
    world.settle()
    assert len(world.caller.calls) == 1
    world.machine.forward(minutes=1)
    world.settle()
    seen = world.services.cases.get(case.id, officer)
    assert (seen.outcome, seen.data["lab"]["score"]) == ("good", 7)
    assert world.caller.calls[0] == world.caller.calls[1]


@pytest.mark.parametrize("answers", ["dead", "refused", "wrong"])
def test_a_service_state_that_cannot_go_on_takes_failed(world, officer, answers):
    """After all tries, a refusal for good, or an answer of the wrong shape, the case takes `failed`."""
    world.publish(SERVICE)
    world.caller.answers = {
        "dead": [world.later(1), RuntimeError("bug in an adapter"), world.later(1)],
        "refused": [world.later()],
        "wrong": [{"score": "many"}],
    }[answers]
    case = world.open("tests", {}, officer)
    for _ in range(4):
        world.settle()
        world.machine.forward(hours=1)
    assert world.services.cases.get(case.id, officer).outcome == "bad"
    assert len(world.incidents()) == (0 if answers == "wrong" else 1)


def test_a_file_that_is_no_table_is_refused(world, officer):
    """What the adapter says is told as a problem of the file."""
    world.publish(SERVICE)
    with pytest.raises(InvalidPayload, match=r"file: cannot be read"):
        world.services.imports.commit(b"\x00", "x.csv", "tests", officer)
