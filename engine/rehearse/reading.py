"""A scenario file's text to values; every key that is not executed is refused, with line and column.

Scalars under `with` keep their spelling: each field reads them by its own type. What the names in it mean is left to names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from engine.core.case import Actor, Tie
from engine.core.diagnostics import Severity
from engine.core.loader.yaml_nodes import MapNode, Node, ScalarNode, read
from engine.errors import InvalidWorkflow
from engine.rehearse.coverage import GOALS
from engine.rehearse.moves import Moves
from engine.rehearse.nodes import Reading, items, spelt
from engine.rehearse.scenario import Answer, Person, ScenarioFile, Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP = ("workflow", "clock", "people", "calls", "scenarios", "policies", "coverage")
PERSON = ("roles", "name", "email", "locale", "declares", "ties")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_CALL = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def read_scenarios(text: str, *, file: str) -> ScenarioFile:
    """The scenario file; raises InvalidWorkflow with what is wrong and where."""
    root, found = read(text, file=file)
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if errors or root is None:
        raise InvalidWorkflow(errors or found)
    return _File(file).whole(root)


def read_people(text: str, *, file: str) -> tuple[Actor, ...]:
    """`people: {ana: {roles: [clerk]}}`, as scenario files have it; raises InvalidWorkflow."""
    root, found = read(text, file=file)
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if errors or root is None:
        raise InvalidWorkflow(errors or found)
    reading = _File(file)
    top = reading.keys(root, ("people",), "a file of people", must=("people",))
    return tuple(reading.person(key, value).actor for key, value in reading.entries(top["people"], "`people`"))


class _File(Reading):
    def whole(self, root: Node) -> ScenarioFile:
        top = self.keys(root, TOP, "a scenario file", must=("workflow", "clock", "scenarios"))
        people = {key.text: self.person(key, value) for key, value in self.entries(top.get("people"), "`people`")}
        moves = Moves(self.file, people)
        goals = self.keys(top["coverage"], GOALS, "coverage") if "coverage" in top else {}
        sentences = items(top.get("policies"))
        return ScenarioFile(
            file=self.file,
            workflow=self.text(top["workflow"]),
            workflow_mark=top["workflow"].mark,
            clock=self.moment(top["clock"]),
            people=people,
            calls=dict(self.call(key, value) for key, value in self.entries(top.get("calls"), "`calls`")),
            scenarios=tuple(scenario for node in items(top["scenarios"]) for scenario in moves.scenarios(node)),
            policies=tuple(Sentence(self.text(node), node.mark) for node in sentences),
            coverage={name: self.percent(node) for name, node in goals.items()},
        )

    def percent(self, node: Node) -> int:
        found = self.number(node)
        if found > 100:
            self.fail(node.mark, f"{found} is no share; write a number from 0 to 100")
        return found

    def person(self, key: ScalarNode, node: Node) -> Person:
        name = key.text
        if not _NAME.fullmatch(name) or name == "system":
            self.fail(
                key.mark, f"'{name[:40]}' cannot be a person here", "write a name like ana; system needs no entry"
            )
        if isinstance(node, MapNode) and node.get("case") is not None:
            return self.stand_in(key, node)
        given = dict(self.entries_by_name(node, f"person {name}"))
        attributes = {other: self.attribute(value) for other, value in given.items() if other not in PERSON}
        texts = {word: self.text(given[word]) for word in ("name", "email", "locale") if word in given}
        actor = Actor(
            id=name,
            roles=frozenset(self.texts(given.get("roles"))),
            attributes=attributes,
            name=texts.get("name", name),
            ties=tuple(Tie(party) for party in self.texts(given.get("ties"))),
        )
        return Person(
            actor=actor,
            mark=key.mark,
            declares=frozenset(self.texts(given.get("declares"))),
            email=texts.get("email", f"{name}@people.example"),
            locale=texts.get("locale", "en"),
        )

    def stand_in(self, key: ScalarNode, node: MapNode) -> Person:
        """`{case: campaign}`: a case of that workflow, parent of what it opens and sends to."""
        given = self.keys(node, ("case",), f"{key.text}, who stands for a case,")
        workflow = self.text(given["case"])
        return Person(Actor(id=key.text, kind="case", name=key.text, workflow=workflow, relation="parent"), key.mark)

    def entries_by_name(self, node: Node, what: str) -> Mapping[str, Node]:
        return {key.text: value for key, value in self.entries(node, what)}

    def attribute(self, node: Node) -> str | tuple[str, ...]:
        return self.texts(node) if isinstance(spelt(node), list) else self.text(node)

    def call(self, key: ScalarNode, node: Node) -> tuple[str, tuple[Answer, ...]]:
        if not _CALL.fullmatch(key.text):
            self.fail(key.mark, f"'{key.text[:60]}' is no call", "write adapter.operation")
        answers = tuple(self.answer(item) for item in items(node))
        if not answers:
            self.fail(node.mark, f"{key.text} needs an answer", "write [{return: {}}] where it just goes well")
        return key.text, answers

    def answer(self, node: Node) -> Answer:
        given = self.keys(node, ("return", "fail", "refuse"), "a mocked answer")
        if len(given) != 1:
            self.fail(node.mark, "a mocked answer is one of return, fail, refuse")
        (word, value), *_ = given.items()
        if word == "return":
            returned: Mapping[str, Any] = self.values(value, "`return`")
            return Answer(returns=returned)
        return Answer(fails=self.text(value)) if word == "fail" else Answer(refuses=self.text(value))
