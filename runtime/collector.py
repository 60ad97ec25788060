"""Python's garbage collector, told how a server lives: what start-up made stays, what a request makes is soon gone."""

from __future__ import annotations

import gc

YOUNG = 50_000


def collect_seldom() -> None:
    """For a command that reads definitions and ends: most of what it makes it keeps until then."""
    gc.set_threshold(YOUNG, 20, 50)


def settle_collector() -> None:
    """After start-up: do not look through definitions and libraries again and again, and look for young garbage seldom.

    A step makes some sixty containers and drops them by itself; at the default of 700 the collector ran every dozen steps
    and took a seventh of their time.
    """
    gc.collect()
    gc.freeze()
    collect_seldom()
