"""Tokens signed by a real provider on a loopback port: those that are accepted, and every one that is not."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from datetime import UTC, datetime

import pytest
from joserfc import jwk

from adapters.oidc import AGAIN, FRESH, SKEW, STALE, Keys, Oidc, Provider, read_claims
from engine.errors import NotAuthenticated, Unavailable
from tests.servers.openid import KINDS, Issuer

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
AT = int(NOW.timestamp())


@pytest.fixture(scope="module")
def served():
    """The server; keys are made once, as that takes long."""
    made = Issuer(AT)
    made.make("one")
    made.first = made.keys["one"]
    yield made
    made.close()


@pytest.fixture
def issuer(served):
    """The provider, as it was."""
    served.keys = {"one": served.first}
    served.answers, served.asked, served.more = True, 0, {}
    return served


class Ticks:
    """A clock that is moved by hand."""

    now = 1000.0

    def __call__(self):
        """Seconds."""
        return self.now


@pytest.fixture
def ticks():
    """The clock of the keys' age."""
    return Ticks()


@pytest.fixture
def oidc(issuer, ticks):
    """What reads its tokens."""
    return Oidc(Provider(issuer.url, "milepost"), machine_now=lambda: NOW, keys=Keys(issuer.url, ticks=ticks))


def refused(oidc, token):
    """In the same words for every reason."""
    with pytest.raises(NotAuthenticated, match="the token is not accepted"):
        oidc.actor_of(token)
    return True


@pytest.mark.parametrize("algorithm", list(KINDS))
def test_a_token_is_an_actor(issuer, oidc, algorithm):
    """Its person, name, roles and attributes."""
    issuer.make(algorithm, algorithm)
    token = issuer.token(algorithm, algorithm, name="Anna Sample", roles=["applicant"], party="1234567890")
    actor = oidc.actor_of(token)
    assert (actor.id, actor.name, actor.kind) == ("anna", "Anna Sample", "person")
    assert (actor.roles, actor.attributes) == ({"applicant"}, {"party": "1234567890"})


def test_claims_are_mapped(issuer):
    """From where the provider has them; only roles with the prefix count; a list is a list."""
    provider = Provider(
        issuer.url,
        "milepost",
        read_claims(
            "id=preferred_username, roles=realm_access.roles, party=https://milepost.example/tax_ids, unit=unit"
        ),
        "milepost:",
    )
    token = issuer.token(
        preferred_username="anna@acme.example",
        realm_access={"roles": ["milepost:officer", "admin", "milepost:officer.supervisor"]},
        unit="north",
        **{"https://milepost.example/tax_ids": ["1", "2"]},
    )
    actor = Oidc(provider, machine_now=lambda: NOW).actor_of(token)
    assert (actor.id, actor.roles) == ("anna@acme.example", {"officer", "officer.supervisor"})
    assert actor.attributes == {"party": ("1", "2"), "unit": "north"}


def test_roles_in_one_text(issuer, oidc):
    """As a scope is written."""
    assert oidc.actor_of(issuer.token(roles="officer laboratory")).roles == {"officer", "laboratory"}


