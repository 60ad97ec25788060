"""How much one caller may ask for: requests in a time by actor, wrong tokens by address. Each process counts for itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from engine.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection

BURST = 4.0
"""Seconds' worth of requests that may come at once."""
TOO_SMALL = 1e-6
"""Seconds that are only the rounding of many."""
KNOWN = 10_000
"""Callers that are remembered."""


class Rate:
    """So many in a second, and a burst of them (the generic cell rate algorithm); `ticks` in seconds."""

    def __init__(self, per_second: float, *, ticks: Callable[[], float] = monotonic) -> None:
        self._every = 1.0 / per_second
        self._ticks, self._lock = ticks, Lock()
        self._free: dict[str, float] = {}  # when a caller would have nothing left to wait for

    def left(self, who: str) -> None:
        """Raises TooManyRequests where nothing more is taken from him at present."""
        over = self._free.get(who, 0.0) + self._every - self._ticks() - BURST
        if over > TOO_SMALL:
            seconds = max(1, math.ceil(over))
            raise TooManyRequests(f"too many requests; go on in {seconds} s", retry_after=seconds)

    def take(self, who: str) -> None:
        """One of his, or TooManyRequests."""
        with self._lock:
            self.left(who)
            now = self._ticks()
            if len(self._free) >= KNOWN and who not in self._free:
                self._free = {name: free for name, free in self._free.items() if free > now}
                if len(self._free) >= KNOWN:
                    self._free.clear()
            self._free[who] = max(now, self._free.get(who, 0.0)) + self._every


@dataclass(frozen=True, slots=True)
class Doors:
    """How far the application is open: `requests` of an actor; `guesses` (wrong tokens), `visits` of public pages and files
    `brought` to them of an address; and the `origins` whose pages may call it from a browser.
    """

    requests: Rate | None = None
    guesses: Rate = field(default_factory=lambda: Rate(10))
    visits: Rate = field(default_factory=lambda: Rate(20))
    brought: Rate = field(default_factory=lambda: Rate(0.5))
    origins: tuple[str, ...] = ()


def address_of(connection: HTTPConnection) -> str:
    """Who counts as one of those who have no name: an address, of IPv6 the network that one household or office has."""
    host = connection.client.host if connection.client is not None else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((int(address), 64), strict=False))
