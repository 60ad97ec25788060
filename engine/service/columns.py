"""Table columns to the fields of an opening form, and a row's cells to what the form takes; values are read by the core.

A heading is a field's full path, its last part where only one field ends so, or its title; a member of a person, address
or document is `contact.email` or `contact_email`. Parts of a list are separated by `|`; a part of a list of rows is its key,
and its designation, name or title where it has such a column. Days are read as 2026-12-31 and 31.12.2026; a moment without
an offset from UTC is one of the workflow's own zone.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.core.types import MEMBERS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from engine.core.forms import Form, Slot
    from engine.core.naming import Field
    from engine.errors import FieldProblem

SEPARATOR = "|"
_NAMES = ("designation", "name", "title")
_DAY = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})(?: ([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?", re.ASCII)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", re.ASCII)
_TRUTH = {"true": True, "yes": True, "да": True, "1": True, "false": False, "no": False, "нет": False, "0": False}


def map_columns(headings: Iterable[str], form: Form) -> dict[str, str | None]:
    """Each heading with the path it fills (`applicant.contact.email` for a member), None where none or two would fit."""
    known = _known(form)
    return {heading: known.get(_plain(heading)) for heading in headings}


def row_data(cells: Mapping[str, str], columns: Mapping[str, str | None], form: Form, zone: ZoneInfo) -> dict[str, Any]:
    """A row as a payload by path; empty cells are not given."""
    data: dict[str, Any] = {}
    for heading, cell in cells.items():
        path, text = columns.get(heading), cell.strip()
        if path is None or not text:
            continue
        slot = form.slots.get(path)
        if slot is not None:
            data[path] = _value(slot.field, text, zone)
            continue
        holder, _, member = path.rpartition(".")
        held = data.get(holder)
        whole = held if isinstance(held, dict) else _whole(form.slots[holder], held)
        data[holder] = {**whole, member: _spelt(_member(form.slots[holder], member), text, zone)}
    return data


def column_of(problem: FieldProblem, columns: Mapping[str, str | None]) -> str:
    """The heading that a problem is about, "" where the table has none for it."""
    path = problem.path.partition("[")[0]
    for heading, filled in columns.items():
        if filled is not None and (filled == path or filled.startswith(f"{path}.") or path.startswith(f"{filled}.")):
            return heading
    return ""


def _known(form: Form) -> dict[str, str]:
    """Every way to write a heading, without those that could mean two fields."""
    exact: dict[str, str] = {}
    loose: dict[str, set[str]] = {}
    for path, slot in form.slots.items():
        if slot.event_data:
            continue
        exact[path] = path
        last = path.rpartition(".")[2]
        loose.setdefault(last, set()).add(path)
        for _, title in slot.field.title.values if slot.field.title else ():
            loose.setdefault(_plain(title), set()).add(path)
        for member in MEMBERS.get(slot.field.type.kind, ()):
            exact[f"{path}.{member}"] = f"{path}.{member}"
            for name in (f"{last}.{member}", f"{last}_{member}"):
                loose.setdefault(name, set()).add(f"{path}.{member}")
    return {**{name: next(iter(paths)) for name, paths in loose.items() if len(paths) == 1}, **exact}


def _plain(heading: str) -> str:
    return "_".join(heading.strip().casefold().split())


def _value(field: Field, text: str, zone: ZoneInfo) -> Any:
    if field.type.kind is not Kind.LIST:
        return _spelt(field.type.kind, text, zone)
    parts = [part.strip() for part in text.split(SEPARATOR) if part.strip()]
    if not field.columns:
        return parts if field.item is None else [_spelt(field.item.type.kind, part, zone) for part in parts]
    key = field.key or next(iter(field.columns))
    named = [name for name in _NAMES if name in field.columns and name != key][:1]
    return [{key: part, **dict.fromkeys(named, part)} for part in parts]


def _spelt(kind: Kind, text: str, zone: ZoneInfo) -> Any:
    """Cells are text; what a form wants as a JSON number, truth value, day or moment is made so where it reads so."""
    if kind is Kind.INTEGER and text.removeprefix("-").isdecimal() and len(text) < 19:
        return int(text)
    if kind is Kind.BOOLEAN:
        return _TRUTH.get(text.casefold(), text)
    if kind not in {Kind.DATE, Kind.DATETIME}:
        return text
    if written := _DAY.fullmatch(text):
        day, month, year, hours = written.groups()
        text = f"{year}-{month}-{day}" + (f"T{hours}" if hours else "")
    return _local(text, zone) if kind is Kind.DATETIME and _LOCAL.fullmatch(text) else text


def _local(text: str, zone: ZoneInfo) -> str:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        return text


def _member(holder: Slot, member: str) -> Kind:
    return MEMBERS[holder.field.type.kind][member].kind


def _whole(slot: Slot, held: Any) -> dict[str, Any]:
    """What a plain text in the holder's own column stands for, so that members can join it."""
    names = {Kind.PERSON: "name", Kind.PARTY: "id", Kind.DOCUMENT: "number", Kind.ADDRESS: "text"}
    return {names.get(slot.field.type.kind, "text"): held} if held is not None else {}
