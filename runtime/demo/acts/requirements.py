"""Chapter: intake and corporate requirements; one is returned for corrections, one lets the deadline lapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.demo.story import MAKER

if TYPE_CHECKING:
    from runtime.demo.story import Story

STRAIGHT = ("Z-50", "OK-90", "DP-4", "UR-200", "EP-900", "PLC-S")
RETURNED, SILENT, PARKED, OUT_OF_SCOPE = "KV-12", "NC-65", "VR-1", "TI-30"


def tell(story: Story) -> None:
    """From the intake to the offer."""
    story.tell.chapter(
        "Intake and corporate requirements",
        "February 2026",
        "The buyer checks the papers, then every clause of its requirements; two of three experts give an opinion,",
        "a subsidiary is asked whether it needs the product. Deadlines on this side remind and escalate; they never decide.",
    )
    _intake(story)
    _first_check(story)
    _others(story)
    _returned(story)


def _intake(story: Story) -> None:
    story.until("2026-02-04 10:00")
    complete = [*STRAIGHT, RETURNED, SILENT, PARKED]
    story.together(
        "ilya", "accept", complete, f"finds the papers of {len(complete)} complete", {"intake.complete": True}
    )
    story.act(
        "ilya", OUT_OF_SCOPE, "reject_out_of_scope", {"reasons": "the shells are bought by other rules"}, to="rejected"
    )
    story.settle()
    story.found(OUT_OF_SCOPE, f"{story.name('ilya')} rejects it: such shells are bought by other rules", to="rejected")


def reviewer(what: str) -> str:
    """Who reviews it: by category."""
    return "vera" if what in ("Z-50", "OK-90", "KV-12", "NC-65") else "piotr"


def clauses(what: str, last: str = "met") -> dict[str, Any]:
    """Two clauses, the last with a verdict of its own."""
    return {
        "requirements.clauses": [
            {"id": "c1", "source": "Sample standard 2-1, clause 4.2", "verdict": "met"},
            {"id": "c2", "source": f"Sample standard 2-1, clause 5.7 ({what})", "verdict": last},
        ]
    }


def _first_check(story: Story) -> None:
    story.until("2026-02-09 11:00")
    verdict = {"requirements.verdict": "compliant"}
    story.refused(
        "ilya",
        "Z-50",
        "compliant",
        "from the intake wants to wave it through",
        verdict,
        status=403,
        because="requirements_reviewer",
    )
    story.move("vera", "Z-50", "record_clauses", "goes through the clauses", clauses("Z-50"))
    story.refused(
        "vera", "Z-50", "compliant", "wants to close the check already", verdict, status=409, because="two_opinions"
    )
    story.until("2026-02-11 11:00")
    story.move(
        "egor",
        "Z-50",
        "give_opinion",
        "gives his opinion: agrees",
        {"verdict": "agree", "reasons": "the drawings are complete"},
    )
    story.move("ella", "Z-50", "give_opinion", "agrees too: two of three are enough", {"verdict": "agree"})
    story.move(
        "dora",
        "Z-50",
        "answer_demand",
        "confirms the demand, 400 a year",
        {"demand.confirmed": "confirmed", "demand.forecast_qty": 400},
    )
    story.until("2026-02-13 15:00")
    story.move("vera", "Z-50", "compliant", "finds the product compliant", verdict, to="agreement")


def opinions(story: Story, what: str, last: str = "met") -> None:
    """Clauses, two opinions and the demand, without a line."""
    story.act(reviewer(what), what, "record_clauses", clauses(what, last))
    for expert in ("egor", "ella"):
        story.act(expert, what, "give_opinion", {"verdict": "agree"})
    story.act("dora", what, "answer_demand", {"demand.confirmed": "confirmed"})


def _others(story: Story) -> None:
    rest = STRAIGHT[1:]
    for what in rest:
        opinions(story, what)
        story.act(reviewer(what), what, "compliant", {"requirements.verdict": "compliant"}, to="agreement")
    story.tell.move(story.now, "", f"The same for {', '.join(rest)}", "Offer and team")
    story.move(
        "piotr",
        PARKED,
        "park_for_development",
        "finds it interesting, but not ready: it is parked",
        {"requirements.verdict": "development_needed", "reasons": "one prototype so far", "resume_on": "2026-12-15"},
        to="parked",
    )


def _returned(story: Story) -> None:
    for what in (RETURNED, SILENT):
        opinions(story, what, "not_met")
    says = "returns it for corrections: clause 5.7 is not met"
    reasons = {"reasons": "clause 5.7: no proof of operation at -60 °C"}
    story.move("vera", RETURNED, "request_corrections", says, reasons, to="awaiting_corrections")
    story.move("vera", SILENT, "request_corrections", says, reasons, to="awaiting_corrections")
    story.until("2026-02-18 12:00")
    story.refused(MAKER, RETURNED, "resubmit", "sends it back as it is", status=409, because="open_clauses_answered")
    story.until("2026-02-26 12:00")
    answer = {
        "id": "c2",
        "claim": "Runs at -60 °C with the heated sump",
        "evidence": {"kind": "report", "number": "R-77"},
    }
    story.move(
        MAKER, RETURNED, "resubmit", "answers the clause with a report", {"requirements.clauses": [answer]}, to="asked"
    )
    story.until("2026-03-03 12:00")
    for expert in ("egor", "ella"):
        story.act(expert, RETURNED, "give_opinion", {"verdict": "agree"})
    met = {"requirements.verdict": "compliant", "requirements.clauses": [{"id": "c2", "verdict": "met"}]}
    story.move("vera", RETURNED, "compliant", "accepts the answer: compliant", met, to="agreement")
