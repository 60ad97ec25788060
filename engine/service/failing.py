"""Tries that fail: when the next one is, and what becomes of an effect after the last."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.core.calendars.words import parse_term
from engine.core.case import EffectResult
from engine.core.terms import Unit

if TYPE_CHECKING:
    from engine.service.telling import Telling
    from engine.store.records import StoredEffect
    from engine.store.store import Store
    from engine.store.transaction import Transaction

TRIES = 10
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_ASKED = timedelta(days=7)
_LENGTHS = {Unit.MINUTES: timedelta(minutes=1), Unit.HOURS: timedelta(hours=1)}


class Failing:
    """A try that came to nothing: again later, or dead with an incident."""

    def __init__(self, store: Store, telling: Telling) -> None:
        self._store, self._telling = store, telling

    def failed(self, effect: StoredEffect, error: str, retry_after: float | None) -> None:
        """The adapter said so; `retry_after` in seconds, None: for good."""
        if retry_after is None or failures(effect) + 1 >= most_tries(effect):
            self.end(effect, error)
            return
        after = wait(effect, asked(retry_after))

        def work(tx: Transaction) -> None:
            tx.finish_effect(effect.key, effect.attempt, "pending", error=error, next_at=tx.machine_now() + after)

        self._store.write(work)

    def end(self, effect: StoredEffect, error: str | None) -> None:
        """No further try: dead, an incident, and `failed` for who waits for it. None: the last error is on record."""
        self._store.write(lambda tx: self._end(tx, effect, error))

    def _end(self, tx: Transaction, effect: StoredEffect, error: str | None) -> None:
        told = self._telling.awaited(effect) and self._telling.lock(
            tx, effect
        )  # the case before the effect, as everywhere
        if not tx.finish_effect(effect.key, effect.attempt, "dead", error=error):
            return
        reason = error if error is not None else str(effect.tries[-1]["error"])
        count = failures(effect) + (error is not None)
        text = f"{reason} (tried {count} times)"
        tx.add_incident(case_id=effect.case_id, kind=effect.kind, subject=effect.key, text=text)
        if told:
            self._telling.tell(tx, effect, EffectResult(self._telling.core(effect), ok=False, error=reason))


def failures(effect: StoredEffect) -> int:
    """How many tries came to nothing since it was asked for, or since a person had it tried again."""
    count = 0
    for tried in reversed(effect.tries):
        if "error" not in tried:
            break
        count += 1
    return count


def most_tries(effect: StoredEffect) -> int:
    """What the definition says, or the same for all."""
    again = effect.payload.get("retry_times")
    return TRIES if again is None else int(again) + 1


def asked(retry_after: float) -> timedelta:
    """What an adapter asks for, if it is a length of time at all."""
    if math.isnan(retry_after) or retry_after < 0:
        return timedelta(0)
    return timedelta(seconds=min(retry_after, LONGEST_ASKED.total_seconds()))


def wait(effect: StoredEffect, at_least: timedelta) -> timedelta:
    """How long until the next try: doubling, with jitter, or what the definition says; never less than was asked for."""
    said = effect.payload.get("retry_wait")
    if said is not None:
        term = parse_term(str(said))
        return max(at_least, term.amount * _LENGTHS.get(term.unit, timedelta(days=1)))
    return doubled(failures(effect), at_least)


def doubled(failed: int, at_least: timedelta) -> timedelta:
    """How long to wait after so many earlier tries that came to nothing: doubling, with jitter, and never less than that."""
    length: timedelta = min(FIRST_WAIT * 2 ** min(failed, 20), LONGEST_WAIT)
    return max(at_least, length * random.uniform(0.8, 1.2))
