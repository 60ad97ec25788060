"""Chapter: review, decision, certificates and the register; who evaluated does not decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.demo.acts.evaluation import FAILED_ITEM, HERO, PARTLY
from runtime.demo.acts.requirements import RETURNED
from runtime.demo.problem import NotAsTold

if TYPE_CHECKING:
    from runtime.demo.story import Story

SUSPENDED, REFUSED = "DP-4", "UR-200"
BEHIND = 60
"""Bytes behind the word that begins a stream: inside what is drawn."""


def tell(story: Story) -> None:
    """From the review to the register."""
    story.tell.chapter(
        "Review, decision, register",
        "May 2026",
        "Review and decision belong to people who did not evaluate (ISO/IEC 17065 7.5.1, 7.6.2). The number is reserved",
        "with the decision; the PDF is rendered after it; the register entry copies the certificate's facts.",
    )
    _review(story)
    _decide(story)
    _enter(story)


def recommend(story: Story, who: str, what: str, says: str, scope: list[str], recommendation: str = "grant") -> None:
    """A recommendation with its scope."""
    data: dict[str, Any] = {
        "review.recommendation": recommendation,
        "review.reasons": says,
        "review.scope_items": scope,
    }
    story.act(who, what, "recommend", data, to="decision")


def _review(story: Story) -> None:
    story.until("2026-05-08 11:00")
    every, passed = story.items(PARTLY), [item for item in story.items(PARTLY) if item != FAILED_ITEM]
    scope = {"review.recommendation": "grant", "review.reasons": "good", "review.scope_items": every}
    story.refused(
        "tina", PARTLY, "recommend", "wants to recommend all three items", scope, status=409, because="scope_has_passed"
    )
    recommend(story, "tina", PARTLY, "two items passed", passed)
    story.tell.move(story.now, PARTLY, f"{story.name('tina')} recommends what passed: {', '.join(passed)}", "Decision")
    for what in (HERO, SUSPENDED, RETURNED):
        recommend(story, "tina", what, "every test passed", story.items(what))
    story.tell.move(
        story.now, "", f"{story.name('tina')} recommends {HERO}, {SUSPENDED} and {RETURNED} in full", "Decision"
    )
    recommend(story, "tina", REFUSED, "too few references from other buyers", [], "refuse")
    story.tell.move(story.now, REFUSED, f"{story.name('tina')} recommends to refuse: too few references", "Decision")


def _decide(story: Story) -> None:
    story.until("2026-05-12 11:00")
    reasons = {"decision.reasons": "as recommended"}
    story.refused(
        "eva",
        HERO,
        "grant",
        "tested the product and, as decision maker, wants to grant it",
        reasons,
        status=403,
        because="sod-2",
    )
    story.move("dima", HERO, "grant", "grants it", reasons, to="certificate_issue")
    story.move("dima", SUSPENDED, "grant", "grants it", reasons, to="certificate_issue")
    condition = [{"text": "renew the certificate of the quality system", "due": "2027-01-29"}]
    story.move(
        "dima",
        RETURNED,
        "grant_conditional",
        "grants it under a condition, due 29 Jan 2027",
        {**reasons, "decision.conditions": condition},
    )
    story.move("dima", PARTLY, "grant", "grants the batch for six months", {**reasons, "decision.validity_months": 6})
    refusal = {"decision.reasons": "too few references from other buyers"}
    story.act("dima", REFUSED, "refuse", refusal, to="refused")
    story.settle()
    story.found(
        REFUSED, f"{story.name('dima')} refuses; the letter names the reasons and the right to appeal", to="refused"
    )
    for what in (HERO, SUSPENDED, RETURNED, PARTLY):
        story.look(what, to="registration")
    story.tell.quiet(story.now, "", "four certificates are rendered as PDF/A-3 and signed, each with its facts inside")


def enter(story: Story, what: str) -> str:
    """The registry keeper enters what is issued; the certificate's file is fetched. Its number."""
    story.act("roman", what, "entered", to="listed")
    return fetch(story, what)


def fetch(story: Story, what: str) -> str:
    """The file of a case's certificate into the folder; its number."""
    number = str(story.look(what)["data"]["certificate"]["number"])
    pdf = story.client.pdf(story.people["roman"], number)
    if not pdf.startswith(b"%PDF-"):
        raise NotAsTold(f"{what}: what came as certificate {number} is no PDF")
    (story.output.certificates / f"{what}_{number}.pdf").write_bytes(pdf)
    return number


def _enter(story: Story) -> None:
    story.until("2026-05-14 11:00")
    rows = []
    for what in (HERO, SUSPENDED, RETURNED, PARTLY):
        number = enter(story, what)
        facts = story.client.get(story.people["roman"], f"/certificates/{number}")["facts"]
        rows.append((what, number, ", ".join(facts["scope"]), f"{facts['valid_from']} to {facts['valid_until']}"))
    story.settle()
    story.tell.move(
        story.now, "", f"{story.name('roman')} enters four certificates in the register", "Listed; they may be tendered"
    )
    story.tell.table(("product", "certificate", "scope", "valid, both days included"), rows)
    story.tell.plain()
    verify(story, rows[0][1])


def verify(story: Story, number: str) -> None:
    """A certificate's file looked at as it is, and with one byte broken."""
    file = next(story.output.certificates.glob(f"*_{number}.pdf"))
    pdf, toma = file.read_bytes(), story.people["toma"]
    at = pdf.index(b"stream", len(pdf) // 4) + BEHIND
    for what, content in (
        (f"brings the file of {number}", pdf),
        ("breaks one of its bytes, and brings it again", _broken(pdf, at)),
    ):
        said = story.client.verify(toma, content)
        if (said["finding"], said["valid"]) != (("genuine", True) if content == pdf else ("altered", False)):
            raise NotAsTold(f"{file.name} is said to be {said['finding']}")
        story.tell.move(story.now, "", f"{story.name('toma')} {what}", f"{said['finding']}: {said['words']}")
    story.tell.quiet(story.now, "", f"signed by: {said['signature']['signer']}")


def _broken(pdf: bytes, at: int) -> bytes:
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
