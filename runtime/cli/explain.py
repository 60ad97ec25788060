"""`milepost explain`: what a code means, how grave it is, and an example."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from rich.text import Text

from engine.core.loader.load import load
from engine.errors import NotFound
from engine.verify.check import check
from engine.verify.rules import RULES
from engine.verify.rules.rule import example
from runtime.cli.choices import FINE, Format
from runtime.cli.printing import as_json, out
from runtime.cli.rules import examples, titles

if TYPE_CHECKING:
    from engine.verify.rules.rule import Rule


class NoSuchRule(NotFound):
    """No finding has this code."""


def run(rule: str, report: Format) -> int:
    """Explain one code."""
    code, known = rule.strip().upper(), titles()
    if code not in known:
        near = difflib.get_close_matches(code, known, n=3)
        raise NoSuchRule(
            f"there is no rule '{rule[:40]}'; {'did you mean ' + ' or '.join(near) if near else 'codes are like WF031'}"
        )
    found, (bad, good) = RULES.get(code), examples(code)
    if report is Format.JSON:
        as_json(_as_map(code, known[code], found, bad, good))
        return FINE
    console = out()
    console.print(Text.assemble((code, "bold"), f"  {known[code]}"))
    if found is not None:
        said = ", ".join(
            f"{name}: {grade.value if grade else 'not reported'}" for name, grade in found.severities.items()
        )
        console.print(Text(f"by profile: {said}; {found.confidence}", style="dim"))
        console.print(Text(found.why))
    if bad:
        console.print(Text("reported:", style="red"))
        console.print(Text(_indented(f"{bad.rstrip()}\n\n{_rendered(code, bad)}".rstrip())))
        console.print(Text("fine:", style="green"))
        console.print(Text(_indented(good.rstrip())))
    return FINE


def _as_map(code: str, title: str, rule: Rule | None, bad: str, good: str) -> dict[str, Any]:
    severity = {name: grade.value if grade else None for name, grade in rule.severities.items()} if rule else "error"
    more = {"confidence": rule.confidence, "why": rule.why} if rule else {}
    return {"code": code, "title": title, "severity": severity, **more, "bad": bad or None, "good": good or None}


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _rendered(code: str, text: str) -> str:
    """The finding that an example gives, as `validate` prints it."""
    source = example(text)
    loaded = load(source, file="sample.yaml")
    found = list(loaded.diagnostics)
    if loaded.workflow is not None:
        found += check(loaded.workflow, others={}, calendars={}, templates=None, profile="production").found
    return next((finding.render(source) for finding in found if finding.code == code), "")
