"""Who is asking: a bearer token to an actor; what he may do is left to the services."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from api.limits import Doors, address_of
from api.tracing import ACTOR
from engine.core.case import Actor
from engine.errors import ActorNotAllowed, FieldProblem, InvalidPayload, NotAuthenticated
from engine.service.services import Services

OPERATIONS = "operations"
"""The role that sees to incidents and effects, and moves a manual clock; given with the token, in no workflow."""


async def services_of(request: Request) -> Services:  # async: nothing here waits, and a thread would cost more than it
    """The services this application was built with."""
    found = request.app.state.services
    if not isinstance(found, Services):
        raise TypeError("the application has no services")
    return found


ServicesIn = Annotated[Services, Depends(services_of)]


class Bearer(HTTPBearer):
    """The actor of a request's token: one dependency, as FastAPI works on each of a chain of them at every request."""

    async def __call__(self, request: Request) -> Actor:  # type: ignore[override]  # the actor, not his secret
        """NotAuthenticated without a token, or with one that is not in force; TooManyRequests; with `Act-For` the actor as he
        acts for another, or ActorNotAllowed. A look at the database goes to a thread.
        """
        credentials = await super().__call__(request)
        if credentials is None:
            raise NotAuthenticated("no token; send `Authorization: Bearer <token>`")
        secret, services = credentials.credentials, await services_of(request)
        people = services.people
        doors: Doors = request.app.state.doors
        actor = people.remembered(secret)
        if actor is None:
            address = address_of(request)
            doors.guesses.left(address)
            try:
                actor = await run_in_threadpool(people.actor_of, secret)
            except NotAuthenticated:
                doors.guesses.take(address)
                raise
        if doors.requests is not None:
            doors.requests.take(actor.id)
        request.scope[ACTOR] = actor.id
        giver = request.headers.get("act-for")
        if giver is None:
            return actor
        return await run_in_threadpool(services.delegations.acting, actor, _person(giver))


BEARER = Bearer(auto_error=False, scheme_name="HTTPBearer", description="A token made by `milepost token create`")
ActorIn = Annotated[Actor, Depends(BEARER)]


def _person(header: str) -> str:
    """An id in any letters, sent as UTF-8. Raises InvalidPayload."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        raise InvalidPayload([FieldProblem("Act-For", "pattern", "is not UTF-8")]) from None


async def operations(actor: ActorIn) -> Actor:  # async: as above
    """An actor with the role `operations`."""
    if OPERATIONS not in actor.roles:
        raise ActorNotAllowed("this is for operations; it needs a token with that role", event="", by=[OPERATIONS])
    return actor


OperationsIn = Annotated[Actor, Depends(operations)]


async def locale_of(request: Request) -> str:  # async: as above
    """The reader's language: the first of Accept-Language, or the first text of each title."""
    wanted = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip().lower()
    language = wanted.split("-")[0]
    return language if language.isalpha() and 2 <= len(language) <= 3 else ""


LocaleIn = Annotated[str, Depends(locale_of)]
