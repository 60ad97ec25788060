"""The register: search, export, one entry with its history, and the tender question with its receipts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from api.auth import ActorIn, ServicesIn
from api.bodies import Body, Day, Moment
from api.exact import ExactRoute
from engine.service.receipt_views import Receipt
from engine.service.receipts import MAX_LINES, Earlier, ReceiptWord
from engine.service.register import Question
from engine.service.views import Eligibility, EntryHistory, EntryView, Page

router = APIRouter(prefix="/register", tags=["register"], route_class=ExactRoute)

Text = Annotated[str | None, Query(max_length=200)]
MAX_DESIGNATION = 4000
MAX_ITEM = 200
CSV, JSON_LINES = "text/csv; charset=utf-8", "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class BidLine(Body):
    """A bidder's product, or an `item` of its scope; `ref` is your own name for it."""

    tax_id: str = Field(max_length=40)
    designation: str = Field(max_length=MAX_DESIGNATION)
    ref: str | None = Field(default=None, max_length=200)
    item: str | None = Field(default=None, max_length=MAX_ITEM)


class BidBody(Body):
    """A whole bid list; `on` (today) is the day in question, `known_at` (now) as far as was known then."""

    lines: list[BidLine] = Field(min_length=1, max_length=MAX_LINES)
    on: Annotated[Day | None, Field(strict=False)] = None
    known_at: Annotated[Moment | None, Field(strict=False)] = None


class ReceiptBody(Body):
    """A receipt as it was given."""

    id: str = Field(max_length=80)
    text: str = Field(max_length=100_000)
    key: str = Field(max_length=200)
    signature: str = Field(max_length=400)


@router.get("")
def search_register(
    services: ServicesIn,
    actor: ActorIn,  # noqa: ARG001 (a token is needed)
    q: Text = None,
    tax_id: Text = None,
    designation: Annotated[str | None, Query(max_length=MAX_DESIGNATION)] = None,
    code: Text = None,
    status: Text = None,
    on: Day | None = None,
    known_at: Moment | None = None,
    cursor: Text = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[EntryView]:
    """Entries as they are, or as they were `on` a day, as far as was known at a moment."""
    return services.register.search(
        q=q,
        tax_id=tax_id,
        designation=designation,
        code=code,
        status=status,
        on=on,
        known_at=known_at,
        cursor=cursor,
        limit=limit,
    )


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {CSV: {}, JSON_LINES: {}, XLSX: {}}, "description": "a table"}},
)
def export_register(
    services: ServicesIn,
    actor: ActorIn,  # noqa: ARG001
    format: Literal["csv", "json", "xlsx"] = "csv",  # noqa: A002  (as the command line has it)
    q: Text = None,
    tax_id: Text = None,
    designation: Annotated[str | None, Query(max_length=MAX_DESIGNATION)] = None,
    code: Text = None,
    status: Text = None,
    on: Day | None = None,
    known_at: Moment | None = None,
) -> Response:
    """All that a search finds, as one view of the register: CSV, a JSON object a line, or a workbook."""
    wanted: dict[str, Any] = {
        "q": q,
        "tax_id": tax_id,
        "designation": designation,
        "code": code,
        "status": status,
        "on": on,
        "known_at": known_at,
    }
    headers = {"Content-Disposition": f'attachment; filename="register.{format}"'}
    if format == "xlsx":
        return Response(services.exports.xlsx(**wanted), media_type=XLSX, headers=headers)
    lines, kind = (services.exports.csv, CSV) if format == "csv" else (services.exports.lines, JSON_LINES)
    return StreamingResponse(lines(**wanted), media_type=kind, headers=headers)


@router.get("/eligibility")
def eligibility(
    services: ServicesIn,
    actor: ActorIn,
    tax_id: Annotated[str, Query(max_length=40)],
    designation: Annotated[str, Query(max_length=MAX_DESIGNATION)],
    item: Annotated[str | None, Query(max_length=MAX_ITEM)] = None,
    on: Day | None = None,
    known_at: Moment | None = None,
) -> Eligibility:
    """May this bidder offer this product, or an item of its scope, on that day: yes or no, with the entry, the reasons, and a
    receipt to keep.
    """
    asked = Question(tax_id, designation, item=item)
    (answer,) = services.receipts.ask([asked], actor, on=on, known_at=known_at)
    return answer


@router.post("/eligibility")
def eligibility_of_a_bid(body: BidBody, services: ServicesIn, actor: ActorIn) -> list[Eligibility]:
    """The same for a whole bid list: an answer a line, in their order, all of one moment, each with its receipt."""
    lines = [Question(line.tax_id, line.designation, line.ref, line.item) for line in body.lines]
    return list(services.receipts.ask(lines, actor, on=body.on, known_at=body.known_at))


@router.get("/receipts/{receipt_id}")
def get_receipt(receipt_id: str, services: ServicesIn, actor: ActorIn) -> Receipt:  # noqa: ARG001
    """A receipt as it was given."""
    return services.receipts.find(receipt_id)


@router.post("/receipts/verify")
def verify_receipt(body: ReceiptBody, services: ServicesIn, actor: ActorIn) -> ReceiptWord:  # noqa: ARG001
    """Whether a receipt is what was given, and what the answer for its day would be now."""
    return services.receipts.verify(Receipt(body.id, body.text, body.key, body.signature))


@router.get("/{entry_no}")
def get_entry(entry_no: str, services: ServicesIn, actor: ActorIn) -> EntryHistory:  # noqa: ARG001
    """One entry with every revision; nothing is ever deleted."""
    return services.register.entry(entry_no)


@router.get("/{entry_no}/answers")
def answers_about_an_entry(
    entry_no: str,
    services: ServicesIn,
    actor: ActorIn,  # noqa: ARG001
    differ: bool = True,
) -> list[Earlier]:
    """Answers that were given about an entry, the youngest 500: those that would be others now, or (`differ=false`) all."""
    return list(services.receipts.of_entry(entry_no, differing=differ))
