"""What the acts are told with: moves of people through the API, moves that are refused, and time that passes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from runtime.demo.client import Refusal
from runtime.demo.narrator import due, local, moment
from runtime.demo.problem import NotAsTold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from runtime.demo.client import Client
    from runtime.demo.letters import Letter, Letters
    from runtime.demo.narrator import Narrator
    from runtime.demo.output import Output
    from runtime.demo.people import Person

EVALUATION = "assessment.evaluation"
MAKER = "maker"
"""Who offers the product that a move is about."""
TOLD = {
    "reminder": "reminder to",
    "escalation": "escalation: overdue, told to",
    "reason_of_delay": "reason of the delay to",
    "campaign_report_80": "report to",
    "deadline_moved": "new due date to",
    "expired": "end of the certificate told to",
}


class Story:
    """The telling itself. Every method raises NotAsTold where the API answers otherwise than the story has it."""

    def __init__(
        self,
        client: Client,
        narrator: Narrator,
        letters: Letters,
        output: Output,
        people: Mapping[str, Person],
        makers: Mapping[str, Person],
        *,
        now: datetime,
    ) -> None:
        self.client, self.tell, self.letters, self.output = client, narrator, letters, output
        self.people, self.makers, self.now = people, makers, now
        self.cases: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self._met: set[str] = set()
        self._by_address = {person.email: person for person in people.values()}

    # ── moves ──

    def act(self, who: str, what: str, event: str, data: Mapping[str, Any] | None = None, *, to: str = "") -> Any:
        """Somebody sends an event; nothing is printed. `to`: where the case has to be afterwards."""
        person = self.person(who, what)
        try:
            answer = self.client.post(person, f"/cases/{self.cases[what]}/events", self._body(person, event, data))
        except Refusal as refusal:
            raise NotAsTold(
                f"{what}: {person.name} sends '{event}' and is refused ({refusal.status}: {refusal})"
            ) from None
        self._check(what, answer["case"], to)
        return answer["case"]

    def move(
        self, who: str, what: str, event: str, says: str, data: Mapping[str, Any] | None = None, *, to: str = ""
    ) -> Any:
        """The same, with its line."""
        case = self.act(who, what, event, data, to=to)
        self.tell.move(self.now, what, f"{self.name(who, what)} {says}", place(case, self.now))
        return case

    def refused(
        self,
        who: str,
        what: str,
        event: str,
        says: str,
        data: Mapping[str, Any] | None = None,
        *,
        status: int,
        because: str,
    ) -> None:
        """Somebody tries what he may not; `because` has to be in the answer."""
        person = self.person(who, what)
        try:
            self.client.post(person, f"/cases/{self.cases[what]}/events", self._body(person, event, data))
        except Refusal as refusal:
            self._refusal(person, what, says, refusal, status, because)
        else:
            raise NotAsTold(f"{what}: {person.name} was allowed to send '{event}'")

    def hidden(self, who: str, what: str, says: str) -> None:
        """Somebody looks at a case that is not his."""
        person = self.person(who, what)
        try:
            self.client.get(person, f"/cases/{self.numbers[what]}")
        except Refusal as refusal:
            self._refusal(person, what, says, refusal, 404, "no case")
        else:
            raise NotAsTold(f"{person.name} was allowed to see {what}")

    def together(
        self, who: str, event: str, what: Sequence[str], says: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """One event for many cases in one call; all have to be accepted."""
        person = self.people[who]
        lines = [{"case": self.cases[one], **self._body(person, event, data)} for one in what]
        answer = self.client.post(person, "/events", {"events": lines})
        for one, result in zip(what, answer["results"], strict=True):
            if result["status"] >= 400:
                raise NotAsTold(f"{one}: '{event}' is refused in a batch ({result['problem']['detail']})")
        self.tell.move(self.now, "", f"{self.name(who)} {says}")

    # ── time ──

    def until(self, when: str) -> None:
        """Time passes; letters that went out by themselves become quiet lines."""
        self.now = local(when)
        self.client.move_clock(self.people["oskar"], self.now)
        self._report(self.letters.new())

    def settle(self) -> None:
        """What the last moves asked for is done: letters, certificates, cases of other workflows."""
        self.client.move_clock(self.people["oskar"], self.now)
        self._report(self.letters.new())

    # ── looking ──

    def look(self, what: str, *, to: str = "") -> Any:
        """The case as the process owner sees it."""
        case = self.client.get(self.people["olga"], f"/cases/{self.cases[what]}")
        self._check(what, case, to)
        return case

    def found(self, what: str, says: str, *, to: str) -> Any:
        """What has become of a case by itself, with its line."""
        case = self.look(what, to=to)
        at = moment(case["closed_at"]) if case["closed_at"] else self.now
        self.tell.move(at, what, says, place(case, self.now))
        return case

    def items(self, what: str) -> list[str]:
        """The items of a product."""
        return [item["item_id"] for item in self.look(what)["data"]["product"]["items"]]

    def person(self, who: str, what: str = "") -> Person:
        """By id; `maker`: whose product it is."""
        return self.makers[what.partition("/")[0]] if who == MAKER else self.people[who]

    def name(self, who: str, what: str = "") -> str:
        """His name, with his office where he is met for the first time."""
        person = self.person(who, what)
        if person.id in self._met:
            return person.name
        self._met.add(person.id)
        return f"{person.name} ({person.office})"

    def _body(self, person: Person, event: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
        return {"event": event, "data": dict(data or {}), "declares": list(person.declares)}

    def _refusal(self, person: Person, what: str, says: str, refusal: Refusal, status: int, because: str) -> None:
        if refusal.status != status or because not in str(refusal):
            raise NotAsTold(f"{what}: {person.name} is refused otherwise than told ({refusal.status}: {refusal})")
        self.tell.refused(self.now, what, f"{self.name(person.id, what)} {says}", refusal.status, str(refusal))

    @staticmethod
    def _check(what: str, case: Mapping[str, Any], to: str) -> None:
        paths = [state["path"] for state in case["states"] if state["leaf"]]
        if to and not any(path == to or path.endswith(f".{to}") for path in paths):
            raise NotAsTold(f"{what} is in {', '.join(paths)}, and not in {to}")

    def _report(self, letters: Sequence[Letter]) -> None:
        named = {number: what for what, number in self.numbers.items()}
        groups: dict[tuple[datetime, str, str], list[Letter]] = defaultdict(list)
        for letter in letters:
            if letter.template in TOLD:
                groups[letter.sent_at, letter.template, letter.to].append(letter)
        for (at, template, _), group in groups.items():
            products = list(dict.fromkeys(named.get(letter.case_number, letter.case_number) for letter in group))
            said = self._by_address[group[0].to].name
            about = "" if len(products) == 1 else f" about {', '.join(products)}"
            self.tell.quiet(at, products[0] if len(products) == 1 else "", f"{TOLD[template]} {said}{about}")


def place(case: Mapping[str, Any], now: datetime) -> str:
    """Where a case is, whose turn it is, and until when."""
    leaves = [state for state in case["states"] if state["leaf"]]
    if case["closed_at"]:
        return str(leaves[0]["title"]).capitalize()
    working = [state for state in leaves if state["kind"] != "final"]
    wide = [state for state in case["states"] if state["kind"] == "parallel"]
    where = str((wide or working)[-1]["title"])
    if wide and wide[-1]["path"] == EVALUATION:
        where += f": {', '.join(state['title'] for state in working)}"
    near = {state["path"] for state in (*working, *wide)}
    dues = sorted(
        (line["due"], line["title"]) for line in case["deadlines"] if line["state"] in near and not line["overdue"]
    )
    said = [", ".join(turn["title"][0].lower() + turn["title"][1:] for turn in case["turn"])] if case["turn"] else []
    said += [f"by {due(at, now)}" if said else f"{title}: {due(at, now)}" for at, title in dues[:1]]
    return f"{where} ({', '.join(said)})" if said else where
