"""Chapter: offers, then readiness and tests side by side; one of three items fails its test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.demo.acts.requirements import OUT_OF_SCOPE, RETURNED, SILENT
from runtime.demo.story import MAKER, place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runtime.demo.story import Story

HERO, PARTLY, SLOW, WITHDRAWN = "Z-50", "OK-90", "EP-900", "PLC-S"
SIGNED = (PARTLY, "DP-4", "UR-200", SLOW, WITHDRAWN)
FAILED_ITEM = "OK-90-108"


def tell(story: Story) -> None:
    """From the offer to the end of both branches."""
    story.tell.chapter(
        "Readiness and tests",
        "March to May 2026",
        "An auditor looks at the plant while a laboratory tests the samples; each branch has its own clock.",
    )
    _agree(story)
    _plan(story)
    _visit(story)
    _meanwhile(story)
    _reports(story)


def _offer(story: Story, what: str, *, postpay: bool) -> Any:
    data = {
        "agreement.scheme": "3",
        "agreement.team": ["Lena Auditova", "Eva Dvurolskaya"],
        "agreement.fee": "250000.00 RUB",
        "agreement.postpay": postpay,
    }
    return story.act("klara", what, "offer_sent", data, to="awaiting_signature")


def _agree(story: Story) -> None:
    story.until("2026-03-04 11:00")
    case = _offer(story, HERO, postpay=False)
    story.tell.move(
        story.now, HERO, f"{story.name('klara')} sends the offer with scheme, team and fee", place(case, story.now)
    )
    signature = {"agreement.contract_no": "D-2026-17", "agreement.signed_on": "2026-03-05"}
    story.until("2026-03-05 11:00")
    story.refused(MAKER, HERO, "sign", "signs before the fee is there", signature, status=409, because="fee_settled")
    story.act("klara", HERO, "fee_received", {"agreement.fee_paid": True})
    story.move(MAKER, HERO, "sign", "pays and signs", signature, to="test_program")
    for what in (*SIGNED, RETURNED):
        _offer(story, what, postpay=True)
        story.act(MAKER, what, "sign", {"agreement.contract_no": f"D-2026-{what}"}, to="test_program")
    story.tell.move(
        story.now, "", f"{', '.join((*SIGNED, RETURNED))}: offered, signed, payment afterwards", "Readiness and tests"
    )


def program(story: Story, what: str) -> dict[str, object]:
    """A test for each item."""
    tests = [
        {
            "test_id": f"t{number}",
            "item_id": item,
            "characteristic": "strength and tightness",
            "method": "Sample method 7",
        }
        for number, item in enumerate(story.items(what), 1)
    ]
    return {"testing.program": tests}


def _plan(story: Story) -> None:
    story.until("2026-03-10 11:00")
    story.found(OUT_OF_SCOPE, "Nobody appealed within 30 days: the rejection is final", to="closed_rejected")
    data = {"readiness.audit_from": "2026-03-17", "readiness.audit_to": "2026-03-19"}
    story.move("lena", HERO, "plan_agreed", "agrees on the days of the visit", data, to="on_site")
    story.move(
        "eva",
        HERO,
        "program_approved",
        "approves the program: a test for each item",
        program(story, HERO),
        to="sampling",
    )
    for what in (*SIGNED, RETURNED):
        story.act("lena", what, "plan_agreed", data)
        story.act("eva", what, "program_approved", program(story, what), to="sampling")
    story.until("2026-03-19 16:00")
    for what in (HERO, *SIGNED, RETURNED):
        samples = [
            {"sample_id": f"{item}-1", "item_id": item, "seal_no": f"0{n}42"}
            for n, item in enumerate(story.items(what), 1)
        ]
        story.act("lena", what, "samples_sealed", {"testing.samples": samples}, to="in_laboratory")
    story.tell.move(
        story.now, "", f"{story.name('lena')} has visited seven plants; sealed samples are with the laboratory"
    )


def _visit(story: Story) -> None:
    story.act("lena", HERO, "audit_done")
    finding = {"finding_id": "f1", "grade": "major", "text": "no process chart for the heat treatment"}
    story.move(
        "lena",
        HERO,
        "report_with_findings",
        "reports one major finding",
        {"readiness.mrl_assessed": 8, "readiness.findings": [finding]},
        to="nc_answer",
    )
    for what in (*SIGNED, RETURNED):
        story.act("lena", what, "audit_done")
        story.act("lena", what, "report_ready", {"readiness.mrl_assessed": 9}, to="readiness.passed")
    story.tell.move(story.now, "", f"{', '.join((*SIGNED, RETURNED))}: ready for mass production")
    story.until("2026-04-01 09:00")
    story.found(SILENT, "No answer in 30 working days: the case closes by itself", to="closed_no_response")
    story.until("2026-04-06 11:00")
    answer = {
        "finding_id": "f1",
        "correction": "chart drawn",
        "root_cause": "nobody owned it",
        "action": "owner named",
        "evidence": {"number": "PC-1"},
    }
    story.move(
        MAKER,
        HERO,
        "actions_submitted",
        "answers with a cause, an action and evidence",
        {"readiness.findings": [answer]},
        to="nc_verification",
    )
    story.until("2026-04-08 11:00")
    story.move(
        "lena",
        HERO,
        "closed",
        "closes the finding",
        {"readiness.findings": [{"finding_id": "f1", "closed": True}]},
        to="readiness.passed",
    )


def _meanwhile(story: Story) -> None:
    story.until("2026-04-14 10:00")
    story.move(
        MAKER,
        WITHDRAWN,
        "withdraw",
        "withdraws; the laboratory is to give the samples back (work-orders/)",
        to="withdrawn_by_applicant",
    )
    story.settle()


def verdicts(story: Story, what: str, failed: Sequence[str] = ()) -> Mapping[str, object]:
    """What the tests say of each item."""
    items = [{"item_id": item, "test_verdict": "failed" if item in failed else "passed"} for item in story.items(what)]
    return {"product.items": items}


def _report(story: Story, what: str) -> None:
    report = {
        "report_no": f"TR-{what}",
        "lab": "Sample Laboratory",
        "accreditation_no": "SAMPLE.LAB.01",
        "issued_on": "2026-05-05",
    }
    story.act("lev", what, "report_uploaded", {"testing.reports": [report]}, to="report_check")


def _reports(story: Story) -> None:
    story.until("2026-05-05 11:00")
    _report(story, HERO)
    story.move(
        "eva",
        HERO,
        "all_passed",
        "checks the laboratory's report: every item passed",
        verdicts(story, HERO),
        to="technical_review",
    )
    for what in ("DP-4", "UR-200", RETURNED):
        _report(story, what)
        story.act("eva", what, "all_passed", verdicts(story, what), to="technical_review")
    story.tell.move(story.now, "", f"DP-4, UR-200, {RETURNED}: the same", "Technical review")
    _report(story, PARTLY)
    story.move(
        "eva",
        PARTLY,
        "some_failed",
        f"finds that {FAILED_ITEM} failed",
        verdicts(story, PARTLY, (FAILED_ITEM,)),
        to="partial_choice",
    )
    story.until("2026-05-06 11:00")
    story.move(MAKER, PARTLY, "drop_items", "drops the failed item; the two others go on", to="technical_review")
