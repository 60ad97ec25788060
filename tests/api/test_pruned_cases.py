"""What is left of a case that was pruned, as clients see it: no case any more, but its certificate and its entry."""

from __future__ import annotations

from engine.core.calendars.words import parse_term


def test_a_pruned_case_is_gone_and_its_proof_is_there(world):
    """410 with the days, wherever it is asked for; the register, the certificate and its public page answer as before."""
    case, oleg = world.listed(), world.as_("oleg")
    number, entry = case["data"]["certificate"]["number"], case["data"]["register"]["entry_no"]
    token = oleg.get(f"/certificates/{number}").json()["token"]
    pruning = world.services.pruning
    world.services.clock.advance(world.services.clock.now().replace(year=2030))
    assert list(pruning.prune(parse_term("1 day"))) == [0]
    assert world.send("oleg", case["id"], "withdraw").status_code == 200
    world.services.clock.settle()
    proofs = (
        "/certificates/" + number,
        f"/certificates/{number}/pdf",
        f"/v/{token}",
        f"/register/{entry}",
        "/register?q=V-1",
    )
    public = world.as_().get(f"/v/{token}", headers={"Accept": "text/html"}).text.partition("As the register stood")
    world.services.clock.advance(world.services.clock.now().replace(month=6))
    before = [oleg.get(path).content for path in proofs]
    assert list(pruning.prune(parse_term("6 months"))) == [0]
    assert list(pruning.prune(parse_term("2 months"))) == [1]

    for ref in (case["id"], case["number"]):
        for path in ("", "/history", "/timers", "/effects", "/explain"):
            answer = oleg.get(f"/cases/{ref}{path}")
            assert (answer.status_code, answer.json()["type"]) == (410, "urn:milepost:problem:case-pruned"), path
        said = answer.json()["detail"]
        assert said.startswith(
            f"case {case['number']} was closed on 2030-03-02 and pruned on 2030-06-02; its proof is kept"
        )
        assert world.send("oleg", ref, "withdraw").status_code == 410
        assert oleg.post(f"/cases/{ref}/events?dry_run=true", json={"event": "withdraw"}).status_code == 410
        assert (
            oleg.post("/events", json={"events": [{"case": ref, "event": "withdraw"}]}).json()["results"][0]["status"]
            == 410
        )
        assert [world.as_(name).get(f"/cases/{ref}").status_code for name in ("anna", "boris", "lena")] == [404] * 3
    assert oleg.get("/cases").json()["items"] == []
    assert oleg.get("/cases?q=V-1").json()["items"] == []
    assert [oleg.get(path).content for path in proofs] == before
    page = world.as_().get(f"/v/{token}", headers={"Accept": "text/html"}).text.partition("As the register stood")
    assert [public[0], public[2].partition("<")[2]] == [page[0], page[2].partition("<")[2]]
    question = {"tax_id": "1234567890", "designation": "V-1", "on": "2027-01-01"}
    assert (
        oleg.get("/register/eligibility", params={**question, "known_at": "2027-01-01T00:00:00Z"}).json()["answer"]
        is True
    )

    assert world.open()["number"] != case["number"]


def test_an_answer_is_replayed_for_a_week_only(world):
    """A repeated request finds its answer while that is kept; of a pruned case it hears that it is gone."""
    oleg = world.as_("oleg", **{"Idempotency-Key": "k1"})
    case = world.listed()
    sent = oleg.post(f"/cases/{case['id']}/events", json={"event": "withdraw"})
    again = oleg.post(f"/cases/{case['id']}/events", json={"event": "withdraw"})
    assert (sent.status_code, again.status_code, again.json() == sent.json()) == (200, 200, True)
    world.services.clock.settle()
    world.services.clock.advance(world.services.clock.now().replace(year=2030))
    assert list(world.services.pruning.prune(parse_term("1 day"))) == [1]
    assert oleg.post(f"/cases/{case['id']}/events", json={"event": "withdraw"}).status_code == 410
    assert world.services.pruning.forget_answers() == 0
