"""The scenarios of a file: how each begins, its steps, its end.

`each` runs a scenario once for each of its values, put in where `{name}` stands; several names go together, row by row.
A step may be a list of steps.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from engine.core.calendars.words import parse_term
from engine.core.loader.yaml_nodes import ListNode
from engine.errors import MilepostError
from engine.rehearse.expectations import END, EXPECT, read_claims
from engine.rehearse.nodes import Reading, items, near, put, spelt
from engine.rehearse.scenario import Do, Expect, Move, OpenCase, Person, Refuse, Scenario, Until, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.core.diagnostics import Mark
    from engine.core.loader.yaml_nodes import Node

SCENARIO = ("name", "open", "each", "steps", "end")
STEPS = ("do", "refuse", "wait", "until", "expect", "open")
DO = ("do", "by", "with", "case", "declares")


class Moves(Reading):
    """Reads scenarios; `people` are those of the file."""

    def __init__(self, file: str, people: Mapping[str, Person]) -> None:
        super().__init__(file)
        self.people = people

    def scenarios(self, node: Node) -> Iterator[Scenario]:
        """One scenario, or one for each row of `each`."""
        given = self.keys(node, SCENARIO, "a scenario", must=("name", "open"))
        for bound in self.rows(given.get("each")):
            tail = f" ({', '.join(f'{name} {value}' for name, value in bound.items())})" if bound else ""
            end = self.keys(given["end"], END, "end") if "end" in given else {}
            yield Scenario(
                name=f"{self.text(given['name'])}{tail}",
                open=self.opening(given["open"], ("by", "with"), bound),
                steps=tuple(step for item in items(given.get("steps")) for step in self.steps(item, bound)),
                end=read_claims(self, end, bound),
                mark=node.mark,
            )

    def rows(self, node: Node | None) -> list[dict[str, Any]]:
        """What `each` binds, run by run."""
        columns = {key.text: [spelt(item) for item in items(value)] for key, value in self.entries(node, "`each`")}
        if node is None:
            return [{}]
        lengths = {len(values) for values in columns.values()}
        if len(lengths) != 1 or 0 in lengths:
            self.fail(
                node.mark, "`each` has lists that go together, row by row; they must be equally long, and not empty"
            )
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def steps(self, node: Node, bound: dict[str, Any]) -> Iterator[Move]:
        """A step, or a list of them."""
        if isinstance(node, ListNode):
            for item in node.items:
                yield from self.steps(item, bound)
            return
        given = self.keys(node, tuple(dict.fromkeys((*DO, *STEPS))), "a step")
        kinds = [name for name in STEPS if name in given]
        if len(kinds) != 1:
            self.fail(node.mark, f"a step has exactly one of {', '.join(STEPS)}")
        kind, value = kinds[0], given[kinds[0]]
        if kind != "do" and len(given) > 1:
            self.fail(node.mark, f"beside `{kind}` a step has nothing else")
        match kind:
            case "do":
                yield self.do(given, node.mark, bound)
            case "refuse":
                yield self.refusal(value, bound)
            case "wait":
                yield self.wait(value, bound)
            case "until":
                yield Until(self.moment(value, bound), value.mark)
            case "open":
                yield self.opening(value, ("workflow", "by", "with"), bound)
            case _:
                yield self.expect(value, bound)

    def do(self, given: Mapping[str, Node], mark: Mark, bound: dict[str, Any]) -> Do:
        """An event that somebody sends."""
        if "by" not in given:
            self.fail(mark, "a step with `do` needs `by`")
        return Do(
            event=self.text(given["do"], bound),
            by=self.sender(given["by"], bound),
            values=self.values(given.get("with"), "`with`", bound),
            case=self.text(given["case"], bound) if "case" in given else None,
            declares=frozenset(self.texts(given.get("declares"), bound)),
            mark=given["do"].mark,
        )

    def refusal(self, node: Node, bound: dict[str, Any]) -> Refuse:
        """An event that has to be refused."""
        given = self.keys(node, (*DO, "because"), "refuse", must=("do", "by"))
        because = self.text(given["because"], bound) if "because" in given else None
        names = _refusals()
        if because is not None and because not in names:
            self.fail(given["because"].mark, f"there is no refusal '{because[:40]}'", near(because, sorted(names)))
        return Refuse(self.do(given, node.mark, bound), because, node.mark)

    def sender(self, node: Node, bound: dict[str, Any]) -> str:
        """Somebody of `people`, or `system`."""
        person = self.text(node, bound)
        if person != "system" and person not in self.people:
            self.fail(node.mark, f"nobody is called '{person[:40]}' in `people`", near(person, self.people))
        return person

    def wait(self, node: Node, bound: dict[str, Any]) -> Wait:
        """A term to wait for."""
        try:
            return Wait(parse_term(self.text(node, bound)), node.mark)
        except ValueError as error:
            self.fail(node.mark, str(error))

    def opening(self, node: Node, allowed: tuple[str, ...], bound: dict[str, Any]) -> OpenCase:
        """A case that somebody opens; with `workflow` among the keys a child of another one."""
        given = self.keys(node, allowed, "open", must=[name for name in allowed if name != "with"])
        workflow = self.text(given["workflow"], bound) if "workflow" in given else None
        values = self.values(given.get("with"), "`with`", bound)
        return OpenCase(self.sender(given["by"], bound), values, workflow, node.mark)

    def expect(self, node: Node, bound: dict[str, Any]) -> Expect:
        """What has to be so now."""
        given = self.keys(node, ("case", *EXPECT), "expect")
        case = put(spelt(given.pop("case")), bound) if "case" in given else None
        if not given:
            self.fail(node.mark, f"expect says nothing; it takes {', '.join(EXPECT)}")
        return Expect(read_claims(self, given, bound), case, node.mark)


@cache
def _refusals() -> frozenset[str]:
    return frozenset(_errors(MilepostError))


def _errors(error: type[MilepostError]) -> set[str]:
    return {error.__name__}.union(*(_errors(kind) for kind in error.__subclasses__()))
