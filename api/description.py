"""The OpenAPI document: FastAPI's, with the problems that this application answers with in place of FastAPI's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from fastapi import FastAPI

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `type` is a stable name to compare; members beside these say what is allowed instead.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:milepost:problem:guard-refused"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}, "description": "events that could be sent now"},
        "by": {"type": "array", "items": {"type": "string"}, "description": "who may send it"},
        "false": {"type": "array", "items": {"type": "string"}, "description": "conditions that are false"},
        "missing": {"type": "array", "items": {"type": "string"}, "description": "fields without a value"},
        "etag": {"type": "string", "description": "the present state of the case"},
        "problems": {
            "type": "array",
            "description": "what is wrong, field by field",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("path", "code", "text")},
            },
        },
    },
}
FOREIGN = ("HTTPValidationError", "ValidationError")
SAYS = {
    400: "The body is no JSON",
    401: "No token, or one that is not in force",
    403: "Not for this actor: his roles do not fit, or a duty stands against him",
    404: "There is none, or none that this actor may see",
    409: "Not now: what the case waits for, or what is there already, does not allow it",
    410: "It was there, and has been pruned",
    412: "The case is not as it was read",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is not of a type that is taken here",
    422: "Something in it is not as it has to be; `problems` names each",
    429: "More requests than this caller may send; `Retry-After` says when to go on",
    431: "The headers are too large",
    503: "Not at present; `Retry-After` says when to send it again",
}
ALWAYS, SECURED, NAMED, BODY = (422, 431, 503), (401, 403, 429), (404, 410), (400, 404, 408, 409, 413, 415)
PUBLIC, MAY_BE_A_PAGE = "public", {"text/html": {"schema": {"type": "string"}}}
"""The tag of what needs no token and is for people, and what its refusals are for who reads HTML."""
CASE_LINKS = ("get_case", "send_event", "get_history", "get_timers", "get_effects", "explain")
LINKS = {name: {"operationId": name, "parameters": {"case_id": "$response.body#/case/id"}} for name in CASE_LINKS}
"""What the answer to an opened case leads to."""


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name in FOREIGN:
            schemas.pop(name, None)
        schemas["Problem"] = PROBLEM
        for path, operations in made["paths"].items():
            for operation in operations.values():
                said = {str(status): _problem(status) for status in _refusals(path, operation)}
                for response in said.values() if PUBLIC in operation.get("tags", ()) else ():
                    response["content"] |= MAY_BE_A_PAGE
                operation["responses"] |= said
        made["paths"]["/cases"]["post"]["responses"]["201"]["links"] = LINKS
        app.openapi_schema = made
    return app.openapi_schema


def _refusals(path: str, operation: dict[str, Any]) -> list[int]:
    """The statuses of problems that an operation may answer with, by what it takes."""
    found = [*ALWAYS]
    found += SECURED if "security" in operation else ()
    found += [429] if PUBLIC in operation.get("tags", ()) else ()
    found += NAMED if "{" in path else ()
    found += [404] if any(taken["in"] == "query" and taken["required"] for taken in _taken_by(operation)) else []
    found += BODY if "requestBody" in operation else ()
    found += [412] if any(taken["name"].lower() == "if-match" for taken in _taken_by(operation)) else []
    return sorted(set(found))


def _taken_by(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """What an operation takes beside its body."""
    found: list[dict[str, Any]] = operation.get("parameters", [])
    return found


def _problem(status: int) -> dict[str, Any]:
    return {"description": SAYS[status], "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
