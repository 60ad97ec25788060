"""Cases over HTTP: answers, refusals as problems, who may know of what, and requests that come twice."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

ACME = {"applicant": {"tax_id": "1234567890"}, "product": {"designation": "V-1", "price": "1234.50"}}
PROBLEM = "application/problem+json"


def problem(answer, status, kind):
    """The problem of an answer, which is one of this status and kind."""
    assert (status, PROBLEM) == (answer.status_code, answer.headers["content-type"]), answer.text
    body = answer.json()
    assert (status, f"urn:milepost:problem:{kind}") == (body["status"], body["type"])
    assert body["detail"]
    assert "\n" not in body["detail"]
    return body


def test_a_case_is_opened_read_and_moved(world):
    """Open, read, send: each answer has the case, its ETag and what may be sent next; decimals are text, moments UTC."""
    opened = world.as_("anna").post("/cases", json={"workflow": "offer", "data": ACME})
    assert opened.status_code == 201
    case = opened.json()["case"]
    assert opened.headers["location"] == f"/cases/{case['id']}"
    assert opened.headers["etag"] == case["etag"]
    assert case["number"] == "O-2026-0001"
    assert case["opened_at"] == "2026-03-02T06:00:00Z"
    assert case["data"]["product"] == {"designation": "V-1", "price": "1234.50"}
    seen = world.as_("oleg", **{"Accept-Language": "ru-RU,ru;q=0.9"}).get("/cases/O-2026-0001").json()
    assert seen["turn"] == [{"name": "officer", "title": "Сотрудник"}]
    assert {found["event"] for found in seen["allowed"]} == {"score", "return"}
    assert seen["deadlines"][0]["due"] == "2026-03-07T21:00:00Z"
    moved = world.send("oleg", case["id"], "return", {"reasons": "which standard?"})
    assert moved.status_code == 200
    assert [s["path"] for s in moved.json()["case"]["states"]] == ["correction"]
    assert moved.json()["step"]["said"] == {"reasons": "which standard?"}
    assert (
        world.as_("anna").get(f"/cases/{case['id']}").headers["etag"] == moved.headers["etag"] != opened.headers["etag"]
    )


def test_what_belongs_to_a_case_can_be_read(world):
    """History, timers and effects, the oldest first; a party finds its own cases only."""
    case = world.open()
    world.send("oleg", case["id"], "return", {"reasons": "x"})
    oleg, boris = world.as_("oleg"), world.as_("boris")
    assert [line["name"] for line in oleg.get(f"/cases/{case['id']}/history").json()] == ["open", "return"]
    assert [line["name"] for line in oleg.get(f"/cases/{case['id']}/history?after=1").json()] == ["return"]
    assert [(t["deadline"], t["kind"]) for t in oleg.get(f"/cases/{case['id']}/timers").json()] == [
        ("no_response", "due")
    ]
    assert [e["what"] for e in oleg.get(f"/cases/{case['id']}/effects").json()] == ["asked to applicant"]
    assert [line["number"] for line in oleg.get("/cases?workflow=offer&state=correction").json()["items"]] == [
        case["number"]
    ]
    assert oleg.get("/cases?turn=officer").json() == {"items": [], "cursor": None}
    assert boris.get("/cases").json()["items"] == []


def test_pages_follow_each_other(world):
    """A cursor asks for what follows, the newest first, none twice."""
    numbers = []
    for n in range(5):
        data = deepcopy(ACME)
        data["product"]["designation"] = f"V-{n}"
        numbers.append(world.open("oleg", data)["number"])
    seen, cursor = [], ""
    while cursor is not None:
        page = world.as_("oleg").get("/cases", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [line["number"] for line in page["items"]]
        cursor = page["cursor"]
    assert seen == numbers[::-1]
    problem(world.as_("oleg").get("/cases?cursor=x"), 422, "invalid-payload")


def test_a_dry_run_stores_nothing(world):
    """The would-be step with its effects and timers; afterwards the case is as it was."""
    case = world.open()
    body = {"event": "return", "data": {"reasons": "x"}}
    dry = world.as_("oleg").post(f"/cases/{case['id']}/events?dry_run=true", json=body).json()
    assert dry["step"]["entered"] == ["correction"]
    assert [e["status"] for e in dry["effects"]] == ["planned"]
    assert [t["deadline"] for t in dry["armed"]] == ["no_response"]
    assert world.as_("anna").get(f"/cases/{case['id']}").json()["etag"] == case["etag"]


def test_refusals_say_what_is_allowed_instead(world):
    """403 names who may, 409 what is false or could be sent, 422 each field; nothing is stored."""
    case = world.open()
    assert problem(world.send("anna", case["id"], "return", {"reasons": "x"}), 403, "actor-not-allowed")["by"] == [
        "officer"
    ]
    assert "score" in problem(world.send("oleg", case["id"], "dance"), 409, "event-not-allowed")["allowed"]
    assert problem(world.send("oleg", case["id"], "accept"), 409, "guard-refused")["false"] == ["good_enough"]
    fields = problem(world.send("oleg", case["id"], "score", {"review.score": "many"}), 422, "invalid-payload")[
        "problems"
    ]
    assert [(found["path"], found["code"]) for found in fields] == [("review.score", "type")]
    again = world.as_("anna").post("/cases", json={"workflow": "offer", "data": ACME})
    assert problem(again, 409, "duplicate-case")["number"] == case["number"]
    problem(world.as_("anna").post("/cases", json={"workflow": "nothing"}), 404, "workflow-not-found")
    assert world.as_("anna").get(f"/cases/{case['id']}").json()["etag"] == case["etag"]


def test_a_duty_stands_against_a_person(world):
    """Who has acted in one of two separated states is refused in the other, with the duty's name."""
    case = world.open()
    world.send("oleg", case["id"], "score", {"review.score": 90})
    assert world.send("oleg", case["id"], "accept").status_code == 200
    assert problem(world.send("oleg", case["id"], "grant"), 403, "duty-conflict")["duty"] == "four-eyes"
    assert world.send("olga", case["id"], "grant").status_code == 200


