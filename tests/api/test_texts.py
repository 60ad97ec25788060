"""Texts that a database cannot keep, or not in an index: refused in words, or found again whole, on both databases."""

from __future__ import annotations

NUL = "V\0-1"
LONG = "Задвижка клиновая стальная " * 148 + "ДУ50"
TWIN = LONG[:-1] + "1"
OFFERED = {"applicant": {"tax_id": "1234567890"}}


def body(data, **more):
    """What opens a case."""
    return {"workflow": "offer", "data": data, **more}


OPENINGS = {
    "a value": body({**OFFERED, "product": {"designation": NUL}}),
    "a value by path": body({"applicant.tax_id": "1234567890", "product.designation": NUL}),
    "a name": body({**OFFERED, "product": {"designation": "V", NUL: 1}}),
    "a field that is not asked for": body({**OFFERED, "product": {"designation": "V"}, "review": {"remark": [NUL]}}),
    "the parent": body({**OFFERED, "product": {"designation": "V"}}, parent="O\0"),
    "a declaration": body({**OFFERED, "product": {"designation": "V"}}, declares=["four\0eyes"]),
}
QUESTIONS = (
    "/cases/%00",
    "/cases/O-2026-0001%00/history",
    "/register/%00",
    "/certificates/T%00",
    "/certificates/T%00/pdf",
    "/v/%00",
    "/workflows/%00",
    "/workflows/%00/versions",
    *(f"/cases?{name}=a%00" for name in ("workflow", "state", "turn", "party", "q", "outcome", "parent", "cursor")),
    *(f"/register?{name}=a%00" for name in ("q", "tax_id", "designation", "code", "status")),
    "/cases?workflow=a%00&workflow=b",
    "/register/eligibility?tax_id=a%00&designation=b",
    "/register/eligibility?tax_id=a&designation=b%00",
)


def refused(answer):
    """A problem that says what is wrong, in one line."""
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text
    assert "\n" not in problem["detail"]
    assert "\0" not in problem["detail"]
    return True


def test_a_nul_opens_nothing(anywhere):
    """Wherever it stands in a body, the answer is 422, and nothing is stored."""
    anna = anywhere.as_("anna")
    for where, opening in OPENINGS.items():
        assert refused(anna.post("/cases", json=opening)), where
    assert anywhere.as_("oleg").get("/cases").json()["items"] == []


def test_a_nul_is_no_event(anywhere):
    """Neither as an event's data, nor as a key, a match or a case in a batch; lines beside it are taken."""
    case, oleg = anywhere.open(), anywhere.as_("oleg")
    assert refused(anywhere.send("oleg", case["id"], "score", {"review.score": 1, "review.remark": NUL}))
    assert refused(anywhere.send("oleg", case["id"], "return", {"reasons": NUL}))
    dry = oleg.post(f"/cases/{case['id']}/events?dry_run=true", json={"event": "return", "data": {"reasons": NUL}})
    assert refused(dry)
    line = {"case": case["id"], "event": "score", "data": {"review.score": 1}}
    lines = [
        {**line, "key": "k\0"},
        {**line, "case": "O\0"},
        {**line, "data": {"review.score": 1, "review.remark": NUL}},
        {**line, "if_match": "\0"},
        line,
    ]
    results = oleg.post("/events", json={"events": lines}).json()["results"]
    assert [result["status"] for result in results] == [422, 422, 422, 412, 200]
    assert len(oleg.get(f"/cases/{case['id']}/history").json()) == 2


def test_a_nul_asks_for_nothing(anywhere):
    """In a path or a query it is refused."""
    oleg = anywhere.as_("oleg")
    for path in QUESTIONS:
        assert refused(oleg.get(path)), path


def test_a_nul_is_no_cell(anywhere):
    """In a table it is a problem of its row, the same in a preview; in the file's name it refuses the file."""
    table = b"tax_id,designation\n1234567890,V-1\n1234567890,V\0-2\n"
    anna = anywhere.as_("anna", **{"Content-Type": "text/csv"})
    for preview in ("true", "false"):
        report = anna.post(f"/imports?workflow=offer&preview={preview}", content=table)
        problems = report.json()["problems"] if report.status_code == 200 else []
        assert [(p["row"], p["column"]) for p in problems] == [(3, "designation")] or refused(report)
    assert refused(anna.post("/imports?workflow=offer&name=a%00.csv", content=table))


def test_long_texts_are_found_whole(anywhere):
    """4,000 letters of two bytes each are kept unique, listed and asked for; a twin that differs at its end is another."""
    oleg, tax_id = anywhere.as_("oleg"), "1234567890"
    assert len(LONG) == 4000
    numbers = []
    for designation in (LONG, TWIN):
        case = anywhere.open(data={**OFFERED, "product": {"designation": designation}})
        for name, event, data in (
            ("oleg", "score", {"review.score": 80}),
            ("oleg", "accept", {}),
            ("olga", "grant", {}),
        ):
            assert anywhere.send(name, case["id"], event, data).status_code == 200
        again = anywhere.as_("anna").post("/cases", json=body({**OFFERED, "product": {"designation": designation}}))
        assert (again.status_code, again.json()["number"]) == (409, case["number"])
        numbers.append(case["number"])
    anywhere.services.clock.settle()
    entries = []
    for designation in (LONG, TWIN):
        found = oleg.get("/register/eligibility", params={"tax_id": tax_id, "designation": designation}).json()
        assert (found["answer"], found["entry"]["facts"]["designation"]) == (True, designation)
        items = oleg.get("/register", params={"designation": designation}).json()["items"]
        assert [item["facts"]["designation"] for item in items] == [designation]
        entries.append(found["entry"]["entry_no"])
    assert len(set(entries)) == 2
    assert [line["number"] for line in oleg.get("/cases?q=клиновая").json()["items"]] == numbers[::-1]
