"""People whom an OpenID provider knows, over HTTP: what they may do, and that their tokens are nowhere else."""

from __future__ import annotations

import logging

import pytest

from adapters.oidc import Oidc, Provider
from api.app import create_app
from tests.api.conftest import ACME, START, World, build, tokens
from tests.servers.openid import Issuer


@pytest.fixture
def issuer():
    """A provider with a key."""
    made = Issuer(int(START.timestamp()))
    made.make("one", "ES256")
    yield made
    made.close()


@pytest.fixture
def world(issuer, listening):
    """The application that believes it."""
    services = build(identity=Oidc(Provider(issuer.url, "milepost"), machine_now=lambda: START))
    listening.app = create_app(services, version="test")
    yield World(listening.app, services, tokens(services), listening)
    services.store.close()


def test_a_provider_s_people_work_like_ours(world, issuer):
    """An applicant opens a case for his party; an officer with a token of ours sees who did it; another party sees nothing."""
    world.secrets["eva"] = issuer.token(
        "one", "ES256", sub="eva", name="Eva Sample", roles=["applicant"], party="1234567890"
    )
    world.secrets["max"] = issuer.token("one", "ES256", sub="max", roles=["applicant"], party="777")
    assert world.as_("eva").get("/me").json()["id"] == "eva"
    case = world.open("eva", ACME)
    history = world.as_("oleg").get(f"/cases/{case['id']}/history").json()
    assert history[0]["actor"]["id"] == "eva"
    assert world.as_("max").get(f"/cases/{case['id']}").status_code == 404


def test_a_wrong_token_is_in_no_log(world, issuer, caplog):
    """401 with a challenge and no reason; the log has the reason and no token."""
    caplog.set_level(logging.DEBUG)
    token = world.secrets["eva"] = issuer.token("one", "ES256", aud="payroll")
    answer = world.as_("eva").get("/me")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "aud" not in answer.text
    assert "aud" in caplog.text
    assert not any(part in caplog.text for part in token.split(".")[1:])


def test_a_provider_that_is_away(world, issuer):
    """503 with Retry-After for its people; ours go on."""
    issuer.answers = False
    world.secrets["eva"] = issuer.token("one", "ES256")
    answer = world.as_("eva").get("/me")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert world.as_("oleg").get("/me").status_code == 200


def test_long_tokens_are_told_apart(world, issuer):
    """They begin alike; who was asked for a moment ago is not who asks now."""
    for name in ("eva", "max"):
        world.secrets[name] = issuer.token("one", "ES256", iss_long="x" * 500, sub=name, roles=["applicant"])
        assert world.as_(name).get("/me").json()["id"] == name
