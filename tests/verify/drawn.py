"""Small random workflows as people write them: counters, marks, regions, choices, panels; what they say is well-formed."""

from __future__ import annotations

from random import Random
from textwrap import indent

from engine.core.loader.load import load
from engine.core.terms import Term, Unit
from engine.verify.policies import AtMost, Before, NotBoth, Persons, Thing, Within

HEAD = """\
milepost: 1
workflow: drawn
title: Drawn
timezone: UTC
roles: {clerk: {title: Clerk}, maker: {title: Maker, side: applicant}}
data:
  m: {type: integer, default: 0}
  n: {type: integer, default: 0}
  mark: {type: boolean, default: false}
  kind: {type: [a, b], default: a}
  given: {type: integer, default: 0, min: 0, max: 5}
open: {by: maker, form: [given]}
initial: s0
states:
"""
GUARDS = (
    "m < 2",
    "m >= 1",
    "n == 1",
    "n < 3",
    "mark",
    "!mark",
    'kind == "b"',
    "m < 2 && !mark",
    "n > 1 || mark",
    "given > 3",
    "m > 0 || given < 2",
)
SETS = ("m: m + 1", "n: n + 1", "m: 0", "n: 0", "mark: true", "mark: false", "kind: b", "kind: a")


def draw(seed: int):
    """A workflow, the same for the same seed."""
    loaded = load(_text(Random(seed)), file="drawn.yaml")
    assert loaded.workflow is not None, [finding.message for finding in loaded.diagnostics]
    return loaded.workflow


def _text(random: Random) -> str:
    names = [f"s{n}" for n in range(random.randint(3, 5))]
    states = "".join(_state(random, name, [*names, "over"]) for name in names)
    return HEAD + indent(states + "over: {final: true}\n", "  ")


def _state(random: Random, name: str, targets: list[str]) -> str:
    drawn = random.random()
    if drawn < 0.15:
        return (
            f"{name}: {{choose: [{{when: '{random.choice(GUARDS)}', to: {random.choice(targets)}}}, {{to: over}}]}}\n"
        )
    if drawn < 0.4:
        regions = "".join(
            f"    {region}: {_region(random, targets)}\n" for region in ("x", "y")[: random.randint(1, 2)]
        )
        need = random.choice(["all", "any"])
        return f"{name}:\n  need: {need}\n  turn: clerk\n  parallel:\n{regions}  done: [{{to: {random.choice(targets)}}}]\n"
    events = "".join(f"    {event}: {{by: clerk, {_arm(random, targets)}}}\n" for event in _events(random))
    return f"{name}:\n  turn: clerk\n  events:\n{events}"


def _region(random: Random, targets: list[str]) -> str:
    inner = ["i", "j", "f"]
    states = ", ".join(
        f"{one}: {{turn: clerk, events: {{{', '.join(f'{e}: {{by: clerk, {_arm(random, inner)}}}' for e in _events(random))}}}}}"
        for one in inner[:2]
    )
    out = f", events: {{out: {{by: clerk, {_arm(random, targets)}}}}}" if random.random() < 0.2 else ""
    return f"{{initial: i, states: {{{states}, f: {{final: true}}}}{out}}}"


def _events(random: Random) -> list[str]:
    return random.sample(["go", "do", "ask", "tell"], random.randint(1, 3))


def _arm(random: Random, targets: list[str]) -> str:
    when = f"when: '{random.choice(GUARDS)}', " if random.random() < 0.5 else ""
    made = f"set: {{{random.choice(SETS)}}}, " if random.random() < 0.6 else ""
    return f"{when}{made}to: {random.choice(targets)}"


def policies(workflow, random: Random):
    """Some policies over states and events of a workflow."""
    things = _things(workflow, random)
    one, other = random.choice(things), random.choice(things)
    return [Before(one, other), NotBoth(one, other), AtMost(random.randint(0, 3), random.choice(things))]


def people_and_time(workflow, random: Random):
    """Some about who acts, and how long it takes."""
    things = _things(workflow, random)
    pairs = [tuple(random.sample(things, 2)) for _ in range(3)]
    hours = Term(random.randint(1, 30), Unit.HOURS)
    return [Persons("same", pairs[0]), Persons("different", pairs[1]), Within(hours, *pairs[2])]


def _things(workflow, random: Random):
    paths = [path for path in workflow.states if path]
    things = [Thing(path, states=(path,)) for path in random.sample(paths, min(4, len(paths)))]
    events = sorted({event for state in workflow.states.values() for event in state.events})
    return things + [Thing(event, event=event) for event in events[:2]]
