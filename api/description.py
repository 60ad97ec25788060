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
ANSWER = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
FOREIGN = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name in FOREIGN:
            schemas.pop(name, None)
        schemas["Problem"] = PROBLEM
        for operations in made["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = ANSWER
        app.openapi_schema = made
    return app.openapi_schema
