"""Every rule by its own examples: what it reports, and what it does not."""

from __future__ import annotations

import re

import pytest

from engine.core.loader.load import load
from engine.verify.check import check
from engine.verify.rules import RULES
from engine.verify.rules.rule import example

IN_WORDS = sorted(code for code, rule in RULES.items() if "\n" not in rule.bad)
"""Rules about several files: tests of their own show them."""

ALSO = {"WF066": {"WF065"}, "WF107": {"WF088"}}
"""What cannot be had without another: what never rests never ends, and what is not silenced is heard."""


def found(text):
    """Codes of all findings in the strictest profile."""
    loaded = load(example(text), file="sample.yaml")
    if loaded.workflow is None:
        return [finding.code for finding in loaded.diagnostics]
    verdict = check(loaded.workflow, others={}, calendars={}, templates=None, profile="production")
    return [finding.code for finding in verdict.found]


@pytest.mark.parametrize("code", sorted(RULES.keys() - set(IN_WORDS)))
def test_by_its_own_examples(code):
    """The bad example has this finding and no other, the good one none at all."""
    assert set(found(RULES[code].bad)) == {code, *ALSO.get(code, ())}
    assert found(RULES[code].good) == []


def test_what_is_in_words_only():
    """Rules that need more than one file."""
    assert IN_WORDS == [
        "WF071",
        "WF072",
        "WF073",
        "WF074",
        "WF075",
        "WF076",
        "WF077",
        "WF078",
        "WF079",
        "WF094",
        "WF102",
        "WF103",
        "WF104",
        "WF109",
        "WF116",
        "WF117",
        "WF122",
        "WF125",
        "WF126",
    ]


@pytest.mark.parametrize("code", sorted(RULES))
def test_what_is_said_of_it(code):
    """A title of a few words, a reason, both examples."""
    rule = RULES[code]
    assert rule.id == code
    assert 10 < len(rule.title) < 90
    assert rule.why.endswith(".")
    assert rule.bad
    assert rule.good
    assert re.fullmatch(r"WF\d{3}", code)
