"""`# milepost: ignore[WF047] reason`: findings that the process owner has seen and means so, each with his reason (WF107, WF108).

At the end of a line it speaks of that line, on a line of its own of the next one that says something.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.diagnostics import Mark
from engine.core.fixes import Recomment
from engine.core.frozen import frozen
from engine.verify.rules import RULES
from engine.verify.rules.rule import ALWAYS

if TYPE_CHECKING:
    from engine.core.diagnostics import Diagnostic
    from engine.verify.findings import Report

_SILENCE = re.compile(r"(?:^|\s)(#\s*milepost:\s*ignore\b\s*(?:\[([^\]\n]*)\])?[ \t]*([^\n]*))")
_MOST = 200
_FORM = "write `# milepost: ignore[WF047] the reason`"


@frozen
class Silence:
    """`line` is that of which it speaks, `mark` its own place; `codes` and `reason` as they are written."""

    line: int
    mark: Mark
    codes: tuple[str, ...]
    reason: str


def read_silences(source: str) -> list[Silence]:
    """Those of a file, in its order."""
    lines = source.splitlines()
    found: list[Silence] = []
    for number, line in enumerate(lines, 1):
        said = _SILENCE.search(line) if "milepost:" in line else None
        if said is None or len(found) >= _MOST:
            continue
        alone = not line[: said.start(1)].strip()
        following = (n for n, other in enumerate(lines[number:], number + 1) if not _is_blank(other))
        codes = tuple(filter(None, (code.strip() for code in (said[2] or "").split(","))))
        mark = Mark(number, said.start(1) + 1, len(said[1].rstrip()))
        found.append(Silence(next(following, number) if alone else number, mark, codes, said[3].strip()))
    return found


def silence(source: str, report: Report) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What has been reported, without what is silenced; and that, with the reasons. Bad silences are reported."""
    silences = [one for one in read_silences(source) if _is_good(one, report)]
    reasons = {(one.line, code): one.reason for one in silences for code in one.codes}
    loud = [finding for finding in report.found if (finding.mark.line, finding.code) not in reasons]
    quiet = [
        replace(finding, silenced=reasons[finding.mark.line, finding.code])
        for finding in report.found
        if (finding.mark.line, finding.code) in reasons
    ]
    used = {(finding.mark.line, finding.code) for finding in quiet}
    idle = [(one, code) for one in silences for code in one.codes if (one.line, code) not in used]
    before = len(report.found)
    for one, code in idle:
        left = [other for other in one.codes if (one, other) not in idle]
        text = f"# milepost: ignore[{', '.join(left)}] {one.reason}" if left else ""
        message = f"nothing is found here that `ignore[{code}]` could silence"
        report.say("WF108", one.mark, message, "take it out", fix=Recomment(one.mark, text))
    return [*loud, *report.found[before:]], quiet


def _is_good(one: Silence, report: Report) -> bool:
    never = next((code for code in one.codes if code not in RULES or RULES[code].levels == ALWAYS), None)
    if not one.codes:
        report.say("WF107", one.mark, "this silence names no rule", _FORM)
    elif never is not None:
        why = "is no rule that can be silenced" if never in RULES else "is no rule"
        report.say("WF107", one.mark, f"'{never[:20]}' {why}", "mend what it found" if never in RULES else _FORM)
    elif not one.reason:
        report.say("WF107", one.mark, f"this silence of {', '.join(one.codes)} has no reason", _FORM)
    else:
        return True
    return False


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
