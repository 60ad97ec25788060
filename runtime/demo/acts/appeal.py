"""Chapters: a refusal is appealed, three people vote, others decide anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.demo.acts.decision import REFUSED, enter, recommend
from runtime.demo.narrator import local
from runtime.demo.problem import NotAsTold
from runtime.demo.story import MAKER

if TYPE_CHECKING:
    from runtime.demo.story import Story

APPEAL = f"{REFUSED}/appeal"
GROUNDS = "References of other buyers are no requirement of the standard."


def lodge(story: Story) -> None:
    """Until the hearing is convened."""
    story.tell.chapter(
        "Refused, and appealed",
        "May 2026",
        "Thirty days to appeal run from the proven delivery of the refusal. The appeal is a case of its own.",
    )
    story.until("2026-05-20 11:00")
    story.move(
        MAKER,
        REFUSED,
        "appeal_lodged",
        "appeals: references are no requirement",
        {"appeal.grounds": GROUNDS},
        to="under_appeal",
    )
    story.settle()
    children = [child for child in story.look(REFUSED)["children"] if child["workflow"] == "appeal"]
    if len(children) != 1:
        raise NotAsTold(f"{REFUSED} has {len(children)} appeals, and not one")
    story.cases[APPEAL], story.numbers[APPEAL] = children[0]["id"], children[0]["number"]
    story.until("2026-05-22 11:00")
    story.move("inna", APPEAL, "acknowledge", f"acknowledges appeal {children[0]['number']}", to="admissibility")
    story.act("inna", APPEAL, "fee_received", {"appeal.fee_paid": True})
    story.move("inna", APPEAL, "admit", "admits it", to="hearing")
    hearing = {"appeal.hearing_on": local("2026-06-29 10:00").isoformat()}
    story.move("inna", APPEAL, "convene", "convenes the hearing for 29 June", hearing)


def vote(story: Story) -> None:
    """The panel, then other people."""
    story.tell.chapter(
        "The panel votes, other people decide",
        "June and July 2026",
        "Nobody who acted in the case sits on the panel; if it upholds, reviewer and decision maker have to be others.",
    )
    story.until("2026-06-29 12:00")
    story.act("inna", APPEAL, "held", to="voting")
    for who, vote_, says in (
        ("pavel", "uphold", "votes to uphold"),
        ("polina", "dismiss", "votes to dismiss"),
        ("petra", "uphold", "votes to uphold: two of three"),
    ):
        story.move(who, APPEAL, "answer", says, {"vote": vote_, "reasons": f"{vote_}: see the record of the hearing"})
    story.settle()
    story.found(REFUSED, "The appeal is upheld: the refusal is void, the review is opened anew", to="technical_review")
    story.until("2026-07-03 11:00")
    data = {"review.recommendation": "refuse", "review.reasons": "as before"}
    story.refused(
        "tina", REFUSED, "recommend", "wants to review it again", data, status=403, because="another technical_reviewer"
    )
    recommend(story, "timur", REFUSED, "every test passed", story.items(REFUSED))
    story.tell.move(
        story.now, REFUSED, f"{story.name('timur')} reviews it in her place and recommends it in full", "Decision"
    )
    story.until("2026-07-06 11:00")
    story.refused(
        "dima", REFUSED, "grant", "wants to decide it again", {}, status=403, because="another decision_maker"
    )
    story.move("dana", REFUSED, "grant", "grants it", {"decision.deviation_reasons": "the appeal was upheld"})
    story.settle()
    story.until("2026-07-08 11:00")
    number = enter(story, REFUSED)
    story.settle()
    story.tell.move(story.now, REFUSED, f"{story.name('roman')} enters certificate {number}", "Listed")
