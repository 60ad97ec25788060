"""`milepost explain`: what a code means, how grave it is, and an example."""

from __future__ import annotations

import difflib

from rich.text import Text

from engine.core.loader.load import load
from engine.errors import NotFound
from engine.verify.check import check
from runtime.cli.choices import FINE, Format
from runtime.cli.printing import as_json, out
from runtime.cli.rules import EXAMPLES, HEAD, severities, titles


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
    grades = severities(code)
    bad, good = EXAMPLES.get(code, ("", ""))
    if report is Format.JSON:
        said = {name: grade.value if grade else None for name, grade in grades.items()} if grades else "error"
        as_json({"code": code, "title": known[code], "severity": said, "bad": bad or None, "good": good or None})
        return FINE
    console = out()
    console.print(Text.assemble((code, "bold"), f"  {known[code]}"))
    if grades:
        said = ", ".join(f"{name}: {grade.value if grade else 'not reported'}" for name, grade in grades.items())
        console.print(Text(f"by profile: {said}", style="dim"))
    if bad:
        console.print(Text("reported:", style="red"))
        console.print(Text(_indented(f"{bad.rstrip()}\n\n{_rendered(code, bad)}")))
        console.print(Text("fine:", style="green"))
        console.print(Text(_indented(good.rstrip())))
    return FINE


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _rendered(code: str, example: str) -> str:
    """The finding that an example gives, as `validate` prints it."""
    source = HEAD + example
    loaded = load(source, file="sample.yaml")
    found = list(loaded.diagnostics)
    if loaded.workflow is not None:
        found += check(loaded.workflow, others={}, calendars={}, templates=None, profile="production")
    return next((finding.render(source) for finding in found if finding.code == code), "")
