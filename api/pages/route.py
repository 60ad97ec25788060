"""A route for people: it reads nothing that no database could be asked for, and counts how much an address asks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.limits import Doors, address_of
from engine.service.clean import check_asked


class PageRoute(APIRoute):
    """A route whose address may have more in its query than it knows: whoever passes a link on adds what he likes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the doors."""
        handler = super().get_route_handler()

        async def for_people(request: Request) -> Response:
            doors: Doors = request.app.state.doors
            doors.visits.take(address_of(request))
            check_asked((name, str(text)) for name, text in request.path_params.items())
            check_asked((name, text) for name, text in request.query_params.multi_items())
            return await handler(request)

        return for_people
