"""A folder with a small workflow, its child and its templates; scenarios about it are run for real, in this process."""

from __future__ import annotations

import pytest

from adapters.templates import MessageTemplates
from engine.rehearse.suite import rehearse, scenario_files
from tests.rehearse.paths import WORKFLOWS

ORDER = """\
milepost: 1
workflow: order
title: Order
calendar: plain
timezone: Europe/Moscow
number: "O-{year}-{seq:4}"
roles:
  supplier: {title: Supplier, side: applicant, where: {party: order.supplier}, sees: own}
  clerk:    {title: Clerk, sees: all}
  chief:    {title: Chief, sees: all}
data:
  order:
    supplier: text
    price: money
    weight: number
    due: date
    urgent: boolean
    remark: text
    parts: {type: list, of: {part: text, count: integer}, key: part}
event_data: {reasons: text}
duties: {two-people: {different: [check, decision]}}
open: {by: supplier, form: [order.supplier!, order.price, order.weight, order.due, order.urgent, order.remark, order.parts]}
certificate: {number: "C-{seq:4}", template: certificate, holder: order.supplier, parts: "order.parts.map(p, p.part)", valid_from: today}
register: {holder: order.supplier}
initial: check
states:
  check:
    turn: clerk
    events:
      accept: {by: clerk, when: order.weight > 1, to: weighing}
      give_back: {by: clerk, form: [reasons!], to: correction, actions: [{notify: supplier, template: letter}]}
      split: {by: clerk, actions: [{open: part, with: {part.name: '"half"'}}]}
      tell_all: {by: clerk, actions: [{notify: chief, template: remarks}]}
    deadlines:
      decide: {after: 5 working days, escalate: [chief]}
  correction:
    turn: supplier
    events: {resubmit: {by: supplier, to: check}}
    deadlines: {no_answer: {after: 30 days, to: lapsed}}
  weighing:
    turn: none
    call: scale.weigh
    result: {weight: number}
    retry: {times: 2, wait: 1 hours}
    done: [{set: {order.weight: result.weight}, to: decision}]
    failed: [{to: check}]
  decision:
    turn: chief
    events:
      grant: {by: [chief, clerk], to: listed, actions: [{certificate: reserve}]}
      again: {by: chief, to: check}
  listed: {final: true, outcome: granted}
  lapsed: {final: true, outcome: closed}
"""

PART = """\
milepost: 1
workflow: part
title: Part
timezone: Europe/Moscow
roles: {clerk: {title: Clerk, sees: all}}
data: {part: {name: text}}
open: {by: [order, clerk], form: [part.name!]}
initial: open_work
states:
  open_work: {turn: clerk, events: {finish: {by: clerk, to: finished}}}
  finished: {final: true, outcome: completed}
"""

LETTER = "Subject: {{ case.number }}\n\nDear {{ to.name }}, {{ link }}\n"

HEAD = """\
workflow: order.yaml
clock: 2026-01-12 09:00
people:
  ana: {roles: [clerk]}
  abe: {roles: [clerk]}
  chris: {roles: [chief]}
  zavod: {roles: [supplier], party: z1}
  order: {case: order}
"""

OPEN = """\
  - name: told
    open: {by: zavod, with: {order.supplier: z1, order.weight: 2.50, order.price: 250.00 RUB, order.due: 2026-03-02, order.urgent: "true", order.parts: [{part: a, count: 1}, {part: b, count: 2}]}}
"""


@pytest.fixture
def folder(tmp_path):
    """Two workflows with their letters and a calendar without days off."""
    (tmp_path / "order.yaml").write_text(ORDER)
    (tmp_path / "part.yaml").write_text(PART)
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "plain.yaml").write_text(
        "calendar: plain\ntitle: Plain\nhours: 09:00-18:00\nyears:\n  2026: {source: a sample, days_off: {2026-01-01: New Year}}\n"
        "  2027: {source: a sample, days_off: {2027-01-01: New Year}}\n"
    )
    (tmp_path / "templates").mkdir()
    for name in ("letter", "reminder", "escalation", "deadline_moved"):
        (tmp_path / "templates" / f"{name}.en.txt").write_text(LETTER)
    (tmp_path / "templates" / "remarks.en.txt").write_text("Subject: Remark\n\n{{ data.order.remark }}\n")
    (tmp_path / "templates" / "certificate.typ").write_text("= Certificate\n")
    return tmp_path


@pytest.fixture
def run(folder):
    """Runs the text of a scenario file: the report."""

    def report(text, name="order"):
        (folder / f"{name}.test.yaml").write_text(text)
        return rehearse(scenario_files([folder]), lambda *_: None, templates=MessageTemplates)

    return report


@pytest.fixture
def written():
    """The text of a scenario file, from steps by name; all scenarios begin alike."""

    def text(scenarios, *, end="", calls="", beside=""):
        lines = [HEAD, f"calls: {calls}\n" if calls else "", "scenarios:\n"]
        for name, steps in scenarios.items():
            lines += [
                OPEN.replace("told", name),
                "    steps:\n" if steps else "",
                *(f"      - {step}\n" for step in steps),
            ]
            lines.append(f"    end: {end}\n" if end else "")
        return "".join([*lines, beside])

    return text


@pytest.fixture
def play(run, written):
    """Runs one scenario, from its steps and what stands beside it: its outcome."""
    return lambda steps, **more: run(written({"told": steps}, **more)).files[0].outcomes[0]


@pytest.fixture
def write(folder):
    """Writes a workflow and its scenarios into the folder of samples: the workflow's path."""
    (folder / "calendars" / "ru.yaml").write_text((WORKFLOWS / "calendars" / "ru.yaml").read_text("utf-8"), "utf-8")

    def workflow(name, text, stories):
        (folder / f"{name}.yaml").write_text(text, "utf-8")
        if stories is not None:
            (folder / f"{name}.test.yaml").write_text(stories, "utf-8")
        return folder / f"{name}.yaml"

    return workflow
