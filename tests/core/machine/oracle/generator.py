"""Random workflows that a loader would accept, and what is said to their cases, as Hypothesis strategies.

A skeleton of states is drawn first, then the arms between them. Few event names, people and fields, so that the same
event is met on several levels and in several regions. Every state and arm speaks when it is left, run or entered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from plain import inside, upward
from skeleton import Bone, Chance, K, skeleton
from telling import Drawn
from vocabulary import BYS, CHOICE, EVENT_FIELDS, FIELDS, FORMS, GREEN, GUARDS, NUMBERS, RED, ROW, ROWS, SETS, compiled

from engine.core.acts import Action, Call, Notify, Send
from engine.core.definition import (
    Arm,
    Ask,
    Assignment,
    Children,
    Deadline,
    FormItem,
    Handler,
    Need,
    Opening,
    Panel,
    State,
    Workflow,
)
from engine.core.expressions.compiler import literal
from engine.core.naming import Field, Role, Text, Who
from engine.core.terms import Term, Unit
from engine.core.types import BOOLEAN, INTEGER

if TYPE_CHECKING:
    from engine.core.expressions.expression import Expression


class Builder:
    """Turns a skeleton into a workflow."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.root = skeleton(chance)
        self.bones = {bone.path: bone for bone in self.root.walk()}
        self.targets = [path for path in self.bones if path]
        self.senders: dict[tuple[str, str], tuple[Who, ...]] = {}
        self.fields = dict(FIELDS)

    def workflow(self) -> Workflow:
        """The whole workflow."""
        root = self.state(self.root)
        states = {state.path: state for state in root.walk()}
        roles = {name: Role(name, Text((("", name),)), sees="all") for name in ("red", "blue", "green")}
        return Workflow(
            name="drawn",
            title=Text((("", "Drawn"),)),
            zone=ZoneInfo("UTC"),
            calendar=None,
            root=root,
            states=states,
            roles=roles,
            fields=self.fields,
            groups=dict.fromkeys(dict.fromkeys(path.partition(".")[0] for path in self.fields)),
            event_fields=EVENT_FIELDS,
            opening=Opening(by=(RED,)),
        )

    # ── states ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def state(self, bone: Bone) -> State:
        """A state of the kind that the skeleton has here."""
        chance, path, kind = self.chance, bone.path, bone.kind
        region = path != "" and self.bones[path.rpartition(".")[0]].kind is K.PARALLEL
        more: dict[str, Any] = {}
        if kind not in {K.CHOICE, K.FINAL}:
            more["events"] = self.events(path)
            more["deadlines"] = self.deadlines(path)
        if kind in {K.STAGE, K.PARALLEL}:
            more["children"] = tuple(self.state(b) for b in bone.bones)
        if kind in {K.WAITING, K.CHILDREN}:
            more["turn"] = (RED,)
        if kind is K.STAGE:
            more["initial"] = bone.bones[0 if chance.percent(85) else chance.below(len(bone.bones))].path
        if kind is K.CHOICE:
            more["choose"] = self.arms(f"{path}:choose", path, last=True, must_go=True)
        if kind in {K.PANEL, K.SERVICE} or (kind in {K.STAGE, K.PARALLEL, K.CHILDREN} and path and chance.percent(60)):
            place = {K.PANEL: "panel", K.SERVICE: "result"}.get(kind, "")
            more["done"] = self.arms(f"{path}:done", path, last=True, place=place)
        if kind is K.PANEL:
            more["panel"] = self.panel()
        if kind in {K.PARALLEL, K.PANEL, K.CHILDREN}:
            more["need"] = self.need(bone)
        if kind is K.SERVICE:
            more["call"] = Call("desk", f"ask_{path}", {}, result={"score": Field("score", INTEGER)})
            if chance.percent(60):
                more["failed"] = self.arms(f"{path}:failed", path, last=True)
        if kind is K.CHILDREN:
            more["cases"] = self.cases()
            more["rest"] = self.chance.of(("cancel", "go_on"))
        if kind is K.FINAL:
            more["outcome"] = f"out_{path.replace('.', '_')}" if chance.percent(70) else None
        if region and chance.percent(35):
            more["condition"] = compiled(chance.of(GUARDS[:9]), "", BOOLEAN)
        if path:
            more["set"] = self.sets(20)
            more["enter"] = self.actions(f"+{path}")
            more["leave"] = self.actions(f"-{path}")
        return State(path=path, kind=kind, order=bone.order, **more)

    def panel(self) -> Panel:
        """Members with votes; its own event and its own list."""
        number = sum(p.startswith("votes.") for p in self.fields)
        into = f"votes.list{number}"
        columns = {name: Field(name, type_) for name, type_ in ROW.members.items()}
        self.fields[into] = Field(into, ROWS, columns=columns)
        ask = [Ask("red", 1 + self.chance.below(2))]
        if self.chance.percent(40):
            ask.append(Ask("blue", 1))
        return Panel(tuple(ask), (FormItem("vote", must=True),), into, event=f"vote{number}")

    def need(self, bone: Bone) -> Need:
        """Any of the forms of `need`."""
        drawn = self.chance.below(10)
        if drawn < 5:
            return Need("all")
        if drawn < 7:
            return Need("any")
        if drawn < 8 or bone.kind is K.CHILDREN:
            return Need(1 + self.chance.below(2))
        if bone.kind is K.PANEL:
            return Need(None, compiled("answers.exists(a, a.vote > 1)", "panel", BOOLEAN))
        inner = [b.path for b in bone.walk()[1:]]
        sources = ("facts.n > 1", "facts.flag", f'in_state("{self.chance.of(inner)}")')
        return Need(None, compiled(self.chance.of(sources), "", BOOLEAN))

    def cases(self) -> Children:
        """Children per item, one child, or none of its own."""
        drawn = self.chance.below(4)
        if drawn == 0:
            return Children("other")
        if drawn == 1:
            return Children("other", values={})
        each = self.chance.of(("facts.items", "facts.items.filter(i, i <= facts.n)"))
        return Children("other", each=compiled(each, "", NUMBERS), item_name="i", values={})

    # ── what moves them ──────────────────────────────────────────────────────────────────────────────────────────────

    def events(self, path: str) -> dict[str, Handler]:
        """Handlers of some of the few events."""
        found = {}
        for name, form in FORMS.items():
            if self.chance.percent(12 if path == "" else 30):
                parallels = [p for p in upward(path) if self.bones[p].kind is K.PARALLEL]
                where = (parallels[-1] if parallels else path, name)  # one `by` within a parallel state
                if where not in self.senders:
                    self.senders[where] = self.chance.of(BYS)
                place = "event" if name == "pay" else ""
                arms = self.arms(f"{path}:{name}", path, place=place, guarded=50)
                found[name] = Handler(name, self.senders[where], form, arms)
        if self.chance.percent(5):
            by = (Who("workflow", "other"),)
            found["child_ended"] = Handler("child_ended", by, (), self.arms(f"{path}:child_ended", path, guarded=50))
        return found

    def deadlines(self, path: str) -> dict[str, Deadline]:
        """At most one, by the hour."""
        if not self.chance.percent(15):
            return {}
        term = Term(1 + self.chance.below(4), Unit.HOURS)
        return {"late": Deadline("late", after=term, arms=self.arms(f"{path}:late", path, guarded=40))}

    def arms(
        self, name: str, source: str, *, last: bool = False, must_go: bool = False, place: str = "", guarded: int = 60
    ) -> tuple[Arm, ...]:
        """Some arms; with `last` one of them always fits, with `must_go` each has a target."""
        number = 1 + self.chance.below(2 + last)
        arms = []
        for n in range(number):
            when = () if last and n == number - 1 else self.guards(guarded, place)
            to = self.target(source) if must_go or self.chance.percent(70) else None
            keep = self.keep(source, to) if to and self.chance.percent(35) else ()
            arm_id = name if number == 1 else f"{name}#{n + 1}"
            arms.append(Arm(arm_id, when, self.sets(30, place), to, keep, self.actions(f"={arm_id}")))
        return tuple(arms)

    def guards(self, percent: int, place: str) -> tuple[Expression, ...]:
        """Up to two conditions."""
        sources = []
        for _ in range(2):
            if self.chance.percent(percent):
                pool = [*GUARDS, f'in_state("{self.chance.of(self.targets)}")']
                if place in {"event", "panel", "result"}:
                    pool += {
                        "event": ["event.amount > 1"] * 3,
                        "panel": ["answers.count(a, a.vote > 1) >= 1"] * 3,
                        "result": ["result.score > 1"] * 3,
                    }[place]
                sources.append(compiled(self.chance.of(pool), place, BOOLEAN))
            percent //= 4
        return tuple(sources)

    def sets(self, percent: int, place: str = "") -> tuple[Assignment, ...]:
        """Up to two assignments."""
        found: dict[str, Assignment] = {}
        while self.chance.percent(percent) and len(found) < 2:
            path = self.chance.of(list(SETS))
            source = self.chance.of(SETS[path])
            if place == "event" and path == "facts.n":
                source = "event.amount"
            if source is None:
                expression = None
            elif source.startswith("'"):
                expression = literal(source.strip("'"), CHOICE, source, None)
            else:
                expression = compiled(source, place, FIELDS[path].type)
            found[path] = Assignment(path, expression)
        return tuple(found.values())

    def actions(self, name: str) -> tuple[Action, ...]:
        """Says its name, and perhaps more on a condition."""
        actions: list[Action] = [Notify((GREEN,), name)]
        if self.chance.percent(12):
            actions.append(Notify((GREEN,), f"{name}?", condition=compiled(self.chance.of(GUARDS[:9]), "", BOOLEAN)))
        if self.chance.percent(5):
            actions.append(Send(f"{name}!", "children", {}, {}))
        return tuple(actions)

    def target(self, source: str) -> str:
        """A state that an arm from here may name, often a near one."""
        near = [t for t in self.targets if t.rpartition(".")[0] == source.rpartition(".")[0]]
        pool = near if self.chance.percent(50) else self.targets
        allowed = [t for t in pool if not self.crosses(source, t)] or [t for t in near if t == source]
        return self.chance.of(allowed or [t for t in self.targets if not self.crosses(source, t)])

    def crosses(self, source: str, target: str) -> bool:
        """Whether an arm goes from one region into another of the same parallel state."""
        if source == target or inside(source, target) or inside(target, source):
            return False
        common = next(path for path in upward(source) if inside(target, path))
        return self.bones[common].kind is K.PARALLEL

    def keep(self, source: str, target: str) -> tuple[str, ...]:
        """Regions that this arm enters, or the whole target."""
        if self.chance.percent(30):
            return (target,)
        around = [p for p in upward(target) if self.bones[p].kind is K.PARALLEL]
        if source == target or inside(source, target):  # only what this arm enters
            around = [p for p in around if p == target]
        else:
            around = [p for p in around if p != source and not inside(source, p)]
        regions = [b.path for p in around for b in self.bones[p].bones]
        return tuple(r for r in regions if r != target and not inside(target, r) and self.chance.percent(60))


def workflows() -> st.SearchStrategy[Drawn]:
    """Random workflows that a loader would accept. One draw of bytes is many times faster than a draw for each choice."""
    return st.binary(min_size=1200, max_size=1200).map(lambda drawn: Drawn(Builder(Chance(drawn)).workflow()))


class Said(NamedTuple):
    """Something to say to a case; the numbers are taken modulo what there is when it is said."""

    kind: str  # event, timer, result, handled, child
    which: int
    actor: int
    value: int
    good: bool


def said() -> st.SearchStrategy[list[Said]]:
    """A conversation with a case."""
    kinds = st.sampled_from(("event",) * 8 + ("timer", "result", "result", "handled", "child"))
    one = st.builds(Said, kinds, st.integers(0, 11), st.integers(0, 41), st.integers(0, 3), st.integers(0, 9).map(bool))
    return st.lists(one, min_size=6, max_size=14)
