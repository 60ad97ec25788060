"""Values to JSON and back without loss, and the one canonical text of them that is hashed and stored.

Tags: {"$n": "1.50"} Decimal · {"$d": "2026-01-31"} date · {"$t": "2026-01-31T21:00:00.000000Z"} datetime, UTC.
A map whose key begins with `$` is kept by doubling it (`$$`). Tuples and lists become arrays and come back as tuples.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import NoneType
from typing import Any, TypeVar

import orjson

T = TypeVar("T")

_PLAIN = frozenset({str, int, bool, NoneType})
_TAG = '"$'
_NO_FLOAT = "no value is a float; a whole number beyond 64 bits was read as one"
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Rounded(ValueError):
    """Not the number that was written."""


@lru_cache(maxsize=16_384)
def instant(moment: datetime) -> str:
    """An aware datetime as fixed-width UTC text, so that text order is time order.

    Remembered, as a case's moments are written again at every step.
    """
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"  # without +00:00


@lru_cache(maxsize=16_384)
def parse_instant(text: str) -> datetime:
    """The reverse of `instant`. Remembered, as a case says the same moment in many places, and many cases are due at one."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def encode(value: Any) -> Any:
    """A value as plain JSON with tags; raises TypeError for what is no value."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:  # by far the most, so it does not go through the questions below
        return {
            f"${key}" if key.startswith("$") else key: item if type(item) in _PLAIN else encode(item)
            for key, item in value.items()
        }
    if kind is tuple or kind is list:
        return [item if type(item) in _PLAIN else encode(item) for item in value]
    if isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return {"$n": str(value)}
    if isinstance(value, datetime):
        return {"$t": instant(value)}
    if isinstance(value, date):
        return {"$d": value.isoformat()}
    if isinstance(value, Mapping):
        return encode(dict(value))
    if isinstance(value, list | tuple):
        return encode(list(value))
    raise TypeError(f"{kind.__name__} is no value of a case")


def decode(value: Any) -> Any:
    """The reverse of `encode`. Raises Rounded."""
    kind = type(value)
    if kind is dict:
        if "$" in "".join(value):
            return _tagged(value)
        return {key: item if type(item) in _PLAIN else decode(item) for key, item in value.items()}
    if kind is list:
        return tuple([item if type(item) in _PLAIN else decode(item) for item in value])
    if kind is float:
        raise Rounded(_NO_FLOAT)
    return value


def _tagged(value: dict[str, Any]) -> Any:
    """A value with its tag, or a map with a `$` in a key."""
    if len(value) == 1:
        ((tag, text),) = value.items()
        if tag == "$t":
            return parse_instant(text)
        if tag == "$d":
            return date.fromisoformat(text)
        if tag == "$n":
            return Decimal(text)
    return {key.removeprefix("$"): decode(item) for key, item in value.items()}


def as_restored(value: Any) -> Any:
    """The value as it comes back from its canonical text: maps in the order of their keys, lists as tuples."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {key: as_restored(value[key]) for key in sorted(value)}
    if kind is tuple or kind is list:
        return tuple([as_restored(item) for item in value])
    return as_restored(dict(value)) if isinstance(value, Mapping) else value


def canonical(value: Any) -> str:
    """The one text of a value: tags, sorted keys, no spaces, no escapes beyond JSON's own."""
    return plain_text(encode(value))


def plain_text(plain: Any) -> str:
    """The canonical text of what is JSON already, with its tags."""
    try:
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # whole numbers beyond 64 bits, and what is no JSON at all
        return _JSON.encode(plain)


def restore(text: str) -> Any:
    """The value of a canonical text."""
    return read_text(text, decode if _TAG in text else _untagged)


def _untagged(value: Any) -> Any:
    """The reverse of `encode` where no text begins with a `$`: the value that was just read, changed in its place."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(item) not in _PLAIN:
                value[key] = _untagged(item)
        return value
    if kind is list:
        return tuple([item if type(item) in _PLAIN else _untagged(item) for item in value])
    if kind is float:
        raise Rounded(_NO_FLOAT)
    return value


def read_text(text: str, read: Callable[[Any], T]) -> T:
    """What `read` makes of the plain JSON of a canonical text; it may be asked twice, as it refuses what was rounded."""
    try:
        return read(orjson.loads(text))
    except (Rounded, orjson.JSONDecodeError):
        return read(json.loads(text))
