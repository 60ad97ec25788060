"""Every endpoint for every kind of caller: nobody, the party itself, another party, operations."""

from __future__ import annotations

import pytest

NOBODY, OWN, OTHER, OPERATIONS = None, "anna", "boris", "ops"

ANOTHER = {"applicant.tax_id": "1234567890", "product.designation": "V-7"}

# path, method, body → status for nobody, the case's party, another party, operations
TABLE = [
    ("GET", "/healthz", None, 200, 200, 200, 200),
    ("GET", "/readyz", None, 200, 200, 200, 200),
    ("GET", "/openapi.json", None, 200, 200, 200, 200),
    ("GET", "/v/{token}", None, 200, 200, 200, 200),
    ("GET", "/me", None, 401, 200, 200, 200),
    ("GET", "/workflows", None, 401, 200, 200, 200),
    ("GET", "/workflows/offer", None, 401, 200, 200, 200),
    ("GET", "/workflows/offer/versions", None, 401, 200, 200, 200),
    ("GET", "/workflows/offer/diagram", None, 401, 200, 200, 200),
    ("GET", "/workflows/offer/versions/1/diagram", None, 401, 200, 200, 200),
    ("GET", "/cases", None, 401, 200, 200, 200),
    ("GET", "/cases/{id}", None, 401, 200, 404, 404),
    ("GET", "/cases/{id}/history", None, 401, 200, 404, 404),
    ("GET", "/cases/{id}/timers", None, 401, 200, 404, 404),
    ("GET", "/cases/{id}/effects", None, 401, 200, 404, 404),
    ("GET", "/cases/{id}/explain", None, 401, 200, 404, 404),
    ("POST", "/cases/{id}/events", {"event": "withdraw"}, 401, 403, 404, 404),
    ("POST", "/cases/{id}/events?dry_run=true", {"event": "withdraw"}, 401, 403, 404, 404),
    ("POST", "/cases", {"workflow": "offer", "data": ANOTHER}, 401, 201, 403, 403),
    ("POST", "/events", {"events": [{"case": "{id}", "event": "withdraw"}]}, 401, 200, 200, 200),
    ("GET", "/register", None, 401, 200, 200, 200),
    ("GET", "/register/{entry}", None, 401, 200, 200, 200),
    ("GET", "/register/eligibility?tax_id=1234567890&designation=V-1", None, 401, 200, 200, 200),
    ("GET", "/certificates/{number}", None, 401, 200, 200, 200),
    ("GET", "/certificates/{number}/pdf", None, 401, 200, 200, 200),
    ("GET", "/incidents", None, 401, 403, 403, 200),
    ("GET", "/incidents/{incident}", None, 401, 403, 403, 200),
    ("POST", "/incidents/{incident}/close", {"answer": "seen to"}, 401, 403, 403, 200),
    ("POST", "/effects/{id}/4/1/retry", {"reason": "again"}, 401, 403, 403, 409),
    ("POST", "/effects/{id}/4/1/resolve", {"reason": "done"}, 401, 403, 403, 409),
    ("GET", "/metrics", None, 401, 403, 403, 200),
    ("POST", "/imports?workflow=offer", b"tax_id,designation\n1234567890,V-2\n", 401, 201, 201, 403),
    ("GET", "/imports", None, 401, 200, 200, 200),
    ("GET", "/imports/template.xlsx?workflow=offer", None, 401, 200, 200, 403),
    ("GET", "/imports/{import}", None, 401, 200, 404, 404),
    ("GET", "/imports/{import}/report", None, 401, 200, 404, 404),
    ("GET", "/imports/{import}/report.xlsx", None, 401, 200, 404, 404),
    ("POST", "/imports/{import}/commit?rows=good", None, 401, 202, 404, 404),
    ("POST", "/clock", {"to": "2026-03-02T06:00:01Z"}, 401, 403, 403, 200),
]


@pytest.fixture
def listed(world):
    """What the paths of the table name."""
    case = world.listed()
    number = case["data"]["certificate"]["number"]
    table = {"content": b"tax_id,designation\n1234567890,V-9\n", "headers": {"Content-Type": "text/csv"}}
    return {
        "import": world.as_("anna").post("/imports?workflow=offer", **table).json()["job"]["id"],
        "id": case["id"],
        "number": number,
        "entry": case["data"]["register"]["entry_no"],
        "token": world.services.certificates.by_number(number).token,
        "incident": world.services.store.write(
            lambda tx: tx.add_incident(case_id=case["id"], kind="timer", subject="x", text="refused")
        ),
    }


def ask(world, caller, method, path, body, names):
    """One request, with the names of the path filled in."""
    client = world.as_(caller)
    url = path.format(**names)
    if isinstance(body, bytes):
        return client.request(method, url, content=body, headers={"Content-Type": "text/csv"})
    if body is not None and "events" in body:
        body = {"events": [{**line, "case": names["id"]} for line in body["events"]]}
    return client.request(method, url, json=body)


def test_every_endpoint_for_every_caller(world, listed):
    """Without a token 401; another party's case is not there; operations see the plant, not the cases."""
    seen = {}
    for method, path, body, *_ in TABLE:
        answers = [ask(world, caller, method, path, body, listed) for caller in (NOBODY, OWN, OTHER, OPERATIONS)]
        seen[method, path] = [answer.status_code for answer in answers]
    assert {(method, path): wanted for method, path, _, *wanted in TABLE} == seen


def test_no_endpoint_is_forgotten(world):
    """Every route that the OpenAPI document names is in the table."""
    spec = world.as_().get("/openapi.json").json()
    table = {(method, path.partition("?")[0]) for method, path, *_ in TABLE}
    names = {"case_id": "id", "entry_no": "entry", "name": "name", "incident_id": "incident", "import_id": "import"}
    for path, operations in spec["paths"].items():
        known = path.replace("{name}", "offer").replace("{version}", "1")
        for old, new in names.items():
            known = known.replace(f"{{{old}}}", f"{{{new}}}")
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
    """From the moment it is revoked."""
    token = next(token for token in world.services.people.tokens() if token.actor_id == "anna")
    world.services.people.revoke(token.id)
    assert world.as_("anna").get("/me").status_code == 401
