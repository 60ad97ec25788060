"""Events out: the feed is spread over subscriptions, and what each is owed is posted, in order per case, at least once.

Who owns a subscription is asked anew each time what he may see. What he says of it is left to subscriptions.py.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from itertools import groupby
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from engine.errors import DeliveryFailed, ReceiverGone, Unavailable
from engine.service.failing import asked, doubled
from engine.service.news_view import Wanted
from engine.service.receivers import as_he_is
from engine.store.subscription_records import DEAD, DONE, WAITING, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.core.case import Actor
    from engine.ports import EventPost
    from engine.service.hands import Hands
    from engine.service.news_view import News, Newsroom
    from engine.store.store import Store
    from engine.store.subscription_records import Delivery, Owing, Subscription
    from engine.store.transaction import Reader, Transaction

    Taken = tuple[Subscription, Delivery]

AT_ONCE = 4
"""Posts of one subscription that are on their way, over all nodes."""
BACKLOG = 1_000
"""Deliveries of one subscription that may be open; the feed is looked through further when there are fewer."""
TRIES = 20
"""About ten hours, then a person is needed."""
NOBODY = "no token in force gives its owner a role and the party that he had when he made it"
GONE = "its receiver has answered 410: it is there no more"


class Publishing:
    """A small service that a ticker calls; any number of nodes may do so at once.

    With `hands` subscriptions are posted to beside each other; without, one after the other.
    """

    def __init__(
        self, store: Store, newsroom: Newsroom, post: EventPost | None, *, hands: Hands | None, lease_seconds: float
    ) -> None:
        self._store, self._newsroom, self._post, self._hands = store, newsroom, post, hands
        self._lease_seconds = lease_seconds
        self._claiming, self._closed = Lock(), Event()
        self._watchers: list[Callable[[], None]] = []
        self._outcomes: Counter[str] = Counter()
        self._counting = Lock()

    def run_once(self) -> int:
        """Post what is due, and look for more that is owed; how much was done. Call again while it is > 0."""
        if self._post is None or self._closed.is_set():
            return 0
        return self._send(self._post) + self._spread()  # in this order what cannot be looked up stops no post

    def until_next(self) -> float | None:
        """Seconds of the store's clock until there may be something to post; None: nothing waits."""

        def work(reader: Reader) -> float | None:
            moment = reader.next_delivery_at(AT_ONCE)
            return None if moment is None else (moment - reader.machine_now()).total_seconds()

        return None if self._post is None else self._store.read(work)

    def outcomes(self) -> Mapping[str, int]:
        """What came of tries in this process: done, failed (there will be another), dead, gone (to be seen no more)."""
        with self._counting:
            return dict(self._outcomes)

    def figures(self) -> tuple[Mapping[str, int], int]:
        """(deliveries by status, but for what is done; how many steps the subscription furthest behind has before it)."""

        def work(reader: Reader) -> tuple[Mapping[str, int], int]:
            first = reader.first_subscribed_pos()
            return reader.delivery_figures(), 0 if first is None else max(0, reader.feed_end() - first)

        return self._store.read(work)

    def watch(self, asked_for: Callable[[], None]) -> None:
        """Calls whenever there may be something to do. Must not block."""
        self._watchers.append(asked_for)
        if self._hands is not None:
            self._hands.watch(asked_for)

    def ask(self) -> None:
        """There may be something to do."""
        for asked_for in self._watchers:
            asked_for()

    def close(self) -> None:
        """Takes no more, gives back what was not begun, waits for what is being posted."""
        self._closed.set()
        if self._hands is not None:
            self._hands.close()

    # ── what is owed ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _spread(self) -> int:
        """One look at the feed for each place that subscriptions are at; how many of these got further."""
        listening, orphans = self._store.read(_behind)
        for one in orphans:
            self._store.write(partial(_pause, one=one, why=NOBODY))
        count = 0
        for pos, group in groupby(sorted(listening, key=lambda each: (each[0].pos, each[0].row)), lambda e: e[0].pos):
            some = list(group)
            last, found = self._newsroom.after_for(pos, [(actor, _wanted(one)) for one, actor in some])
            if last > pos:
                owed = [(one.row, places(news)) for (one, _), news in zip(some, found, strict=True)]
                count += self._store.write(partial(_owe, pos=pos, last=last, owed=owed))
        return count

    # ── posting it ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, post: EventPost) -> int:
        with self._claiming:  # room is looked for and taken by one at a time
            wanted = self._room(self._store.read(lambda reader: reader.owing()))
            if not wanted or self._closed.is_set():
                return 0
            taken = self._store.write(partial(self._claim, wanted=wanted))
            here = taken if self._hands is None else self._hand_over(self._hands, taken, post)
        for one, delivery in here:
            if self._closed.is_set():
                self._give_back(delivery)
            else:
                self._deliver(one, delivery, post)
        return len(taken)

    def _room(self, owing: Sequence[Owing]) -> dict[int, int]:
        """How much of each subscription may be begun, those that have waited longest first."""
        share = (lambda *_: AT_ONCE) if self._hands is None else self._hands.share()
        wanted: dict[int, int] = {}
        begun: dict[str, int] = {}
        for one in owing:
            most = min(share(str(one.row), begun), AT_ONCE - one.in_flight)
            if most > 0:
                wanted[one.row] = begun[str(one.row)] = most
        return wanted

    def _claim(self, tx: Transaction, wanted: Mapping[int, int]) -> list[Taken]:
        taken: list[Taken] = []
        for row in sorted(wanted):  # locks are taken in one order; who has one waits for no other
            one = tx.lock_free_subscription(row)
            if one is None or (one.free_at is not None and one.free_at > tx.machine_now()):
                continue
            some = tx.claim_deliveries(one, most=wanted[row], at_once=AT_ONCE, lease_seconds=self._lease_seconds)
            taken += [(one, delivery) for delivery in some]
        return taken

    def _hand_over(self, hands: Hands, taken: Sequence[Taken], post: EventPost) -> list[Taken]:
        for one, delivery in taken:
            try:
                hands.begin(str(one.row), partial(self._deliver, one, delivery, post))
            except Unavailable:  # this process ends
                self._give_back(delivery)
        return []

    def _deliver(self, one: Subscription, delivery: Delivery, post: EventPost) -> None:
        """One try. Raises Unavailable where the store cannot take what came of it: the lease ends, it is tried again."""
        if delivery.tries >= TRIES:  # the last try took its node with it
            self._finish(delivery, DEAD)
            return
        now = self._store.read(lambda reader: reader.subscription_at(one.row))
        if now is None or now.paused_at is not None or now.ended_at is not None:
            self._give_back(delivery)
            return
        actor, event = self._store.read(partial(self._look, one=now, delivery=delivery))
        if actor is None:
            self._store.write(partial(_pause, one=now, why=NOBODY))
            self._give_back(delivery)
            return
        if event is None:
            self._store.write(lambda tx: tx.drop_delivery(delivery))
            self._count("gone")
            return
        try:
            post.post(now.url, now.secret, body_of(event), message_id_of(one, delivery))
        except DeliveryFailed as failure:
            self._failed(delivery, failure)
        except Exception as bug:  # noqa: BLE001  an adapter's bug must not stop others; its words may say too much
            self._failed(delivery, DeliveryFailed(f"something went wrong here ({type(bug).__name__})", retry_after=0))
        else:
            self._finish(delivery, DONE)

    def _look(
        self, reader: Reader, one: Subscription, delivery: Delivery
    ) -> tuple[Actor | None, dict[str, Any] | None]:
        """Who owns it, as he is now (None: nobody any more), and the event (None: not for him, or no more)."""
        actor = as_he_is(reader, one.actor)
        if actor is None:
            return None, None
        listener = (actor, _wanted(one))
        return actor, self._newsroom.event_for(reader, listener, delivery.case_id, delivery.seq, delivery.pos)

    def _failed(self, delivery: Delivery, failure: DeliveryFailed) -> None:
        tries = delivery.tries + 1
        wanted = None if failure.retry_after is None else asked(failure.retry_after)
        over = wanted is None or tries >= TRIES

        def work(tx: Transaction) -> bool:
            if isinstance(failure, ReceiverGone) or wanted:
                tx.lock_subscription(delivery.subscription)  # before what it is owed, as everywhere
            now = tx.machine_now()
            until = None if over or wanted is None else now + doubled(delivery.tries, wanted)
            status = DEAD if over else WAITING
            if not tx.finish_delivery(delivery, status, tries=tries, error=str(failure), next_at=until):
                return False
            if isinstance(failure, ReceiverGone):
                tx.pause_subscription(delivery.subscription, GONE)
            elif wanted:
                tx.hold_subscription(delivery.subscription, now + wanted)
            return True

        if self._store.write(work):
            self._count("dead" if over else "failed")

    def _finish(self, delivery: Delivery, status: str) -> None:
        error = None if status == DONE else delivery.last_error

        def work(tx: Transaction) -> bool:
            return tx.finish_delivery(delivery, status, tries=delivery.tries, error=error, next_at=None)

        if self._store.write(work):
            self._count(status)

    def _give_back(self, delivery: Delivery) -> None:
        """So that nobody has to wait for its lease."""

        def work(tx: Transaction) -> bool:
            now = tx.machine_now()
            return tx.finish_delivery(delivery, WAITING, tries=delivery.tries, error=delivery.last_error, next_at=now)

        self._store.write(work)

    def _count(self, outcome: str) -> None:
        with self._counting:
            self._outcomes[outcome] += 1


