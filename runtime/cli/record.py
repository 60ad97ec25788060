"""`milepost test --record CASE`: a real case as a scenario file, on stdout."""

from __future__ import annotations

import sys

from engine.errors import CaseNotFound
from engine.rehearse.recording import read_case, scenario_of
from runtime.cli.choices import FINE
from runtime.cli.settings import services_now


def run(case: str) -> int:
    """Print it. Raises CaseNotFound."""
    with services_now() as services:
        catalog = services.catalog
        whole = services.store.read(
            lambda reader: read_case(reader, case, lambda version: catalog.chart(version, reader).workflow)
        )
        if not whole:
            raise CaseNotFound(f"there is no case '{case[:80]}'; name one by its number or id")
        people = {actor.id: actor for actor in services.people.everybody()}
    sys.stdout.write(scenario_of(whole, people))
    return FINE
