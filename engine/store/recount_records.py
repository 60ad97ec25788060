"""What has moved deadlines of running cases, as it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.recounts import Recount


@frozen
class StoredRecount:
    """What moves deadlines of the open cases of a calendar, a zone or a workflow (`name`), and how far its work is.

    `at`: since when it holds; `seen`: the row of the last case looked at; `moved`: how many cases moved.
    """

    name: str
    said: Recount
    actor_id: str
    at: datetime
    seen: int = 0
    moved: int = 0
    done_at: datetime | None = None

    @property
    def number(self) -> int:
        """Its place in the order of all."""
        return self.said.number