@pytest.mark.parametrize("tail", ["", "/history", "/timers", "/effects", "/explain"])
def test_another_partys_case_is_as_if_it_were_not(world, tail):
    """The answer for a case of somebody else is, word for word, that for a case that is not there."""
    case = world.open()
    hidden = world.as_("boris").get(f"/cases/{case['id']}{tail}")
    missing = world.as_("boris").get(f"/cases/{'0' * 32}{tail}")
    problem(hidden, 404, "case-not-found")
    assert missing.text.replace("0" * 32, case["id"]) == hidden.text


def test_nothing_is_sent_to_another_partys_case(world):
    """Sending, trying and opening below it: 404 as for one that is not there."""
    case = world.open()
    problem(world.send("boris", case["id"], "answer"), 404, "case-not-found")
    problem(world.send("boris", case["id"], "answer", **{"If-Match": '"0"'}), 404, "case-not-found")
    body = {"event": "answer"}
    problem(world.as_("boris").post(f"/cases/{case['id']}/events?dry_run=true", json=body), 404, "case-not-found")
    opened = {"workflow": "offer", "data": ACME, "parent": case["id"]}
    problem(world.as_("boris").post("/cases", json=opened), 404, "case-not-found")


def test_hidden_fields_are_in_no_answer(world):
    """What a role does not see is not in its case, its history, its explanation, nor in the answer to what it sends."""
    case = world.open()
    world.send("oleg", case["id"], "score", {"review.score": 41, "review.remark": "weak drawings"})
    world.send("oleg", case["id"], "return", {"reasons": "see letter"})
    anna = world.as_("anna")
    for path in ("", "/history", "/explain", "/timers", "/effects"):
        answer = anna.get(f"/cases/{case['id']}{path}")
        assert answer.status_code == 200
        assert "weak drawings" not in answer.text
    assert "weak drawings" not in world.send("anna", case["id"], "answer", {"product.designation": "V-1a"}).text


def test_if_match_holds_off_what_was_decided_on_an_older_state(world):
    """412 with the present ETag; with that one it is accepted; a reminder or a read changes no ETag."""
    case = world.open()
    world.send("oleg", case["id"], "score", {"review.score": 41})
    old = world.send("oleg", case["id"], "return", {"reasons": "x"}, **{"If-Match": case["etag"]})
    present = problem(old, 412, "case-changed")["etag"]
    assert old.headers["etag"] == present
    assert world.send("oleg", case["id"], "return", {"reasons": "x"}, **{"If-Match": present}).status_code == 200


def test_the_same_key_has_the_same_answer(world):
    """Status, body and ETag again, and one step only; with another body 422; another party's key is its own."""
    key = {"Idempotency-Key": "k-1"}
    body = {"workflow": "offer", "data": ACME}
    first = world.as_("anna", **key).post("/cases", json=body)
    again = world.as_("anna", **key).post("/cases", json=body)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["idempotency-replayed"] == "true"
    problem(
        world.as_("anna", **key).post("/cases", json={**body, "data": {**ACME, "product": {"designation": "W"}}}),
        422,
        "key-reused",
    )
    case_id = first.json()["case"]["id"]
    sent = [world.send("oleg", case_id, "score", {"review.score": 5}, **key) for _ in range(2)]
    assert sent[0].json() == sent[1].json()
    assert len(world.as_("oleg").get(f"/cases/{case_id}/history").json()) == 2
    problem(world.send("oleg", case_id, "score", {"review.score": 6}, **key), 422, "key-reused")


