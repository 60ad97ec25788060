"""Who subscribes to entries of the register is told each new revision once, in order per entry, and nothing else of the case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.core.terms import Term, Unit
from engine.core.values import instant
from engine.errors import InvalidPayload
from engine.service.news_view import Wanted
from engine.service.publishing import GONE, NOBODY
from tests.service.posting import ANNA, BORIS, OLEG, posting
from tests.service.test_certificates_and_register import SOURCE

BOTH = "      note: {by: officer, to: suspended, actions: [{register: update}, {certificate: suspend}]}\n"
FIRST, SECOND = "R-000001", "R-000002"


@pytest.fixture
def register(world, receiver):
    """Two listed entries, and services that post what comes after; its `cases` by entry."""
    world.publish(SOURCE.replace("      suspend: {by", f"{BOTH}      suspend: {{by", 1))
    cases = {}
    for entry_no, designation in ((FIRST, "V-1"), (SECOND, "V-2")):
        data = {"applicant.tax_id": "1234567890", "product.designation": designation}
        cases[entry_no] = world.open("qualification", data, ANNA).id
        world.send(cases[entry_no], "grant", OLEG)
        world.settle()
    found = posting(world, receiver)
    found.cases = cases
    found.run()
    return found


def wanted(*entries):
    """These, and nothing else."""
    return Wanted(entries=frozenset(entries))


def told(register):
    """(entry, revision, status) of what has come, in its order."""
    return [
        tuple(post.event["data"][name] for name in ("entry_no", "revision", "status")) for post in register.receiver.got
    ]


def test_what_a_revision_says(register):
    """What the register says to everybody, signed; no case, no person, no step. Whom no case is shown hears of it too."""
    subscription, secret = register.subscribe(BORIS, wanted(FIRST))
    assert subscription.entries == (FIRST,)
    register.world.wait(days=10)
    register.world.send(register.cases[FIRST], "suspend", OLEG)
    register.run()
    (post,) = register.receiver.got
    assert post.is_signed_with(secret)
    assert post.id == f"{subscription.id}-{FIRST}-2"
    now = instant(register.services.clock.now())
    assert post.event == {
        "specversion": "1.0",
        "id": f"{FIRST}/2",
        "source": "https://milepost.example/",
        "type": "milepost.register.changed",
        "subject": FIRST,
        "time": now,
        "datacontenttype": "application/json",
        "pos": post.event["pos"],
        "data": {
            "entry_no": FIRST,
            "revision": 2,
            "status": "suspended",
            "effective_from": now,
            "recorded_at": now,
            "reason": "",
            "facts": {"tax_id": "1234567890", "designation": "V-1"},
            "entry": f"https://milepost.example/register/{FIRST}",
        },
    }
    (delivery,) = register.all(subscription)
    assert (delivery.event, delivery.status) == (f"{FIRST}/2", "done")


def test_only_its_entries_and_only_their_revisions(register):
    """Neither another entry nor a step that changes none; steps go to who wants steps."""
    register.subscribe(BORIS, wanted(SECOND))
    steps, _ = register.subscribe(OLEG)
    register.world.send(register.cases[FIRST], "suspend", OLEG)
    register.world.send(register.cases[SECOND], "correct", OLEG)
    register.world.settle()
    register.world.send(register.cases[SECOND], "withdraw", OLEG)
    register.run()
    kinds = [post.event["type"] for post in register.receiver.got]
    assert kinds.count("milepost.register.changed") == 2
    revisions = [post.event for post in register.receiver.got if post.event["type"] == "milepost.register.changed"]
    assert [(one["id"], one["data"]["status"]) for one in revisions] == [
        (f"{SECOND}/2", "listed"),
        (f"{SECOND}/3", "delisted"),
    ]
    assert len(register.all(steps)) == len(kinds) - 2


def test_an_annulment_names_the_answers(register):
    """It holds from before it was recorded: the event leads to the answers that may be wrong now."""
    register.subscribe(BORIS, wanted(FIRST, SECOND))
    register.world.wait(days=30)
    register.world.send(register.cases[FIRST], "annul", OLEG, {"decision.from_day": "2026-03-02"})
    register.world.send(register.cases[SECOND], "withdraw", OLEG)
    register.run()
    annulled, withdrawn = sorted((post.event["data"] for post in register.receiver.got), key=lambda d: d["entry_no"])
    assert annulled["answers"] == f"https://milepost.example/register/{FIRST}/answers"
    assert annulled["effective_from"] == instant(datetime(2026, 3, 1, 21, tzinfo=UTC))
    assert (withdrawn["status"], withdrawn.get("answers")) == ("delisted", None)


def test_two_revisions_of_one_step(register):
    """Both come, in their order, the second when the first is over; a replay brings both again under their ids."""
    subscription, _ = register.subscribe(BORIS, wanted(FIRST))
    register.world.send(register.cases[FIRST], "note", OLEG)
    register.receiver.answer = lambda post: (500 if post.event["data"]["revision"] == 2 else 200, {})
    register.run()
    assert told(register) == [(FIRST, 2, "listed")]
    register.receiver.answer = lambda _: (200, {})
    register.run(hours=1)
    assert told(register) == [(FIRST, 2, "listed"), (FIRST, 2, "listed"), (FIRST, 3, "suspended")]
    register.services.subscriptions.replay(subscription.id, BORIS, after=0)
    register.run()
    assert told(register)[3:] == [(FIRST, 1, "listed"), (FIRST, 2, "listed"), (FIRST, 3, "suspended")]
    assert len({post.id for post in register.receiver.got}) == 3


def test_order_per_entry_under_failures(register):
    """While one entry's revision is not taken none after it is sent; another entry goes on."""
    register.subscribe(BORIS, wanted(FIRST, SECOND))
    for verb in ("suspend", "reinstate"):
        for entry in (FIRST, SECOND):
            register.world.send(register.cases[entry], verb, OLEG)
    register.receiver.answer = lambda post: (500 if post.event["id"] == f"{FIRST}/2" else 200, {})
    register.run()
    assert [one for one in told(register) if one[0] == FIRST] == [(FIRST, 2, "suspended")]
    assert [one[1] for one in told(register) if one[0] == SECOND] == [2, 3]
    register.receiver.answer = lambda _: (200, {})
    register.run(hours=1)
    assert [one[1] for one in told(register) if one[0] == FIRST] == [2, 2, 3]


