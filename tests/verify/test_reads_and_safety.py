"""Fields without a giver, events that are hidden, secrets, and a register that rests on nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.loader.load import load
from engine.verify.check import check
from engine.verify.rules import RULES
from engine.verify.safety import _SECRET, _SIGNS

BASE = RULES["WF105"].good


def codes(source):
    """Of all findings in production."""
    loaded = load(source, file="sample.yaml")
    assert loaded.workflow is not None, [one.message for one in loaded.diagnostics]
    return [
        one.code for one in check(loaded.workflow, others={}, calendars={}, templates=None, profile="production").found
    ]


@pytest.mark.parametrize(
    "condition",
    ["has(offer.limit) && offer.price < offer.limit", "!has(offer.limit) || offer.limit > 5", "offer.price > 5"],
)
def test_what_is_asked_for_first_may_be_missing(condition):
    """`has` in the same condition makes a field that nobody gives harmless."""
    source = RULES["WF098"].bad.replace("offer.price < offer.limit", f"'{condition}'")
    assert codes(source) == ([] if "limit" in condition else ["WF097"])


@pytest.mark.parametrize(
    "way",
    [
        "set: {offer.limit: 5}",
        "form: [offer.limit]",
        "form: [offer]",
        "actions: [{notify: clerk, template: t, delivered: offer.told}]",
    ],
)
def test_every_way_to_be_given(way):
    """Forms, groups, `set` and proven deliveries give."""
    source = RULES["WF098"].bad.replace(
        "drop: {by: clerk, to: done}", f"drop: {{by: clerk, to: done}}, note: {{by: clerk, {way}}}"
    )
    source = source.replace("limit: integer", "limit: integer, told: datetime").replace(
        "offer.price < offer.limit", "'has(offer.told) && offer.price < offer.limit'"
    )
    found = codes(source)
    assert ("WF098" in found) == (way.startswith("actions"))


def test_a_hidden_event_of_several_states():
    """Only if every state in which a case rests takes it: else the outer one is needed."""
    bad = RULES["WF095"].bad
    more = bad.replace(
        "over: {final: true}", "on: {turn: clerk, events: {go: {by: clerk, to: over}}}\n      over: {final: true}"
    )
    assert "WF095" in codes_of_states(bad)
    assert "WF095" not in codes_of_states(more.replace("to: over}}}\n      on", "to: on}}}\n      on"))
    assert "WF095" not in codes_of_states(
        bad.replace(
            "{stop: {by: clerk, to: over}}",
            "{stop: {by: clerk, when: offer.score > 5, to: over}, no: {by: clerk, to: over}}",
        )
    )
    assert "WF095" not in codes_of_states(
        bad.replace("events: {stop: {by: clerk, to: stopped}}", "events: {stop: {by: [clerk, chief], to: stopped}}")
    )


def codes_of_states(states):
    """The same for states after the head of examples."""
    from engine.verify.rules.rule import example

    return codes(example(states))


@pytest.mark.parametrize(
    "words",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "AKIAABCDEFGHIJKLMNOP",
        "smtp://mailer:hunter22@mail.example",
        "password: hunter2hunter2",
        "the api_key=0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJlLW9mLXRoaXM",
    ],
)
def test_what_looks_like_a_secret(words):
    """Found by its shape, and not said again in the message."""
    source = RULES["WF106"].good.replace("with the keeper", words)
    loaded = load(source, file="sample.yaml")
    (found,) = check(loaded.workflow, others={}, calendars={}, templates=None, profile="draft").found
    assert (found.code, str(found.severity)) == ("WF106", "warning")
    assert words not in found.message


@pytest.mark.parametrize(
    "words", ["the token is checked", "https://mail.example/path", "a secret: nobody knows it", "password policy"]
)
def test_what_only_speaks_of_secrets(words):
    """Words alone are none."""
    assert codes(RULES["WF106"].good.replace("with the keeper", words)) == []


def test_the_way_past_the_certificate_is_told():
    """The shortest one."""
    loaded = load(RULES["WF105"].bad, file="sample.yaml")
    (found,) = check(loaded.workflow, others={}, calendars={}, templates=None, profile="production").found
    assert found.message == "the register can be reached without a certificate: wave"


def test_a_longer_deadline_inside():
    """In the same unit, counted from entry; another unit or beginning is not compared."""
    bad = RULES["WF099"].bad
    assert "WF099" in codes_of_states(bad)
    for other in ("20 hours", "20 months"):
        assert "WF099" not in codes_of_states(bad.replace("20 days", other))
    assert "WF099" not in codes_of_states(bad.replace("after: 20 days", "after: 20 days, counts: operator"))


@settings(max_examples=200, deadline=None)
@given(st.from_regex(_SECRET))
def test_every_secret_has_a_sign(line):
    """No line is passed over in which the pattern would find something."""
    assert any(sign in line.casefold() for sign in _SIGNS)
