"""Limits of adapters as they stand in a setting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.store.limits import Limit, Limits
from runtime.composition import open_services
from runtime.settings import BadSetting, Settings, read_settings


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("*=8", Limits(others=Limit(8))),
        ("", Limits()),
        (
            "notify=4,10/s; laboratory=1,30/min; *=8",
            Limits(
                {"notify": Limit(4, timedelta(seconds=0.1)), "laboratory": Limit(1, timedelta(seconds=2))}, Limit(8)
            ),
        ),
        (" archive = 100 / h ;", Limits({"archive": Limit(None, timedelta(seconds=36))})),
        ("a=1/s,2", Limits({"a": Limit(2, timedelta(seconds=1))})),
    ],
)
def test_limits(text, limits):
    """How many at once, how many in a time, or both; in any order, with spaces."""
    assert Settings(adapter_limits=text).limits == limits
    assert limits.of("cases") == Limit()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notify", "like notify=4,10/s"),
        ("Notify=4", "like notify=4,10/s"),
        ("notify=0", "how many"),
        ("notify=-1", "how many"),
        ("notify=", "how many"),
        ("notify=4,", "how many"),
        ("notify=10/day", "how many"),
        ("notify=10/", "how many"),
        ("notify=1.5", "how many"),
        ("notify=٤", "how many"),
        ("notify=4,5", "two limits of one kind"),
        ("notify=4/s,5/min", "two limits of one kind"),
        ("notify=4;notify=5", "twice"),
        ("notify=1001", "up to 1000"),
        ("notify=101/s", "up to 100/s"),
        ("cases=4", "from case to case"),
    ],
)
def test_limits_that_make_no_sense(text, said):
    """Refused before anything is opened, in one line that names the setting and not its value."""
    settings = read_settings({"MILEPOST_ADAPTER_LIMITS": text, "MILEPOST_DATABASE_URL": "sqlite:///never.db"})
    with pytest.raises(BadSetting, match=said) as caught:
        open_services(settings, manual_clock=False)
    assert str(caught.value).startswith("MILEPOST_ADAPTER_LIMITS: ")
    assert "\n" not in str(caught.value)
