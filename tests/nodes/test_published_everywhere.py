"""What one node publishes holds on all of them, at once and once; a node that is older brings nothing back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from threading import Barrier

import psycopg
import pytest
from cluster import until

from adapters.templates import MessageTemplates
from engine.core.case import Actor
from engine.ports import Adapters
from engine.service.bundles import Bundle
from engine.service.catalog import LATER_ONLY, _unless_known
from engine.service.services import build_services
from engine.store.store import Store
from engine.store.transaction import Transaction

CARL = Actor("carl", roles=frozenset({"clerk"}))
SOURCE = """\
milepost: 1
workflow: note
title: Note
calendar: office
timezone: UTC
roles:
  clerk: {title: Clerk, sees: all}
data: {text: text}
open: {by: clerk, form: [text!]}
initial: check
states:
  check:
    turn: clerk
    events: {accept: {by: clerk, to: done}}
    deadlines: {soon: {after: 8 working days}}
  done: {final: true}
"""
CALENDAR = "calendar: office\ntitle: Office\nweekend: []\nyears:\n" + "".join(
    f"  {year}: {{source: the office}}\n" for year in range(2024, 2041)
)
TEMPLATES = {f"{name}.en.txt": "Subject: x\n\nx\n" for name in ("reminder", "escalation", "deadline_moved")}
WORKFLOW = Bundle(SOURCE, "note.yaml", TEMPLATES, {"office": CALENDAR})
SHUT = replace(WORKFLOW, calendars={"office": CALENDAR.replace("weekend: []", "weekend: [monday, tuesday, wednesday]")})
RENAMED = replace(WORKFLOW, source=SOURCE.replace("title: Note", "title: A note"))


@pytest.fixture
def node(postgres_url):
    """Makes the services of one more node."""
    with ExitStack() as stack:

        def make():
            store = Store(postgres_url, machine_now=None)
            stack.callback(store.close)
            adapters = Adapters([], MessageTemplates, lambda _: None)
            return build_services(store, adapters, public_url="https://milepost.example")

        yield make


def test_nodes_that_start_at_once_publish_once(node):
    """Six nodes with the same folder: one version of the workflow and of the calendar; one of them has published it."""
    nodes, start = [node() for _ in range(6)], Barrier(6)

    def begin(services):
        start.wait()
        return services.catalog.publish_new([WORKFLOW])[0]

    with ThreadPoolExecutor(6) as pool:
        published = list(pool.map(begin, nodes))
    assert [(one.version, one.id) for one in published] == [(1, published[0].id)] * 6
    assert sum(one.new for one in published) == 1
    stored = nodes[0].store.read(lambda reader: (len(reader.versions("note")), reader.calendar("office").version))
    assert stored == (1, 1)


def test_what_was_missing_is_still_missing_when_it_is_added(node, postgres_url):
    """Another node publishes the same while this one has just found that it is not there: there is one version all the same."""
    here, there = node(), node()
    others = []
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url, autocommit=True) as sql:

        def missing(reader, item):
            found = _unless_known(reader, item)
            if isinstance(reader, Transaction) and not others:
                others.append(pool.submit(there.catalog.publish_new, [WORKFLOW]))
                until(lambda: others[0].done() or sql.execute(blocked).fetchall() == [(1,)])
            return found

        (mine,) = here.catalog._publish([WORKFLOW], missing, again=False, change=LATER_ONLY)
        (other,) = others[0].result(30)
    assert (mine.version, mine.new, other.version, other.new) == (1, True, 1, False)


def test_a_version_of_another_node_is_used_at_once(node):
    """New cases of every node are of the newest version, whoever has published it; a calendar counts everywhere at once."""
    here, there = node(), node()
    here.catalog.publish_all([WORKFLOW])
    assert {_days(side) for side in (here, there)} == {9}
    there.catalog.publish_all([RENAMED])
    opened = [side.cases.open_case("note", {"text": "x"}, CARL).case for side in (here, there)]
    assert [case.version for case in opened] == [2, 2]
    here.catalog.publish_all([replace(SHUT, source=RENAMED.source)])
    (days,) = {_days(side) for side in (there, here)}
    assert days > 9


def test_an_older_node_brings_nothing_back(node):
    """A node that starts with the folder of before: neither its workflow nor its calendar is the newest again."""
    here, old = node(), node()
    here.catalog.publish_all([WORKFLOW])
    here.catalog.publish_all([replace(SHUT, source=RENAMED.source)])
    (found,) = old.catalog.publish_new([WORKFLOW])
    assert (found.version, found.new) == (1, False)
    newest = old.store.read(lambda reader: (reader.latest_version("note").version, reader.calendar("office").version))
    assert newest == (2, 2)
    (again,) = old.catalog.publish_all([WORKFLOW])
    assert (again.version, again.new, old.store.read(lambda reader: reader.calendar("office").version)) == (3, True, 3)


def _days(services):
    """In how many days eight working days are over, for a case that is opened there now."""
    case = services.cases.open_case("note", {"text": "x"}, CARL).case
    return (case.deadlines[0].due.date() - case.opened_at.date()).days
