"""The JSON Schema of a workflow file, for editors, made of the tables the parser reads by; it proves shapes only."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from engine.core.fields import CHECKS
from engine.core.loader.data import KINDS as TYPES
from engine.core.loader.keys import ACTIONS, KINDS, MAIN_KEY, REGION, REGION_KINDS, TABLES, Table
from engine.core.loader.mail import ADDRESS, HOURS

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = "^[a-z][a-z0-9_-]{0,62}$"
_PATH = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,2}$"
_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_TERM = r"^[0-9]+ +(working days?|working hours?|days?|months?|hours?|minutes?)$"


def json_schema() -> dict[str, Any]:
    """The whole schema, draft 2020-12."""
    defs = {**_words(), **{name: _object(table) for name, table in TABLES.items() if name not in {"top", "region"}}}
    defs.update(_unions())
    defs["certificate"]["additionalProperties"] = _ref("expr")
    defs["group"]["additionalProperties"] = _ref("field_type")
    regions = {f"region_{kind}": _object({**KINDS[kind], **REGION}) for kind in REGION_KINDS}
    return {
        "$schema": DIALECT,
        "title": "Milepost workflow",
        "description": "A workflow for Milepost, language version 1.",
        **_object(TABLES["top"]),
        "$defs": {**defs, **regions},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _object(table: Table) -> dict[str, Any]:
    """A map of exactly these keys."""
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"description": key.doc, **_type(key.type)} for name, key in table.items()},
        "additionalProperties": False,
    }
    must = [name for name, key in table.items() if key.must]
    return {**made, "required": must} if must else made


def _type(said: str) -> dict[str, Any]:
    """The schema of a key's type: `x`, `[x]`, `{x}` or `a|b`."""
    if said.startswith("["):
        one = _type(said[1:-1])
        return {"anyOf": [one, {"type": "array", "items": one}]}
    if said.startswith("{"):
        return {"type": "object", "additionalProperties": _type(said[1:-1])}
    if "|" in said:
        return {"enum": said.split("|")}
    return _ref(_RENAMED.get(said, said))


_RENAMED: Mapping[str, str] = {"field": "field_type", "rung": "rung_or_who", "arm": "arm", "unique": "unique_or_paths"}
"""Where a key's word means a table or something shorter."""


def _words() -> dict[str, Any]:
    """The words for scalars and the like."""
    text = {"type": "string"}
    name = {"type": "string", "pattern": _NAME}
    return {
        "version": {"enum": [1, "1"]},
        "yes": {"enum": [True]},
        "boolean": {"type": "boolean"},
        "text": {"anyOf": [_SCALAR, {"type": "object", "additionalProperties": _SCALAR, "minProperties": 1}]},
        "sentence": _SCALAR,
        "name": name,
        "state": {"type": "string"},
        "role_name": name,
        "zone": {"type": "string", "examples": ["Europe/Moscow"]},
        "pattern": {**text, "examples": ["Q-{year}-{seq:6}"]},
        "address": {**text, "pattern": ADDRESS.pattern, "examples": ["qualification@buyer.example"]},
        "hours": {**text, "pattern": HOURS.pattern, "examples": ["21:00-07:00"]},
        "operation": {"type": "string", "pattern": r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"},
        "count": {"type": "integer", "minimum": 0},
        "term": {
            "type": "string",
            "pattern": _TERM,
            "examples": ["20 working days", "6 months", "8 working hours", "24 hours"],
        },
        "path": {"type": "string", "pattern": _PATH},
        "expr": _SCALAR,
        "set_value": {"type": ["string", "number", "boolean", "null"]},
        "who": {"type": "string"},
        "form_item": {"type": "string", "pattern": r"^[a-z][a-z0-9_.]*\+?!?$"},
        "check": {"enum": sorted(CHECKS)},
        "value": {},
        "type": {"anyOf": [{"enum": list(TYPES)}, {"type": "array", "items": _SCALAR}]},
        "options": {
            "anyOf": [{"type": "array", "items": _SCALAR}, {"type": "object", "additionalProperties": _ref("text")}]
        },
        "need": {"anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1}, {"type": "string"}]},
        "ask": {"type": "object", "additionalProperties": {"type": ["integer", "string"]}, "minProperties": 1},
    }


def _unions() -> dict[str, Any]:
    """What may be written in a short form or is one of several maps."""
    return {
        "field_type": {"anyOf": [_ref("type"), _ref("field")]},
        "data": {"anyOf": [_ref("field_type"), _ref("group")]},
        "columns": {
            "anyOf": [
                _ref("field_type"),
                {"type": "object", "additionalProperties": _ref("field_type"), "minProperties": 1},
            ]
        },
        "unique_or_paths": {"anyOf": [_type("[path]"), _ref("unique")]},
        "rung_or_who": {"anyOf": [_ref("who"), _ref("rung")]},
        "remind": {"anyOf": [_type("[term]"), _object(TABLES["remind"])]},
        "state_map": _by_key({MAIN_KEY_OF[kind]: _ref(f"state_{kind}") for kind in KINDS}),
        "region": _by_key({MAIN_KEY_OF[kind]: _ref(f"region_{kind}") for kind in REGION_KINDS}),
        "action": _by_key({verb: _ref(f"action_{verb}") for verb in ACTIONS}),
    }


MAIN_KEY_OF: Mapping[str, str] = {**{kind: key for key, kind in MAIN_KEY.items()}, "waiting": ""}


def _by_key(ways: Mapping[str, Any]) -> dict[str, Any]:
    """The first schema whose key is there; the one without a key where none is. Editors then report against that one."""
    otherwise: Any = ways.get("", {"required": [next(iter(ways))]} if "" not in ways else False)
    for key, schema in reversed([(k, s) for k, s in ways.items() if k]):
        otherwise = {"if": {"type": "object", "required": [key]}, "then": schema, "else": otherwise}
    return {"type": "object", **otherwise} if isinstance(otherwise, dict) else {"type": "object"}


def schema_text() -> str:
    """The file that editors read: `workflows/workflow.schema.json` (made by `make schema`)."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
