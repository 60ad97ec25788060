"""`milepost validate --fix`: what can be mended safely is mended in the file's own text; how is said by each finding.

A fix is kept if its finding has gone and it brings no new one. In a file that could not be read before, findings elsewhere
are not the fix's doing: they were hidden behind it.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.loader.codes import CODES
from engine.core.loader.editing import edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engine.core.diagnostics import Diagnostic
    from runtime.cli.checking import Checked

    Check = Callable[[Path, dict[str, str]], Checked]

_TWICE = frozenset({"WF006", "WF026", "WF029", "WF062"})
_MOST = 100
"""Fixes in one file; a hostile one has no end of them."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A file before and after, with the findings that were mended."""

    file: str
    before: str
    after: str
    mended: tuple[Diagnostic, ...]

    @property
    def changed(self) -> list[str]:
        """The lines that differ, as a diff without its head."""
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="", n=0)
        return [line for line in list(lines)[2:] if not line.startswith("@@")]


def mend(files: Iterable[str], check: Check) -> list[Fixed]:
    """The files that change. `check` looks at all that belongs together, with some texts instead of those on the disk."""
    mended = []
    for file in files:
        checked = check(Path(file), {})
        before = checked.sources.get(file, "")
        text, done = _mend(file, before, checked, check)
        if text != before:
            mended.append(Fixed(file, before, text, tuple(done)))
    return mended


def _mend(file: str, text: str, checked: Checked, check: Check) -> tuple[str, list[Diagnostic]]:
    """One fix at a time, each on what the last one left; what was refused is not tried again."""
    done: list[Diagnostic] = []
    refused: set[tuple[str, str]] = set()
    for _ in range(_MOST):
        found = [one for one in checked.findings if one.file == file and one.fix is not None]
        finding = next((one for one in found if (one.code, one.message) not in refused), None)
        if finding is None or finding.fix is None:
            break
        changed = edit(text, finding.fix)
        after = None if changed is None else check(Path(file), {file: changed})
        if changed is None or after is None or not _is_better(file, checked.findings, after.findings, finding):
            refused.add((finding.code, finding.message))
        else:
            text, checked = changed, after
            done.append(finding)
    return text, done


def _is_better(file: str, before: list[Diagnostic], after: list[Diagnostic], mended: Diagnostic) -> bool:
    old, new = (Counter((one.file, one.code, one.message) for one in some) for some in (before, after))
    own = (file, mended.code, mended.message)
    if new[own] >= old[own]:
        return False
    unread = any(one.file == file and one.code in CODES and one.severity.value == "error" for one in before)
    brought = new - old
    return not any(
        brought[one.file, one.code, one.message] and not (unread and _is_elsewhere(one, file, mended)) for one in after
    )


def _is_elsewhere(finding: Diagnostic, file: str, mended: Diagnostic) -> bool:
    """Whether a finding was hidden before: proved of what can be read, or in another line and of no name that is there twice."""
    hidden = finding.code not in CODES or finding.mark.line != mended.mark.line
    return finding.file == file and hidden and finding.code not in _TWICE


def write(fixed: Fixed) -> None:
    """The file as it is now, whole or not at all, with the permissions that it had."""
    path = Path(fixed.file).resolve()  # a link stays one
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(fixed.after.encode("utf-8"))
        Path(name).chmod(path.stat().st_mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
