"""Grammar: tokens into a syntax tree, by precedence (a Pratt parser); names and types are left to the checker.

From weak to strong: `? :` · `||` `or` · `&&` `and` · `not` · `== != < <= > >= in` · `+ -` · `* / %` · `! -` · `. [] ()`.
As CEL, but for `and or not`. Nesting is counted before recursing, so no input exhausts the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.expressions.ast import (
    Binary,
    Call,
    Conditional,
    Index,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Select,
    Unary,
    height,
)
from engine.core.expressions.faults import SYNTAX, TOO_MUCH, ExpressionFault
from engine.core.expressions.lexer import shown, tokens

if TYPE_CHECKING:
    from engine.core.expressions.lexer import Token

MAX_NESTING = 40
MAX_DEPTH = 100  # of the tree, chains of operators included

CONDITIONAL, OR, AND, NOT, RELATION, SUM, PRODUCT, PREFIX, POSTFIX = range(1, 10)
BINDING = {
    "?": CONDITIONAL, "||": OR, "or": OR, "&&": AND, "and": AND,
    "==": RELATION, "!=": RELATION, "<": RELATION, "<=": RELATION, ">": RELATION, ">=": RELATION, "in": RELATION,
    "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "%": PRODUCT,
    ".": POSTFIX, "[": POSTFIX, "(": POSTFIX,
}  # fmt: skip
SPELLED = {"or": "||", "and": "&&"}
CONSTANTS = {"true": True, "false": False, "null": None}
CONSTANT_HINTS = {"True": "true", "False": "false", "None": "null", "TRUE": "true", "FALSE": "false", "NULL": "null"}
RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)
WORDS = frozenset({"in", "and", "or", "not"})


def parse(source: str) -> Node:
    """The syntax tree of a source; raises ExpressionFault."""
    return Parser(source).whole()


class Parser:
    """One pass over the tokens of one source."""

    def __init__(self, source: str) -> None:
        self.tokens = tokens(source)
        self.position = 0
        self.nesting = 0

    @property
    def token(self) -> Token:
        """The next token, not yet taken."""
        return self.tokens[self.position]

    def take(self) -> Token:
        """The next token; it is consumed."""
        token = self.tokens[self.position]
        self.position += 1
        return token

    def end(self) -> int:
        """The offset after the last token taken."""
        return self.tokens[self.position - 1].end

    def whole(self) -> Node:
        """The whole source as one expression."""
        if len(self.tokens) == 1:
            raise ExpressionFault(SYNTAX, "the expression is empty", offset=0, length=1)
        node = self.expression(CONDITIONAL)
        if self.token.kind != "end":
            raise self.unexpected(self.token)
        return node

    def expression(self, weakest: int) -> Node:
        """An operand and all operators that bind at least as strongly as `weakest`."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise too_deep(self.token)
        start = self.token.offset
        node = self.operand()
        while True:
            operator = self.token
            binding = BINDING.get(operator.text, 0) if operator.kind in {"operator", "name"} else 0
            if binding < weakest or binding == 0:
                break
            node = self.infix(node, start, binding)
            if node.depth > MAX_DEPTH:
                raise too_deep(operator)
        self.nesting -= 1
        return node

    def infix(self, left: Node, start: int, binding: int) -> Node:
        """What follows an operand."""
        operator = self.take()
        if binding == POSTFIX:
            return self.postfix(left, start, operator)
        if binding == CONDITIONAL:
            return self.conditional(left, start)
        if binding in {OR, AND}:
            operands = [left, self.expression(binding + 1)]
            while BINDING.get(self.token.text) == binding and self.token.kind in {"operator", "name"}:
                self.take()
                operands.append(self.expression(binding + 1))
            name = SPELLED.get(operator.text, operator.text)
            return Logic(start, self.end() - start, height(*operands), name, tuple(operands))
        right = self.expression(binding + 1)
        return Binary(start, self.end() - start, height(left, right), operator.text, left, right, operator.offset)

    def conditional(self, condition: Node, start: int) -> Node:
        """`? then : otherwise`, after the question mark."""
        then = self.expression(CONDITIONAL + 1)
        self.expect(":", "a condition is written: condition ? value : value")
        otherwise = self.expression(CONDITIONAL)
        depth = height(condition, then, otherwise)
        return Conditional(start, self.end() - start, depth, condition, then, otherwise)

    def postfix(self, left: Node, start: int, operator: Token) -> Node:
        """`.member`, `.method(…)`, `[index]`, `(…)` after an operand."""
        if operator.text == "[":
            index = self.expression(CONDITIONAL)
            self.expect("]")
            return Index(start, self.end() - start, height(left, index), left, index)
        if operator.text == "(":
            if not isinstance(left, Name) or left.length != self.tokens[self.position - 2].end - start:
                raise self.unexpected(operator)
            arguments = self.arguments(")")
            return Call(start, self.end() - start, height(*arguments), left.name, None, arguments, left.offset)
        member = self.token
        if member.kind != "name" or member.text in WORDS or member.text in CONSTANTS:
            raise self.unexpected(member, "after a dot stands a name")
        self.take()
        if self.token.text == "(" and self.token.kind == "operator":
            self.take()
            arguments = self.arguments(")")
            depth = height(left, *arguments)
            return Call(start, self.end() - start, depth, member.text, left, arguments, member.offset)
        return Select(start, self.end() - start, height(left), left, member.text, member.offset)

    def operand(self) -> Node:
        """A literal, a name, a list, something in brackets, or a prefix operator with its operand."""
        token = self.take()
        text = token.text
        if token.kind in {"number", "text"}:
            return Literal(token.offset, len(text), 1, token.value)
        if token.kind == "name":
            return self.word(token)
        if text == "(":
            node = self.expression(CONDITIONAL)
            self.expect(")")
            return node
        if text == "[":
            items = self.arguments("]")
            return Items(token.offset, self.end() - token.offset, height(*items), items)
        if text in {"!", "-"}:
            return self.prefix(token, PREFIX)
        raise self.unexpected(token)

    def word(self, token: Token) -> Node:
        """A name, a constant, or `not`."""
        text = token.text
        if text in CONSTANTS:
            return Literal(token.offset, len(text), 1, CONSTANTS[text])
        if text == "not":
            return self.prefix(token, NOT)
        if text in WORDS:
            raise self.unexpected(token)
        if text in CONSTANT_HINTS:
            raise self.unexpected(token, f"write {CONSTANT_HINTS[text]}")
        if text in RESERVED or text == "lambda":
            raise ExpressionFault(
                SYNTAX,
                f"'{text}' is a reserved word; there are only values, conditions and functions here",
                offset=token.offset,
                length=len(text),
            )
        return Name(token.offset, len(text), 1, text)

    def prefix(self, token: Token, binding: int) -> Node:
        """`!`, `-` or `not` and its operand; a minus before a number belongs to it."""
        operand = self.expression(binding)
        length = self.end() - token.offset
        if (
            token.text == "-"
            and isinstance(operand, Literal)
            and isinstance(operand.value, int)
            and not isinstance(operand.value, bool)
        ):
            return Literal(token.offset, length, 1, -operand.value)
        node = Unary(token.offset, length, height(operand), "-" if token.text == "-" else "!", operand)
        if node.depth > MAX_DEPTH:
            raise too_deep(token)
        return node

    def arguments(self, closing: str) -> tuple[Node, ...]:
        """Expressions up to the closing bracket, with commas between (and one after a list's last item)."""
        found: list[Node] = []
        while not (self.token.kind == "operator" and self.token.text == closing):
            found.append(self.expression(CONDITIONAL))
            if self.token.text == "," and self.token.kind == "operator":
                comma = self.take()
                if self.token.text == closing and closing == ")":
                    raise self.unexpected(comma)
            elif self.token.text != closing or self.token.kind != "operator":
                raise self.unexpected(self.token, f"a '{closing}' or a comma is missing")
        self.take()
        return tuple(found)

    def expect(self, text: str, hint: str | None = None) -> None:
        """Takes this operator, or says that it is missing."""
        if self.token.kind != "operator" or self.token.text != text:
            raise self.unexpected(self.token, hint or f"a '{text}' is missing")
        self.take()

    def unexpected(self, token: Token, hint: str | None = None) -> ExpressionFault:
        """The fault for a token that cannot stand here."""
        if token.kind == "end":
            return ExpressionFault(
                SYNTAX, "the expression ends too early", offset=max(0, token.offset - 1), length=1, hint=hint
            )
        if hint is None and token.kind in {"name", "number", "text"}:
            hint = "an operator is missing before it, such as == or &&"
        if token.text == "*" and self.position and self.tokens[self.position - 2].text == "*":
            hint = "there is no power operator"
        return ExpressionFault(
            SYNTAX, f"unexpected {shown(token.text)}", offset=token.offset, length=max(1, len(token.text)), hint=hint
        )


def too_deep(token: Token) -> ExpressionFault:
    """The fault for an expression nested too deeply."""
    return ExpressionFault(
        TOO_MUCH,
        f"the expression is too deep; at most {MAX_NESTING} levels, and {MAX_DEPTH} operators in a row",
        offset=token.offset,
        length=max(1, len(token.text)),
        hint="name its parts under `define`",
    )
