"""How a finding is mended in the text of its file: as data; who writes files is another's affair.

A `Guess` is a hint that names one word. It is a text like any other hint, so it goes wherever hints go.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.core.diagnostics import Mark

_MOST = 200
"""A bound for hostile files."""
_SURE = 0.75


@frozen
class Respell:
    """A word that was meant otherwise: in what stands at `mark`, `old` becomes `new`."""

    mark: Mark
    old: str
    new: str


@frozen
class Remove:
    """An entry of a map (by its key) or an item of a list that stands at `mark`; `inside`: the entry under these keys of it."""

    mark: Mark
    part: Literal["entry", "item"] = "entry"
    inside: tuple[str, ...] = ()


@frozen
class Recomment:
    """A comment at `mark` that becomes another; an empty one goes, with its line where it stands alone."""

    mark: Mark
    text: str = ""


Fix = Respell | Remove | Recomment


class Guess(str):
    """`did you mean 'x'?`: what is written, and what was meant if that is sure (else None)."""

    __slots__ = ("meant", "written")
    written: str
    meant: str | None

    def fix(self, mark: Mark) -> Fix | None:
        """The change, where one word alone is close enough."""
        return None if self.meant is None else Respell(mark, self.written, self.meant)


def guess(name: str, known: Iterable[str]) -> str | None:
    """A `Guess` of the nearest of the known names, or None where nothing is near."""
    names = list(known)
    if len(names) > _MOST:
        names = [other for other in names if other[:2] == name[:2]][:_MOST]
    near = difflib.get_close_matches(name[:80], names, n=1, cutoff=0.6)
    if not near:
        return None
    made = Guess(f"did you mean '{near[0]}'?")
    made.written, made.meant = name, near[0] if _sure(name[:80], names) == [near[0]] else None
    return made


def _sure(name: str, names: list[str]) -> list[str]:
    """All names that may be meant: of a path with a known group only the last part is compared."""
    group, dot, last = name.rpartition(".")
    inside = {other.rpartition(".")[2]: other for other in names if dot and other.rpartition(".")[0] == group}
    if not inside:
        return difflib.get_close_matches(name, dict.fromkeys(names), n=2, cutoff=_SURE)
    return [inside[part] for part in difflib.get_close_matches(last, inside, n=2, cutoff=_SURE)]
