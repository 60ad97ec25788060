"""Numbers that are given once: of cases, certificates and register entries; counting itself is the store's."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from engine.core.calendars.moments import local_date

if TYPE_CHECKING:
    from engine.core.case import Step
    from engine.core.definition import Workflow
    from engine.store.transaction import Transaction

_PART = re.compile(r"\{(year|body|check|seq)(?::([0-9]{1,2}))?\}")


def allocate(tx: Transaction, workflow: Workflow, step: Step, *, body: str) -> dict[str, Any]:
    """A value for each name in `step.allocate`; counters are taken last, and by everybody in the order of their names."""
    values: dict[str, Any] = {}
    counted: list[tuple[str, str, str]] = []  # (counter, pattern, name)
    for name in step.allocate:
        if name == "case.number" and workflow.number is not None:
            counted.append((f"case:{workflow.name}", workflow.number, name))
        elif name == "certificate.number" and workflow.certificate is not None:
            pattern = workflow.certificate.number.replace("{body}", body)
            counted.append((f"certificate:{pattern}", pattern, name))
        elif name == "certificate.token":
            values[name] = secrets.token_urlsafe(24)
        elif name == "register.entry_no":
            counted.append(("register", "R-{seq:6}", name))
    year = str(local_date(step.record.at, workflow.zone).year)
    for counter, pattern, name in sorted(counted):
        seq = tx.next_number(counter, year if "{year}" in pattern else "")
        values[name] = written(pattern, year=year, seq=seq, body=body)
    return values


def written(pattern: str, *, year: str, seq: int, body: str) -> str:
    """The number of a pattern; `{check}` is computed over all that is around it."""

    def part(match: re.Match[str]) -> str:
        name, width = match[1], int(match[2] or 0)
        if name == "seq":
            return f"{seq:0{width}}"
        return {"year": year, "body": body, "check": "{check}"}[name]

    text = _PART.sub(part, pattern)
    return text.replace("{check}", check_digits(text.replace("{check}", "")))


def check_digits(text: str) -> str:
    """ISO 7064 MOD 97-10 over the letters (A = 10 … Z = 35) and digits of a text; anything else is passed over.

    With the two digits behind it the number leaves 1 when divided by 97.
    """
    return f"{98 - int(_digits(text) + '00') % 97:02}"


def check_holds(number: str) -> bool:
    """Whether a number that ends with its check digits is free of a typing error."""
    digits = _digits(number)
    return len(digits) > 2 and int(digits) % 97 == 1


def _digits(text: str) -> str:
    return "".join(str(int(c, 36)) for c in text.upper() if c.isascii() and c.isalnum()) or "0"
