"""Every endpoint for every kind of caller: nobody, the party itself, another party, operations."""

from __future__ import annotations

import pytest

from engine.store.subscription_records import DEAD, Place
from tests.api.conftest import ACME

CALLERS = {
    "nobody": None,
    "own": "anna",
    "other": "boris",
    "officer": "oleg",
    "laboratory": "lena",
    "operations": "ops",
}
NOTHING = {
    "id": "0" * 32,
    "number": "T.99999-0",
    "entry": "999",
    "receipt": "none",
    "token": "x" * 22,
    "incident": "999",
    "lent": "none",
    "let": "none",
    "import": "none",
    "doc": "0" * 64,
    "sub": "none",
    "late": "999",
}
"""What the paths of the table name where there is nothing of that name."""

ANOTHER = {"applicant.tax_id": "1234567890", "product.designation": "V-7"}
TABLE_OF_ONE = b"tax_id,designation\n1234567890,V-3\n"
LET = {"to": "zoe", "until": "2026-03-09T00:00:00Z"}
SUBSCRIBED = {"url": "http://127.0.0.1:9/in"}
HERE = {"text": "calendar: offer\nyears: {2026: {}}\n"}
OUTAGE = {
    "workflow": "offer",
    "from": "2026-03-01T00:00:00Z",
    "until": "2026-03-02T00:00:00Z",
    "reason": "the portal was down",
}
WHY = {"person": "olga", "reason": "ill"}
LETTER = b"Message-ID: <1.2.3@milepost>\r\nSubject: one\r\n\r\nthat nobody sent\r\n"
ALL = "200 200 200 200 200 200"
KNOWN = "401 200 200 200 200 200"
SEEN = "401 200 404 200 404 404"
OWNED = "401 200 404 404 404 200"
PLANT = "401 403 403 403 403 200"
NO_CASE = "401 404 404 404 404 404"
NO_PLANT = "401 403 403 403 403 404"
NOBODYS = "404 404 404 404 404 404"
FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF\r\n--x--\r\n'

