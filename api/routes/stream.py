"""What happens, as it happens: a stream of events, resumable from any position."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.auth import BEARER, ActorIn, ServicesIn
from api.bodies import CaseRef
from api.exact import ExactRoute
from api.streams import Streams
from engine.service.news_view import Wanted

router = APIRouter(tags=["events"], route_class=ExactRoute)

Position = Annotated[str | None, Header(alias="Last-Event-ID", pattern=r"^[0-9]{1,18}$")]


@router.get(
    "/events/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_events(
    request: Request,
    services: ServicesIn,
    actor: ActorIn,
    *,
    workflow: Annotated[str | None, Query(max_length=63)] = None,
    case: CaseRef | None = None,
    type: Annotated[str | None, Query(max_length=80, description="such as milepost.case.event")] = None,  # noqa: A002
    after: Annotated[int | None, Query(ge=0, le=10**18, description="a position; none: from now on")] = None,
    last: Position = None,
) -> StreamingResponse:
    """Steps of the cases you may see as CloudEvents, by server-sent events; `Last-Event-ID` goes on where you were."""
    streams: Streams = request.app.state.streams
    begin = int(last) if last is not None else after
    if begin is None:
        begin = await run_in_threadpool(services.feed.end)
    streams.enter(actor)
    listening = streams.listen(actor, Wanted(workflow, case, type), begin, partial(BEARER, request))
    return StreamingResponse(listening, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