def test_what_is_pruned_is_told_still(register):
    """The register is kept for good: a replay brings revisions of a case that was pruned."""
    register.world.send(register.cases[FIRST], "withdraw", OLEG)
    register.run()
    subscription, _ = register.subscribe(BORIS, wanted(FIRST))
    register.world.wait(days=800)
    assert list(register.services.pruning.prune(Term(365, Unit.DAYS))) == [1]
    register.services.subscriptions.replay(subscription.id, BORIS, after=0)
    register.run()
    assert told(register) == [(FIRST, 1, "listed"), (FIRST, 2, "delisted")]


def test_paused_when_gone_and_when_nobodys(register):
    """410 pauses it, and so does the loss of the last token; resumed nothing is missed."""
    subscription, _ = register.subscribe(BORIS, wanted(FIRST))
    register.receiver.answer = lambda _: (410, {})
    register.world.send(register.cases[FIRST], "suspend", OLEG)
    register.run()
    assert register.get(subscription).paused_why == GONE
    register.services.subscriptions.resume(subscription.id, BORIS)
    register.receiver.answer = lambda _: (200, {})
    register.services.people.revoke(register.tokens["boris"])
    register.world.send(register.cases[FIRST], "reinstate", OLEG)
    register.run()
    assert register.get(subscription).paused_why == NOBODY
    register.services.people.create_token("boris", "Boris", BORIS.roles, BORIS.attributes)
    register.services.subscriptions.resume(subscription.id, BORIS)
    register.run()
    assert [one[1] for one in told(register)] == [2, 3]


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"entries": frozenset({FIRST, "R-000099"})}, "entries", "the register has no entry 'R-000099'"),
        ({"workflow": "qualification"}, "workflow", "leave workflow out"),
        ({"type": "milepost.case.event"}, "type", "leave type out"),
        ({"party": "1234567890"}, "party", "leave party out"),
        ({"entries": frozenset(f"R-{n:06}" for n in range(501))}, "entries", "at most 500 entries"),
        ({"entries": frozenset({"R-\x00"})}, "entries", "NUL"),
    ],
)
def test_what_is_refused(register, more, field, words):
    """Entries that are not there, by name; filters of steps beside them; more than a subscription may have."""
    asked = {"entries": frozenset({FIRST}), **more}
    with pytest.raises(InvalidPayload, match=words) as refused:
        register.subscribe(BORIS, Wanted(**asked))
    assert [problem.path for problem in refused.value.problems] == [field]
    assert register.services.subscriptions.find(BORIS).items == ()
