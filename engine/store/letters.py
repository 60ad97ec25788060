"""Letters that went out, did not, or came back; a later try writes over an earlier one of the same letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from engine.store.bounded import bounded
from engine.store.letter_records import Letter
from engine.store.session import Session
from engine.store.statement import Statement
from engine.store.tables import CASE, LETTER
from engine.store.writes import inserting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

L = LETTER.c
ONE = ("message_id", "channel", "case_id")
NAMES = ("message_id", "channel", "effect", "person", "address", "template", "sha256", "at", "status", "reason")

_ALL = select(*(L[name] for name in NAMES)).order_by(L.id)
_CASE = select(CASE.c.id).where(CASE.c.public_id == bindparam("of_case")).scalar_subquery()
_PAGE = _ALL.add_columns(L.id).where(L.case_id == _CASE, L.id > bindparam("after")).limit(bindparam("most"))
OF_CASE = {False: Statement(_PAGE), True: Statement(_PAGE.where(L.person == bindparam("own")))}
OF_EFFECT = Statement(_ALL.where(L.effect == bindparam("of_effect")))
BY_ID = Statement(_ALL.where(L.message_id == bindparam("of_message")))
CASES_OF = Statement(
    select(CASE.c.public_id)
    .join(LETTER, L.case_id == CASE.c.id)
    .where(L.message_id == bindparam("of_message"))
    .distinct()
    .order_by(CASE.c.public_id)
)
ROW_OF = Statement(select(CASE.c.id).where(CASE.c.public_id == bindparam("of_case")))
INSERT = inserting(LETTER, over=ONE)
BOUNCE = Statement(
    update(LETTER)
    .where(L.message_id == bindparam("of_message"), L.channel == bindparam("by"), L.status == "sent")
    .values(status="bounced", reason=bindparam("why"))
)


class LetterReader(Session):
    """Reads of letters."""

    def letters(self, case_id: str, own: str | None, after: int, limit: int) -> tuple[tuple[int, Letter], ...]:
        """Those of a case with their row numbers, oldest first, after a row; `own`: those of this person only."""
        whose = {} if own is None else {"own": bounded(own)}
        rows = self.link.rows(OF_CASE[own is not None], of_case=case_id, after=after, most=limit, **whose)
        return tuple((row.id, Letter(*row[: len(NAMES)])) for row in rows)

    def letters_of_effect(self, effect: str) -> tuple[Letter, ...]:
        """Those that an effect sent, or tried to."""
        return tuple(Letter(*row) for row in self.link.rows(OF_EFFECT, of_effect=effect))

    def letters_by_id(self, message_id: str) -> tuple[Letter, ...]:
        """One message by all its channels, for each case that it speaks of."""
        return tuple(Letter(*row) for row in self.link.rows(BY_ID, of_message=bounded(message_id)))

    def cases_of_letter(self, message_id: str) -> tuple[str, ...]:
        """The cases that a message speaks of."""
        return tuple(row.public_id for row in self.link.rows(CASES_OF, of_message=bounded(message_id)))


class LetterWriter(LetterReader):
    """What became of letters."""

    def put_letters(self, case_ids: Sequence[str], letters: Iterable[Letter]) -> None:
        """Each for each of these cases."""
        made: list[dict[str, Any]] = [{name: getattr(letter, name) for name in NAMES} for letter in letters]
        for case_id in sorted(case_ids):
            row = self.link.value(ROW_OF, of_case=case_id)
            self.link.many(INSERT, [{**one, "case_id": row} for one in made])

    def bounce_letter(self, message_id: str, channels: Iterable[str], reason: str) -> int:
        """It came back by one of these; in how many cases it had counted as sent until now."""
        return sum(self.link.run(BOUNCE, of_message=message_id, by=one, why=reason) for one in channels)
