"""Exact arithmetic within bounds: integers and decimals of at most 40 digits; never a float.

Sums, differences and products are exact; where one needs more than 40 significant digits (which only a quotient can lead to)
it is rounded to 40. A quotient is exact where 40 digits hold it, else it has 28.
"""

from __future__ import annotations

from decimal import (
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    Underflow,
)

from engine.core.expressions.expression import ExpressionError

DIGITS = 40
LIMIT = 10**DIGITS

Number = int | Decimal

_TRAPS = [InvalidOperation, DivisionByZero, Overflow, Underflow]
_WIDE = Context(prec=DIGITS, Emax=DIGITS - 1, Emin=-999, traps=_TRAPS)
_EXACT = Context(prec=DIGITS, Emax=DIGITS - 1, Emin=-999, traps=[*_TRAPS, Inexact])
_QUOTIENT = Context(prec=28, Emax=DIGITS - 1, Emin=-999, traps=_TRAPS)


def bounded(value: int) -> int:
    """An integer of at most 40 digits."""
    if -LIMIT < value < LIMIT:
        return value
    raise too_large()


def too_large() -> ExpressionError:
    """The error for a number out of bounds."""
    return ExpressionError(f"the number is out of bounds: more than {DIGITS} digits")


def add(a: Number, b: Number) -> Number:
    """`a + b`."""
    if isinstance(a, int) and isinstance(b, int):
        return bounded(a + b)
    try:
        return _WIDE.add(a, b)
    except DecimalException:
        raise too_large() from None


def subtract(a: Number, b: Number) -> Number:
    """`a - b`."""
    if isinstance(a, int) and isinstance(b, int):
        return bounded(a - b)
    try:
        return _WIDE.subtract(a, b)
    except DecimalException:
        raise too_large() from None


def multiply(a: Number, b: Number) -> Number:
    """`a * b`."""
    if isinstance(a, int) and isinstance(b, int):
        return bounded(a * b)
    try:
        return _WIDE.multiply(a, b)
    except DecimalException:
        raise too_large() from None


def divide(a: Number, b: Number) -> Decimal:
    """`a / b`, a number whatever it divides."""
    if b == 0:
        raise ExpressionError("division by zero")
    try:
        return _EXACT.divide(Decimal(a), Decimal(b))
    except Inexact:
        return quotient(a, b)
    except DecimalException:
        raise too_large() from None


def quotient(a: Number, b: Number) -> Decimal:
    """`a / b` to 28 digits."""
    try:
        return _QUOTIENT.divide(Decimal(a), Decimal(b))
    except DecimalException:
        raise too_large() from None


def remainder(a: int, b: int) -> int:
    """`a % b` with the sign of `a`, as CEL has it."""
    if b == 0:
        raise ExpressionError("division by zero")
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def negate(a: Number) -> Number:
    """`-a`; a zero has no sign."""
    return -a if isinstance(a, int) else subtract(0, a)


def integer(a: Number) -> int:
    """A number cut to an integer, towards zero."""
    if isinstance(a, Decimal) and (not a.is_finite() or a.adjusted() >= DIGITS):
        raise too_large()
    return bounded(int(a))


def plain(a: Number) -> str:
    """A number as text, without an exponent."""
    if isinstance(a, int):
        return str(bounded(a))
    if not a.is_finite() or abs(a.adjusted()) > DIGITS + 60:
        raise too_large()
    return format(a, "f")
