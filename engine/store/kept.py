"""Cases as the last transactions left them, so that a case in motion is not read again at every step."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from engine.store.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from engine.store.codec import Held
    from engine.store.link import Link

MOST = 1024


class Kept:
    """A bounded memory, shared by threads. Who does not own the database compares seq and hash under the lock."""

    def __init__(self) -> None:
        self._cases: OrderedDict[str, Held] = OrderedDict()
        self._lock = Lock()

    def unit(self, link: Link) -> Unit:
        """A new unit of work that may start from what is kept."""
        return Unit(link, self.get)

    def get(self, case_id: str) -> Held | None:
        """A case as the last transaction left it."""
        return self._cases.get(case_id)

    def cases(self) -> dict[str, Held]:
        """All that are kept now."""
        with self._lock:
            return dict(self._cases)

    def keep(self, held: Mapping[str, Held], gone: Iterable[str] = (), passing: Container[str] = ()) -> None:
        """What a committed transaction has left. Cases that it went through in `passing` push out none that are worked on."""
        with self._lock:
            for case_id, one in held.items():
                if case_id in passing and case_id not in self._cases:
                    continue
                self._cases[case_id] = one
                self._cases.move_to_end(case_id)
            for case_id in gone:
                self._cases.pop(case_id, None)
            while len(self._cases) > MOST:
                self._cases.popitem(last=False)

    def clear(self) -> None:
        """Forgets all: what a transaction left is not known."""
        with self._lock:
            self._cases.clear()
