"""All services over one store, built once by the composition root; what they do is said where they are."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from engine.core.frozen import frozen
from engine.service.assignments import Assignments
from engine.service.audit import Audit
from engine.service.cases import Cases
from engine.service.catalog import Catalog
from engine.service.certificates import Certificates
from engine.service.clock import Clock
from engine.service.commands import Commands
from engine.service.delegations import Delegations
from engine.service.delivering import Delivering
from engine.service.digests import AT, Digests
from engine.service.documents import Documents
from engine.service.effects import LEASE_SECONDS, Effects
from engine.service.failing import Failing
from engine.service.feed import Feed
from engine.service.figures import Figures
from engine.service.handling import Handling
from engine.service.import_plan import Plans
from engine.service.import_work import ImportWork
from engine.service.imports import Imports
from engine.service.incidents import Incidents
from engine.service.inward import Inward
from engine.service.letters import Letters
from engine.service.news_view import Newsroom
from engine.service.outward import Outward
from engine.service.people import People
from engine.service.pruning import Pruning
from engine.service.public import PublicReads
from engine.service.publishing import Publishing
from engine.service.receipts import Receipts
from engine.service.recounting import Recounting
from engine.service.register import Register
from engine.service.register_export import RegisterExport
from engine.service.stepping import Stepping
from engine.service.subscriptions import Subscriptions
from engine.service.telling import Telling
from engine.service.timers import Timers
from engine.service.verification import Verification
from engine.store.limits import NO_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import time

    from engine.ports import Adapters, Spans
    from engine.service.hands import Hands
    from engine.store.limits import Limits
    from engine.store.store import Store


@frozen
class Services:
    """The use cases; safe to share between threads."""

    store: Store
    catalog: Catalog
    commands: Commands
    cases: Cases
    timers: Timers
    recounting: Recounting
    effects: Effects
    digests: Digests
    letters: Letters
    handling: Handling
    assignments: Assignments
    incidents: Incidents
    register: Register
    receipts: Receipts
    exports: RegisterExport
    certificates: Certificates
    verification: Verification
    public: PublicReads
    people: People
    delegations: Delegations
    clock: Clock
    imports: Imports
    documents: Documents
    pruning: Pruning
    feed: Feed
    figures: Figures
    newsroom: Newsroom
    publishing: Publishing
    subscriptions: Subscriptions
    audit: Audit
    spans: Spans


def new_id() -> str:
    """An id that nobody guesses."""
    return uuid.uuid4().hex


def build_services(
    store: Store,
    adapters: Adapters,
    *,
    public_url: str,
    body: str = "0001",
    limits: Limits = NO_LIMITS,
    hands: Hands | None = None,
    event_hands: Hands | None = None,
    lease_seconds: float = LEASE_SECONDS,
    digest_at: time = AT,
    new_id: Callable[[], str] = new_id,
) -> Services:
    """`public_url` stands in links, `body` is the certification body's `{body}` in certificate numbers.

    `limits` hold for all nodes of the store; `hands` deliver beside each other, None: one after the other, in order; `event_hands` post
    events to subscriptions likewise;
    `digest_at`: when letters that wait for it go out, by their workflow's clock;
    `lease_seconds`: how long what is delivered or an import belongs to the node that began it.
    """
    catalog = Catalog(store, templates=adapters.templates, renderer=adapters.renderer)
    stepping = Stepping(catalog, body=body, new_id=new_id, documents=adapters.documents is not None)
    commands = Commands(store, stepping)
    cases = Cases(store, catalog, commands)
    documents = Documents(store, catalog, cases, adapters.documents)
    timers = Timers(store, stepping)
    recounting = Recounting(store, catalog, stepping)
    digests = Digests(store, catalog, adapters, public_url=public_url)
    outward = Outward(store, catalog, adapters, digests, public_url=public_url, digest_at=digest_at)
    telling = Telling(stepping)
    delivering = Delivering(store, outward, Inward(store, stepping), telling, Failing(store, telling), adapters.spans)
    plans = Plans(store, catalog, adapters.tables)
    importing = ImportWork(store, catalog, commands, plans, lease_seconds=lease_seconds)
    effects = Effects(store, delivering, limits=limits, hands=hands, lease_seconds=lease_seconds)
    register = Register(store, catalog, public_url=public_url)
    certificates = Certificates(store, catalog, public_url=public_url)
    newsroom = Newsroom(store, catalog, public_url=public_url)
    publishing = Publishing(store, newsroom, adapters.events, hands=event_hands, lease_seconds=lease_seconds)
    return Services(
        store=store,
        catalog=catalog,
        commands=commands,
        cases=cases,
        timers=timers,
        recounting=recounting,
        effects=effects,
        digests=digests,
        letters=Letters(store, adapters.letter_files),
        handling=Handling(store, stepping),
        assignments=Assignments(store, commands, strangers=adapters.identity is not None),
        incidents=Incidents(store),
        register=register,
        receipts=Receipts(store, register, adapters.seal, new_id),
        exports=RegisterExport(store, register, adapters.tables),
        certificates=certificates,
        verification=Verification(store, certificates, adapters.files),
        public=PublicReads(store, catalog, register, certificates),
        people=People(store, adapters.identity),
        delegations=Delegations(store),
        clock=Clock(store, timers, effects, recounting, digests),
        imports=Imports(store, catalog, commands, plans, importing),
        documents=documents,
        pruning=Pruning(store),
        feed=Feed(store),
        figures=Figures(store),
        newsroom=newsroom,
        publishing=publishing,
        subscriptions=Subscriptions(store, adapters.events, publishing),
        audit=Audit(store, adapters.seal),
        spans=adapters.spans,
    )
