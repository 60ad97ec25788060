"""Runs the command line on a machine whose clock is wrong: `python shifted.py SECONDS COMMAND…`; a length of time stays right."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta

import apscheduler.schedulers.base
import apscheduler.triggers.date
import apscheduler.triggers.interval

from runtime import composition
from runtime.cli.main import main

SHIFT = float(sys.argv[1])
_time = time.time


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class Shifted(datetime, metaclass=_Kind):
    """What the process takes for the time."""

    @classmethod
    def now(cls, tz=None):
        """The wrong moment."""
        return datetime.now(tz) + timedelta(seconds=SHIFT)


if __name__ == "__main__":
    time.time = lambda: _time() + SHIFT
    for module in (composition, apscheduler.schedulers.base, apscheduler.triggers.date, apscheduler.triggers.interval):
        module.datetime = Shifted
    sys.argv = ["milepost", *sys.argv[2:]]
    main()
