"""placeholder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class PatternFault(Exception):
    """A pattern that cannot be used."""


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Search."""
    found = re.compile(pattern)
    return lambda text: found.search(text) is not None
