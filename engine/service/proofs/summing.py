"""What the records of a case add up to: its data, as far as payloads are there, and its states; in the plain JSON of the store."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class Standing:
    """Where the records leave a case. A state that was left may have been brought back by `keep`, which no record says."""

    def __init__(self) -> None:
        self._entered: Counter[str] = Counter()
        self._left: Counter[str] = Counter()

    def add(self, record: Mapping[str, Any]) -> None:
        """The next record."""
        self._entered.update(record.get("entered", ()))
        self._left.update(record.get("left", ()))

    def active(self) -> set[str]:
        """The states that the case must be in."""
        return {state for state, times in self._entered.items() if times > self._left[state]}

    def possible(self) -> set[str]:
        """The states that it may be in."""
        return set(self._entered)


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
