"""Frozen dataclasses of the core to compact JSON and back by their annotations; members that equal their default are left out.

A member that the core gets later reads as its default from what was written before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.core.values import decode, encode, instant, parse_instant, plain_text, read_text

T = TypeVar("T")
Convert = Callable[[Any], Any]
Pair = tuple[Convert, Convert]

_MICROSECOND = timedelta(microseconds=1)
_SCALARS = (str, int, bool)


def pack(value: Any) -> str:
    """A dataclass value as canonical JSON text."""
    plain = _pair(_key(type(value)))[0](value)
    return plain_text(plain)


def unpack(kind: type[T], text: str) -> T:
    """The reverse of `pack`."""
    value: T = read_text(text, _pair(_key(kind))[1])
    return value


def _key(kind: Any) -> Any:
    return kind  # `cache` asks for Hashable, which type[T] is not to mypy


def _same(value: Any) -> Any:
    return value


@cache
def _pair(annotation: Any) -> Pair:
    """How values of an annotation are written and read."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_dataclass(annotation):
        return _dataclass(annotation)
    if annotation is datetime:
        return instant, parse_instant
    if annotation is timedelta:
        return (lambda v: v // _MICROSECOND), (lambda v: timedelta(microseconds=v))
    if annotation in _SCALARS or origin is Literal:
        return _same, _same
    if origin is Mapping:
        return _mapping(_pair(arguments[1]))
    if origin is tuple and arguments[-1] is Ellipsis:
        return _items(_pair(arguments[0]), tuple)
    if origin is frozenset:
        return _items(_pair(arguments[0]), frozenset)
    if origin in {Union, UnionType}:
        return _union(arguments)
    return encode, decode


def _mapping(item: Pair) -> Pair:
    write, read = item
    if write is _same:
        return dict, _same
    return (lambda v: {k: write(i) for k, i in v.items()}), (lambda v: {k: read(i) for k, i in v.items()})


def _items(item: Pair, container: type) -> Pair:
    write, read = item
    arrange = sorted if container is frozenset else list
    if write is _same:
        return arrange, container
    return (lambda v: arrange(write(i) for i in v)), (lambda v: container(read(i) for i in v))


def _union(arguments: tuple[Any, ...]) -> Pair:
    kinds = [a for a in arguments if a is not NoneType]
    if len(kinds) > 1:  # texts and tuples of texts: what JSON tells apart by itself
        return encode, decode
    write, read = _pair(kinds[0])
    if write is _same:
        return _same, _same
    return (lambda v: None if v is None else write(v)), (lambda v: None if v is None else read(v))


def _dataclass(kind: Any) -> Pair:
    hints = get_type_hints(kind, localns={"Mapping": Mapping})
    members = [(f.name, *_pair(hints[f.name]), *_default(f)) for f in fields(kind)]
    readers = {name: read for name, _, read, _, _ in members}

    def write_all(value: Any) -> dict[str, Any]:
        plain = {}
        for name, write, _, optional, default in members:
            member = getattr(value, name)
            if not (optional and member == default):
                plain[name] = write(member)
        return plain

    def read_all(plain: dict[str, Any]) -> Any:
        return kind(**{name: readers[name](member) for name, member in plain.items()})

    return write_all, read_all


def _default(member: Field[Any]) -> tuple[bool, Any]:
    if member.default is not MISSING:
        return True, member.default
    if member.default_factory is not MISSING:
        return True, member.default_factory()
    return False, None
