"""Subscriptions to events: made, paused, ended, replayed by who owns them; posting what they are owed is publishing.py's.

Operations see to all of them, but make none and read no secret. Machine time, but for a moment from which to replay.
"""

from __future__ import annotations

import secrets
import uuid
from base64 import b64encode
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from engine.errors import ActorNotAllowed, FieldProblem, InvalidPayload, NotFound, Refused
from engine.service.clean import check_asked, check_names
from engine.service.publishing import BACKLOG
from engine.service.searching import page_of_rows, row_of
from engine.service.subscription_views import DeliveryView, NewSubscription, SubscriptionView
from engine.store.subscription_records import DEAD, WAITING, Delivery, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from engine.core.case import Actor
    from engine.ports import EventPost
    from engine.service.news_view import Wanted
    from engine.service.publishing import Publishing
    from engine.service.views import Page
    from engine.store.store import Store
    from engine.store.transaction import Reader, Transaction

T = TypeVar("T")

OPERATIONS = "operations"
MOST = 20
"""Subscriptions of a party; of a person where he acts for none."""
MAX_URL = 2_000
MAX_ENTRIES = 500
"""Entries of the register of one subscription."""
MAX_PAGE = 200
EARLIER = timedelta(minutes=1)
"""Cases do not store their steps exactly in the order of their times: a replay begins so much before its moment."""


class SubscriptionNotFound(NotFound):
    """No such subscription of this person."""


class DeliveryNotFound(NotFound):
    """No such delivery of this subscription."""


class DeliveryNotDead(Refused):
    """It is not to be tried again as it stands."""


class TooManySubscriptions(Refused):
    """The party has as many as it may have."""


