"""The hash chain of a case's history and the canonical form it runs over; storing it is left to the transaction.

    hash(0) = SHA-256("milepost:case:" + case id)
    hash(n) = SHA-256(hash(n-1) ‖ canonical(record n without payload) ‖ SHA-256(canonical(payload n)))

‖ joins bytes; hashes enter as their 32 bytes and texts as UTF-8. `canonical` is that of engine.core.values: JSON with
sorted keys, no spaces, no escapes beyond JSON's own, tagged dates and decimals. A record has all members of
engine.core.case.Record but `payload`. So a payload can be erased and the chain still proves the rest.
"""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from engine.core.case import Record
from engine.core.values import canonical, encode, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

_MEMBERS = tuple(f.name for f in fields(Record) if f.name != "payload")
_VALUES = attrgetter(*_MEMBERS)


def genesis(case_id: str) -> str:
    """The hash before the first record: no record can be moved to another case."""
    return sha256(f"milepost:case:{case_id}".encode()).hexdigest()


def record_text(record: Record) -> str:
    """The canonical text of a record without its payload."""
    plain = dict(zip(_MEMBERS, _VALUES(record), strict=True))  # of texts and lists of them, but for its moment
    plain["at"] = encode(record.at)
    return plain_text(plain)


def payload_text(record: Record) -> str:
    """The canonical text of what was said."""
    return canonical(record.payload)


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def link(previous: str, record: str, payload_hash: str) -> str:
    """The hash of a record after `previous`."""
    return sha256(bytes.fromhex(previous) + record.encode() + bytes.fromhex(payload_hash)).hexdigest()


def is_whole(case_id: str, lines: Iterable[Any]) -> bool:
    """Whether lines (record, payload or None where erased, payload_hash, hash), from the first on, form the chain."""
    previous = genesis(case_id)
    for line in lines:
        if line.payload is not None and digest(line.payload) != line.payload_hash:
            return False
        previous = link(previous, line.record, line.payload_hash)
        if previous != line.hash:
            return False
    return True
