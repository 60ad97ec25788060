"""Cases that are tried out: a value for every field, people whom duties allow, time, answers from outside, work that ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.core.expressions.expression import Expression
from engine.core.fields import read_value
from engine.core.patterns import shortest
from engine.verify.parts import Parts
from engine.verify.policies import parse_policy
from engine.verify.space.explore import LIMIT, explore
from engine.verify.space.watch import entering
from engine.verify.trial.hunt import hunt
from engine.verify.trial.player import Player
from engine.verify.trial.samples import NoSample, sample
from engine.verify.trial.trials import Trials

NOW = datetime(2026, 1, 12, 6, tzinfo=UTC)
DATA = """\
  every:
    text: {type: text, min: 20}
    whole: {type: integer, min: 3}
    part: {type: number, min: 1, max: 2}
    yes: boolean
    day: date
    moment: datetime
    one: [a, b]
    price: {type: money, min: 10}
    code: {type: code, pattern: "[A-Z]{2}-[0-9]{4}(/[0-9]+)?"}
    number: {type: code, check: ru_inn}
    where: address
    who: person
    whose: party
    paper: document
    many: {type: list, of: {x: integer, y: [p, q]}, key: x, min: 2}
    free: map
"""


def test_a_value_for_every_type(make):
    """Within its bounds, pattern and checksum: the field takes what is made up for it."""
    from engine.core.loader.load import load

    text = f"milepost: 1\nworkflow: w\ntitle: W\nroles: {{clerk: {{title: C}}}}\ndata:\n{DATA}open: {{by: clerk}}\ninitial: a\nstates:\n  a: {{final: true}}\n"
    workflow = load(text, file="w.yaml").workflow
    assert len(workflow.fields) == 16
    for field in workflow.fields.values():
        assert read_value(field, sample(field, NOW)) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("[0-9]{3}", "000"),
        ("(a|b)c+", "ac"),
        (r"\d{2}\.\w", "00.0"),
        ("x?y", "y"),
        ("[^a]", None),
        ("^Q-[A-F]*$", "Q-"),
    ],
)
def test_the_shortest_text_of_a_pattern(pattern, text):
    """Or none, where it takes only what is excluded from a set."""
    assert shortest(pattern) == text


def test_a_field_for_which_nothing_is_found(make):
    """It is said, not guessed; no case is opened then."""
    workflow = make("one: {turn: clerk, events: {a: {by: clerk, to: end}}}\nend: {final: true}", form="name!")
    field = workflow.fields["name"]
    from dataclasses import replace

    with pytest.raises(NoSample):
        sample(replace(field, pattern="[^a]"), NOW)


STATES = """\
one:
  turn: clerk
  events: {ask: {by: clerk, form: [kind!], to: two}}
two:
  turn: maker
  deadlines:
    late: {after: 10 working days, to: three}
  events: {reply: {by: maker, to: one}}
three:
  panel: {ask: {clerk: 2}, form: [x], into: rows, need: "answers.exists(a, a.x > 2)"}
  done: [{when: "rows.exists(r, r.x > 5)", to: four}, {to: end}]
four:
  call: desk.look
  result: {found: boolean}
  done: [{when: result.found, to: five}, {to: end}]
  failed: [{to: six}]
five: {turn: clerk, events: {go: {by: clerk.supervisor, to: end}}}
six: {turn: clerk, events: {go: {by: clerk, when: 'kind == "c"', to: end}}}
end: {final: true}
"""


@pytest.mark.parametrize(
    "sentence",
    ["at most 0 two", "at most 0 three", "at most 0 four", "at most 0 five", "at most 0 six", "at most 0 end"],
)
def test_every_state_can_be_come_to(make, sentence):
    """Data, time, a panel's votes, a service that answers or fails: a case is made that goes there, and each step was the engine's."""
    workflow = make(STATES, extra="duties: {apart: {different: [one, six]}}")
    parts = Parts(workflow)
    found = Trials(workflow, parts, None, LIMIT).against(parse_policy(sentence, workflow))
    assert found is not None
    assert sentence.rpartition(" ")[2] in found.last.record.entered
    moments = [act.at for act in found.acts]
    assert moments == sorted(moments)


def test_a_run_can_be_gone_on_with_in_several_ways(make):
    """What one way does is not seen by another."""
    workflow = make(STATES)
    player = Player(workflow, None, Parts(workflow).of(Expression))
    opened = next(player.openings())
    asked = list(player.events(opened, "ask"))
    assert len({run.case.data["kind"] for run in asked}) == 3
    assert opened.case.data.get("kind") is None


def test_a_list_may_name_the_rows_of_another(make):
    """Where conditions look at a list of texts, the keys of the rows that the case has are tried."""
    data = "a: {rows: {type: list, key: id, of: {id: text, fit: boolean}}, picked: {type: list, of: text}}\n"
    states = """\
one: {turn: clerk, events: {pick: {by: clerk, form: [a.picked], when: 'has(a.picked) && a.picked.all(p, p in a.rows.map(r, r.id))', to: good}, end: {by: clerk, to: bad}}}
good: {final: true}
bad: {final: true}
"""
    workflow = make(states, initial="one", data=data, form="a.rows!")
    found = Trials(workflow, Parts(workflow), None, LIMIT).to(entering("good"))
    assert found is not None
    assert set(found.case.data["a.picked"]) <= {row["id"] for row in found.case.data["a.rows"]}


def test_what_was_made_before_is_gone_on_with(make):
    """A search that is too short from the start finds its case behind one that was made."""
    chain = "".join(f"s{n}: {{turn: clerk, events: {{go: {{by: clerk, to: s{n + 1}}}}}}}\n" for n in range(12))
    workflow = make(chain + "s12: {final: true}\n", initial="s0")
    trials = Trials(workflow, Parts(workflow), None, LIMIT)
    trials.to(entering("s9"))
    space, at = trials.prover.space(frozenset()), entering("s12")
    monitor = at(space.place)
    explored = explore(space, LIMIT, monitor, links=True)
    assert hunt(trials.player, space, explored, monitor, 6) is None
    found = hunt(trials.player, space, explored, monitor, 6, trials.known)
    assert [act.name for act in found.acts] == ["open", *["go"] * 12]
