"""The key tables: the parser, the JSON Schema and the examples say the same."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.core.loader.keys import TABLES
from engine.core.loader.load import load
from engine.core.loader.reader import Reader
from engine.core.loader.schema import json_schema, schema_text
from engine.core.loader.yaml_nodes import plain, read

EVERYTHING = Path(__file__).with_name("everything.yaml").read_text(encoding="utf-8")
WORKFLOWS = Path(__file__).parents[3] / "workflows"
SHIPPED = sorted(p for p in WORKFLOWS.glob("*.yaml") if not p.name.endswith(".test.yaml"))
SCHEMA = json_schema()


def instance(text: str) -> Any:
    """A file as an editor's validator sees it."""

    def json(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [json(item) for item in value]
        return float(value) if isinstance(value, Decimal) else value

    node, findings = read(text, file="f.yaml")
    assert node is not None
    assert findings == []
    return json(plain(node))


def test_the_parser_takes_every_key():
    """A file with every key of every table loads without a finding."""
    assert load(EVERYTHING, file="everything.yaml").diagnostics == ()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_schema_takes_what_is_shipped(path):
    """Editors report nothing in the workflows that come with the project."""
    assert [
        e.message[:200] for e in Draft202012Validator(SCHEMA).iter_errors(instance(path.read_text(encoding="utf-8")))
    ] == []


def test_the_schema_is_one():
    """It is a schema of draft 2020-12, describes each key, and takes the file with every key."""
    Draft202012Validator.check_schema(SCHEMA)
    assert all(key.doc.endswith(".") or key.doc.endswith(")") for table in TABLES.values() for key in table.values())
    assert list(Draft202012Validator(SCHEMA).iter_errors(instance(EVERYTHING))) == []


def _without(name: str, key: str) -> dict[str, Any]:
    """The schema as if a table did not have a key."""
    schema = copy.deepcopy(SCHEMA)
    kinds = [kind for kind in schema["$defs"] if kind.startswith("region_")]
    tables = [schema] if name == "top" else [schema["$defs"][k] for k in (kinds if name == "region" else [name])]
    for table in tables:
        del (table if "properties" in table else table["anyOf"][1])["properties"][key]
    return schema


OPEN = {"certificate", "group"}  # maps with names of one's own: a key that is taken away becomes such a name


@pytest.mark.parametrize("name", sorted(TABLES.keys() - OPEN))
def test_every_key_has_an_example(name):
    """Without any one key in the schema, the file with every key is no longer valid."""
    example = instance(EVERYTHING)
    kept = [key for key in TABLES[name] if Draft202012Validator(_without(name, key)).is_valid(example)]
    assert kept == []


@pytest.mark.parametrize("name", sorted(TABLES))
def test_unknown_keys_are_refused_in_every_table(name):
    """What is not listed is refused, with the nearest key."""
    table = TABLES[name]
    first = next(iter(table))
    node, _ = read("{" + first + "x: 1}", file="f.yaml")
    reader = Reader("f.yaml")
    assert node is not None
    reader.table(node, table, "it")
    assert [(d.code, d.hint) for d in reader.found if d.code == "WF010"] == [("WF010", f"did you mean '{first}'?")]


def test_the_schema_that_editors_read_is_the_present_one() -> None:
    """workflows/workflow.schema.json is what the key tables say; `make schema` writes it anew."""
    shipped = Path(__file__).parents[3] / "workflows" / "workflow.schema.json"
    assert shipped.read_text(encoding="utf-8") == schema_text()