def places(news: Sequence[News]) -> list[Place]:
    """Where the steps, or the revisions, of these events are."""
    return [Place(one.pos, one.event["subject"], one.seq) for one in news]


def message_id_of(one: Subscription, delivery: Delivery) -> str:
    """The same for an event of a subscription, however often it is posted."""
    return f"{one.id}-{delivery.case_id}-{delivery.seq}"


def body_of(event: Mapping[str, Any]) -> bytes:
    """What is signed and posted."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _wanted(one: Subscription) -> Wanted:
    return Wanted(workflow=one.workflow, type=one.type, party=one.case_party, entries=frozenset(one.entries))


def _behind(reader: Reader) -> tuple[list[tuple[Subscription, Actor]], list[Subscription]]:
    """(who waits for news and has room for them, each with his owner as he is now; those that are nobody's any more)."""
    listening, orphans = [], []
    for one in reader.subscriptions_behind(reader.feed_end()):
        actor = as_he_is(reader, one.actor)
        if actor is None:
            orphans.append(one)
        elif reader.open_deliveries(one.row, BACKLOG) < BACKLOG:
            listening.append((one, actor))
    return listening, orphans


def _pause(tx: Transaction, *, one: Subscription, why: str) -> bool:
    tx.lock_subscription(one.row)
    return tx.pause_subscription(one.row, why)


def _owe(tx: Transaction, *, pos: int, last: int, owed: Sequence[tuple[int, list[Place]]]) -> int:
    """The position and what is owed up to it go together; who has been moved meanwhile is left where he is."""
    moved = [(row, some) for row, some in owed if tx.advance_subscription(row, pos, last)]
    for row, some in moved:
        tx.add_deliveries(row, pos, last, some)
    return len(moved)
