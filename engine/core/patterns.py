"""Patterns of fields, bounded before they are run: what a pattern may contain and how much work it can make at most."""

from __future__ import annotations

import re
import warnings
from re import _parser  # type: ignore[attr-defined]  # the standard library's own reading of a pattern
from typing import Any

DEFAULT_LENGTH = 256
"""How long a text with a pattern may be where no `max` is given."""
MAX_LENGTH = 1_000
_MAX_PATTERN = 500
_MAX_WORK = 20_000_000
_SMALL = 12
_PLAIN = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "AT", "CATEGORY", "RANGE"}


class UnsafePattern(Exception):
    """A pattern that is refused; the text says why."""


def text_bound(maximum: object) -> int:
    """The length up to which a text is held against its pattern."""
    return min(maximum, MAX_LENGTH) if isinstance(maximum, int) else DEFAULT_LENGTH


def check_pattern(pattern: str, maximum: object = None) -> None:
    """Raises UnsafePattern for a pattern that is wrong, or that some text of the allowed length makes slow."""
    if len(pattern) > _MAX_PATTERN:
        raise UnsafePattern(f"the pattern is longer than {_MAX_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = _parser.parse(pattern)
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as fault:
        raise UnsafePattern(f"the pattern is not right: {str(fault).splitlines()[0]}") from None
    length = text_bound(maximum)
    if _work(list(tree), length) > _MAX_WORK:
        raise UnsafePattern(
            f"the pattern has too many repetitions for a text of {length} characters; use fewer * and +, or a smaller max"
        )


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is as the pattern says."""
    return re.fullmatch(pattern, text) is not None


def _work(items: list[Any], length: int) -> int:
    """In how many ways at most these items can be tried on a text of `length` characters."""
    ways = 1
    for op, argument in items:
        ways *= _ways(str(op), argument, length)
        if ways > _MAX_WORK:
            return ways
    return ways


def _ways(op: str, argument: Any, length: int) -> int:
    if op in _PLAIN:
        return 1
    if op == "SUBPATTERN":
        return _work(list(argument[3]), length)
    if op == "BRANCH":
        return sum(_work(list(branch), length) for branch in argument[1])
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        least, most, inner = argument
        once = _work(list(inner), length)
        if least == most and once == 1:
            return 1
        if most > _SMALL:
            if once > 1:
                raise UnsafePattern("the pattern repeats what repeats or varies itself, like (a+)+; write it without")
            return int(min(int(most) - int(least), length)) + 1
        return int(sum(once**n for n in range(int(least), int(most) + 1)))
    raise UnsafePattern(
        "the pattern looks ahead, behind or back; only characters, classes, groups, | and repeats are taken"
    )


def shortest(pattern: str) -> str | None:
    """A text that the pattern takes, as short as its repeats allow; None where none was found (a set of excluded characters)."""
    found = _text(list(_parser.parse(pattern)))
    return found if matches(pattern, found) else None


def _text(items: list[Any]) -> str:
    return "".join(_piece(str(op), argument) for op, argument in items)


def _piece(op: str, argument: Any) -> str:
    match op:
        case "LITERAL":
            return chr(argument)
        case "IN":
            return _piece(*(str(argument[0][0]), argument[0][1]))
        case "RANGE":
            return chr(argument[0])
        case "CATEGORY":
            return "0" if str(argument).endswith(("DIGIT", "WORD")) else " "
        case "SUBPATTERN":
            return _text(list(argument[3]))
        case "BRANCH":
            return _text(list(argument[1][0]))
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _text(list(argument[2])) * int(argument[0])
        case "AT":
            return ""
        case _:
            return "a"
