"""Findings as code hosts read them: SARIF 2.1.0."""

from __future__ import annotations

import hashlib
from importlib import metadata
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.diagnostics import Diagnostic, Severity
from engine.core.loader.editing import edit
from engine.core.loader.yaml_nodes import mark_after, read
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
    results = [
        _result(finding, codes, nodes[finding.file]) | _fixes(finding, sources.get(finding.file, ""))
        for finding in findings
    ]
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
    mark, file = finding.mark, _location(finding.file)
    region = {"startLine": mark.line, "startColumn": mark.column, "endColumn": mark.column + mark.length}
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


def _location(file: str) -> dict[str, str]:
    return {"uri": Path(file).as_uri() if Path(file).is_absolute() else Path(file).as_posix()}


def _fixes(finding: Diagnostic, source: str) -> dict[str, Any]:
    """What `--fix` would do, as one replacement; nothing where it would do nothing."""
    mended = None if finding.fix is None or finding.silenced is not None else edit(source, finding.fix)
    if mended is None:
        return {}
    start = _alike(source, mended)
    end = _alike(source[start:][::-1], mended[start:][::-1])
    first, last = (mark_after(source[:at].removeprefix("\ufeff")) for at in (start, len(source) - end))
    region = {
        "startLine": first.line,
        "startColumn": first.column,
        "endLine": last.line,
        "endColumn": last.column,
    }
    replacement = {"deletedRegion": region, "insertedContent": {"text": mended[start : len(mended) - end]}}
    change = {"artifactLocation": _location(finding.file), "replacements": [replacement]}
    return {"fixes": [{"description": {"text": finding.hint or finding.message}, "artifactChanges": [change]}]}


def _alike(one: str, other: str) -> int:
    """How many characters are the same from the start."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _fingerprint(finding: Diagnostic, root: Node | None) -> str:
    """Of the rule and the place in the file's structure: it stays when lines are put in above."""
    said = f"{finding.code} {Path(finding.file).name} {path_at(root, finding.mark)}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
