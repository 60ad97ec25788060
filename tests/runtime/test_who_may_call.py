"""Providers, limits and origins as they stand in settings, and a server as a process of its own that keeps to them."""

from __future__ import annotations

import time

import pytest

from runtime.composition import adapters_of, machine_now, open_services
from runtime.settings import BadSetting, Settings, read_settings
from tests.runtime.test_serve import bearer, serving
from tests.servers.openid import Issuer

LOGIN = {"OIDC_ISSUER": "https://login.milepost.example/r", "OIDC_AUDIENCE": "milepost"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"OIDC_ISSUER": "https://login.milepost.example"}, "an audience is needed"),
        ({"OIDC_AUDIENCE": "milepost"}, "no web address"),
        ({**LOGIN, "OIDC_ISSUER": "http://login.milepost.example"}, "has to be https"),
        ({**LOGIN, "OIDC_ISSUER": "https://me:pw@login.milepost.example"}, "no web address"),
        ({**LOGIN, "OIDC_CLAIMS": "roles"}, "is not like"),
    ],
)
def test_providers_that_make_no_sense(given, said, tmp_path):
    """Refused before anything is opened, in one line that names the settings."""
    variables = {f"MILEPOST_{name}": value for name, value in given.items()}
    settings = read_settings({**variables, "MILEPOST_DATABASE_URL": f"sqlite:///{tmp_path}/never.db"})
    with pytest.raises(BadSetting, match=said) as caught:
        open_services(settings, manual_clock=False)
    assert "pw" not in str(caught.value)
    assert not (tmp_path / "never.db").exists()


def test_a_provider_is_asked_for_nothing_at_first(tmp_path):
    """With one set, adapters have the port; without, they have none."""
    assert adapters_of(Settings(mailbox=str(tmp_path)), machine_now).identity is None
    found = adapters_of(Settings(oidc_issuer="http://127.0.0.1:1/r", oidc_audience="a"), machine_now)
    assert found.identity is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REQUESTS_PER_SECOND", "many"),
        ("REQUESTS_PER_SECOND", "-1"),
        ("REQUESTS_PER_SECOND", "nan"),
        ("VISITS_PER_SECOND", "0"),
        ("LOG", "xml"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://portal.example/"),
        ("CORS_ORIGINS", "https://*.example"),
        ("CORS_ORIGINS", "null"),
    ],
)
def test_doors_that_make_no_sense(name, value, folder, milepost, monkeypatch):
    """`serve` does not start, says which setting it is, and has opened nothing."""
    monkeypatch.setenv(f"MILEPOST_{name}", value)
    code, _, err = milepost("serve", "--port", "0")
    assert (code, f"MILEPOST_{name}" in err, err.count("\n")) == (2, True, 1)
    assert not (folder / "milepost.db").exists()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///milepost.db", "sqlite:///milepost.db"),
        ("postgresql://ann:s3cret@db.example/m", "postgresql://ann@db.example/m"),
        ("postgresql://ann:s3:c@ret@db.example:5432/m?password=s3cret", "postgresql://ann@db.example:5432/m"),
        ("postgresql://db.example/m", "postgresql://db.example/m"),
    ],
)
def test_no_password_is_shown(url, shown):
    """What is printed of a database has no password in it, and settings do not print it either."""
    settings = Settings(database_url=url)
    assert settings.shown_database == shown
    assert "s3" not in repr(settings)


def test_a_server_with_a_provider_and_limits(folder, token, monkeypatch):
    """Tokens of the provider open what they say, too many requests are 429 by person, and the log has no token."""
    issuer = Issuer(int(time.time()))
    issuer.make("one", "ES256")
    for name, value in {
        "OIDC_ISSUER": issuer.url, "OIDC_AUDIENCE": "milepost", "OIDC_ROLE_PREFIX": "mp-", "REQUESTS_PER_SECOND": "1", "LOG": "json",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"MILEPOST_{name}", value)
    good = issuer.token("one", "ES256", roles=["mp-clerk", "operations"])
    wrong, ours = issuer.token("one", "ES256", aud="payroll"), token("carl", "clerk")
    try:
        with serving(folder) as (_, client):
            assert client.get("/me", headers=bearer(good)).json()["roles"] == ["clerk"]
            assert 429 in [client.get("/me", headers=bearer(good)).status_code for _ in range(8)]
            assert client.get("/me", headers=bearer(ours)).status_code == 200
            assert client.get("/me", headers=bearer(wrong)).status_code == 401
    finally:
        issuer.close()
    said = (folder / "serve.log").read_text()
    assert '"route": "/me", "status": 429' in said
    assert [part for secret in (good, wrong, ours) for part in secret.split(".")[1:] if part in said] == []
    assert ours not in said
