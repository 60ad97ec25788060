"""The history that proves itself: checkpoints as time goes on, the proof of everything, and what to keep outside.

What a proof looks at is said in proofs/; the forms are written down in docs/history.md.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.errors import CaseNotFound, MilepostError
from engine.service.feed import Feed
from engine.service.proofs.comparing import compare
from engine.service.proofs.covering import Trust, check_feed
from engine.service.proofs.file import read, written
from engine.service.proofs.report import Moves, Tally
from engine.service.proofs.walk import check_cases, check_one
from engine.store.checkpoints import checkpoint_text, digest
from engine.store.merkle import Tree
from engine.store.proof_records import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from engine.ports import Seal
    from engine.service.proofs.report import Proof
    from engine.store.records import FeedEntry
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

log = logging.getLogger("milepost.audit")

BATCH = 4096
"""So many places at most are covered by one checkpoint."""
HISTORY = "history"
"""The kind of incident that says that the history cannot be proved."""
PAUSE = timedelta(seconds=1)
"""The time between two checkpoints, unless there is a full batch."""


class NoKey(MilepostError):
    """Nobody here can sign."""


class FeedGap(MilepostError):
    """A place of the feed is gone: nothing after it can be sealed."""


class Audit:
    """Seals, proves, exports; safe to share between threads and nodes."""

    def __init__(self, store: Store, seal: Seal | None) -> None:
        self._store, self._seal = store, seal

    # ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def checkpoint(self) -> int:
        """Seal what is new; how many places. 0: nothing is new, or the last checkpoint is younger than a second.

        A gap in the feed becomes an incident, once.
        """
        try:
            return 0 if self._seal is None else self._cover(self._seal, PAUSE)
        except FeedGap as gap:
            words = str(gap)
            self._store.write(lambda tx: _report(tx, words))
            return 0

    def close(self) -> None:
        """Seal what came up to now, as nobody may do it for a long time. Raises Unavailable, FeedGap."""
        if self._seal is not None:
            self._cover_all(self._seal)

    def _cover(self, seal: Seal, pause: timedelta) -> int:
        """The tree is made outside of any transaction that writes, so that no step waits for it."""
        found = self._store.read(lambda reader: _uncovered(reader, pause))
        if found is None:
            return 0
        last, places, now = found
        tree = Tree()
        for place in places:
            tree.add(place)
        new = Checkpoint(
            first_pos=places[0].pos,
            last_pos=places[-1].pos,
            count=tree.count,
            root=tree.root,
            previous=digest(last),
            made_at=now,
            key=seal.make_key(),
        )
        signed = replace(new, signature=seal.sign(checkpoint_text(new).encode()))
        return signed.count if self._store.write(lambda tx: tx.add_checkpoint(signed)) else 0

    def _cover_all(self, seal: Seal) -> None:
        Feed(self._store).sequence()
        end = self._store.read(lambda reader: reader.feed_end())
        while self._store.read(lambda reader: _covered(reader.last_checkpoint())) < end:
            self._cover(seal, timedelta(0))  # where another node is quicker, what it has sealed counts

    # ── proving ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def verify(
        self,
        case: str | None = None,
        *,
        keys: Iterable[str] = (),
        against: Callable[[], Iterable[str]] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Proof:
        """Everything, or one case by id or number, on one snapshot.

        keys: public keys that are trusted beside the own one · against: opens the lines of an export · progress is told
        (lines gone through, lines in all). Raises CaseNotFound, BadExport.
        """
        trust = Trust(self._seal, self.trusted(keys))
        return self._store.read(lambda reader: _prove(reader, case, trust, against, progress))

    def trusted(self, keys: Iterable[str] = ()) -> frozenset[str]:
        """The own public key, where there is one yet, and others."""
        own = None if self._seal is None else self._seal.public_key
        return frozenset((*keys, *([own] if own else [])))

    # ── exporting ────────────────────────────────────────────────────────────────────────────────────────────────────

    def export(self, start: Callable[[], Callable[[str], None]]) -> Exported:
        """Seals what is not sealed yet, then gives out every place and every checkpoint, a line each. Raises NoKey.

        `start` begins an empty file, again where the database went away in the middle, and gives what takes a line.
        """
        if self._seal is None:
            raise NoKey("there is no key to sign checkpoints with; give one")
        self._cover_all(self._seal)
        return self._store.read(lambda reader: _export(reader, start()))


@frozen
class Exported:
    """What an export holds."""

    places: int
    checkpoints: int
    last: Checkpoint | None


def _report(tx: Transaction, words: str) -> None:
    if all(incident.kind != HISTORY for incident in tx.incidents()):
        log.error(words)
        tx.add_incident(case_id=None, kind=HISTORY, subject="feed", text=words)


def _covered(last: Checkpoint | None) -> int:
    return 0 if last is None else last.last_pos


def _uncovered(reader: Reader, pause: timedelta) -> tuple[Checkpoint | None, list[FeedEntry], datetime] | None:
    """The last checkpoint and what has come since, if it is time to seal it. Raises FeedGap."""
    last, now = reader.last_checkpoint(), reader.machine_now()
    covered = _covered(last)
    fresh = last is not None and timedelta(0) <= now - last.made_at < pause
    new = reader.feed_end() - covered
    if new <= 0 or (fresh and new < BATCH):
        return None
    found = reader.feed(covered, BATCH)
    places = [place for pos, place in enumerate(found, covered + 1) if place.pos == pos]
    if not places:
        raise FeedGap(f"position {covered + 1} of the feed is missing; nothing after it is sealed, see `audit verify`")
    return last, places, now


def _prove(
    reader: Reader,
    case: str | None,
    trust: Trust,
    against: Callable[[], Iterable[str]] | None,
    progress: Callable[[int, int], None] | None,
) -> Proof:
    tally = Tally()
    row = None if case is None else _row(reader, case)
    steps, places = reader.count_lines()
    moved = Moves(progress, steps + places * (2 if against is None else 3))
    if row is not None:
        with tally.reading("the case"):
            check_one(reader, row, trust, tally, moved)
    else:
        with tally.reading("the histories"):
            check_cases(reader, tally, moved)
        with tally.reading("the feed and its checkpoints"):
            check_feed(reader.feed_lines(), reader.checkpoints(), trust, tally, moved)
    if against is not None:
        with tally.reading("the feed and its checkpoints"):
            compare(read(against()), reader.feed_lines(), reader.checkpoints(), trust, tally, moved)
    return tally.proof()


def _row(reader: Reader, case: str) -> int:
    row = reader.case_row(reader.case_id_of_number(case) or case)
    if row is None:
        raise CaseNotFound(f"there is no case '{case[:80]}'; give its id or number, or none for all")
    return row


def _export(reader: Reader, write: Callable[[str], None]) -> Exported:
    last = reader.last_checkpoint()
    end = _covered(last)
    for line in written(reader.feed_lines(last=end), reader.checkpoints(), now=reader.machine_now(), last=end):
        write(line)
    return Exported(end, reader.count_checkpoints(), last)
