"""Values of a case as the JSON that strangers read: dates and moments as ISO 8601 text, decimals as text, lists as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.core.values import instant


def plain_json(value: Any) -> Any:
    """The value in JSON's own types; raises TypeError for what is no value."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no value of a case")
