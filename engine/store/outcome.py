"""One command among others in a transaction: what came of it, and whether the transaction can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from engine.core.frozen import frozen
from engine.errors import MilepostError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from engine.store.unit import Unit

T = TypeVar("T")


@frozen
class Outcome(Generic[T]):
    """A value or an error."""

    value: T | None = None
    error: BaseException | None = None

    def result(self) -> T:
        """The value; raises the error."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)

    def answer(self, future: Future[Any]) -> None:
        """Hands it to who waits, if he still does."""
        if future.cancelled():
            return
        if self.error is None:
            future.set_result(self.value)
        else:
            future.set_exception(self.error)


class Anew(Exception):
    """The transaction would have to wait for a lock out of order; it is done again instead, from its beginning."""


class Broken(Exception):
    """The transaction of a group cannot be used any more. `unknown`: nobody knows whether it was committed."""

    def __init__(self, *, unknown: bool = False) -> None:
        self.unknown = unknown
        super().__init__("the transaction is of no use any more")


def attempt(unit: Unit, work: Callable[[Unit], T]) -> Outcome[T]:
    """One command of a group; its refusal is undone. Raises Broken where it has left something behind."""
    mark = unit.mark()
    try:
        return Outcome(work(unit))
    except MilepostError as error:
        if not unit.undo(mark):
            raise Broken from error
        return Outcome(error=error)
    except BaseException as error:  # also what would end this thread: it belongs to who asked
        raise Broken from error
