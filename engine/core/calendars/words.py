"""Terms as people write them, into values; what they mean on a calendar is left to moments."""

from __future__ import annotations

import re

from engine.core.terms import Term, Unit

_MOST = 10_000
_TERM = re.compile(r"([0-9]{1,12})\s+([a-z]+(?:\s+[a-z]+)?)")
_SHORT = re.compile(r"([0-9]{1,12})\s*([a-zA-Z]{1,3})")
_UNITS = {spelling: unit for unit in Unit for spelling in (unit.value, unit.value.removesuffix("s"))}
EXAMPLES = "20 working days, 15 days, 6 months, 8 working hours, 24 hours or 10 minutes"
"""A term of each unit, as hints say them."""
_LETTERS = {
    "m": "months or minutes",
    "d": "days or working days",
    "h": "hours or working hours",
    "wd": "working days",
    "wh": "working hours",
}


def parse_term(text: str) -> Term:
    """`20 working days` as a Term; raises ValueError: one line, fact; what is allowed instead."""
    found = _TERM.fullmatch(text.strip())
    if found is None:
        raise ValueError(_refusal(text.strip()))
    amount, word = int(found[1]), " ".join(found[2].split())
    unit = _UNITS.get(word)
    if unit is None:
        raise ValueError(_unit_refusal(text.strip(), amount, word))
    if not 1 <= amount <= _MOST:
        raise ValueError(f"a term of {amount} {word} is out of bounds; the amount is 1 to {_MOST}")
    return Term(amount, unit)


def _refusal(text: str) -> str:
    short = _SHORT.fullmatch(text)
    if short and (full := _LETTERS.get(short[2].lower())):
        return f"'{text}' is a short form; write {' or '.join(f'{short[1]} {unit}' for unit in full.split(' or '))}"
    return f"{_quoted(text)} is no term; write {EXAMPLES}"


def _unit_refusal(text: str, amount: int, word: str) -> str:
    if word in {"week", "weeks"}:
        return f"'{text}' counts in weeks; write {amount * 7} days"
    if word in {"year", "years"}:
        return f"'{text}' counts in years; write {amount * 12} months"
    if word in _LETTERS:
        return _refusal(text)
    return f"{_quoted(text)} has no unit that is known; write {EXAMPLES}"


def _quoted(text: str) -> str:
    return "'" + "".join(sign if sign.isprintable() else "?" for sign in text[:60]) + "'"
