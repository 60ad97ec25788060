"""Settings and services for commands: one way to open a store and to give it free again."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runtime.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.service.services import Services
    from runtime.settings import Settings


def settings_now() -> Settings:
    """The settings of this environment. Raises BadSetting."""
    return read_settings(os.environ)


@contextmanager
def services_now(settings: Settings | None = None) -> Iterator[Services]:
    """The services over the store of the settings; closed at the end. Raises BadSetting, Unavailable."""
    from runtime.composition import open_services

    services = open_services(settings or settings_now(), manual_clock=False)
    try:
        yield services
    finally:
        services.effects.close()
        services.store.close()
        services.spans.close()
