"""A scenario file's text to values; every key that is not executed is refused, with line and column.

Scalars under `with` keep their spelling: each field reads them by its own type. `each` runs a scenario once for each of its
values, put in where `{name}` stands; several names go together, row by row. A step may be a list of steps.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from engine.core.calendars.words import parse_term
from engine.core.case import Actor, Tie
from engine.core.diagnostics import Diagnostic, Mark, Severity
from engine.core.loader.yaml_nodes import ListNode, MapNode, Node, ScalarNode, read
from engine.errors import InvalidWorkflow
from engine.rehearse.scenario import (
    Answer,
    Do,
    Expect,
    Move,
    OpenCase,
    Person,
    Refuse,
    Scenario,
    ScenarioFile,
    Until,
    Wait,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

TOP = ("workflow", "clock", "people", "calls", "scenarios", "policies", "coverage")
PERSON = ("roles", "name", "email", "locale", "declares", "ties", "case")
SCENARIO = ("name", "open", "each", "steps", "end")
STEPS = ("do", "refuse", "wait", "until", "expect", "open")
EXPECTATIONS = (
    "case",
    "in",
    "not_in",
    "turn",
    "sent",
    "data",
    "deadline",
    "certificate",
    "register",
    "children",
    "outcome",
)
ENDS = ("state", "outcome", "open_work", "certificate", "register", "data")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def read_scenarios(text: str, *, file: str) -> ScenarioFile:
    """The scenario file; raises InvalidWorkflow with what is wrong and where."""
    root, found = read(text, file=file)
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if errors or root is None:
        raise InvalidWorkflow(errors or found)
    return _File(file).whole(root)


class _File:
    def __init__(self, file: str) -> None:
        self.file = file
        self.people: dict[str, Person] = {}

    def fail(self, mark: Mark, message: str, hint: str | None = None) -> NoReturn:
        raise InvalidWorkflow([Diagnostic("WF090", Severity.ERROR, message, self.file, mark, hint)])

    def entries(
        self, node: Node | None, allowed: Iterable[str], what: str, *, must: Iterable[str] = ()
    ) -> dict[str, Node]:
        names = list(allowed)
        if not isinstance(node, MapNode):
            self.fail(node.mark if node else Mark(1, 1), f"{what} is a map of {', '.join(names)}")
        for key, _ in node.entries:
            if names and key.text not in names:
                near = difflib.get_close_matches(key.text, names, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"allowed: {', '.join(names)}"
                self.fail(key.mark, f"{what} has no key '{key.text}'", hint)
        given = {key.text: value for key, value in node.entries}
        for name in must:
            if name not in given:
                self.fail(node.mark, f"{what} needs `{name}`")
        return given

    def whole(self, root: Node) -> ScenarioFile:
        top = self.entries(root, TOP, "a scenario file", must=("workflow", "clock", "scenarios"))
        for key, value in self.each_entry(top.get("people")):
            self.people[key.text] = self.person(key.text, value)
        calls = {
            key.text: tuple(self.answer(item) for item in items(value))
            for key, value in self.each_entry(top.get("calls"))
        }
        scenarios = [scenario for node in items(top["scenarios"]) for scenario in self.scenarios(node)]
        goals = top.get("coverage")
        coverage = self.entries(goals, ("transitions", "deadlines"), "coverage") if goals else {}
        return ScenarioFile(
            file=self.file,
            workflow=str(spelt(top["workflow"])),
            clock=str(spelt(top["clock"])),
            people=self.people,
            calls=calls,
            scenarios=tuple(scenarios),
            policies=tuple(str(spelt(item)) for item in items(top.get("policies"))),
            coverage={name: self.number(node) for name, node in coverage.items()},
        )

    def each_entry(self, node: Node | None) -> Iterator[tuple[ScalarNode, Node]]:
        if node is None:
            return
        if not isinstance(node, MapNode):
            self.fail(node.mark, "a map of names is wanted here")
        yield from node.entries

    def number(self, node: Node) -> int:
        text = str(spelt(node))
        if not text.isdigit() or len(text) > 9:
            self.fail(node.mark, f"a whole number is wanted here, not {text[:40]!r}")
        return int(text)

    # ── people and calls ─────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, name: str, node: Node) -> Person:
        given = self.entries(node, (), f"person {name}")
        attributes = {
            key: tuple(str(v) for v in value) if isinstance(value := spelt(item), list) else str(value)
            for key, item in given.items()
            if key not in PERSON
        }
        if "case" in given:  # a stand-in for a case of that workflow: parent of what it opens and sends to
            sender = Actor(id=name, kind="case", name=name, workflow=str(spelt(given["case"])), relation="parent")
            return Person(sender)
        actor = Actor(
            id=name,
            roles=frozenset(str(spelt(item)) for item in items(given.get("roles"))),
            attributes=attributes,
            name=str(spelt(given["name"])) if "name" in given else name,
            ties=tuple(Tie(str(spelt(item))) for item in items(given.get("ties"))),
        )
        return Person(
            actor=actor,
            declares=frozenset(str(spelt(item)) for item in items(given.get("declares"))),
            email=str(spelt(given["email"])) if "email" in given else f"{name}@people.example",
            locale=str(spelt(given["locale"])) if "locale" in given else "en",
        )

    def answer(self, node: Node) -> Answer:
        given = self.entries(node, ("return", "fail", "refuse"), "a mocked answer")
        returned = spelt(given["return"]) if "return" in given else {}
        return Answer(
            returns=returned if isinstance(returned, Mapping) else {},
            fails=str(spelt(given["fail"])) if "fail" in given else None,
            refuses=str(spelt(given["refuse"])) if "refuse" in given else None,
        )

    # ── scenarios ────────────────────────────────────────────────────────────────────────────────────────────────────

    def scenarios(self, node: Node) -> Iterator[Scenario]:
        given = self.entries(node, SCENARIO, "a scenario", must=("name", "open"))
        columns = {
            key.text: [spelt(item) for item in items(value)] for key, value in self.each_entry(given.get("each"))
        }
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            self.fail(given["each"].mark, "the lists of `each` go together, row by row; they must be equally long")
        for row in range(lengths.pop() if lengths else 1):
            bound = {name: values[row] for name, values in columns.items()}
            tail = f" ({', '.join(f'{name} {value}' for name, value in bound.items())})" if bound else ""
            yield Scenario(
                name=f"{spelt(given['name'])}{tail}",
                open=self.opening(given["open"], bound),
                steps=tuple(step for item in items(given.get("steps")) for step in self.steps(item, bound)),
                end=self.claims(given["end"], ENDS, "end", bound) if "end" in given else {},
                mark=node.mark,
            )

    def steps(self, node: Node, bound: Mapping[str, Any]) -> Iterator[Move]:
        if isinstance(node, ListNode):
            for item in node.items:
                yield from self.steps(item, bound)
            return
        given = self.entries(node, ("do", "by", "with", "case", "declares", *STEPS), "a step")
        kinds = [name for name in STEPS if name in given]
        if len(kinds) != 1:
            self.fail(node.mark, f"a step has exactly one of {', '.join(STEPS)}")
        kind, value = kinds[0], given[kinds[0]]
        if kind == "do":
            yield self.do(node, bound)
            return
        if len(given) > 1:
            self.fail(node.mark, f"beside `{kind}` a step has nothing else")
        if kind == "refuse":
            inner = self.entries(
                value, ("do", "by", "with", "case", "declares", "because"), "refuse", must=("do", "by")
            )
            yield Refuse(self.do(value, bound), str(spelt(inner["because"])) if "because" in inner else None)
        elif kind == "wait":
            yield self.wait(value, bound)
        elif kind == "until":
            yield Until(str(put(spelt(value), bound)), value.mark)
        elif kind == "open":
            yield self.opening(value, bound)
        else:
            yield Expect(self.claims(value, EXPECTATIONS, "expect", bound), node.mark)

    def do(self, node: Node, bound: Mapping[str, Any]) -> Do:
        given = self.entries(node, ("do", "by", "with", "case", "declares", "because"), "a step", must=("do", "by"))
        by = str(put(spelt(given["by"]), bound))
        self.known(by, given["by"].mark)
        return Do(
            event=str(put(spelt(given["do"]), bound)),
            by=by,
            values=self.values(given.get("with"), bound),
            case=str(spelt(given["case"])) if "case" in given else None,
            declares=frozenset(str(spelt(item)) for item in items(given.get("declares"))),
            mark=node.mark,
        )

    def known(self, person: str, mark: Mark) -> None:
        if person != "system" and person not in self.people:
            near = difflib.get_close_matches(person, self.people, n=1)
            self.fail(mark, f"nobody is called '{person}' in `people`", f"did you mean '{near[0]}'?" if near else None)

    def wait(self, node: Node, bound: Mapping[str, Any]) -> Wait:
        try:
            return Wait(parse_term(str(put(spelt(node), bound))), node.mark)
        except ValueError as error:
            self.fail(node.mark, str(error))

    def opening(self, node: Node, bound: Mapping[str, Any]) -> OpenCase:
        given = self.entries(node, ("by", "with", "workflow"), "open", must=("by",))
        by = str(put(spelt(given["by"]), bound))
        self.known(by, given["by"].mark)
        workflow = str(spelt(given["workflow"])) if "workflow" in given else None
        return OpenCase(by, self.values(given.get("with"), bound), workflow, node.mark)

    def values(self, node: Node | None, bound: Mapping[str, Any]) -> Mapping[str, Any]:
        value = {} if node is None else put(spelt(node), bound)
        if not isinstance(value, Mapping):
            self.fail(node.mark if node else Mark(1, 1), "`with` is a map of fields")
        return value

    def claims(self, node: Node, allowed: Iterable[str], what: str, bound: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: put(spelt(value), bound) for name, value in self.entries(node, allowed, what).items()}


def items(node: Node | None) -> list[Node]:
    """A list's items; one thing alone is a list of one."""
    if node is None:
        return []
    return list(node.items) if isinstance(node, ListNode) else [node]


def spelt(node: Node) -> Any:
    """Maps, lists, texts as spelt, None."""
    if isinstance(node, MapNode):
        return {key.text: spelt(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [spelt(item) for item in node.items]
    return None if node.empty else node.text


def put(value: Any, bound: Mapping[str, Any]) -> Any:
    """`{name}` replaced by the value that `each` has bound; a text that is nothing else becomes the value itself."""
    if not bound:
        return value
    if isinstance(value, Mapping):
        return {key: put(item, bound) for key, item in value.items()}
    if isinstance(value, list):
        return [put(item, bound) for item in value]
    if isinstance(value, str):
        alone = _PLACEHOLDER.fullmatch(value)
        if alone and alone[1] in bound:
            return bound[alone[1]]
        return _PLACEHOLDER.sub(lambda found: str(bound.get(found[1], found[0])), value)
    return value
