"""The syntax of patterns: text into a tree of pieces; how they are searched for is left to patterns."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.frozen import frozen

MAX_LENGTH = 500
MAX_NESTING = 20
MAX_TIMES = 1000

Test = Callable[[str], bool]


class PatternFault(Exception):
    """A pattern that cannot be used, and why."""


@frozen
class Chars:
    """One character that passes a test."""

    test: Test


@frozen
class Anchor:
    """`^` or `$`."""

    sign: str


@frozen
class Sequence:
    """One piece after the other."""

    pieces: tuple[Piece, ...]


@frozen
class Either:
    """One of several."""

    ways: tuple[Piece, ...]


@frozen
class Repeat:
    """A piece at least `least` and at most `most` times (None: any number)."""

    piece: Piece
    least: int
    most: int | None


Piece = Chars | Anchor | Sequence | Either | Repeat

DIGITS = frozenset("0123456789")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
CLASSES = {"d": DIGITS, "w": DIGITS | LETTERS | {"_"}, "s": frozenset("\t\n\f\r ")}
CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a"}


def read_pattern(text: str) -> Piece:
    """The tree of a pattern; raises PatternFault."""
    if len(text) > MAX_LENGTH:
        raise PatternFault(f"it has {len(text)} characters; at most {MAX_LENGTH}")
    return Reading(text).whole()


class Reading:
    """One pass over a pattern."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.nesting = 0
        self.any_case = False

    def peek(self) -> str:
        """The next character, or an empty text."""
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        """The next character; it is consumed."""
        char = self.peek()
        self.at += 1
        return char

    def whole(self) -> Piece:
        """The whole pattern."""
        if self.text.startswith("(?i)"):
            self.any_case, self.at = True, 4
        piece = self.either()
        if self.at < len(self.text):
            raise PatternFault("a ')' has no '('")
        return piece

    def either(self) -> Piece:
        """Alternatives."""
        ways = [self.sequence()]
        while self.peek() == "|":
            self.take()
            ways.append(self.sequence())
        return ways[0] if len(ways) == 1 else Either(tuple(ways))

    def sequence(self) -> Piece:
        """Pieces up to a `|`, a `)` or the end."""
        pieces: list[Piece] = []
        while self.peek() not in {"", "|", ")"}:
            pieces.append(self.repeated(self.single()))
        return Sequence(tuple(pieces))

    def repeated(self, piece: Piece) -> Piece:
        """A piece with what follows it: `* + ? {n,m}`, also their lazy forms."""
        sign = self.peek()
        if sign not in {"*", "+", "?", "{"}:
            return piece
        bounds = self.bounds() if sign == "{" else {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        if sign != "{":
            self.take()
        if self.peek() == "?":
            self.take()
        if self.peek() in {"*", "+", "?", "{"}:
            raise PatternFault(f"'{self.peek()}' repeats a repetition")
        return Repeat(piece, *bounds)

    def bounds(self) -> tuple[int, int | None]:
        """`{n}`, `{n,}`, `{n,m}`."""
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : max(end, 0)].partition(",")
        fine = end > 0 and set(least) <= DIGITS and set(most) <= DIGITS and 0 < len(least) <= 4 and len(most) <= 4
        if not fine:
            raise PatternFault("'{' repeats like {2}, {2,} or {2,5}; the character itself is \\{")
        self.at = end + 1
        low = int(least)
        high = int(most) if most else (None if comma else low)
        if low > MAX_TIMES or (high is not None and not low <= high <= MAX_TIMES):
            raise PatternFault(f"a piece is repeated from least to most, {MAX_TIMES} times at most")
        return low, high

    def single(self) -> Piece:
        """A character, a class, an anchor or a group."""
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return self.bracket()
        if char == ".":
            return Chars(lambda char: char != "\n")
        if char in {"^", "$"}:
            return Anchor(char)
        if char == "\\":
            return self.escape()
        if char in {"*", "+", "?", "{"}:
            raise PatternFault(f"'{char}' has nothing to repeat")
        return self.chars(frozenset({char}))

    def group(self) -> Piece:
        """`( … )`, `(?: … )`, `(?P<name> … )`."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise PatternFault("its groups are nested too deeply")
        if self.peek() == "?":
            named = self.text.find(">", self.at) if self.text.startswith(("?P<", "?<"), self.at) else -1
            look = self.text.startswith(("?=", "?!", "?<=", "?<!"), self.at)
            if self.text.startswith("?:", self.at):
                self.at += 2
            elif named > 0 and not look:
                self.at = named + 1
            else:
                raise PatternFault("looking ahead or behind and flags inside are not possible")
        piece = self.either()
        if self.take() != ")":
            raise PatternFault("a '(' has no ')'")
        self.nesting -= 1
        return piece

    def escape(self) -> Piece:
        """What follows a backslash, outside brackets."""
        char = self.take()
        if char == "A":
            return Anchor("^")
        if char == "z":
            return Anchor("$")
        if char.isdigit():
            raise PatternFault("a reference to a group is not possible")
        if char.lower() in CLASSES:
            inside = CLASSES[char.lower()]
            return Chars(inside.__contains__) if char.islower() else Chars(lambda char: char not in inside)
        return self.chars(frozenset({self.literal(char)}))

    def literal(self, char: str) -> str:
        """The character that an escape stands for."""
        if char in CONTROL:
            return CONTROL[char]
        if char and not char.isalnum():
            return char
        raise PatternFault(f"'\\{char}' is not possible")

    def bracket(self) -> Piece:
        """`[a-z_]`, `[^0-9]`."""
        opposite = self.peek() == "^"
        if opposite:
            self.take()
        single: set[str] = set()
        ranges: list[tuple[str, str]] = []
        others: list[frozenset[str]] = []  # characters that are not among these
        first = True
        while first or self.peek() != "]":
            first = False
            if not self.peek():
                raise PatternFault("a '[' has no ']'")
            low = self.member(single, others)
            if low is None:
                continue
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.take()
                high = self.member(set(), [])
                if high is None or high < low:
                    raise PatternFault("a range in brackets goes from a lower to a higher character")
                ranges.append((low, high))
            else:
                single.add(low)
        self.take()

        def inside(char: str) -> bool:
            return (
                char in single
                or any(low <= char <= high for low, high in ranges)
                or any(char not in known for known in others)
            )

        test = self.in_any_case(inside)
        return Chars(lambda char: not test(char)) if opposite else Chars(test)

    def member(self, single: set[str], others: list[frozenset[str]]) -> str | None:
        """One member of a bracket; a class is added whole and gives None."""
        char = self.take()
        if char == "[" and self.peek() == ":":
            raise PatternFault("classes like [:alpha:] are not possible; write [a-zA-Z]")
        if char != "\\":
            return char
        char = self.take()
        if char and char.lower() in CLASSES:
            if char.islower():
                single |= CLASSES[char]
            else:
                others.append(CLASSES[char.lower()])
            return None
        return self.literal(char)

    def chars(self, known: frozenset[str]) -> Chars:
        """One of these characters."""
        return Chars(self.in_any_case(known.__contains__))

    def in_any_case(self, test: Test) -> Test:
        """The test, for upper and lower case alike where `(?i)` says so."""
        if not self.any_case:
            return test
        return lambda char: test(char) or test(char.lower()) or test(char.upper())
