"""What an editor makes of the schema of workflows: every key is offered with its meaning, and a wrong one is marked.

The server is the one that editors use, installed by `make tests/editor/node_modules`; it is started here and asked over its own pipe.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from editing_server import HERE, PROGRAM, LanguageServer

from engine.core.loader.keys import ACTIONS, TABLES, TOP

ROOT = HERE.parents[1]
SCHEMA = ROOT / "workflows" / "workflow.schema.json"
SHIPPED = sorted(path for path in SCHEMA.parent.glob("*.yaml") if not path.name.endswith(".test.yaml"))
NODE = shutil.which("node")


def is_old():
    """Whether this Node.js is older than the server's."""
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.match(r"v(\d+)", said)[1]) < 20


if NODE is None or not PROGRAM.exists() or is_old():
    pytest.skip(
        "needs Node.js 20 and the language server: make tests/editor/node_modules (docs/editor.md)",
        allow_module_level=True,
    )

STATE = "states:\n  look:\n"
EVENT = f"{STATE}    events:\n      go:\n"
DEADLINE = f"{STATE}    deadlines:\n      soon:\n"
MAPS = {
    "top": "milepost: 1\n",
    "mail": "mail:\n  sender: Office\n",
    "unique": "unique:\n  of: [offer.price]\n",
    "role": "roles:\n  clerk:\n    title: Clerk\n",
    "group": "data:\n  offer:\n    title: Offer\n",
    "field": "data:\n  offer:\n    price:\n      type: number\n",
    "duty": "duties:\n  d1:\n    different: [look, decide]\n",
    "open": "open:\n  by: clerk\n",
    "certificate": "certificate:\n  template: sheet\n",
    "state_waiting": f"{STATE}    turn: clerk\n",
    "state_stage": f"{STATE}    states:\n      one: {{final: true}}\n",
    "state_parallel": f"{STATE}    parallel:\n      left: {{initial: one, states: {{one: {{final: true}}}}}}\n",
    "state_choice": f"{STATE}    choose: [{{to: done}}]\n",
    "state_panel": f"{STATE}    panel: {{ask: {{clerk: 3}}, form: [vote!], into: votes}}\n",
    "state_service": f"{STATE}    call: laboratory.test\n",
    "state_children": f"{STATE}    cases: {{of: visit, rest: cancel}}\n",
    "state_final": f"{STATE}    final: true\n",
    "region": f"{STATE}    parallel:\n      left:\n        states: {{one: {{final: true}}}}\n",
    "panel": f"{STATE}    panel:\n      into: votes\n",
    "children": f"{STATE}    cases:\n      of: visit\n",
    "retry": f"{STATE}    call: laboratory.test\n    retry:\n      times: 3\n",
    "arm": f"{STATE}    choose:\n      - to: done\n",
    "event": f"{EVENT}        by: clerk\n",
    "deadline": f"{DEADLINE}        after: 5 days\n",
    "remind": f"{DEADLINE}        remind:\n          before: [5 days]\n",
    "rung": f"{DEADLINE}        escalate:\n          - to: clerk\n",
    "extend": f"{DEADLINE}        extend:\n          by: clerk\n",
    "certificate_with": f"{STATE}    enter:\n      - certificate: annul\n        with:\n          effective_from: today\n",
    "action_notify": f"{STATE}    enter:\n      - notify: clerk\n",
    "action_open": f"{STATE}    enter:\n      - open: visit\n",
    "action_send": f"{STATE}    enter:\n      - send: hurry\n",
    "action_call": f"{STATE}    enter:\n      - call: laboratory.test\n",
    "action_certificate": f"{STATE}    enter:\n      - certificate: reserve\n",
    "action_register": f"{STATE}    enter:\n      - register: list\n",
    "action_new_people": f"{STATE}    enter:\n      - new_people: [clerk]\n",
}
"""A file up to a map of each kind; the next line is the map's own."""


def documented():
    """What docs/editor.md tells people to write, for a project that lies at /milepost."""
    page = (ROOT / "docs" / "editor.md").read_text(encoding="utf-8")
    said = json.loads(re.search(r"<!-- settings -->\n```json\n(.*?)```", page, re.DOTALL)[1])
    ((schema, files),) = said["yaml.schemas"].items()
    assert (ROOT / schema).resolve() == SCHEMA
    return {"schemas": {SCHEMA.as_uri(): files}, "schemaStore": {"enable": said["yaml.schemaStore.enable"]}}


@pytest.fixture(scope="module")
def editor():
    """The server, with the settings of docs/editor.md."""
    server = LanguageServer(NODE, {"yaml": {**documented(), "completion": True, "hover": True, "validate": True}})
    server.wrong(server.open("nummer: x\n"))  # once it has answered it has read its settings and the schema
    yield server
    server.close()