# method, path, body → status for nobody, the case's party, another party, an officer, a laboratory that was not asked,
# operations; and where the path names a thing: the same for one that there is not
TABLE = [
    ("GET", "/healthz", None, ALL, ""),
    ("GET", "/readyz", None, ALL, ""),
    ("GET", "/openapi.json", None, ALL, ""),
    ("GET", "/v/{token}", None, ALL, NOBODYS),
    ("GET", "/public", None, ALL, ""),
    ("GET", "/public/entries/{entry}", None, ALL, NOBODYS),
    ("GET", "/public/verify", None, ALL, ""),
    ("POST", "/public/verify", FORM, ALL, ""),
    ("GET", "/me", None, KNOWN, ""),
    ("GET", "/me/delegations", None, KNOWN, ""),
    ("POST", "/me/delegations", {**LET, "reason": "on leave"}, "401 201 201 201 201 422", ""),
    ("DELETE", "/me/delegations/{let}", None, "401 204 404 404 404 404", NO_CASE),
    ("GET", "/workflows", None, KNOWN, ""),
    ("GET", "/workflows/offer", None, KNOWN, ""),
    ("GET", "/workflows/offer/versions", None, KNOWN, ""),
    ("GET", "/workflows/offer/diagram", None, KNOWN, ""),
    ("GET", "/workflows/offer/versions/1/diagram", None, KNOWN, ""),
    ("GET", "/cases", None, KNOWN, ""),
    ("GET", "/cases/counts", None, KNOWN, ""),
    ("GET", "/me/work", None, KNOWN, ""),
    ("GET", "/cases/{id}", None, SEEN, NO_CASE),
    ("GET", "/cases/{id}/history", None, SEEN, NO_CASE),
    ("GET", "/deadlines?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z", None, KNOWN, ""),
    ("GET", "/deadlines/lateness", None, KNOWN, ""),
    ("GET", "/cases/{id}/timers", None, SEEN, NO_CASE),
    ("GET", "/cases/{id}/effects", None, SEEN, NO_CASE),
    ("GET", "/cases/{id}/explain", None, SEEN, NO_CASE),
    ("POST", "/cases/{id}/events?dry_run=true", {"event": "withdraw"}, "401 403 404 200 404 404", NO_CASE),
    ("PUT", "/cases/{id}/assignments/officer", {"verb": "claim"}, "401 403 404 200 404 404", NO_CASE),
    ("POST", "/cases/{id}/panels/x/void", WHY, "401 422 404 422 404 404", NO_CASE),
    ("POST", "/cases/{id}/panels/x/replace", WHY, "401 422 404 422 404 404", NO_CASE),
    ("POST", "/cases/{id}/events", {"event": "withdraw"}, "401 403 404 200 404 404", NO_CASE),
    ("POST", "/cases", {"workflow": "offer", "data": ANOTHER}, "401 201 403 409 403 403", ""),
    ("POST", "/events", {"events": [{"case": "{id}", "event": "withdraw"}]}, KNOWN, ""),
    ("GET", "/events/stream?after=-1", None, "401 422 422 422 422 422", ""),  # it would not end
    ("POST", "/subscriptions", SUBSCRIBED, "401 201 201 201 201 201", ""),
    ("POST", "/subscriptions", {**SUBSCRIBED, "entries": ["R-000001"]}, "401 201 201 201 201 201", ""),
    ("GET", "/subscriptions", None, KNOWN, ""),
    ("GET", "/subscriptions/{sub}", None, OWNED, NO_CASE),
    ("POST", "/subscriptions/{sub}/pause", None, OWNED, NO_CASE),
    ("POST", "/subscriptions/{sub}/resume", None, OWNED, NO_CASE),
    ("GET", "/subscriptions/{sub}/deliveries?status=dead", None, OWNED, NO_CASE),
    ("POST", "/subscriptions/{sub}/deliveries/{late}/retry", None, "401 200 404 404 404 409", NO_CASE),
    ("POST", "/subscriptions/{sub}/replay", {"after": 0}, OWNED, NO_CASE),
    ("DELETE", "/subscriptions/{sub}", None, "401 204 404 404 404 404", NO_CASE),
    ("POST", "/documents?name=drawing.txt", b"a drawing", "401 201 201 201 201 201", ""),
    ("GET", "/documents/{doc}", None, "401 200 404 404 404 404", NO_CASE),
    ("GET", "/cases/{id}/documents/{doc}", None, SEEN, NO_CASE),
    ("GET", "/register", None, KNOWN, ""),
    ("GET", "/register/export", None, KNOWN, ""),
    ("POST", "/register/eligibility", {"lines": [{"tax_id": "1234567890", "designation": "V-1"}]}, KNOWN, ""),
    ("GET", "/register/receipts/{receipt}", None, KNOWN, NO_CASE),
    ("POST", "/register/receipts/verify", {"id": "x", "text": "y", "key": "0", "signature": "0"}, KNOWN, ""),
    ("GET", "/register/{entry}", None, KNOWN, NO_CASE),
    ("GET", "/register/{entry}/answers", None, KNOWN, NO_CASE),
    ("GET", "/register/eligibility?tax_id=1234567890&designation=V-1", None, KNOWN, ""),
    ("GET", "/certificates/{number}", None, KNOWN, NO_CASE),
    ("GET", "/certificates/{number}/pdf", None, KNOWN, NO_CASE),
    ("POST", "/certificates/verify", b"%PDF", KNOWN, ""),
    ("GET", "/cases/{id}/letters", None, SEEN, NO_CASE),
    ("POST", "/letters/verify", LETTER, KNOWN, ""),
    ("POST", "/letters/bounces", b"no report", "401 403 403 403 403 422", ""),
    ("GET", "/incidents", None, PLANT, ""),
    ("GET", "/incidents/{incident}", None, PLANT, NO_PLANT),
    ("POST", "/incidents/{incident}/close", {"answer": "seen to"}, PLANT, NO_PLANT),
    ("POST", "/effects/{id}/4/1/retry", {"reason": "again"}, "401 403 403 403 403 409", NO_PLANT),
    ("POST", "/effects/{id}/4/1/resolve", {"reason": "done"}, "401 403 403 403 403 409", NO_PLANT),
    ("GET", "/metrics", None, PLANT, ""),
    ("GET", "/tokens", None, PLANT, ""),
    ("DELETE", "/tokens/{lent}", None, "401 403 403 403 403 204", NO_PLANT),
    ("PUT", "/calendars/offer", HERE, PLANT, ""),
    ("POST", "/calendars/offer/preview", HERE, PLANT, ""),
    ("POST", "/outages", OUTAGE, "401 403 403 403 403 201", ""),
    ("POST", "/outages/preview", OUTAGE, "401 403 403 403 403 200", ""),
    ("GET", "/recounts", None, PLANT, ""),
    ("POST", "/imports?workflow=offer", b"tax_id,designation\n1234567890,V-2\n", "401 201 201 201 403 403", ""),
    ("GET", "/imports", None, KNOWN, ""),
    ("GET", "/imports/template.xlsx?workflow=offer", None, "401 200 200 200 403 403", ""),
    ("GET", "/imports/{import}", None, "401 200 404 404 404 404", NO_CASE),
    ("GET", "/imports/{import}/report", None, "401 200 404 404 404 404", NO_CASE),
    ("GET", "/imports/{import}/report.xlsx", None, "401 200 404 404 404 404", NO_CASE),
    ("POST", "/imports/{import}/commit?rows=all", None, "401 202 404 404 404 404", NO_CASE),
    ("POST", "/clock", {"to": "2026-03-02T06:00:01Z"}, PLANT, ""),
]


