"""Chapter: the region's list is collected, frozen and dispatched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.demo.narrator import local
from runtime.demo.people import LIST, REGION
from runtime.demo.problem import NotAsTold
from runtime.demo.story import MAKER, place

if TYPE_CHECKING:
    from runtime.demo.story import Story

CAMPAIGN = "campaign"
DECLINED, NEVER_SENT = "GPU-16", "KVV-7"


def tell(story: Story) -> None:
    """From the opened campaign to eleven proposals with the buyer."""
    story.tell.chapter(
        "The region's list",
        "January 2026",
        "A region collects proposals of its manufacturers in a table and sends them on as one list.",
    )
    _open(story)
    _import(story)
    _submit(story)
    story.until("2026-01-22 10:00")
    listed = [what for what in story.cases if what not in (CAMPAIGN, DECLINED, NEVER_SENT)]
    story.together("rita", "include", listed, f"puts {len(listed)} proposals on the list, in one call")
    story.move(
        "rita",
        DECLINED,
        "decline",
        "declines it",
        {"reasons": "the set is assembled in another region"},
        to="declined_by_region",
    )
    story.until("2026-01-30 18:00")
    story.found(CAMPAIGN, "The campaign's last hour has come: the list closes by itself", to="frozen")
    story.found(NEVER_SENT, "A proposal still in draft lapses with it", to="closed_no_response")
    story.until("2026-02-02 10:00")
    story.act("rita", CAMPAIGN, "dispatch", to="running")
    story.settle()
    for what in listed:
        story.look(what, to="intake_check")
    story.tell.move(
        story.now,
        "",
        f"Rita Regionova dispatches the list: {len(listed)} cases move together",
        place(story.look(listed[0]), story.now),
    )


def _open(story: Story) -> None:
    rita = story.people["rita"]
    answer = story.client.post(
        rita, "/cases", {"workflow": "campaign", "data": {"campaign.region": REGION, "campaign.year": 2026}}
    )
    story.cases[CAMPAIGN] = answer["case"]["id"]
    story.numbers[CAMPAIGN] = answer["case"]["number"]
    deadline = local("2026-01-30 18:00").isoformat()
    says = f"opens campaign {answer['case']['number']} and announces it"
    story.move("rita", CAMPAIGN, "announce", says, {"campaign.submission_deadline": deadline}, to="collecting")


def _import(story: Story) -> None:
    rita, parent = story.people["rita"], story.cases[CAMPAIGN]
    query = {"workflow": "qualification", "name": LIST.name, "parent": parent}
    report = story.client.upload(rita, LIST.read_bytes(), **query)
    if len(report["opened"]) != len(story.makers) or len({p["row"] for p in report["problems"]}) != 2:
        raise NotAsTold(f"the import opened {len(report['opened'])} cases and found {report['problems']}")
    story.tell.move(
        story.now,
        "",
        f"{story.name('rita')} imports {report['job']['file']}: {report['job']['rows']} rows, {len(report['opened'])} cases opened, two rows are wrong",
    )
    problems = [(str(p["row"]), p["column"], p["text"]) for p in report["problems"]]
    story.tell.table(("row", "column", "what is wrong"), problems)
    again = story.client.upload(rita, LIST.read_bytes(), **query)
    if any(not row["known"] for row in again["opened"]):
        raise NotAsTold("the same list opened cases twice")
    story.tell.note("She sends the file once more: nothing is opened twice; a corrected file would open the two only.")
    for row in report["opened"]:
        case = story.client.get(rita, f"/cases/{row['case_id']}")
        what = case["data"]["product"]["designation"]
        story.cases[what], story.numbers[what] = row["case_id"], row["number"]


def _submit(story: Story) -> None:
    story.until("2026-01-13 11:00")
    story.hidden("valves", "KV-12", "looks for the case of another manufacturer")
    case = story.move(MAKER, "Z-50", "submit", "looks through the proposal and submits it", to="regional_review")
    others = [what for what in story.makers if what not in ("Z-50", NEVER_SENT)]
    for what in others:
        story.act(MAKER, what, "submit", to="regional_review")
    story.tell.move(
        story.now,
        "",
        f"{len(others)} more manufacturers do the same; {NEVER_SENT} stays a draft",
        place(case, story.now),
    )
