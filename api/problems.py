"""Errors as RFC 9457 problems: the one table from an error to its status; the words are the errors' own."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict
from time import perf_counter
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.tracing import BEGAN
from engine import errors

MEDIA_TYPE = "application/problem+json"

EVEN = 0.02
"""Seconds: several times what a look at a case takes."""

STATUS: dict[type[errors.MilepostError], int] = {
    errors.NotFound: 404,
    errors.CasePruned: 410,
    errors.EventNotAllowed: 409,
    errors.ActorNotAllowed: 403,
    errors.DutyConflict: 403,
    errors.InvalidPayload: 422,
    errors.GuardRefused: 409,
    errors.GuardFailed: 409,
    errors.FactNotAllowed: 409,
    errors.ConflictingSets: 409,
    errors.StepTooLong: 409,
    errors.DuplicateCase: 409,
    errors.Refused: 409,
    errors.CaseChanged: 412,
    errors.KeyReused: 422,
    errors.NotAuthenticated: 401,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
    errors.InvalidWorkflow: 422,
    errors.DeliveryFailed: 422,
    errors.MilepostError: 500,
}

_DETAILS = ("allowed", "by", "duty", "act", "false", "missing", "expression", "line", "number", "etag")


def problem(status: int, kind: str, detail: str, **more: Any) -> JSONResponse:
    """One problem; `type` is a stable name that programs compare."""
    title = kind.replace("-", " ")
    body = {"type": f"urn:milepost:problem:{kind}", "title": title, "status": status, "detail": detail, **more}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def status_of(error: errors.MilepostError) -> int:
    """The status of an error: its own, or that of the nearest error above it in the tree."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def of_error(error: errors.MilepostError) -> dict[str, Any]:
    """An error as the members of a problem, for single answers and for the lines of a batch."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
    body: dict[str, Any] = {
        "type": f"urn:milepost:problem:{kind}",
        "title": kind.replace("-", " "),
        "status": status_of(error),
        "detail": str(error),
    }
    for name in _DETAILS:
        value = getattr(error, name, None)
        if value not in (None, ()):
            body[name] = list(value) if isinstance(value, tuple) else value
    if isinstance(error, errors.InvalidPayload):
        body["problems"] = [{"path": p.path, "code": p.code, "text": p.text} for p in error.problems]
    if isinstance(error, errors.ImportRefused):
        body["problems"] = [asdict(row) for row in error.rows]
    if isinstance(error, errors.InvalidWorkflow):
        body["findings"] = [
            {"code": d.code, "severity": d.severity, "message": d.message, "line": d.mark.line, "column": d.mark.column}
            for d in error.diagnostics
        ]
    return body


def install(app: FastAPI) -> None:
    """Every refusal of this application is a problem document."""
    app.add_exception_handler(errors.MilepostError, _on_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _on_validation)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _on_http)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _on_bug)


async def _on_error(request: Request, error: errors.MilepostError) -> JSONResponse:
    body = of_error(error)
    request.app.state.metrics.refused(body["title"].replace(" ", "-"))
    headers: dict[str, str] = {}
    if isinstance(error, errors.NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.Unavailable | errors.TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.CaseChanged):
        headers["ETag"] = error.etag
    if isinstance(error, errors.CaseNotFound):
        await _evenly(request)
    return JSONResponse(body, status_code=body["status"], media_type=MEDIA_TYPE, headers=headers)


async def _evenly(request: Request) -> None:
    """Until the next full EVEN seconds of this request, so that no clock tells another's case from none."""
    elapsed = perf_counter() - request.scope[BEGAN]
    await asyncio.sleep(EVEN - elapsed % EVEN)


async def _on_validation(_: Request, error: RequestValidationError) -> JSONResponse:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        said = next((str(item["ctx"]["error"]) for item in found if item.get("ctx", {}).get("error")), "")
        return problem(400, "not-json", f"the body is no JSON{': ' + said if said else ''}; send a JSON object")
    problems = [
        {"path": ".".join(str(part) for part in item["loc"]), "code": item["type"], "text": item["msg"]}
        for item in found
    ]
    first = problems[0]
    return problem(422, "invalid-request", f"{first['path']}: {first['text']}", problems=problems)


async def _on_http(request: Request, error: HTTPException) -> JSONResponse:
    kinds = {
        422: "invalid-request",
        404: "not-found",
        405: "method-not-allowed",
        408: "too-slow",
        413: "too-large",
        415: "wrong-content-type",
    }
    response = problem(error.status_code, kinds.get(error.status_code, "refused"), str(error.detail))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    if error.status_code == 405:
        response.headers["Allow"] = ", ".join(_methods(request))
    return response


def _methods(request: Request) -> list[str]:
    """What the path of this request takes, as the description of the application says."""
    operations = (
        found
        for path, found in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), request.url.path)
    )
    return sorted({method.upper() for found in operations for method in found})


async def _on_bug(_: Request, __: Exception) -> JSONResponse:
    """The log has the traceback; the answer says nothing of it."""
    return problem(
        500,
        "internal-error",
        "something went wrong here; it is in the log; the request may be sent again with its Idempotency-Key",
    )
