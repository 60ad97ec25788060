"""Certificate and register inside a step: which status follows which, numbers, the entry that follows (LANGUAGE §2.8)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from engine.core.acts import CertificateVerb
from engine.core.allocation import fill
from engine.errors import FactNotAllowed, GuardFailed

VERBS = [str(verb) for verb in CertificateVerb]

SOURCE = """
data: {holder: text, scope: {type: text, default: all}, day: date}
open: {by: clerk, form: [holder, scope, day]}
certificate: {number: "C.{year}.{seq:5}", template: certificate, holder: holder, scope: scope, valid_until: 'add_months(today, 36)'}
register: {holder: holder, scope: scope}
states:
  a:
    turn: clerk
    events:
      issue: {by: clerk, actions: [{call: certificate.issue}]}
      list: {by: clerk, actions: [{register: list}]}
      update: {by: clerk, actions: [{register: update}]}
      change: {by: clerk, form: [scope, day]}
      since: {by: clerk, actions: [{certificate: suspend, with: {effective_from: day}}]}
      at_once: {by: clerk, actions: [{certificate: reserve}, {call: certificate.issue}]}
""" + "".join(f"      do_{verb}: {{by: clerk, actions: [{{certificate: {verb}}}]}}\n" for verb in VERBS)


@pytest.fixture
def case(play):
    """A case with a certificate's facts, nothing reserved."""
    return play(SOURCE).open({"holder": "Invented Works"})


class Numbers:
    """Gives out numbers as the store would."""

    def __init__(self) -> None:
        self.n = 0

    def fill(self, case) -> list[str]:
        """Fill in what the last step asks for; returns what it was."""
        asked = list(case.last.allocate)
        given = {}
        for name in asked:
            self.n += 1
            given[name] = f"{name}-{self.n}"
        case.last = fill(case.last, given)
        case.case = case.last.case
        return asked


def bring(case, status: str) -> Numbers:
    """Bring a certificate into a status."""
    numbers = Numbers()
    if status == "none":
        return numbers
    case.send("do_reserve")
    numbers.fill(case)
    if status == "reserved":
        return numbers
    case.send("issue").answer("issue", {"sha256": "0"})
    way = {
        "suspended": "suspend",
        "withdrawn": "withdraw",
        "terminated": "terminate",
        "expired": "expire",
        "superseded": "supersede",
        "annulled": "annul",
    }
    if status != "valid":
        case.send(f"do_{way[status]}")
    assert case["certificate.status"] == status
    return numbers


LIVE = {"reserved", "valid", "suspended"}
ENDED = {"withdrawn", "terminated", "expired", "superseded", "annulled"}
FOLLOWS = {
    "reserve": {**dict.fromkeys({"none", "reserved"} | ENDED, "reserved"), "valid": "valid"},
    "new_issue": {status: status for status in LIVE},
    "suspend": {"valid": "suspended"},
    "reinstate": {"suspended": "valid", "withdrawn": "valid"},
    "withdraw": dict.fromkeys(LIVE, "withdrawn"),
    "terminate": dict.fromkeys(LIVE, "terminated"),
    "expire": dict.fromkeys(LIVE, "expired"),
    "supersede": dict.fromkeys(LIVE, "superseded"),
    "annul": dict.fromkeys((LIVE | ENDED) - {"annulled"}, "annulled"),
}
STATUSES = ["none", *sorted(LIVE), *sorted(ENDED)]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("verb", VERBS)
def test_which_status_follows(case, verb, status) -> None:
    """Each verb is possible in these statuses and refused in all others, where nothing is stored."""
    bring(case, status)
    if status not in FOLLOWS[verb]:
        assert verb in str(case.refused(FactNotAllowed, f"do_{verb}"))
        return
    case.send(f"do_{verb}")
    assert case["certificate.status"] == FOLLOWS[verb][status]
    assert case.last.record.facts == (f"certificate:{verb}",)
    (fact,) = case.last.facts
    assert (fact.verb, fact.status) == (verb, FOLLOWS[verb][status])


def test_the_first_reservation_asks_for_number_and_token(case) -> None:
    """`reserve` computes and freezes the facts; the store gives number and token."""
    numbers = Numbers()
    case.send("do_reserve")
    assert numbers.fill(case) == ["certificate.number", "certificate.token"]
    assert case["certificate.number"] == "certificate.number-1"
    assert (case["certificate.issue"], case["certificate.holder"]) == (1, "Invented Works")
    assert case["certificate.valid_until"] == date(2029, 1, 12)
    assert case.last.facts[0].number == "certificate.number-1"
    assert case.last.facts[0].facts == {"holder": "Invented Works", "scope": "all", "valid_until": date(2029, 1, 12)}


