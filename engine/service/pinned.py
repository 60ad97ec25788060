"""A key for caches: one definition, told from others by being the same object; it is kept alive as long as its answer is."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Pinned(Generic[T]):
    """Equal only to a key of the very same object; for values that are never changed and cannot be hashed."""

    __slots__ = ("it",)

    def __init__(self, it: T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pinned) and other.it is self.it