def column_of(name):
    """Where the keys of the map begin: where its last line does, or the key that tells its kind and has lines of its own."""
    return {"state_stage": 4, "state_parallel": 4}.get(name, indented(MAPS[name].splitlines()[-1]))


def indented(line):
    """How far in a line says something, behind dashes."""
    return len(re.match(r"[ -]*", line)[0])


def test_every_kind_of_map_is_tried():
    """A table that is added is asked for here."""
    assert sorted(MAPS) == sorted(TABLES)
    assert {f"action_{verb}" for verb in ACTIONS} <= MAPS.keys()


@pytest.mark.parametrize("name", list(MAPS))
def test_every_key_is_offered_with_its_meaning(editor, name):
    """Completion has all keys that are not there yet, with the sentence of the language's own table; hover has the others'."""
    text, column = MAPS[name], column_of(name)
    uri = editor.open(f"{text}{' ' * column}\n")
    offered = editor.complete(uri, text.count("\n"), column)
    lines = enumerate(text.splitlines())
    there = {words[column:].partition(":")[0]: line for line, words in lines if indented(words) == column}
    for key, meant in TABLES[name].items():
        assert meant.doc, key
        said = editor.hover(uri, there[key], column + 1) if key in there else offered.get(key)
        assert said is not None, f"{key} is not offered among {sorted(offered)}"
        assert meant.doc in plain(said), key


def plain(said):
    """Words without the escapes of Markdown."""
    return re.sub(r"\\([^\w\s])", r"\1", said).replace("&nbsp;", " ")


VALUES = {
    "milepost": "1", "workflow": "note", "title": "Note", "note": "As the law says", "calendar": "office", "timezone": "UTC", "number": "'{seq:4}'",
    "mail": "{sender: Office}", "unique": "[offer.price]", "roles": "{clerk: {title: Clerk}}", "data": "{offer: {price: integer}}",
    "event_data": "{reasons: text}", "define": "{dear: offer.price > 9}", "duties": "{d1: {different: [look, done]}}", "open": "{by: clerk}",
    "certificate": "{number: '{seq:4}', template: sheet}", "register": "{price: offer.price}", "events": "{go: {by: clerk}}",
    "deadlines": "{soon: {after: 5 days}}", "initial": "look", "states": "{look: {turn: clerk}, done: {final: true}}", "policies": "[never done before look]",
}  # fmt: skip


def test_every_keyword_at_the_top_is_explained(editor):
    """Hovering over it says what it is for; the file itself has no mark."""
    assert VALUES.keys() == TOP.keys()
    uri = editor.open("".join(f"{key}: {value}\n" for key, value in VALUES.items()))
    assert editor.wrong(uri) == []
    for line, key in enumerate(VALUES):
        assert TOP[key].doc in plain(editor.hover(uri, line, 1)), key


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("nummer: x\n", 0, "nummer is not allowed"),
        ("states: {look: {turn: clerk, tiu: x}}\n", 0, "tiu is not allowed"),
        ("states:\n  look: {turn: clerk}\n  over: {final: true, events: {}}\n", 2, "events is not allowed"),
        ("states: {look: {deadlines: {soon: {after: 5 workdays}}}}\n", 0, "does not match"),
        ("roles: {clerk: {title: Clerk, sees: everything}}\n", 0, "Value is not accepted"),
    ],
)
def test_what_is_wrong_is_marked(editor, text, line, words):
    """A wrong key, a key of another kind of state, a wrong word, at their lines."""
    uri = editor.open(text)
    assert [one for one in editor.wrong(uri) if one[0] == line and words in one[1]]


def test_words_are_offered(editor):
    """Where a key takes one of some words, these are they."""
    uri = editor.open("roles:\n  clerk:\n    side: \n")
    assert {"operator", "applicant"} <= editor.complete(uri, 2, 10).keys()


def test_a_scenario_file_has_no_schema(editor):
    """It is left out by the settings."""
    assert editor.wrong(editor.open("workflow: note.yaml\nscenarios: []\n", name="note.test")) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_ships_has_no_mark(editor, path):
    """The shipped workflows as an editor sees them."""
    assert editor.wrong(editor.open(path.read_text(encoding="utf-8").partition("\n")[2])) == []


def test_the_first_line_alone_is_enough():
    """`# yaml-language-server: $schema=…`, as the shipped workflows have it, needs no settings."""
    server = LanguageServer(NODE, {"yaml": {"schemaStore": {"enable": False}, "validate": True}})
    try:
        uri = server.open(f"# yaml-language-server: $schema={SCHEMA.as_uri()}\nnummer: x\n")
        assert (1, "Property nummer is not allowed.") in server.wrong(uri)
    finally:
        server.close()
