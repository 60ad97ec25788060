"""Chapter: the tender question for each product on two dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from runtime.demo.acts.decision import SUSPENDED
from runtime.demo.narrator import day, local, moment
from runtime.demo.problem import NotAsTold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runtime.demo.story import Story

DATES = ("2026-06-15", "2026-12-01")
YES = {
    "Z-50": (True, True),
    "KV-12": (True, True),
    "OK-90": (True, False),
    "UR-200": (False, True),
    "DP-4": (False, True),
}
NEVER = (False, False)


def tell(story: Story) -> None:
    """Yes or no, with the reason."""
    story.tell.chapter(
        "May this bidder offer this product on that day?",
        "1 December 2026",
        f"{story.name('toma')} asks the register about every product of the list: for a tender of 15 June, and for one of today.",
        "The register keeps what was in effect when, so the answer for June is the same whenever it is asked.",
    )
    rows: list[list[str | Text]] = []
    for what in story.makers:
        answers = [ask(story, what, on=date) for date in DATES]
        found, told = tuple(answer["answer"] for answer in answers), YES.get(what, NEVER)
        if found != told:
            raise NotAsTold(f"whether {what} may be offered on {DATES} is {found}, and not {told}")
        rows.append([Text(what, style="bold"), *cells(answers), ending(story, what)])
    story.tell.table(("product", *DATES, "its case today"), rows, indent=False)
    story.tell.plain()
    _as_known(story)


def ask(story: Story, what: str, **when: str) -> Mapping[str, Any]:
    """The register's answer."""
    tax_id = story.makers[what].attributes["party"]
    answer = story.client.get(story.people["toma"], "/register/eligibility", tax_id=tax_id, designation=what, **when)
    if not isinstance(answer, dict):
        raise NotAsTold(f"the tender question for {what} has no answer")
    return answer


def cells(answers: Sequence[Mapping[str, Any]]) -> list[Text]:
    """Yes or no, and why, in a few words."""
    later = any(answer["entry"] for answer in answers)
    return [
        Text.assemble(
            ("yes", "bold green") if answer["answer"] else ("no ", "bold red"), "  ", why(answer, listed_later=later)
        )
        for answer in answers
    ]


def why(answer: Mapping[str, Any], *, listed_later: bool) -> str:
    """The reason in a few words; the API's own sentences are the proof to keep."""
    if answer["entry"] is None:
        return "not in the register yet" if listed_later else "never listed"
    status, since = answer["status"], day(moment(answer["effective_from"])).strip()
    if status == "delisted":
        return f"{answer['entry']['reason'] or status} since {since}"
    return f"{status} since {since}"


def ending(story: Story, what: str) -> str:
    """Where a case has come to."""
    leaves = [state for state in story.look(what)["states"] if state["leaf"]]
    open_leaves = [state for state in leaves if state["kind"] != "final"]
    return ", ".join(state["title"] for state in open_leaves or leaves).capitalize()


def _as_known(story: Story) -> None:
    """What was known when: the same day asked about before and after the suspension."""
    before = ask(story, SUSPENDED, on=DATES[0], known_at=local("2026-06-02 12:00").isoformat())
    after = ask(story, SUSPENDED, on=DATES[0])
    if not before["answer"] or after["answer"]:
        raise NotAsTold(f"{SUSPENDED}: what was known on 2 June is answered otherwise than told")
    story.tell.move(
        story.now, SUSPENDED, "For 15 June, as far as was known on 2 June", "yes: the suspension came a day later"
    )
    story.tell.move(story.now, SUSPENDED, "For 15 June, by all that is known today", f"no: {after['reasons'][0]}")