@pytest.fixture
def listed(world):
    """What the paths of the table name."""
    drawing = ask(world, "anna", "POST", "/documents", b"the drawing", {}).json()["sha256"]
    case = world.listed({**ACME, "product": {**ACME["product"], "drawing": drawing}})
    number = case["data"]["certificate"]["number"]
    subscription = world.as_("anna").post("/subscriptions", json=SUBSCRIBED).json()["subscription"]["id"]
    return {
        "doc": drawing,
        "sub": subscription,
        "late": str(world.services.store.write(lambda tx: given_up(tx, case["id"]))),
        "id": case["id"],
        "number": number,
        "entry": case["data"]["register"]["entry_no"],
        "receipt": world.as_("oleg").get("/register/eligibility?tax_id=1&designation=V").json()["receipt"]["id"],
        "lent": world.services.people.create_token("carl", "Carl", ["officer"])[1].id,
        "let": world.as_("anna").post("/me/delegations", json={**LET, "reason": "on leave"}).json()["id"],
        "import": ask(world, "anna", "POST", "/imports?workflow=offer", TABLE_OF_ONE, {}).json()["job"]["id"],
        "token": world.services.certificates.by_number(number).token,
        "incident": world.services.store.write(
            lambda tx: tx.add_incident(case_id=case["id"], kind="timer", subject="x", text="refused")
        ),
    }


def given_up(tx, case_id):
    """A delivery that is dead; its id."""
    tx.add_deliveries(1, 0, 1, [Place(1, case_id, 1)])
    (taken,) = tx.claim_deliveries(tx.subscription_at(1), most=1, at_once=1, lease_seconds=60)
    tx.finish_delivery(taken, DEAD, tries=1, error="the receiver answered 400", next_at=None)
    return taken.row


def ask(world, caller, method, path, body, names):
    """One request, with the names of the path filled in."""
    client = world.as_(caller)
    url = path.format(**names)
    if isinstance(body, bytes):
        kind = "multipart/form-data; boundary=x" if body is FORM else "text/csv"
        return client.request(method, url, content=body, headers={"Content-Type": kind})
    if body is not None and "events" in body:
        body = {"events": [{**line, "case": names["id"]} for line in body["events"]]}
    return client.request(method, url, json=body)


def test_every_endpoint_for_every_caller(world, listed):
    """Without a token 401; another party's case is as one that is not there; operations see the plant, not the cases."""
    seen = {}
    for method, path, body, _, absent in TABLE:
        for names in [listed, NOTHING] if absent else [listed]:
            asked = (ask(world, caller, method, path, body, names) for caller in CALLERS.values())
            seen[method, path, names is listed] = " ".join(str(answer.status_code) for answer in asked)
    wanted = {(method, path, True): there for method, path, _, there, _ in TABLE}
    wanted |= {(method, path, False): absent for method, path, _, _, absent in TABLE if absent}
    assert seen == wanted


def test_another_partys_case_is_as_one_that_is_not_there(world, listed):
    """In the same words, so that nobody learns which there are."""
    for method, path, body, there, absent in TABLE:
        if absent == NO_CASE and "404" in there:
            said = [ask(world, CALLERS["other"], method, path, body, names).json() for names in (listed, NOTHING)]
            for name, real in listed.items():
                said[0]["detail"] = said[0]["detail"].replace(f"'{real}'", f"'{NOTHING[name]}'")
            assert said[0] == said[1], path


def test_no_endpoint_is_forgotten(world):
    """Every route that the OpenAPI document names is in the table."""
    spec = world.as_().get("/openapi.json").json()
    table = {(method, path.partition("?")[0]) for method, path, *_ in TABLE}
    names = {
        "case_id": "id",
        "entry_no": "entry",
        "receipt_id": "receipt",
        "name": "name",
        "incident_id": "incident",
        "token_id": "lent",
        "delegation_id": "let",
        "import_id": "import",
        "sha256": "doc",
        "subscription_id": "sub",
        "delivery": "late",
    }
    for path, operations in spec["paths"].items():
        known = path.replace("{name}", "offer").replace("{version}", "1")
        for old, new in names.items():
            known = known.replace(f"{{{old}}}", f"{{{new}}}")
        known = known.replace("{role}", "officer").replace("{state}", "x")
        known = known.replace("/versions/{number}", "/versions/1").replace("/{seq}/{n}/", "/4/1/")
        for method in operations:
            assert (method.upper(), known) in table


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic YTpi", "bearer " + "x" * 5000, "Bearer \xff"])
def test_a_token_that_is_none(world, header):
    """401 with a challenge, whatever stands in the header."""
    client = world.as_()
    answer = client.get("/me", headers={"Authorization": header.encode("latin-1")})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_revoked_token_opens_nothing(world):
    """From the moment it is revoked; the list says so, and has no secrets."""
    assert world.as_("anna").get("/me").status_code == 200
    shown = world.as_("ops").get("/tokens")
    assert not any(secret in shown.text for secret in world.secrets.values())
    token = next(token for token in shown.json() if token["actor_id"] == "anna")
    assert world.as_("ops").delete(f"/tokens/{token['id']}").status_code == 204
    assert world.as_("anna").get("/me").status_code == 401
    assert next(t for t in world.as_("ops").get("/tokens").json() if t["id"] == token["id"])["revoked_at"]
