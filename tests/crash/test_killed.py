"""kill -9 at random moments under load: what was answered is there, nothing is there twice, and what was asked for goes out."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.case import EffectKind
from engine.store.records import CaseFilter
from tests.crash.killing import PARTY, Site
from tests.crash.pictures import feed_of, pictures

MANY = 10**6


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path):
    """A server on a new database."""
    sqlite = request.param == "sqlite"
    return Site(tmp_path, f"sqlite:///{tmp_path}/cases.db" if sqlite else request.getfixturevalue("postgres_url"))


def campaign(site, rounds):
    """Kills it so often; then everything is asked for that was not answered, and what is due is done."""
    for _ in range(rounds):
        site.round()
        site.check()
    services = site.services(later=timedelta(hours=1))  # the leases of the dead are over
    try:
        check_all(site, services)
    finally:
        services.store.close()


def check_all(site, services):
    """What there is in the end."""
    services.clock.settle()
    ids = [summary.id for summary in services.store.read(lambda r: r.cases(CaseFilter(), limit=MANY))]
    feed = feed_of(services.store)
    found = services.store.read(lambda r: pictures(r, ids, feed))
    steps = [line for one in found.values() for line in one.history]
    answered = {key: place for client in site.clients for key, place in client.answered.items()}
    keys = set(answered) | {client.unknown.key for client in site.clients if client.unknown}
    kept = {key: services.store.read(lambda r, key=key: r.accepted(key, PARTY)) for key in keys}
    places = [(one.case_id, one.seq) for one in kept.values() if one is not None]
    assert all((kept[key].case_id, kept[key].seq) == place for key, place in answered.items())
    assert len(places) == len(set(places))
    said = [
        line for line in steps if line.record["kind"] in {"opened", "event"} and line.record["actor"]["id"] == PARTY
    ]
    assert sorted((line.case_id, line.seq) for line in said) == sorted(places)
    commands = Counter(line.record["command"] for line in steps if line.record["command"])
    assert set(commands.values()) == {1}
    once(one.case.number for one in found.values())
    once(held.number for one in found.values() for held, _ in one.certificates)
    once(one.entry.entry_no for one in found.values() if one.entry)
    granted = [one for one in found.values() if "certificate.number" in one.case.data]
    assert all(one.case.leaves == ("listed",) for one in granted)
    assert all(services.certificates.pdf(one.case.data["certificate.number"]).pdf for one in granted)
    went_out(site, [effect for one in found.values() for effect in one.effects])
    assert services.effects.pending() == 0


def once(values):
    """Each of them is there once."""
    assert set(Counter(values).values()) <= {1}


def went_out(site, effects):
    """Each effect is done, and what it files lies there under one name."""
    assert {status for *_, (status, _) in effects} <= {"done"}
    kinds = Counter(kind for _, kind, *_ in effects)
    letters = list(Path(site.settings.mailbox).glob("*.eml"))
    orders = list(Path(site.settings.work_orders).glob("*/*.json"))
    assert (len(letters), len(orders)) == (kinds[EffectKind.NOTIFY], kinds[EffectKind.CALL])


def test_killed_under_load(site):
    """Six times."""
    campaign(site, 6)


@pytest.mark.slow
def test_killed_very_often(site):
    """Two hundred times on each database."""
    campaign(site, 200)
