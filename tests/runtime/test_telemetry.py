"""Spans at a real collector: requests as part of their caller's trace, deliveries, and nothing that is secret."""

from __future__ import annotations

import pytest

from runtime.composition import open_services
from runtime.settings import BadSetting, Settings
from tests.runtime.test_serve import bearer, serving, wait_for
from tests.servers.collector import Collector, attributes

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector():
    """One that listens."""
    made = Collector()
    yield made
    made.close()


def test_requests_and_deliveries(folder, token, monkeypatch, collector):
    """Each with its route and status and its case, in the caller's trace; sent at the latest when the server ends."""
    monkeypatch.setenv("MILEPOST_OTLP_URL", collector.url)
    carl = bearer(token("carl", "clerk", email="carl@people.example"))
    traced = {**carl, "traceparent": f"00-{TRACE}-{CALLER}-01"}
    body = {"workflow": "note", "data": {"paper": {"text": "confidential"}}}
    with serving(folder) as (process, client):
        case = client.post("/cases", json=body, headers=traced).json()["case"]["id"]
        assert client.get(f"/cases/{case}", headers=carl).status_code == 200
        assert client.get("/v/very-secret").status_code == 404
        wait_for(lambda: list((folder / "mailbox").glob("*.eml")), process)
    spans = {span.name: span for span in collector.spans}
    opened, read = spans["POST /cases"], spans["GET /cases/{case_id}"]
    assert (opened.trace_id.hex(), opened.parent_span_id.hex(), opened.kind) == (TRACE, CALLER, 2)
    assert (attributes(opened)["http.response.status_code"], attributes(opened)["http.route"]) == (201, "/cases")
    assert attributes(read)["milepost.case"] == case
    assert attributes(spans["deliver notify"])["milepost.effect"].startswith(f"{case}/1/")
    said = str(collector.spans)
    for secret in (carl["Authorization"].partition(" ")[2], "very-secret", "confidential", "carl@people.example"):
        assert secret not in said


def test_a_collector_that_is_not_there_holds_up_nobody(folder, token, monkeypatch, collector):
    """What it does not take is lost; the server answers and ends as ever."""
    collector.close()
    monkeypatch.setenv("MILEPOST_OTLP_URL", collector.url)
    carl = bearer(token("carl", "clerk"))
    with serving(folder) as (_, client):
        assert client.get("/me", headers=carl).status_code == 200


def test_an_address_that_is_none():
    """Refused before anything is open."""
    with pytest.raises(BadSetting, match="OTLP_URL is no web address"):
        open_services(Settings(database_url="sqlite://", otlp_url="collector:4318"), manual_clock=False)
