"""Who is asking: a bearer token to an actor; what he may do is left to the services."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from engine.core.case import Actor
from engine.errors import ActorNotAllowed, NotAuthenticated
from engine.service.services import Services

OPERATIONS = "operations"
"""The role that sees to incidents and effects, and moves a manual clock; given with the token, in no workflow."""

_bearer = HTTPBearer(auto_error=False, description="A token made by `milepost token create`")


async def services_of(request: Request) -> Services:  # async: nothing here waits, and a thread would cost more than it
    """The services this application was built with."""
    found = request.app.state.services
    if not isinstance(found, Services):
        raise TypeError("the application has no services")
    return found


ServicesIn = Annotated[Services, Depends(services_of)]


async def actor_of(  # async: mostly nothing waits; a look at the database goes to a thread
    services: ServicesIn, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Actor:
    """The actor of the request's token; NotAuthenticated without one."""
    if credentials is None:
        raise NotAuthenticated("no token; send `Authorization: Bearer <token>`")
    secret, people = credentials.credentials, services.people
    known = people.remembered(secret)
    return await run_in_threadpool(people.actor_of, secret) if known is None else known


ActorIn = Annotated[Actor, Depends(actor_of)]


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
