"""A map that is made of its text at the first look: most timers look at nothing that a case's form says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator

V = TypeVar("V")


class Unread(Mapping[str, V]):
    """Equal to the map that `read` makes of the text; read once, by whoever looks first."""

    __slots__ = ("_found", "_read", "_text")

    def __init__(self, text: str, read: Callable[[str], dict[str, V]]) -> None:
        self._text, self._read = text, read
        self._found: dict[str, V] | None = None

    def _map(self) -> dict[str, V]:
        found = self._found
        if found is None:  # two threads may both read it: what they find is equal
            found = self._found = self._read(self._text)
        return found

    def __getitem__(self, key: str) -> V:
        return self._map()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._map())

    def __len__(self) -> int:
        return len(self._map())

    def __contains__(self, key: Any) -> bool:
        return key in self._map()

    def get(self, key: str, default: Any = None) -> Any:
        """As of a dict, at its speed."""
        return self._map().get(key, default)

    def items(self) -> ItemsView[str, V]:
        """As of a dict, at its speed."""
        return self._map().items()

    def __repr__(self) -> str:
        return repr(self._map())
