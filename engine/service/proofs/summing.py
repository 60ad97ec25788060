"""What the changes of a case's records add up to, as far as their payloads are there; in the plain JSON of the store."""

from __future__ import annotations

import json
from typing import Any


class Sum:
    """Field by field. What was written before an erased payload may have been changed by it: nobody knows it any more."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}  # path → tagged JSON, None: emptied
        self._all_known = True

    def add(self, payload: str | None) -> bool:
        """The next record's payload as canonical text, None where it was erased; False where it is none."""
        if payload is None:
            self.values.clear()
            self._all_known = False
            return True
        said = members(payload)
        changes = None if said is None else said.get("changes", {})
        if not isinstance(changes, dict):
            return False
        self.values.update(changes)
        return True

    def knows(self, path: str) -> bool:
        """Whether the value of a field now is known."""
        return self._all_known or path in self.values


def differs(one: Any, other: Any) -> bool:
    """Whether two values in plain JSON are not the same: true is not 1."""
    return one != other or json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)


def members(text: object) -> dict[str, Any] | None:
    """The members of a map in JSON; None where it is none."""
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
