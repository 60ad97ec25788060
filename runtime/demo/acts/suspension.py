"""Chapters: a certificate is suspended and reinstated; then time passes, and one runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.demo.acts.decision import SUSPENDED
from runtime.demo.acts.evaluation import PARTLY, SLOW
from runtime.demo.problem import NotAsTold
from runtime.demo.story import MAKER

if TYPE_CHECKING:
    from runtime.demo.story import Story


LETTER = b"The seal of DN 50 is of another rubber now; the leak did not come back in 200 cycles.\n"


def tell(story: Story) -> None:
    """Suspended in June, reinstated in June."""
    story.tell.chapter(
        "Suspended and reinstated",
        "June 2026",
        "A signal from the field. The register shows the suspension with the decision itself, not a letter later.",
    )
    story.until("2026-06-01 15:00")
    story.move(
        "toma",
        SUSPENDED,
        "serious_signal",
        "reports a leak at a sample site",
        {"reasons": "a leak at a sample site"},
        to="suspension_decision",
    )
    story.until("2026-06-03 11:00")
    story.move(
        "dima", SUSPENDED, "suspend", "suspends the certificate", {"reasons": "a leak at a sample site"}, to="suspended"
    )
    _status(story, "suspended")
    story.until("2026-06-22 11:00")
    kept = story.client.keep(story.person(MAKER, SUSPENDED), "seal-replaced.txt", LETTER)
    letter = [{"kind": "correction_letter", "file": "seal-replaced.txt", "sha256": kept}]
    story.move(
        MAKER,
        SUSPENDED,
        "evidence_submitted",
        "sends evidence: the seal is of another rubber now",
        {"documents": letter},
        to="reinstatement_check",
    )
    story.until("2026-06-25 11:00")
    if story.client.document(story.people["dima"], story.cases[SUSPENDED], kept) != LETTER:
        raise NotAsTold("the letter is not what its maker has uploaded")
    story.tell.quiet(story.now, SUSPENDED, "the decision maker reads the letter that came with it, byte for byte")
    story.move("dima", SUSPENDED, "reinstate", "reinstates it", {"reasons": "cause found and removed"}, to="listed")
    _status(story, "valid")


def _status(story: Story, expected: str) -> None:
    number = story.look(SUSPENDED)["data"]["certificate"]["number"]
    token = story.client.get(story.people["roman"], f"/certificates/{number}")["token"]
    status = story.client.public(f"/v/{token}")["status"]
    if status != expected:
        raise NotAsTold(f"certificate {number} is {status}, and not {expected}")
    story.tell.quiet(story.now, SUSPENDED, f"the page behind the QR code of {number} says: {status}")


def half_a_year(story: Story) -> None:
    """What time does by itself until December."""
    story.tell.chapter("Half a year passes", "July to December 2026", "Nobody does anything; what falls due happens.")
    story.until("2026-12-01 10:00")
    story.found(PARTLY, "The six months are over: the certificate has expired", to="expired")
    story.found(
        SLOW, "Still with the laboratory: overdue for months, and nothing is decided by that", to="in_laboratory"
    )
