"""Reading a value by its field: JSON, a text or a typed value in, a value of the type or one fault out; no forms here.

What a value of each type looks like in Python is said in engine.core.types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.core.naming import Field
from engine.core.patterns import matches, text_bound
from engine.core.types import MEMBERS, TEXT, Kind

MAX_TEXT = 100_000
MAX_ITEMS = 10_000
_MAX_LINE = 1_000  # codes, files, members of records
_MAX_DIGITS = 18
_MAX_PLACES = 38
_MAP_DEPTH, _MAP_NODES = 20, 10_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MONEY = re.compile(r"(\S{1,82}) ([A-Z]{3})", re.ASCII)
_MAPS = (dict, Mapping)  # dict first: an abstract class is slow to say yes
_LISTS = (list, tuple)
_PLAIN_MEMBER = {Kind.ADDRESS: "text", Kind.PERSON: "name", Kind.PARTY: "id", Kind.DOCUMENT: "number"}


class ValueFault(Exception):
    """A value that a field does not take; `code` is a stable word, `subpath` where inside: `[2].due`."""

    def __init__(self, code: str, text: str, subpath: str = "") -> None:
        self.code, self.text, self.subpath = code, text, subpath
        super().__init__(f"{subpath}: {text}" if subpath else text)

    def inside(self, place: str) -> ValueFault:
        """The same fault, seen from one level further out."""
        dot = "." if self.subpath and not self.subpath.startswith("[") else ""
        return ValueFault(self.code, self.text, f"{place}{dot}{self.subpath}")


def read_value(field: Field, raw: Any) -> Any:
    """The value of the field's type that `raw` says; raises ValueFault for anything else, None included."""
    if raw is None:
        raise ValueFault("missing", "needs a value")
    value = _READERS[field.type.kind](field, raw)
    if field.min is not None or field.max is not None:
        _check_bounds(field, value)
    return value


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _string(raw: Any, bound: int, *, lines: bool) -> str:
    if not isinstance(raw, str):
        raise ValueFault("type", f"is no text; write it in quotes, not as {_said(raw)}")
    if len(raw) > bound:
        raise ValueFault("range", f"has {len(raw)} characters; at most {bound}")
    if raw.isprintable():
        return raw  # nearly all; what is not printable may still be a new line or a space that does not break
    bad = _CONTROL.search(raw)
    if bad or (not lines and ("\n" in raw or "\r" in raw or "\t" in raw)):
        raise ValueFault(
            "text", "has a control character; only printed characters" + (" and new lines" if lines else "")
        )
    return raw


def _read_text(field: Field, raw: Any) -> str:
    return _checked(field, _string(raw, MAX_TEXT, lines=True))


def _read_line(field: Field, raw: Any) -> str:
    return _checked(field, _string(raw, _MAX_LINE, lines=False))


def _checked(field: Field, text: str) -> str:
    if field.pattern is not None:
        bound = text_bound(field.max)
        if len(text) > bound:
            raise ValueFault("range", f"has {len(text)} characters; at most {bound}")
        if not matches(field.pattern, text):
            raise ValueFault("pattern", f"is not of the form {field.pattern}")
    if field.check is not None and not CHECKS[field.check](text):
        raise ValueFault("check", f"is no valid {CHECK_WORDS.get(field.check, field.check)}; check the digits")
    return text


def _read_choice(field: Field, raw: Any) -> str:
    if isinstance(raw, str) and raw in field.type.options:
        return raw
    raise ValueFault("option", f"is not one of {', '.join(field.type.options)}")


# ── numbers and time ─────────────────────────────────────────────────────────────────────────────────────────────────


def _read_integer(_: Field, raw: Any) -> int:
    spelt = isinstance(raw, str) and _INTEGER.fullmatch(raw) is not None
    if spelt or (isinstance(raw, Decimal | float) and _decimal(raw) == _decimal(raw).to_integral_value()):
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueFault("type", f"is no whole number: {_said(raw)}; write it like 12")
    if abs(raw) >= 10**_MAX_DIGITS:
        raise ValueFault("range", f"has more than {_MAX_DIGITS} digits")
    return raw


def _read_number(_: Field, raw: Any) -> Decimal:
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        return _decimal(Decimal(raw))
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise ValueFault("type", f"is no number: {_said(raw)}; write it like 1234.50")
    return _decimal(raw)


