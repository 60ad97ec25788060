"""What a certificate's sheet says, as plain text in two languages; how it looks is left to the Typst template.

Facts are those of a workflow's `certificate:`; each may be absent. They are cut to what a sheet can hold: the whole of them
is in the JSON inside the PDF.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.core.calendars.in_words import day_in_words
from engine.core.plain import one_line
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from engine.ports import CertificateView

MAX_TEXT = 600
MAX_ROWS = 500
_LONG_WORD = re.compile(r"\S{30,}")
_UTC = ZoneInfo("UTC")
_ADDRESS = ("postal_code", "country", "region", "city", "street")


def sheet(view: CertificateView) -> dict[str, Any]:
    """The values that the template reads: texts, lists of texts, days as {en, ru}; what has no value is not there."""
    facts = view.facts
    said = {
        "number": _line(view.number),
        "issue": view.issue,
        "case_number": _text(view.case_number),
        "verify_url": _line(view.verify_url),
        "issued_on": _day(view.issued_at),
        "signatory": _person(facts.get("signatory")),
        "conditions": [_condition(row) for row in _rows(facts, "conditions")],
    }
    for name in ("body", "body_address", "holder", "holder_address", "product", "product_name", "standard", "scheme"):
        said[name] = _text(facts.get(name))
    for name in ("plant", "scope", "reports"):
        said[name] = [text for row in _rows(facts, name) if (text := _text(row))]
    for name in ("granted_on", "valid_from", "valid_until"):
        said[name] = _day(facts.get(name))
    return {name: value for name, value in said.items() if value not in (None, "", [], {})}


def _rows(facts: Mapping[str, Any], name: str) -> list[Any]:
    value = facts.get(name)
    rows = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
    if len(rows) > MAX_ROWS:
        raise DeliveryFailed(
            f"certificate.{name} has {len(rows)} rows; at most {MAX_ROWS} can be printed", retry_after=None
        )
    return rows


def _text(value: Any) -> str:
    """A value in one line: a text as it is, an address, document, person or row by its members."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, list | tuple):
        return _line("; ".join(_text(item) for item in value))
    return _line(str(value))


def _members(value: Mapping[str, Any]) -> str:
    if any(value.get(key) for key in _ADDRESS):
        return _line(", ".join(str(value[key]) for key in _ADDRESS if value.get(key)))
    if "report_no" in value:
        parts = [_text(value.get(key)) for key in ("report_no", "lab", "accreditation_no", "issued_on")]
    elif "site_id" in value or "address" in value:
        parts = [_text(value.get("name")), _text(value.get("address"))]
    elif "item_id" in value:
        parts = [_text(value.get("designation")) or _text(value["item_id"])]
    else:
        title = " ".join(_text(value[key]) for key in ("standard", "number") if value.get(key))
        revision = f"rev. {_text(value['revision'])}" if value.get("revision") else ""
        parts = [title, revision, *(_text(value.get(key)) for key in ("title", "name", "text"))]
    return _line(", ".join(part for part in parts if part))


def _person(value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {key: _line(str(value[key])) for key in ("name", "title") if value.get(key)}
    return {"name": _text(value)} if value else {}


def _condition(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        return {"text": _text(row)}
    due = _day(row.get("due"))
    return {"text": _text(row.get("text")), **({"due": due} if due else {})}


def _day(value: Any) -> dict[str, str] | None:
    if not isinstance(value, date):
        return None
    return {locale: day_in_words(value, locale=locale, zone=_UTC) for locale in ("en", "ru")}


def _line(text: str) -> str:
    """One line, with places to break in words that are longer than a column."""
    return _LONG_WORD.sub(lambda word: "\u200b".join(re.findall(r".{1,12}", word[0])), one_line(text, limit=MAX_TEXT))
