"""The Russian calendar as the project ships it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.calendars.reading import read_calendar

FILE = Path(__file__).parents[3] / "workflows" / "calendars" / "ru.yaml"


@pytest.fixture(scope="session")
def ru():
    """workflows/calendars/ru.yaml."""
    calendar, findings = read_calendar(FILE.read_text(encoding="utf-8"), file="ru.yaml")
    assert findings == ()
    return calendar
