"""`Act-For` over HTTP: who may, what it does, and that history shows both."""

from __future__ import annotations


def allow(world, **more):
    """Oleg, an officer, lets Lena of the laboratory."""
    body = {"to": "lena", "until": "2026-03-20T00:00:00Z", "reason": "on leave", **more}
    return world.as_("oleg").post("/me/delegations", json=body)


def test_history_shows_both(world):
    """She acts with his role and sees what he sees; without the header she is herself."""
    case = world.open()["id"]
    made = allow(world)
    assert (made.status_code, made.json()["roles"]) == (201, ["officer"])
    sent = world.send("lena", case, "score", {"review.score": 80}, **{"Act-For": "oleg"})
    assert sent.status_code == 200
    step = world.as_("oleg").get(f"/cases/{case}/history").json()[-1]
    assert (step["actor"]["id"], step["actor"]["for"], step["actor"]["role"]) == ("lena", "oleg", "officer")
    assert world.as_("lena").get(f"/cases/{case}").status_code == 404
    assert world.as_("lena", **{"Act-For": "oleg"}).get("/me").json()["acting_for"] == "oleg"


def test_duties_bind_both(world):
    """What she has checked for him, neither of them decides."""
    case = world.open()["id"]
    allow(world)
    for event, data in (("score", {"review.score": 80}), ("accept", {})):
        assert world.send("lena", case, event, data, **{"Act-For": "oleg"}).status_code == 200
    assert world.send("oleg", case, "grant").json()["type"] == "urn:milepost:problem:duty-conflict"
    assert world.send("lena", case, "grant", **{"Act-For": "oleg"}).status_code == 403
    assert world.send("olga", case, "grant").status_code == 200


def test_who_was_not_let(world):
    """403 in words that say how; ended by either, at once."""
    refused = world.as_("lena", **{"Act-For": "oleg"}).get("/cases")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:milepost:problem:actor-not-allowed")
    made = allow(world).json()["id"]
    assert world.as_("lena", **{"Act-For": "oleg"}).get("/cases").status_code == 200
    assert world.as_("anna").delete(f"/me/delegations/{made}").status_code == 404
    assert world.as_("lena").delete(f"/me/delegations/{made}").status_code == 204
    assert world.as_("lena", **{"Act-For": "oleg"}).get("/cases").status_code == 403
    assert world.as_("ops", **{"Act-For": "x" * 500}).get("/cases").status_code == 422


def test_ids_in_any_letters(world):
    """The header is UTF-8; what is none is 422."""
    secret, _ = world.services.people.create_token("ольга", "Ольга", ["officer"])
    body = {"to": "lena", "until": "2026-03-20T00:00:00Z", "reason": "on leave"}
    assert world.as_(Authorization=f"Bearer {secret}").post("/me/delegations", json=body).status_code == 201
    lena = world.as_("lena")
    assert lena.get("/me", headers=[(b"Act-For", "ольга".encode())]).json()["acting_for"] == "ольга"
    assert lena.get("/me", headers=[(b"Act-For", b"\xff\xfe")]).status_code == 422


def test_keys_are_whose_act_it_is(world):
    """The same Idempotency-Key for one and for another is two commands; the work of whom she acts for is found as `me`."""
    case = world.open()["id"]
    allow(world)
    world.as_("olga").post(
        "/me/delegations", json={"to": "lena", "until": "2026-03-20T00:00:00Z", "reason": "on leave"}
    )
    place, claim = f"/cases/{case}/assignments/officer", {"verb": "claim"}
    assert world.as_("lena", **{"Act-For": "oleg", "Idempotency-Key": "k"}).put(place, json=claim).status_code == 200
    assert world.as_("lena", **{"Act-For": "olga", "Idempotency-Key": "k"}).put(place, json=claim).status_code == 409
    for giver, found in (("oleg", [case]), ("olga", [])):
        page = world.as_("lena", **{"Act-For": giver}).get("/cases", params={"assignee": "me"}).json()
        assert [line["id"] for line in page["items"]] == found
