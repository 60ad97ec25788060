"""Letters after they went out: what became of them, whether one that somebody holds is ours, and those that come back."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (views are read at run time)
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.errors import FieldProblem, InvalidPayload, NotFound, Unavailable
from engine.service.sending import words_hash
from engine.store.letter_records import LetterStatus  # noqa: TC001  (as above)

if TYPE_CHECKING:
    from engine.ports import Bounce, LetterFiles
    from engine.store.letter_records import Letter
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

MAX_LETTER = 256 << 10
RETURNED = "failed"


class LetterNotFound(NotFound):
    """No letter that went out has this id."""


@frozen
class LetterView:
    """A letter by one channel: `sha256` is of its words, `status` sent, failed or bounced, `reason` why not.

    `address` is where it went; who is not on the operator's side sees his own letters.
    """

    message_id: str
    channel: str
    to: str
    address: str
    template: str
    at: datetime
    status: LetterStatus
    sha256: str
    reason: str | None = None


class LetterFinding(StrEnum):
    """What a letter is that somebody holds."""

    OURS = "ours"
    ALTERED = "altered"
    UNKNOWN = "unknown"


@frozen
class LetterVerdict:
    """`words` say what was found; `at` and `status` are those of the letter that went out under this id."""

    finding: LetterFinding
    words: str
    message_id: str
    sha256: str
    at: datetime | None = None
    status: LetterStatus | None = None


@frozen
class BounceView:
    """What a report was taken for: `cases` have an incident each since the letter is known to have come back."""

    message_id: str
    action: str
    reason: str
    cases: tuple[str, ...]


class Letters:
    """Letters that are brought here as files of 256 KiB at most."""

    def __init__(self, store: Store, files: LetterFiles | None) -> None:
        self._store, self._files = store, files

    def verify(self, letter: bytes) -> LetterVerdict:
        """Whether it went out from here with these words. Raises InvalidPayload where it cannot be read."""
        reading = self._reader().read(letter) if len(letter) <= MAX_LETTER else None
        if reading is None:
            words = (
                f"is no letter of {MAX_LETTER >> 10} KiB at most with a Message-ID and a text; save it whole, as .eml"
            )
            raise InvalidPayload([FieldProblem("body", "format", words)])
        made = words_hash(reading.subject, reading.text)
        known = self._store.read(lambda reader: reader.letters_by_id(reading.message_id))
        sent = [one for one in known if one.status != "failed"]
        same = next((one for one in sent if one.sha256 == made), None)
        if same is not None:
            words = f"This letter went out on {same.at:%Y-%m-%d %H:%M} UTC with these words."
            return LetterVerdict(LetterFinding.OURS, words, reading.message_id, made, same.at, same.status)
        if sent:
            words = f"A letter with this id went out on {sent[0].at:%Y-%m-%d %H:%M} UTC, with other words."
            return LetterVerdict(LetterFinding.ALTERED, words, reading.message_id, made, sent[0].at, sent[0].status)
        return LetterVerdict(LetterFinding.UNKNOWN, "No letter went out under this id.", reading.message_id, made)

    def bounce(self, report: bytes) -> BounceView:
        """A mail server says that it could not deliver: the letter's cases say so from now on, and wait for a person.

        Once: the same report again changes nothing. One of a delay, or of success, is read and changes nothing either.
        Raises InvalidPayload, LetterNotFound.
        """
        said = self._reader().bounce(report) if len(report) <= MAX_LETTER else None
        if said is None:
            words = f"is no delivery report (RFC 3464) of {MAX_LETTER >> 10} KiB at most that names its letter"
            raise InvalidPayload([FieldProblem("body", "format", words)])
        if not self._store.read(lambda reader: reader.letters_by_id(said.message_id)):
            raise LetterNotFound("no letter that went out from here has the id that the report names")
        cases = self._store.write(lambda tx: _returned(tx, said)) if said.action == RETURNED else ()
        return BounceView(said.message_id, said.action, said.reason, cases)

    def _reader(self) -> LetterFiles:
        if self._files is None:
            raise Unavailable("no adapter reads letters here")
        return self._files


def letter_views(
    reader: Reader, case_id: str, *, own: str | None, after: int, limit: int
) -> list[tuple[int, LetterView]]:
    """Letters about a case with their row numbers; `own`: those of this person only."""
    found = reader.letters(case_id, own, after, limit)
    return [(row, _view(letter)) for row, letter in found]


def _view(letter: Letter) -> LetterView:
    return LetterView(
        message_id=letter.message_id,
        channel=letter.channel,
        to=letter.person,
        address=letter.address,
        template=letter.template,
        at=letter.at,
        status=letter.status,
        sha256=letter.sha256,
        reason=letter.reason,
    )


def _returned(tx: Transaction, said: Bounce) -> tuple[str, ...]:
    cases = tx.cases_of_letter(said.message_id)
    first = tx.letters_by_id(said.message_id)[0]
    if not tx.bounce_letter(said.message_id, said.channels, said.reason):
        return ()
    for case_id in cases:
        text = f"the letter '{first.template}' to {first.person} ({first.address}) came back: {said.reason}"
        tx.add_incident(case_id=case_id, kind="bounce", subject=first.effect, text=text)
    return cases
