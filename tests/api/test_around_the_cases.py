"""What is around the cases: workflows, register and certificates, imports, the clock, and the description of it all."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest

from api import problems
from api.app import create_app
from tests.api.conftest import START


def test_the_openapi_document_describes_answers(world):
    """OpenAPI 3.1, with a schema for the members of every answer that is JSON."""
    spec = world.as_().get("/openapi.json").json()
    assert spec["openapi"].startswith("3.1")
    schemas = spec["components"]["schemas"]
    assert {"etag", "allowed", "deadlines", "data"} <= set(schemas["CaseView"]["properties"])
    assert "HTTPValidationError" not in schemas
    assert {"Problem", "OpenBody", "EventBody", "Accepted", "DryRun", "StepView", "Eligibility", "Explanation"} <= set(
        schemas
    )
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            said = next(value for code, value in operation["responses"].items() if code.startswith("2"))
            content = {} if "204" in operation["responses"] else said["content"]
            problems = {code: told["content"] for code, told in operation["responses"].items() if code >= "400"}
            assert {"422", "503"} <= problems.keys(), path
            assert all("application/problem+json" in content for content in problems.values()), path
            assert "application/json" not in content or content["application/json"]["schema"], path


def test_every_answer_is_guarded(world):
    """No sniffing, no keeping, no referrer, for answers and problems."""
    for path in ("/healthz", "/cases", "/nowhere", "/v/none"):
        headers = world.as_().get(path).headers
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "access-control-allow-origin" not in headers


def test_paths_and_methods_that_are_not_there(world):
    """Problems too: 404, and 405 with what is allowed."""
    assert world.as_().get("/nowhere").json()["type"] == "urn:milepost:problem:not-found"
    answer = world.as_("anna").delete("/cases")
    assert (answer.status_code, answer.json()["type"]) == (405, "urn:milepost:problem:method-not-allowed")
    assert "GET" in answer.headers["allow"]


def test_workflows_can_be_read(world):
    """Name, roles, the form that opens a case, versions, and the diagram."""
    oleg = world.as_("oleg", **{"Accept-Language": "ru"})
    found = oleg.get("/workflows/offer").json()
    assert (found["title"], found["version"]) == ("Предложение", 1)
    asked = ["applicant.tax_id", "product.designation", "product.price", "product.drawing"]
    assert [item["path"] for item in found["open_form"]] == asked
    assert [version["version"] for version in oleg.get("/workflows/offer/versions").json()] == [1]
    for path in ("/workflows/offer/diagram", "/workflows/offer/versions/1/diagram"):
        assert "stateDiagram-v2" in oleg.get(path).text
    for path in ("/workflows/none", "/workflows/none/diagram", "/workflows/offer/versions/7/diagram"):
        assert oleg.get(path).status_code == 404


def test_a_certificate_and_the_tender_question(world):
    """The register answers yes or no with its entry; a withdrawn certificate says so on its public page."""
    case = world.listed()
    number = case["data"]["certificate"]["number"]
    oleg = world.as_("oleg")
    info = oleg.get(f"/certificates/{number}").json()
    assert (info["status"], info["facts"]["valid_from"]) == ("valid", "2026-03-02")
    file = oleg.get(f"/certificates/{number}/pdf")
    assert ("application/pdf", f'"{info["sha256"]}"') == (file.headers["content-type"], file.headers["etag"])
    question = {"tax_id": "1234567890", "designation": "V-1"}
    assert oleg.get("/register/eligibility", params=question).json()["answer"] is True
    assert oleg.get("/register/eligibility", params={**question, "on": "2028-01-01"}).json()["answer"] is False
    said = oleg.get("/register/eligibility", params={**question, "item": "Z-50"}).json()
    assert (said["answer"], said["item"], said["reasons"][-1]) == (
        False, "Z-50", "item Z-50 is not in the scope of entry R-000001",
    )  # fmt: skip
    (line,) = oleg.post("/register/eligibility", json={"lines": [{**question, "item": "Z-50", "ref": "lot 1"}]}).json()
    assert (line["answer"], line["item"], line["ref"]) == (False, "Z-50", "lot 1")
    assert len(oleg.get("/register?q=V-1").json()["items"]) == 1
    public = world.as_().get(f"/v/{info['token']}")
    assert public.json()["valid"] is True
    world.send("oleg", case["id"], "withdraw")
    page = world.as_().get(f"/v/{info['token']}", headers={"Accept": "text/html"})
    assert "This certificate was withdrawn" in page.text
    assert oleg.get("/register/eligibility", params=question).json()["answer"] is False
    assert len(oleg.get(f"/register/{case['data']['register']['entry_no']}").json()["revisions"]) == 2


def test_the_public_page_shows_facts_as_text(world):
    """What an applicant wrote is never markup, and the page runs no script."""
    data = {"applicant": {"tax_id": "1234567890"}, "product": {"designation": "<script>alert(1)</script>"}}
    case = world.open(data=data)
    for name, event, said in (("oleg", "score", {"review.score": 80}), ("oleg", "accept", {}), ("olga", "grant", {})):
        world.send(name, case["id"], event, said)
    world.services.clock.settle()
    number = world.as_("oleg").get(f"/cases/{case['id']}").json()["data"]["certificate"]["number"]
    token = world.services.certificates.by_number(number).token
    page = world.as_().get(f"/v/{token}", headers={"Accept": "text/html"})
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("moment", ["2026-03-02T09:00:00", "yesterday", "1", ""])
def test_moments_have_a_zone(world, moment):
    """`known_at` without an offset from UTC is refused, not guessed."""
    params = {"tax_id": "1", "designation": "2", "known_at": moment}
    assert world.as_("oleg").get("/register/eligibility", params=params).status_code == 422


def test_the_manual_clock_stops_at_due_moments(world):
    """What falls due on the way happens on the way; the clock does not go back."""
    case = world.open()
    world.send("oleg", case["id"], "return", {"reasons": "x"})
    ops = world.as_("ops")
    moved = ops.post("/clock", json={"to": "2026-04-01T00:00:00+03:00"}).json()
    assert (moved["now"], moved["timers"]) == ("2026-03-31T21:00:00Z", 1)
    assert world.as_("anna").get(f"/cases/{case['id']}").json()["outcome"] == "closed"
    back = ops.post("/clock", json={"to": "2026-03-01T00:00:00Z"})
    assert (back.status_code, back.json()["type"]) == (409, "urn:milepost:problem:clock-refused")
    assert ops.post("/clock", json={"to": "2026-05-01T00:00:00"}).status_code == 422


def test_an_explanation_tells_why_an_event_is_not_allowed(world):
    """The state with its line, what is false and who may send, and how a deadline was counted."""
    case = world.open()
    said = world.as_("oleg").get(f"/cases/{case['id']}/explain").json()
    assert [(state["path"], state["line"]["text"]) for state in said["states"]] == [("check", "check:")]
    events = {found["event"]: found for found in said["events"]}
    assert (
        events["accept"]["allowed"],
        [found["text"] for found in events["accept"]["against"]],
    ) == (False, ["good_enough is false"])
    assert said["deadlines"][0]["due"] == "2026-03-07T21:00:00Z"
    anna = world.as_("anna").get(f"/cases/{case['id']}/explain").json()
    assert {found["kind"] for event in anna["events"] for found in event["against"]} >= {"who"}


def test_a_bug_says_nothing_of_itself(world, monkeypatch):
    """500 as a problem, without the words of the exception."""
    monkeypatch.setattr(world.services.cases._commands, "submit", lambda *_: 1 / 0)
    # The server closes the connection after it.
    answer = world.as_("anna", Connection="close").post("/cases", json={"workflow": "offer"})
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:milepost:problem:internal-error")
    assert "zero" not in answer.text


def test_many_at_once(world):
    """Sixteen senders to one case: every answer is an outcome or a refusal, and the history has each accepted step."""
    case = world.open()
    codes = []

    def score(number):
        codes.append(world.send("oleg", case["id"], "score", {"review.score": number}).status_code)

    threads = [threading.Thread(target=score, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 16
    assert len(world.as_("oleg").get(f"/cases/{case['id']}/history").json()) == 17


def test_what_waits_can_be_watched(world):
    """Steps, refusals by reason, effects that wait and for how long, open cases by state, timers that came late."""
    world.listening.app = create_app(world.services, version="test")
    client = world.as_("ops")
    assert client.get("/metrics").headers["content-type"].startswith("text/plain")  # counters begin here
    case = world.open()
    assert world.send("anna", case["id"], "accept").status_code == 403
    world.send("oleg", case["id"], "return", {"reasons": "x"})
    world.services.clock.advance(START + timedelta(days=12))
    lines = set(client.get("/metrics").text.splitlines())
    assert {
        'milepost_steps_total{kind="opened",workflow="offer"} 1.0',
        'milepost_steps_total{kind="event",workflow="offer"} 1.0',
        'milepost_steps_total{kind="deadline",workflow="offer"} 1.0',
        'milepost_refusals_total{reason="actor-not-allowed"} 1.0',
        "milepost_incidents_open 0.0",
        "milepost_timers_late_seconds 0.0",
        "milepost_timer_lateness_seconds_count 1.0",
    } <= lines


def test_what_waits_now(world, monkeypatch):
    """Effects by adapter with the age of the oldest, open cases by state."""
    case = world.open()
    world.send("oleg", case["id"], "return", {"reasons": "x"})
    monkeypatch.setattr(world.services.figures, "_until", 0.0)  # what was counted before is not used again
    lines = set(world.as_("ops").get("/metrics").text.splitlines())
    assert {
        'milepost_effects_pending{adapter="notify"} 1.0',
        'milepost_effect_age_seconds{adapter="notify"} 0.0',
        'milepost_open_cases{state="correction",workflow="offer"} 1.0',
    } <= lines


@pytest.mark.parametrize(
    "path",
    [
        "/cases/{id}/history?after={much}",
        "/certificates/T/pdf?issue={much}",
        "/workflows/offer/versions/{much}/diagram",
    ],
)
def test_numbers_that_no_store_holds(world, path):
    """A count beyond every count is refused or not found, and is no fault of ours."""
    case = world.open("anna")
    assert world.as_("oleg").get(path.format(id=case["id"], much="9" * 30)).status_code in {404, 422}


ENDS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z")


@pytest.mark.parametrize("moment", ENDS)
def test_the_ends_of_the_calendar(world, moment):
    """Refused in words wherever a moment or a day is asked for."""
    ops, oleg = world.as_("ops"), world.as_("oleg")
    where = {"tax_id": "1", "designation": "2"}
    delegation = {"to": "lena", "until": moment, "reason": "x"}
    answers = [
        oleg.get("/cases", params={"due_before": moment}),
        oleg.get("/register/eligibility", params={**where, "known_at": moment}),
        oleg.get("/register/eligibility", params={**where, "on": moment[:10]}),
        ops.post("/clock", json={"to": moment}),
        oleg.post("/me/delegations", json=delegation),
    ]
    assert [answer.status_code for answer in answers] == [422] * len(answers)
    assert all("1900 to 2999" in answer.text for answer in answers)


def test_the_page_of_the_description_loads_from_here_only(world):
    """Its script and its looks too: it works where there is no internet, and tells nobody who reads it."""
    page = world.as_().get("/docs")
    loads = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loads) >= 2
    assert all(one.startswith("/") and world.as_().get(one).status_code == 200 for one in loads)
    assert "http" not in page.text.replace("http-equiv", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_no_clock_tells_anothers_case_from_none(world):
    """Both are answered after the same time, in the same words."""
    case = world.open()["id"]
    boris = world.as_("boris")
    asked = {ref: [boris.get(f"/cases/{ref}") for _ in range(15)] for ref in (case, "0" * 32)}
    best = {ref: min(one.elapsed.total_seconds() for one in answers) for ref, answers in asked.items()}
    assert all(seconds >= problems.EVEN for seconds in best.values())
    assert abs(best[case] - best["0" * 32]) < problems.EVEN / 4
    said = {one.text.replace(ref, "ID") for ref, answers in asked.items() for one in answers}
    assert len(said) == 1