WRONG = {
    "expired": {"exp": AT - SKEW - 1},
    "without an end": {"exp": None},
    "not yet valid": {"nbf": AT + SKEW + 1},
    "from the future": {"iat": AT + SKEW + 1},
    "for another audience": {"aud": "payroll"},
    "for other audiences": {"aud": ["payroll", "milepost2"]},
    "without an audience": {"aud": None},
    "of another issuer": {"iss": "https://evil.example"},
    "without an issuer": {"iss": None},
    "for nobody": {"sub": None},
    "for a number": {"sub": 7},
    "for a text with a line feed": {"sub": "anna\nadmin"},
    "with a name without an end": {"name": "x" * 300},
    "with roles that are none": {"roles": [{"officer": True}]},
    "with too many roles": {"roles": [f"r{n}" for n in range(101)]},
    "with an end that is none": {"exp": "tomorrow"},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_wrong_token_opens_nothing(issuer, oidc, claims):
    """Signed well, but not for us or not now."""
    assert refused(oidc, issuer.token(**claims))


@pytest.mark.parametrize("claims", [{"exp": AT - SKEW + 1}, {"nbf": AT + SKEW}, {"iat": AT + SKEW}])
def test_clocks_may_differ_a_little(issuer, oidc, claims):
    """A minute either way."""
    assert oidc.actor_of(issuer.token(**claims)).id == "anna"


def test_one_audience_of_several(issuer, oidc):
    """Ours is among them."""
    assert oidc.actor_of(issuer.token(aud=["payroll", "milepost"])).id == "anna"


def part(value):
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_signatures_that_are_none(issuer, oidc):
    """No algorithm, a shared secret made of the public key, another's key under a known id, a changed claim."""
    head, body, signed = issuer.token().split(".")
    claims = {"iss": issuer.url, "aud": "milepost", "sub": "anna", "exp": AT + 300}
    assert refused(oidc, f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}.")
    assert refused(oidc, f"{part({'alg': 'None', 'kid': 'one'})}.{part(claims)}.{signed}")
    shared = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
    made = hmac.digest(issuer.keys["one"].as_pem(private=False), shared.encode(), "sha256")
    assert refused(oidc, f"{shared}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}")
    assert refused(oidc, issuer.token(key=jwk.generate_key("RSA", 2048)))
    assert refused(oidc, f"{head}.{part({**claims, 'sub': 'admin'})}.{signed}")
    assert refused(oidc, f"{head}.{body}.{signed[:-4]}AAAA")
    assert refused(oidc, issuer.token(header={"kid": None}))


@pytest.mark.parametrize(
    "text", ["", "a.b.c", "...", "x" * 5000, "ä.ö.ü", f"{part([])}.{part([])}.x", f"{part({'alg': []})}.e30.x"]
)
def test_what_is_no_token(oidc, text):
    """Nothing of it breaks anything."""
    assert refused(oidc, text)


def test_keys_rotate(issuer, oidc, ticks):
    """A new key is found when it is first used, one that is gone opens nothing any more, and nobody can make us ask and ask."""
    assert oidc.actor_of(issuer.token())
    issuer.make("two", "ES256")
    ticks.now += AGAIN + 1
    assert oidc.actor_of(issuer.token("two", "ES256"))
    asked = issuer.asked
    for number in range(20):
        refused(oidc, issuer.token("two", "ES256", header={"kid": f"unknown {number}"}))
    assert issuer.asked == asked
    old = issuer.token()
    issuer.keys = {"two": issuer.keys["two"]}
    assert oidc.actor_of(old)  # until the keys are asked for again
    ticks.now += FRESH + 1
    assert refused(oidc, old)


def test_a_provider_that_is_away(issuer, oidc, ticks, caplog):
    """Keys that are known go on for a day; then, or where none was ever known, it is 503 and no refusal."""
    caplog.set_level(logging.INFO)
    issuer.answers = False
    with pytest.raises(Unavailable):
        oidc.actor_of(issuer.token())
    issuer.answers = True
    ticks.now += AGAIN + 1
    token = issuer.token()
    assert oidc.actor_of(token)
    issuer.answers = False
    ticks.now += STALE - 10
    assert oidc.actor_of(token)
    ticks.now += 20
    with pytest.raises(Unavailable):
        oidc.actor_of(token)
    assert "answered 503" in caplog.text
    assert token not in caplog.text
    assert token.rpartition(".")[2] not in caplog.text


@pytest.mark.parametrize(
    "more",
    [{"issuer": "https://evil.example"}, {"jwks_uri": "http://evil.example/keys"}, {"jwks_uri": "file:///etc/passwd"}],
)
def test_what_a_provider_says_of_itself_is_checked(issuer, oidc, more):
    """Another issuer, or keys that anybody on the way could change."""
    issuer.more = more
    with pytest.raises(Unavailable):
        oidc.actor_of(issuer.token())


@pytest.mark.parametrize(
    ("issuer", "audience"),
    [
        ("", "a"),
        ("ftp://x", "a"),
        ("http://login.milepost.example", "a"),
        ("https://login.milepost.example", ""),
        ("https://u:p@x", "a"),
    ],
)
def test_settings_that_cannot_be(issuer, audience):
    """Said at start."""
    with pytest.raises(ValueError, match=r"issuer|audience"):
        Provider(issuer, audience)


@pytest.mark.parametrize("text", ["id", "=sub", "a b=c", "id="])
def test_mappings_that_cannot_be(text):
    """As above."""
    with pytest.raises(ValueError, match="is not like"):
        read_claims(text)
