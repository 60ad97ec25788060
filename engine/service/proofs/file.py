"""The file of an export: lines of JSON that prove a history without the database (docs/history.md); comparing is comparing.py's.

{"kind":"export","format":1,"made_at":…,"last_pos":…}      then, in the order of positions,
{"kind":"step","pos":…,"case":…,"seq":…,"hash":…}          each step's place, and after the last one that it covers
{"kind":"checkpoint","first_pos":…, …,"signature":…}       the checkpoint, with the members that are signed
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from engine.core.frozen import frozen
from engine.core.values import canonical, decode
from engine.errors import MilepostError
from engine.store.merkle import leaf_text
from engine.store.proof_records import Checkpoint
from engine.store.records import FeedEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

FORMAT = 1
_CHECKPOINT = tuple(f.name for f in fields(Checkpoint))


class BadExport(MilepostError):
    """The file is no export, or not all of one."""


@frozen
class Line:
    """A line of the file by its number, from 1."""

    number: int
    said: FeedEntry | Checkpoint


def written(feed: Iterable[FeedEntry], checkpoints: Iterable[Checkpoint], *, now: datetime, last: int) -> Iterator[str]:
    """The lines of an export of what checkpoints cover, up to position `last`."""
    yield canonical({"kind": "export", "format": FORMAT, "made_at": now, "last_pos": last})
    places = iter(feed)
    for checkpoint in checkpoints:
        for place in places:
            yield leaf_text(place)
            if place.pos >= checkpoint.last_pos:
                break
        yield canonical({"kind": "checkpoint", **{name: getattr(checkpoint, name) for name in _CHECKPOINT}})


def read(lines: Iterable[str]) -> Iterator[Line]:
    """Steps and checkpoints of an export, as they stand. Raises BadExport, also where the file ends too early."""
    last, pos = None, 0
    for number, text in enumerate(lines, 1):
        try:
            said = decode(json.loads(text))
            if number == 1:
                last = _head(said)
                continue
            line = Line(number, _entry(said))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BadExport(f"line {number} of the file is none of an export; give a file of `audit export`") from None
        pos = line.said.last_pos if isinstance(line.said, Checkpoint) else pos
        yield line
    if last is None:
        raise BadExport("the file is empty; give a file of `audit export`")
    if pos != last:
        raise BadExport(f"the file ends at position {pos} of {last}; give all of it")


def _head(said: Any) -> int:
    if said["kind"] != "export" or said["format"] != FORMAT or not isinstance(said["last_pos"], int):
        raise ValueError
    last: int = said["last_pos"]
    return last


def _entry(said: Any) -> FeedEntry | Checkpoint:
    kind = said.pop("kind")
    if kind == "step":
        place = FeedEntry(said["pos"], said["case"], said["seq"], said["hash"])
        _typed(whole=(place.pos, place.seq), texts=(place.case_id, place.hash))
        return place
    if kind != "checkpoint":
        raise ValueError
    found = Checkpoint(**said)
    found.made_at.astimezone()
    _typed(
        whole=(found.first_pos, found.last_pos, found.count),
        texts=(found.root, found.previous, found.key, found.signature),
    )
    return found


def _typed(*, whole: tuple[object, ...], texts: tuple[object, ...]) -> None:
    if not all(type(number) is int for number in whole) or not all(isinstance(text, str) for text in texts):
        raise ValueError