def test_reserved_again_before_the_first_issue_the_number_stays(case) -> None:
    """`reserve` again keeps the number and freezes the facts anew."""
    numbers = bring(case, "reserved")
    number = case["certificate.number"]
    case.send("change", {"scope": "valves"})
    assert case["certificate.scope"] == "all"
    case.send("do_reserve")
    assert numbers.fill(case) == []
    assert (case["certificate.number"], case["certificate.issue"], case["certificate.scope"]) == (number, 1, "valves")


@pytest.mark.parametrize("end", sorted(ENDED))
def test_after_an_end_a_new_number_is_reserved(case, end) -> None:
    """A number is never used again."""
    numbers = bring(case, end)
    number = case["certificate.number"]
    case.send("do_reserve")
    assert case["certificate.number"] is None
    assert numbers.fill(case) == ["certificate.number", "certificate.token"]
    assert case["certificate.number"] not in {None, number}
    assert case["certificate.issue"] == 1


def test_a_new_issue_keeps_the_number(case) -> None:
    """`new_issue`: the same number, the next issue, the facts frozen anew."""
    bring(case, "valid")
    number = case["certificate.number"]
    case.send("change", {"scope": "pumps"}).send("do_new_issue")
    assert (case["certificate.number"], case["certificate.issue"], case["certificate.scope"]) == (number, 2, "pumps")
    assert case.last.allocate == ()


def test_a_certificate_is_valid_when_it_is_issued(case) -> None:
    """`call: certificate.issue` asks for number and issue; done, the certificate is valid."""
    bring(case, "reserved")
    case.send("issue")
    effect = case.last.effects[0]
    assert (effect.kind, effect.adapter) == ("issue", "certificates")
    assert effect.payload == {"number": case["certificate.number"], "issue": 1}
    assert case["certificate.status"] == "reserved"
    case.answer("issue", {"sha256": "0"})
    assert case["certificate.status"] == "valid"
    assert case.last.record.facts == ("certificate:issued",)


def test_a_failed_issue_changes_nothing(case) -> None:
    """Not rendered: the certificate stays reserved."""
    bring(case, "reserved")
    assert case.send("issue").answer("issue", error="no ink")["certificate.status"] == "reserved"


def test_the_result_of_an_older_issue_is_dropped(case) -> None:
    """When a newer issue was asked for meanwhile, the older file says nothing."""
    bring(case, "reserved")
    case.send("issue").send("do_new_issue").answer("issue", {"sha256": "0"})
    assert (case.last.record.kind, case["certificate.status"]) == ("dropped", "reserved")


def test_number_and_issue_of_one_step(case) -> None:
    """Reserved and issued in one step: the number is filled into the effect and the fact."""
    case.send("at_once")
    Numbers().fill(case)
    assert case.last.effects[0].payload == {"number": "certificate.number-1", "issue": 1}
    assert case.last.facts[0].number == "certificate.number-1"


def test_a_suspended_certificate_is_not_made_valid_by_its_file(case) -> None:
    """Only a reserved certificate becomes valid by being issued."""
    bring(case, "valid")
    case.send("do_new_issue").send("issue").send("do_suspend").answer("issue", {"sha256": "1"})
    assert case["certificate.status"] == "suspended"


def test_effective_from_is_the_start_of_that_day(case) -> None:
    """`effective_from`: the local day's first moment; no value is an error."""
    bring(case, "valid")
    case.refused(GuardFailed, "since")
    case.send("change", {"day": "2026-02-01"}).send("since")
    assert case.last.facts[0].effective_from == datetime(2026, 1, 31, 21, tzinfo=UTC)


# ── the register ─────────────────────────────────────────────────────────────────────────────────────────────────────


def listed(case) -> Numbers:
    """A valid certificate, and an entry."""
    numbers = bring(case, "valid")
    case.send("list")
    numbers.fill(case)
    return numbers


def test_a_listing_copies_the_facts(case) -> None:
    """`register: list` enters the product with the facts as they are; the store gives the entry's number."""
    numbers = bring(case, "valid")
    case.send("change", {"scope": "valves"}).send("list")
    assert numbers.fill(case) == ["register.entry_no"]
    (fact,) = case.last.facts
    assert (fact.verb, fact.status, fact.facts) == ("list", "listed", {"holder": "Invented Works", "scope": "valves"})
    assert fact.entry_no == case["register.entry_no"] == "register.entry_no-3"
    assert case["register.listed_on"] == date(2026, 1, 12)
    assert case.last.record.facts == ("register:list",)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "valid"])