def test_a_batch_answers_each_line_for_itself(world):
    """Outcomes and problems in the order of the lines; one refusal holds up no other."""
    case = world.open()
    lines = [
        {"case": case["number"], "event": "score", "data": {"review.score": 10}},
        {"case": case["id"], "event": "dance"},
        {"case": "O-1999-0001", "event": "score"},
        {"case": case["id"], "event": "return", "data": {"reasons": "x"}, "if_match": case["etag"]},
        {"case": case["id"], "event": "return", "data": {"reasons": "x"}},
    ]
    results = world.as_("oleg").post("/events", json={"events": lines}).json()["results"]
    assert [line["status"] for line in results] == [200, 409, 404, 412, 200]
    assert results[4]["states"] == ["correction"]
    assert results[1]["problem"]["type"] == "urn:milepost:problem:event-not-allowed"


@pytest.mark.parametrize(
    ("body", "kind", "status", "name"),
    [
        (b"{", "application/json", 400, "not-json"),
        (b"\xff\xfe", "application/json", 400, "not-json"),
        (b'{"event": "score", "data": {"a": NaN}}', "application/json", 400, "not-json"),
        (b'{"event": "score", "data": ' + b'{"a":' * 70 + b"1" + b"}" * 71, "application/json", 400, "not-json"),
        (b'{"event": "score", "data": {"a": "\\ud800"}}', "application/json", 400, "not-json"),
        (b'{"event": "score", "data": {"a": ' + b"9" * 5000 + b"}}", "application/json", 400, "not-json"),
        (b'{"event": "score", "event": "accept"}', "application/json", 400, "not-json"),
        (b'{"event": "score", "data": {"review.score": 1, "review.score": 99}}', "application/json", 400, "not-json"),
        (b'{"event": "score"}', "text/plain", 415, "wrong-content-type"),
        (b"event=score", "application/x-www-form-urlencoded", 415, "wrong-content-type"),
        (b'{"event": "score", "colour": 1}', "application/json", 422, "invalid-request"),
        (b'{"event": "Score!"}', "application/json", 422, "invalid-request"),
        (b'["score"]', "application/json", 422, "invalid-request"),
        (b"", "application/json", 422, "invalid-request"),
        (b'{"event": "score", "data": {"a": "' + b"x" * 1_100_000 + b'"}}', "application/json", 413, "too-large"),
    ],
)
def test_bodies_that_are_no_event(world, body, kind, status, name):
    """Each is refused with its own problem, and the next request is served."""
    case = world.open()
    answer = world.as_("oleg", **{"Content-Type": kind}).post(f"/cases/{case['id']}/events", content=body)
    problem(answer, status, name)
    assert world.as_("oleg").get(f"/cases/{case['id']}").json()["etag"] == case["etag"]


def test_a_body_without_a_length_is_bounded_too(world):
    """What comes in pieces is counted as it comes."""
    case = world.open()
    pieces = iter([b'{"event": "score", "data": {"a": "'] + [b"x" * 100_000] * 12)
    answer = world.as_("oleg", **{"Content-Type": "application/json"}).post(
        f"/cases/{case['id']}/events", content=pieces
    )
    problem(answer, 413, "too-large")


def test_a_mistyped_query_parameter_is_refused(world):
    """`dryrun` is not `dry_run`: nothing is sent by mistake."""
    case = world.open()
    body = {"event": "return", "data": {"reasons": "x"}}
    answer = world.as_("oleg").post(f"/cases/{case['id']}/events?dryrun=true", json=body)
    assert "dry_run" in problem(answer, 422, "invalid-request")["detail"]
    problem(world.as_("oleg").get("/cases?turns=officer"), 422, "invalid-request")
    assert world.as_("oleg").get(f"/cases/{case['id']}").json()["etag"] == case["etag"]


def test_numbers_are_exact(world):
    """0.1 written without quotes stays 0.1, whatever floats would make of it."""
    text = json.dumps({"workflow": "offer", "data": {"applicant.tax_id": "1234567890", "product.designation": "V-9"}})
    text = text[:-2] + ', "product.price": 0.10000000000000000001}}'
    answer = world.as_("anna", **{"Content-Type": "application/json"}).post("/cases", content=text)
    assert answer.json()["case"]["data"]["product"]["price"] == "0.10000000000000000001"


def test_a_closed_store_says_when_to_come_again(closing):
    """503 with Retry-After, for reads and commands."""
    case = closing.open("oleg")
    closing.services.store.close()
    for answer in (closing.as_("oleg").get(f"/cases/{case['id']}"), closing.send("oleg", case["id"], "score")):
        problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
