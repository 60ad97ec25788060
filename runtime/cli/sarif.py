"""Findings as code hosts read them: SARIF 2.1.0."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.diagnostics import Diagnostic, Severity
from engine.core.loader.yaml_nodes import read
from engine.core.loader.yaml_paths import path_at
from engine.verify.rules import RULES
from runtime.cli.rules import titles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.core.loader.yaml_nodes import Node

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "milepostRuleAndPath/v1"


def sarif(findings: Sequence[Diagnostic], sources: Mapping[str, str]) -> dict[str, Any]:
    """A log of one run; silenced findings are suppressed with their reasons."""
    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "milepost",
        "semanticVersion": metadata.version("milepost"),
        "rules": [_rule(code) for code in codes],
    }
    nodes = {file: read(sources.get(file, ""), file=file)[0] for file in {finding.file for finding in findings}}
    results = [_result(finding, codes, nodes[finding.file]) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    said: dict[str, Any] = {"id": code, "shortDescription": {"text": titles().get(code, code)}}
    rule = RULES.get(code)
    if rule is None:
        return said
    precision = {"certain": "very-high", "likely": "medium"}[rule.confidence]
    return {**said, "fullDescription": {"text": rule.why}, "properties": {"precision": precision}}


def _result(finding: Diagnostic, codes: Sequence[str], root: Node | None) -> dict[str, Any]:
    text = finding.message if finding.hint is None else f"{finding.message}; {finding.hint}"
    mark = finding.mark
    region = {"startLine": mark.line, "startColumn": mark.column, "endColumn": mark.column + mark.length}
    file = {
        "uri": Path(finding.file).as_posix() if not Path(finding.file).is_absolute() else Path(finding.file).as_uri()
    }
    quiet = {"kind": "inSource", "justification": finding.silenced}
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": file, "region": region}}],
        "partialFingerprints": {FINGERPRINT: _fingerprint(finding, root)},
        **({} if finding.silenced is None else {"suppressions": [quiet]}),
    }


def _fingerprint(finding: Diagnostic, root: Node | None) -> str:
    """Of the rule and the place in the file's structure: it stays when lines are put in above."""
    said = f"{finding.code} {Path(finding.file).name} {path_at(root, finding.mark)}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