def test_a_product_is_listed_while_its_certificate_is_valid(case, status) -> None:
    """No entry without a valid certificate."""
    bring(case, status)
    case.refused(FactNotAllowed, "list")


@pytest.mark.parametrize(
    ("verb", "entry", "told"),
    [
        ("suspend", "suspended", "suspend"),
        ("withdraw", "delisted", "delist"),
        ("terminate", "delisted", "delist"),
        ("expire", "delisted", "delist"),
        ("supersede", "delisted", "delist"),
        ("annul", "delisted", "delist"),
        ("new_issue", "listed", "update"),
    ],
)
def test_the_entry_follows_its_certificate(case, verb, entry, told) -> None:
    """Suspended with it, delisted when it ends, with the reason; a new issue updates it."""
    listed(case)
    case.send(f"do_{verb}")
    assert case["register.status"] == entry
    assert case.last.record.facts == (f"certificate:{verb}", f"register:{told}")
    fact = case.last.facts[1]
    assert (fact.status, fact.entry_no) == (entry, case["register.entry_no"])
    assert bool(fact.reason) == (entry == "delisted")


def test_the_entry_comes_back(case) -> None:
    """Reinstated, the entry is listed again, after a suspension and after a withdrawal."""
    listed(case)
    case.send("do_suspend").send("do_reinstate")
    assert case["register.status"] == "listed"
    case.send("do_withdraw").send("do_reinstate")
    assert (case["register.status"], case.last.record.facts[1]) == ("listed", "register:reinstate")


def test_an_entry_takes_the_facts_of_a_new_issue(case) -> None:
    """The register copies what a new issue freezes."""
    listed(case)
    case.send("change", {"scope": "pumps"})
    assert case["register.scope"] == "all"
    case.send("do_new_issue")
    assert (case["register.scope"], case.last.facts[1].facts["scope"]) == ("pumps", "pumps")


def test_listed_again_the_entry_keeps_its_number(case) -> None:
    """A product has one entry in a case."""
    numbers = listed(case)
    number = case["register.entry_no"]
    case.send("do_terminate").send("do_reserve")
    numbers.fill(case)
    case.send("issue").answer("issue", {"sha256": "0"}).send("list")
    assert numbers.fill(case) == []
    assert (case["register.entry_no"], case["register.status"]) == (number, "listed")


def test_a_delisted_entry_does_not_follow_a_new_certificate(case) -> None:
    """Delisted, and not listed again: a new certificate's suspension leaves the entry alone."""
    numbers = listed(case)
    case.send("do_terminate").send("do_reserve")
    numbers.fill(case)
    case.send("issue").answer("issue", {"sha256": "0"}).send("do_suspend")
    assert case["register.status"] == "delisted"
    assert case.send("do_reinstate")["register.status"] == "delisted"


def test_annulment_reaches_a_delisted_entry(case) -> None:
    """`annul` works from the beginning: the entry is told, though it is delisted already."""
    listed(case)
    case.send("do_expire").send("do_annul")
    assert case.last.record.facts == ("certificate:annul", "register:delist")
    assert case.last.facts[1].reason == "annulled"


def test_facts_of_a_refused_step_are_gone(case) -> None:
    """A verb that is refused leaves number, status and entry as they were."""
    listed(case)
    before = dict(case.case.data)
    case.refused(FactNotAllowed, "do_reinstate")
    assert case.case.data == before


def test_the_entry_is_updated_by_itself(case) -> None:
    """`register: update` freezes its facts anew, listed or suspended; the certificate stays as it was printed."""
    bring(case, "valid")
    assert "not there yet" in str(case.refused(FactNotAllowed, "update"))
    numbers = Numbers()
    case.send("list")
    numbers.fill(case)
    for verb, status in ((None, "listed"), ("do_suspend", "suspended")):
        if verb:
            case.send(verb)
        case.send("change", {"scope": f"valves, {status}"})
        case.send("update")
        (fact,) = case.last.facts
        assert (fact.verb, fact.status, fact.facts["scope"]) == ("update", status, f"valves, {status}")
        assert case["certificate.scope"] == "all"
    case.send("do_withdraw")
    assert "delisted" in str(case.refused(FactNotAllowed, "update"))
