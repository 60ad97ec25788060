"""The words of an expression: source text into tokens with offsets; their order is left to the parser."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal

from engine.core.expressions.faults import SYNTAX, TOO_MUCH, ExpressionFault
from engine.core.frozen import frozen

MAX_SOURCE = 4000
MAX_DIGITS = 40

Kind = Literal["number", "text", "name", "operator", "end"]

TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r\n\f]|//[^\n]*)+)
      | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]*\.)?[0-9]+(?:[eE][+-]?[0-9]+)?)
      | (?P<text>[rR]?(?:\"{3}|'{3}|"|'))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE,
)
WRONG = {
    "===": "write ==",
    "**": "there is no power operator",
    "<>": "write !=",
    "=>": "write >=",
    "=<": "write <=",
    ":=": "write ==",
    "=": "write ==",
    "&": "write &&",
    "|": "write ||",
    "{": "lists are written [a, b]; maps cannot be written here",
    "}": "lists are written [a, b]; maps cannot be written here",
    "^": "there is no power operator",
    ";": "an expression is one value; join conditions with &&",
    "`": "write text in plain quotes: \"text\" or 'text'",
    "“": "write text in plain quotes: \"text\" or 'text'",
    "”": "write text in plain quotes: \"text\" or 'text'",
    "„": "write text in plain quotes: \"text\" or 'text'",
    "«": "write text in plain quotes: \"text\" or 'text'",
    "»": "write text in plain quotes: \"text\" or 'text'",
    "‘": "write text in plain quotes: \"text\" or 'text'",
    "’": "write text in plain quotes: \"text\" or 'text'",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "–": "write - for minus",
    "−": "write - for minus",
}
SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?",
}  # fmt: skip
ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)


@frozen
class Token:
    """A word: for numbers and texts `value` is what it stands for."""

    kind: Kind
    text: str
    offset: int
    value: Any = None

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.offset + len(self.text)


def tokens(source: str) -> list[Token]:
    """All tokens of a source, an `end` token last; raises ExpressionFault."""
    if len(source) > MAX_SOURCE:
        raise ExpressionFault(
            TOO_MUCH,
            f"the expression has {len(source)} characters; at most {MAX_SOURCE}",
            offset=0,
            length=1,
            hint="name its parts under `define`",
        )
    found: list[Token] = []
    at = 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None or wrong_at(source, at):
            raise unexpected(source, at)
        kind, text = match.lastgroup, match.group()
        if kind == "number":
            found.append(number(source, text, at))
            at = match.end()
        elif kind == "text":
            found.append(quoted(source, text, at))
            at = found[-1].end
        else:
            if kind != "space":
                found.append(Token("name" if kind == "name" else "operator", text, at))
            at = match.end()
    found.append(Token("end", "", len(source)))
    return found


def wrong_at(source: str, at: int) -> str | None:
    """A piece at this place that other languages have and this one has not."""
    if source.startswith("//", at):
        return None  # a comment
    for width in (3, 2, 1):
        if source[at : at + width] in WRONG:
            piece = source[at : at + width]
            return None if piece == "=" and source.startswith("==", at) else piece
        if width == 2 and source[at : at + 2] in {"==", "!=", "<=", ">=", "&&", "||"}:
            return None
    return None


def unexpected(source: str, at: int) -> ExpressionFault:
    """The fault for a character that begins no word."""
    piece = wrong_at(source, at) or source[at]
    hint = WRONG.get(piece)
    if hint is None and piece.isalpha():
        hint = "names are written in Latin letters; text in quotes"
    return ExpressionFault(SYNTAX, f"unexpected {shown(piece)}", offset=at, length=len(piece), hint=hint)


def shown(piece: str) -> str:
    """A piece of source for a message, on one line and without control characters."""
    return f"'{piece}'" if piece.isprintable() else f"U+{ord(piece[0]):04X}"


def number(source: str, text: str, at: int) -> Token:
    """An integer or an exact decimal."""
    end = at + len(text)
    if end < len(source) and (source[end].isalnum() or source[end] == "_"):
        raise ExpressionFault(
            SYNTAX,
            f"'{text}{source[end]}' is no number",
            offset=at,
            length=len(text) + 1,
            hint="numbers are written 10, 2.5 or 1e3; terms such as 6 months belong to deadlines",
        )
    mantissa, _, exponent = text.lower().partition("e") if not text.lower().startswith("0x") else (text, "", "")
    if len(mantissa) > MAX_DIGITS or (exponent and abs(int(exponent[:9])) > MAX_DIGITS):
        raise ExpressionFault(
            TOO_MUCH, f"a number has at most {MAX_DIGITS} digits", offset=at, length=len(text), hint=None
        )
    if text.lower().startswith("0x"):
        return Token("number", text, at, int(text, 16))
    return Token("number", text, at, int(text) if text.isdigit() else Decimal(text))


def quoted(source: str, opening: str, at: int) -> Token:
    """A text literal from its opening quote on."""
    raw = opening[0] in "rR"
    quote = opening.lstrip("rR")
    begin = at + len(opening)
    pos = begin
    while True:
        if pos >= len(source) or (len(quote) == 1 and source[pos] in "\r\n"):
            raise ExpressionFault(
                SYNTAX, "this text has no end", offset=at, length=len(opening), hint=f"close it with {quote}"
            )
        if source.startswith(quote, pos):
            break
        pos += 2 if source[pos] == "\\" and not raw else 1
    body = source[begin:pos]
    value = body if raw else unescaped(body, begin)
    return Token("text", source[at : pos + len(quote)], at, value)


def unescaped(body: str, offset: int) -> str:
    """A text with its escapes replaced, as CEL has them."""

    def replace(match: re.Match[str]) -> str:
        *codes, octal, char = match.groups()
        digits = next((code for code in codes if code), None)
        value = int(digits, 16) if digits else int(octal, 8) if octal else None
        if value is None and char in SIMPLE:
            return SIMPLE[char]
        if value is None or value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
            raise ExpressionFault(
                SYNTAX,
                f"{shown(match.group())} is no escape" if match.group().isprintable() else "this is no escape",
                offset=offset + match.start(),
                length=len(match.group()),
                hint=r'write \\ for a backslash, or the text as r"…"',
            )
        return chr(value)

    return ESCAPE.sub(replace, body) if "\\" in body else body
