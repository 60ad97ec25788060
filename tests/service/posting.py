"""People who subscribe to events, and services that post to a real receiver, for the tests of subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.templates import MessageTemplates
from adapters.webhooks import EventWebhooks
from engine.core.case import Actor
from engine.ports import Adapters
from engine.service.news_view import Wanted
from engine.service.services import build_services

if TYPE_CHECKING:
    from tests.servers.receiver import Receiver

OLEG = Actor("oleg", roles=frozenset({"officer"}), name="Oleg")
ANNA = Actor("anna", roles=frozenset({"applicant"}), attributes={"party": "1234567890"}, name="Anna")
BORIS = Actor("boris", roles=frozenset({"applicant"}), attributes={"party": "9999999999"}, name="Boris")
OPS = Actor("ops", roles=frozenset({"operations"}), name="Ops")
ALL = Wanted()


@dataclass
class Out:
    """Services with somebody who posts, over the world's store."""

    world: object
    services: object
    receiver: Receiver
    tokens: dict

    def subscribe(self, actor=OLEG, wanted=ALL):
        """A subscription at the receiver: (its view, its secret)."""
        made = self.services.subscriptions.create(actor, self.receiver.url, wanted)
        return made.subscription, made.secret

    def case(self, number=1, actor=ANNA):
        """A case of this actor's party."""
        data = {"applicant.tax_id": actor.party or "1234567890", "product.designation": f"V-{number}"}
        return self.world.open("proposal", data, actor).id

    def work(self, case_id, times):
        """So many steps more: it goes forth and back."""
        for _ in range(times):
            if self.services.cases.get(case_id, OLEG).states[-1].path == "check":
                self.world.send(case_id, "return", OLEG, {"reasons": "page 3"})
            else:
                self.world.send(case_id, "answer", ANNA, {"product.designation": case_id})

    def run(self, **later):
        """All that is due, at once or after some time."""
        self.world.machine.forward(**later)
        while self.services.feed.sequence():
            pass
        while self.services.publishing.run_once():
            pass

    def all(self, subscription, status=None):
        """Its deliveries, oldest first."""
        page = self.services.subscriptions.deliveries(subscription.id, OPS, status=status, limit=200)
        return page.items[::-1]

    def get(self, subscription):
        """How it is."""
        return self.services.subscriptions.get(subscription.id, OPS)


def posting(world, receiver):
    """Services that post over the world's store, and tokens of those who own subscriptions."""
    post = EventWebhooks(private=True, machine_now=world.machine)
    adapters = Adapters([world.notifier], MessageTemplates, lambda _: world.renderer, events=post)
    services = build_services(world.store, adapters, public_url="https://milepost.example")
    tokens = {
        actor.id: services.people.create_token(actor.id, actor.name, actor.roles, actor.attributes)[1].id
        for actor in (OLEG, ANNA, BORIS)
    }
    return Out(world, services, receiver, tokens)
