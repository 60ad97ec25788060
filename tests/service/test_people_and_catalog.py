"""Tokens, published versions and calls of adapters."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest

from engine.core.case import Tie
from engine.errors import InvalidPayload, InvalidWorkflow, NotAuthenticated, NotFound, WorkflowNotFound
from engine.service.bundles import Bundle, UnreadableFile, read_folder


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
    until = monotonic() + 30
    while (used := people.tokens()[0].last_used_at) is None:  # it is noted behind the answer
        assert monotonic() < until
    assert used == world.machine()
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