class Subscriptions:
    """For who owns one, and for operations."""

    def __init__(self, store: Store, post: EventPost | None, publishing: Publishing) -> None:
        self._store, self._post, self._publishing = store, post, publishing

    def create(self, actor: Actor, url: str, wanted: Wanted) -> NewSubscription:
        """An address that hears of what this actor may see, from now on; with entries of what everybody with a token may read.

        Raises InvalidPayload, TooManySubscriptions.
        """
        if actor.acting_for is not None:
            raise ActorNotAllowed("who acts for another subscribes to nothing; act for yourself", event="", by=[])
        check_names(workflow=wanted.workflow, type=wanted.type, party=wanted.party)
        _check_entries(wanted)
        self._check(url)
        secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
        new = uuid.uuid4().hex

        def work(tx: Transaction) -> SubscriptionView:
            known = tx.subscription(new) if tx.repeated else None
            if known is None:
                _check_known(tx, wanted)
                tx.make_subscriptions_one_by_one()
                if tx.count_subscriptions(actor.party or "", actor.id) >= MOST:
                    raise TooManySubscriptions(f"there are {MOST} subscriptions of this party already; end one first")
                made = Subscription(
                    row=0, id=new, actor=actor, party=actor.party or "", url=url, secret=secret, workflow=wanted.workflow,
                    type=wanted.type, case_party=wanted.party, pos=tx.feed_end(), created_at=tx.machine_now(),
                    entries=tuple(sorted(wanted.entries)),
                )  # fmt: skip
                tx.add_subscription(made)
            return _view(tx, known or made)

        return NewSubscription(self._store.write(work), secret)

    def find(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[SubscriptionView]:
        """One's own, for operations everybody's; the youngest first."""
        limit, before = max(1, min(limit, MAX_PAGE)), row_of(cursor)
        whose = None if OPERATIONS in actor.roles else actor.id

        def work(reader: Reader) -> Page[SubscriptionView]:
            return page_of_rows(reader.subscriptions(whose, before, limit + 1), limit, partial(_view, reader))

        return self._store.read(work)

    def get(self, subscription: str, actor: Actor) -> SubscriptionView:
        """One of them. Raises SubscriptionNotFound."""
        return self._store.read(lambda reader: _view(reader, _own(reader, subscription, actor)))

    def end(self, subscription: str, actor: Actor) -> None:
        """For good: nothing is posted any more, its address and secret are forgotten. Raises SubscriptionNotFound."""

        def work(tx: Transaction) -> None:
            if tx.repeated and tx.subscription(subscription) is None:
                return
            row = _own(tx, subscription, actor).row
            tx.lock_subscription(row)
            tx.end_subscription(row)
            tx.forget_deliveries_of(row)

        self._store.write(work)

    def pause(self, subscription: str, actor: Actor) -> SubscriptionView:
        """Nothing is looked up or posted until it is resumed; what was begun ends. Raises SubscriptionNotFound."""
        why = f"{actor.name or actor.id} has paused it"
        return self._locked(subscription, actor, lambda tx, one: tx.pause_subscription(one.row, why))

    def resume(self, subscription: str, actor: Actor) -> SubscriptionView:
        """It goes on where it was: nothing is missed. Raises SubscriptionNotFound."""
        found = self._locked(subscription, actor, lambda tx, one: tx.resume_subscription(one.row))
        self._publishing.ask()
        return found

    def deliveries(
        self, subscription: str, actor: Actor, *, status: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[DeliveryView]:
        """What it is owed and what has become of it, the youngest first. Raises SubscriptionNotFound."""
        limit, before = max(1, min(limit, MAX_PAGE)), row_of(cursor)

        def work(reader: Reader) -> Page[DeliveryView]:
            row = _own(reader, subscription, actor).row
            return page_of_rows(reader.deliveries(row, status, before, limit + 1), limit, delivery_view)

        return self._store.read(work)

    def retry(self, subscription: str, delivery: int, actor: Actor) -> DeliveryView:
        """Have one tried again that was given up, as often as at first; later events of its case wait for it now.

        Raises SubscriptionNotFound, DeliveryNotFound, DeliveryNotDead.
        """

        def work(tx: Transaction, one: Subscription) -> DeliveryView:
            done = tx.retry_delivery(one.row, delivery)
            found = tx.delivery(one.row, delivery)
            if found is None:
                raise DeliveryNotFound(f"there is no delivery {delivery} of this subscription; look in its list")
            if not done and not (tx.repeated and found.status == WAITING):
                raise DeliveryNotDead(f"delivery {delivery} is {found.status}; only dead ones are tried again")
            return delivery_view(found)

        def locked(tx: Transaction) -> DeliveryView:
            return work(tx, _lock(tx, subscription, actor))

        view = self._store.write(locked)
        self._publishing.ask()
        return view

    def replay(
        self, subscription: str, actor: Actor, *, after: int | None = None, since: datetime | None = None
    ) -> SubscriptionView:
        """Have everything posted again that happened behind a position, or from a moment on, in its order.

        Raises SubscriptionNotFound; InvalidPayload for a position that was not reached yet.
        """

        def work(tx: Transaction, one: Subscription) -> None:
            begin = after if after is not None else _before(tx, since)
            if begin > one.pos:
                if after is None:  # nothing has happened since
                    return
                text = f"it has come to position {one.pos}; name an earlier one"
                raise InvalidPayload([FieldProblem("after", "range", text)])
            tx.rewind_subscription(one.row, begin)
            tx.owe_again(one.row, begin)

        found = self._locked(subscription, actor, work)
        self._publishing.ask()
        return found

    def _locked(
        self, subscription: str, actor: Actor, work: Callable[[Transaction, Subscription], object]
    ) -> SubscriptionView:
        """What work makes of it, while nobody else changes it or takes of what it is owed."""

        def locked(tx: Transaction) -> SubscriptionView:
            work(tx, _lock(tx, subscription, actor))
            return _view(tx, _own(tx, subscription, actor))

        return self._store.write(locked)

    def _check(self, url: str) -> None:
        if self._post is None:
            raise InvalidPayload([FieldProblem("url", "not-allowed", "this server posts no events")])
        fits = len(url) <= MAX_URL and url.isascii() and url.isprintable() and " " not in url
        wrong = (
            self._post.refusal(url) if fits else f"a web address has at most {MAX_URL} characters, all of them ASCII"
        )
        if wrong is not None:
            raise InvalidPayload([FieldProblem("url", "not-allowed", wrong)])


def _check_entries(wanted: Wanted) -> None:
    if not wanted.entries:
        return
    given = {"workflow": wanted.workflow, "type": wanted.type, "party": wanted.party}
    problems = [
        FieldProblem(name, "not-allowed", f"who hears of entries is told no steps; leave {name} out")
        for name, value in given.items()
        if value is not None
    ]
    if len(wanted.entries) > MAX_ENTRIES:
        problems.append(FieldProblem("entries", "count", f"a subscription has at most {MAX_ENTRIES} entries"))
    if problems:
        raise InvalidPayload(problems)
    check_asked(("entries", number) for number in wanted.entries)


def _check_known(reader: Reader, wanted: Wanted) -> None:
    problems = [
        FieldProblem("entries", "unknown-entry", f"the register has no entry '{number[:80]}'")
        for number in reader.unknown_entries(sorted(wanted.entries))
    ]
    if problems:
        raise InvalidPayload(problems)


def _own(reader: Reader, subscription: str, actor: Actor) -> Subscription:
    found = reader.subscription(subscription)
    if found is None or not (found.actor.id == actor.id or OPERATIONS in actor.roles):
        raise SubscriptionNotFound(f"there is no subscription '{subscription[:40]}' of yours; look in your list")
    return found


def _lock(tx: Transaction, subscription: str, actor: Actor) -> Subscription:
    """As it is under the lock: it may have ended while this waited for it."""
    locked = tx.lock_subscription(_own(tx, subscription, actor).row)
    return locked or _own(tx, subscription, actor)


def _before(reader: Reader, since: datetime | None) -> int:
    """The position behind which all lies that was recorded from a moment on, found by halving."""
    low, high = 0, reader.feed_end()
    while since is not None and low < high:
        middle = (low + high) // 2
        found = reader.step_from(middle + 1)
        if found is None or found[1] >= since - EARLIER:
            high = middle
        else:
            low = found[0]
    return low


def _view(reader: Reader, one: Subscription) -> SubscriptionView:
    return SubscriptionView(
        id=one.id,
        owner=one.actor.id,
        url=one.url,
        workflow=one.workflow,
        type=one.type,
        party=one.case_party,
        entries=one.entries,
        position=one.pos,
        waiting=reader.open_deliveries(one.row, BACKLOG) if one.row else 0,
        dead=reader.count_deliveries(one.row, DEAD) if one.row else 0,
        paused_at=one.paused_at,
        paused_why=one.paused_why,
        created_at=one.created_at,
    )


def delivery_view(one: Delivery) -> DeliveryView:
    """A delivery as the owner of its subscription sees it."""
    return DeliveryView(
        id=one.row,
        event=f"{one.case_id}/{one.seq}",
        position=one.pos,
        status=one.status,
        tries=one.tries,
        next_at=one.next_at,
        last_error=one.last_error,
        changed_at=one.changed_at,
    )