def _decimal(raw: float | Decimal) -> Decimal:
    """Exactly what was written: a float by its shortest text."""
    if isinstance(raw, int) and raw.bit_length() > 200:
        raise ValueFault("range", f"has more than {_MAX_PLACES} digits")
    try:
        number = raw if isinstance(raw, Decimal) else Decimal(repr(raw))
    except InvalidOperation:
        raise ValueFault("type", "is no number") from None
    if not number.is_finite():
        raise ValueFault("type", "is no number")
    _, digits, exponent = number.as_tuple()
    if len(digits) > _MAX_PLACES or not isinstance(exponent, int) or abs(exponent) > _MAX_PLACES:
        raise ValueFault("range", f"has more than {_MAX_PLACES} digits")
    return number


def _read_boolean(_: Field, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw in {"true", "false"}:
        return raw == "true"
    raise ValueFault("type", f"is neither true nor false: {_said(raw)}")


def _read_date(_: Field, raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise ValueFault("type", f"is no day of the calendar: {raw}") from None
    raise ValueFault("type", f"is no date: {_said(raw)}; write it like 2026-01-31")


def _read_datetime(_: Field, raw: Any) -> datetime:
    moment = raw
    if isinstance(raw, str) and len(raw) <= 40 and _DATE.fullmatch(raw[:10]) and len(raw) > 10:
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime):
        raise ValueFault("type", f"is no date with time: {_said(raw)}; write it like 2026-01-31T15:00:00+03:00")
    if moment.utcoffset() is None:
        raise ValueFault("type", "has no offset from UTC; write it like 2026-01-31T15:00:00+03:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueFault("range", "is outside the calendar") from None


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_record(field: Field, raw: Any) -> dict[str, Any]:
    kind = field.type.kind
    if isinstance(raw, str) and raw:
        raw = {_PLAIN_MEMBER[kind]: raw}
    readers = _MEMBER_READERS[kind]
    row: dict[str, Any] = {}
    for name, value in _items(raw, readers, kind).items():
        member, read = readers[name]
        try:
            row[name] = read(member, value)
        except ValueFault as fault:
            raise fault.inside(name) from None
    if not row:
        raise ValueFault("missing", f"needs at least one of {', '.join(readers)}")
    return row


def _items(raw: Any, allowed: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The members of `raw` that have a value; unknown ones are refused."""
    if not isinstance(raw, _MAPS):
        raise ValueFault("type", f"is no {what}: {_said(raw)}; give {', '.join(allowed)} by name")
    for name in raw:
        if name not in allowed:
            raise ValueFault("unknown", f"has no {_said(name)}; only {', '.join(allowed)}")
    return {name: value for name, value in raw.items() if value is not None}


def _read_money(field: Field, raw: Any) -> dict[str, Any]:
    if isinstance(raw, str):
        parts = _MONEY.fullmatch(raw)
        if parts is None:
            raise ValueFault("type", f"is no amount of money: {_said(raw)}; write it like 1000.00 RUB")
        raw = {"amount": parts[1], "currency": parts[2]}
    row = _items(raw, MEMBERS[Kind.MONEY], "amount of money")
    if set(row) != set(MEMBERS[Kind.MONEY]):
        raise ValueFault("missing", "needs amount and currency; write it like 1000.00 RUB")
    if not (isinstance(row["currency"], str) and re.fullmatch("[A-Z]{3}", row["currency"])):
        raise ValueFault("type", "has no currency of three capital letters, such as RUB", "currency")
    try:
        return {"amount": _read_number(field, row["amount"]), "currency": row["currency"]}
    except ValueFault as fault:
        raise fault.inside("amount") from None


# ── lists and maps ───────────────────────────────────────────────────────────────────────────────────────────────────


def _read_list(field: Field, raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, _LISTS):
        raise ValueFault("type", f"is no list: {_said(raw)}; write it like [a, b]")
    most = min(field.max, MAX_ITEMS) if isinstance(field.max, int) else MAX_ITEMS
    if len(raw) > most:
        raise ValueFault("range", f"has {len(raw)} items; at most {most}")
    items = []
    for index, item in enumerate(raw):
        try:
            items.append(read_row(field, item) if field.columns else _read_item(field, item))
        except ValueFault as fault:
            raise fault.inside(f"[{index}]") from None
    _check_keys(field, items)
    return tuple(items)


def _read_item(field: Field, raw: Any) -> Any:
    if field.item is None:
        raise ValueFault("type", "has no type of items")
    return read_value(field.item, raw)


def read_row(field: Field, raw: Any) -> dict[str, Any]:
    """One row of a list with columns: defaults filled in, the key and required columns present."""
    row: dict[str, Any] = {}
    given = _items(raw, field.columns, "row")
    for name, column in field.columns.items():
        if name in given:
            try:
                row[name] = read_value(column, given[name])
            except ValueFault as fault:
                raise fault.inside(name) from None
        elif column.default is not None:
            row[name] = column.default
        elif column.required or name == field.key:
            raise ValueFault("missing", "needs a value", name)
    if not row:
        raise ValueFault("missing", f"needs at least one of {', '.join(field.columns)}")
    return row


def _check_keys(field: Field, rows: list[Any]) -> None:
    if field.key is None:
        return
    seen = set()
    for index, row in enumerate(rows):
        key = str(row[field.key])
        if key in seen:
            raise ValueFault(
                "key", f"is there twice: {_said(key)}; {field.key} tells items apart", f"[{index}].{field.key}"
            )
        seen.add(key)


def _read_map(_: Field, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise ValueFault("type", f"is no map: {_said(raw)}")
    budget = [_MAP_NODES]
    result: dict[str, Any] = _plain(raw, 0, budget)
    return result


def _plain(raw: Any, depth: int, budget: list[int]) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > _MAP_DEPTH:
        raise ValueFault("range", f"holds too much; at most {_MAP_NODES} values, {_MAP_DEPTH} deep")
    if isinstance(raw, Mapping):
        return {_string(key, _MAX_LINE, lines=False): _plain(value, depth + 1, budget) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return tuple(_plain(value, depth + 1, budget) for value in raw)
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, int):
        return _read_integer(_NO_FIELD, raw)
    if isinstance(raw, float | Decimal):
        return _decimal(raw)
    return _string(raw, MAX_TEXT, lines=True)


# ── bounds and checks ────────────────────────────────────────────────────────────────────────────────────────────────


def _check_bounds(field: Field, value: Any) -> None:
    if field.min is None and field.max is None:
        return
    sized = isinstance(value, str | tuple)
    measure: Any = len(value) if sized else (value["amount"] if field.type.kind is Kind.MONEY else value)
    unit = ("characters" if isinstance(value, str) else "items") if sized else ""
    word = f"has {measure} {unit}" if sized else f"is {measure}"
    least: Any = field.min
    most: Any = field.max
    if least is not None and measure < least:
        raise ValueFault("range", f"{word}; at least {least}")
    if most is not None and measure > most:
        raise ValueFault("range", f"{word}; at most {most}")


def _said(raw: Any) -> str:
    """A short form of what was given, for messages."""
    if isinstance(raw, int) and raw.bit_length() > 128:
        return "a very large number"
    if isinstance(raw, str | int | float | Decimal) and len(str(raw)) < 60:
        return repr(raw) if isinstance(raw, str) else str(raw)
    return f"a {type(raw).__name__}"


def _ru_inn(text: str) -> bool:
    """A Russian taxpayer number: 10 digits with one check digit, or 12 with two (order of the Federal Tax Service)."""
    if not re.fullmatch(r"[0-9]{10}|[0-9]{12}", text):
        return False
    digits = [int(c) for c in text]

    def control(weights: tuple[int, ...]) -> int:
        return sum(w * d for w, d in zip(weights, digits, strict=False)) % 11 % 10

    if len(digits) == 10:
        return control((2, 4, 10, 3, 5, 9, 4, 6, 8)) == digits[9]
    return (
        control((7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) == digits[10]
        and control((3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) == digits[11]
    )


CHECKS: Mapping[str, Callable[[str], bool]] = {"ru_inn": _ru_inn}
"""Checksums by the name a field's `check` says."""
CHECK_WORDS: Mapping[str, str] = {"ru_inn": "tax number"}
"""What a value of a check is called in messages."""

_READERS: Mapping[Kind, Callable[[Field, Any], Any]] = {
    Kind.TEXT: _read_text,
    Kind.CODE: _read_line,
    Kind.FILE: _read_line,
    Kind.CHOICE: _read_choice,
    Kind.INTEGER: _read_integer,
    Kind.NUMBER: _read_number,
    Kind.BOOLEAN: _read_boolean,
    Kind.DATE: _read_date,
    Kind.DATETIME: _read_datetime,
    Kind.MONEY: _read_money,
    Kind.ADDRESS: _read_record,
    Kind.PERSON: _read_record,
    Kind.PARTY: _read_record,
    Kind.DOCUMENT: _read_record,
    Kind.LIST: _read_list,
    Kind.MAP: _read_map,
    Kind.ANY: lambda _, raw: raw,
}

_MEMBER_READERS: Mapping[Kind, Mapping[str, tuple[Field, Callable[[Field, Any], Any]]]] = {
    kind: {
        name: (Field(path=name, type=member), _read_line if member.kind is Kind.TEXT else _READERS[member.kind])
        for name, member in members.items()
    }
    for kind, members in MEMBERS.items()
}

_NO_FIELD = Field(path="", type=TEXT)
