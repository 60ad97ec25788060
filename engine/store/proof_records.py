"""What proofs of the histories run over: checkpoints, and lines as they are stored, with the very texts that were hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime


@frozen
class Checkpoint:
    """What the feed held from `first_pos` to `last_pos`, signed; hashes, keys and signatures are hexadecimal."""

    first_pos: int
    last_pos: int
    count: int
    root: str
    previous: str
    made_at: datetime
    key: str
    signature: str = ""


@frozen
class CaseLine:
    """What a case's own row says of its history; `row` sorts the lines of proofs."""

    row: int
    id: str
    number: str | None
    seq: int
    hash: str
    closed: bool
    pruned: bool


@frozen
class StepLine:
    """A line of a history with the very texts that its hash runs over; `payload` None: erased."""

    case_row: int
    seq: int
    kind: str
    name: str
    command: str | None
    record: str
    payload: str | None
    payload_hash: str
    hash: str


@frozen
class Place:
    """A case's step in the order across cases."""

    case_row: int
    pos: int
    seq: int
    hash: str


@frozen
class SectionLine:
    """A group of a case's data, as canonical text."""

    case_row: int
    section: str
    data: str


@frozen
class StateLine:
    """A state that a case is in."""

    case_row: int
    state: str
