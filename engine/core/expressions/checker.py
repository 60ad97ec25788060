"""Names and types: a syntax tree into a resolved tree and closures; the work of operators, functions and macros is theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast, functions, macros, resolving
from engine.core.expressions.calculating import arithmetic, negation
from engine.core.expressions.code import MAX_STEPS, ROWS, STEP, Code, constant, fault, fold, mismatch
from engine.core.expressions.comparing import COMPARE, comparison, membership
from engine.core.expressions.expression import ExpressionError, MissingValue, Scope
from engine.core.expressions.faults import FUNCTION, TOO_MUCH, UNKNOWN, ExpressionFault
from engine.core.expressions.fitting import TEXTS, a_type, unify
from engine.core.naming import by_group
from engine.core.types import ANY, BOOLEAN, DATETIME, INTEGER, NULL, NUMBER, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.core.expressions.code import Run
    from engine.core.expressions.names import Names

MAX_RUN_DEPTH = 200


class Checker:
    """Checks one source against its names; collects what it reads, calls and needs."""

    def __init__(self, source: str, names: Names) -> None:
        self.source = source
        self.names = names
        self.reads: set[str] = set()
        self.calls: set[str] = set()
        self.needs: dict[str, Type] = {}
        self.variables: dict[str, Code] = {}  # what macros around the present node bind
        # text and run of what is true or false, by the id of the resolved node
        self.notes: dict[int, tuple[str, Run]] = {}
        self.junctions: dict[int, tuple[Run, ...]] = {}  # operands of `&&` and `||`, by the id of the syntax node
        self.loops = 1  # how often the present node runs, at most
        self.groups = by_group(tuple(names.paths))

    def code(self, node: ast.Node) -> Code:
        """Any node, checked and compiled; raises ExpressionFault."""
        done = self.dispatch(node)
        steps = done.cost * self.loops // STEP
        if steps > MAX_STEPS:
            raise fault(
                TOO_MUCH,
                node,
                f"the expression may take {steps:,} steps; at most {MAX_STEPS:,} "
                f"(a list counts as {ROWS:,} rows, a macro inside a macro multiplies)",
                "do not nest more than two macros over lists; give rows a field that says it already",
            )
        if done.node.depth > MAX_RUN_DEPTH:
            raise fault(TOO_MUCH, node, "the definitions used here are nested too deeply", "use fewer levels of define")
        if done.type.kind is Kind.BOOLEAN:
            self.notes[id(done.node)] = (self.quoted(node), done.run)
        return done

    def quoted(self, node: ast.Node) -> str:
        """A definition's name, or the text of a node on one line."""
        return " ".join(self.source[node.offset : node.offset + node.length].split())

    def dispatch(self, node: ast.Node) -> Code:
        """A node by its kind."""
        match node:
            case ast.Literal():
                return literal_code(node)
            case ast.Name() | ast.Select():
                return resolving.name(self, node)
            case ast.Binary():
                return self.binary(node)
            case ast.Logic():
                return self.logic(node)
            case ast.Unary(operator="-"):
                return negation(node, self.code(node.operand))
            case ast.Unary():
                return self.negated(node)
            case ast.Conditional():
                return self.conditional(node)
            case ast.Items():
                return self.items(node)
            case ast.Index():
                return self.index(node)
            case ast.Call():
                return self.call(node)
        raise fault(UNKNOWN, node, "this cannot stand here")

    def condition(self, node: ast.Node, place: str) -> Code:
        """A node that has to be true or false."""
        done = self.code(node)
        if done.type.kind is Kind.BOOLEAN:
            return done
        hint = "compare it, for example with =="
        if isinstance(done.node, ast.Field):
            hint = f"compare it, or ask has({done.node.path})"
        raise mismatch(node, f"{place} takes conditions, not {a_type(done.type)}", hint)

    def logic(self, node: ast.Logic) -> Code:
        """`&&` and `||`: an operand that decides absorbs the errors of all others, as in CEL."""
        parts = [self.condition(operand, f"'{node.operator}'") for operand in node.operands]
        nodes = tuple(part.node for part in parts)
        resolved = replace(node, operands=nodes, depth=ast.height(*nodes))
        runs = self.junctions[id(node)] = tuple(part.run for part in parts)
        run = junction(runs, decides=node.operator == "||")
        return fold(Code(resolved, BOOLEAN, run, cost=1 + sum(part.cost for part in parts)), *parts)

    def negated(self, node: ast.Unary) -> Code:
        """`!operand`."""
        operand = self.condition(node.operand, "'!'")
        run = operand.run
        resolved = replace(node, operand=operand.node, depth=ast.height(operand.node))
        return fold(Code(resolved, BOOLEAN, lambda scope: not run(scope), cost=1 + operand.cost), operand)

    def binary(self, node: ast.Binary) -> Code:
        """A comparison or arithmetic; a bare word that is an option of the other side gets its hint."""
        left, right = self.both(node)
        if node.operator == "in":
            return membership(node, left, right)
        if node.operator in COMPARE:
            return comparison(node, left, right)
        return arithmetic(node, left, right)

    def both(self, node: ast.Binary) -> tuple[Code, Code]:
        """The two sides of an operator."""
        sides: list[Code] = []
        for side, other in ((node.left, node.right), (node.right, node.left)):
            try:
                sides.append(self.code(side))
            except ExpressionFault as error:
                word = self.meant_as_text(error, side, other)
                raise (error.with_hint(f"for text write '\"{word}\"'") if word else error) from None
        return sides[0], sides[1]

    def meant_as_text(self, error: ExpressionFault, side: ast.Node, other: ast.Node) -> str | None:
        """The bare word at fault, where the other side is text or a choice that has it."""
        candidates = side.items if isinstance(side, ast.Items) else (side,)
        word = next((n.name for n in candidates if isinstance(n, ast.Name) and n.offset == error.offset), None)
        if word is None or error.code != UNKNOWN:
            return None
        try:
            kind = self.code(other).type
        except ExpressionFault:
            return None
        if kind.kind is Kind.LIST and kind.item is not None:
            kind = kind.item
        if kind.kind is Kind.CHOICE:
            return word if word in kind.options else None
        return word if kind.kind in TEXTS and error.hint is None else None

    def conditional(self, node: ast.Conditional) -> Code:
        """`condition ? then : otherwise`: one type, and no error of the condition is absorbed."""
        condition = self.condition(node.condition, "'?'")
        then, otherwise = self.code(node.then), self.code(node.otherwise)
        kind = unify(then.type, otherwise.type)
        if kind is None:
            raise mismatch(
                node,
                f"the two values are of different types: {a_type(then.type)} and {a_type(otherwise.type)}",
                "both sides of ':' have one type",
            )
        check, first, second = condition.run, then.run, otherwise.run
        resolved = replace(
            node,
            condition=condition.node,
            then=then.node,
            otherwise=otherwise.node,
            depth=ast.height(condition.node, then.node, otherwise.node),
        )
        code = Code(
            resolved,
            kind,
            lambda scope: first(scope) if check(scope) else second(scope),
            cost=1 + condition.cost + max(then.cost, otherwise.cost),
            rows=max(then.rows, otherwise.rows),
            label=then.label if then.label == otherwise.label else self.text(node),
            texts=merged(then, otherwise),
        )
        return fold(code, condition, then, otherwise)

    def items(self, node: ast.Items) -> Code:
        """A list literal: its items have one type."""
        parts = [self.code(item) for item in node.items]
        kind: Type | None = None
        for part in parts:
            common = part.type if kind is None else unify(kind, part.type)
            if common is None and kind is not None:
                raise mismatch(
                    part.node,
                    f"the items of a list have one type; the first is {a_type(kind)}, this is {a_type(part.type)}",
                )
            kind = common
        runs = tuple(part.run for part in parts)
        nodes = tuple(part.node for part in parts)
        texts: Mapping[str, ast.Node] | None = {}
        for part in parts:
            known = possible(part)
            texts = None if texts is None or known is None else {**known, **texts}
        code = Code(
            replace(node, items=nodes, depth=ast.height(*nodes)),
            Type(Kind.LIST, item=kind),
            lambda scope: tuple([run(scope) for run in runs]),
            cost=1 + sum(part.cost for part in parts),
            rows=len(parts),
            texts=texts if parts else None,
        )
        return fold(code, *parts)

    def index(self, node: ast.Index) -> Code:
        """`list[0]`, `map["key"]`."""
        operand, at = self.code(node.operand), self.code(node.index)
        kind, a, b = operand.type.kind, operand.run, at.run
        resolved = replace(node, operand=operand.node, index=at.node, depth=ast.height(operand.node, at.node))
        cost, label = 1 + operand.cost + at.cost, operand.label or self.text(node.operand)
        if kind is Kind.LIST and at.type.kind is Kind.INTEGER:

            def item(scope: Scope) -> Any:
                rows, place = a(scope), b(scope)
                if not 0 <= place < len(rows):
                    raise ExpressionError(f"the list has {len(rows)} items and none at {place}")
                return rows[place]

            code = Code(resolved, operand.type.item or ANY, item, cost=cost, label=label)
            return fold(code, operand, at)
        if kind in {Kind.MAP, Kind.ANY} and at.type.kind in TEXTS:
            return Code(resolved, ANY, looked_up(a, b, label), cost=cost, label=label)
        if kind is Kind.LIST:
            raise mismatch(at.node, f"a list's index is an integer, not {a_type(at.type)}", "the first item is list[0]")
        raise mismatch(node, f"{a_type(operand.type)} has no index", "a member is read with a dot: x.member")

    def text(self, node: ast.Node) -> str:
        """A node as written, short and on one line."""
        return " ".join(self.source[node.offset : node.offset + node.length].split())[:80]

    def call(self, node: ast.Call) -> Code:
        """A function, a method, a macro or a state test."""
        if node.function in functions.MACROS:
            return macros.macro(self, node)
        if node.function == "has":
            return resolving.has(self, node)
        if node.function in {"in_state", "entered"}:
            return self.state_test(node)
        if node.function not in functions.FUNCTIONS:
            raise functions.unknown(node)
        written = node.arguments if node.target is None else (node.target, *node.arguments)
        return functions.call(node, tuple(self.code(part) for part in written), self.text(node))

    def state_test(self, node: ast.Call) -> Code:
        """`in_state("s")`, `entered("s")`: the state is found now."""
        usage = functions.OTHERS[node.function]
        if node.target is not None or len(node.arguments) != 1:
            raise fault(FUNCTION, node, f"'{node.function}' takes one state", f"write {usage}")
        argument = node.arguments[0]
        if not isinstance(argument, ast.Literal) or not isinstance(argument.value, str):
            raise fault(FUNCTION, argument, f"'{node.function}' takes the name of a state in quotes", f"write {usage}")
        path = self.names.state(argument.value)
        if path is None:
            raise fault(UNKNOWN, argument, f"no state '{argument.value[:60]}' here")
        self.calls.add(f"{node.function}:{path}")
        resolved = ast.StateTest(node.offset, node.length, 1, node.function, path)
        if node.function == "in_state":
            return Code(resolved, BOOLEAN, lambda scope: bool(scope.in_state(path)))
        label = f'entered("{argument.value}")'

        def entered(scope: Scope) -> Any:
            moment = scope.entered(path)
            if moment is None:
                raise MissingValue(label)
            return moment

        return Code(resolved, DATETIME, entered, label=label)


def literal_code(node: ast.Literal) -> Code:
    """A literal with its type."""
    value = node.value
    if isinstance(value, str):
        return constant(node, TEXT, value, texts={value: node})
    if isinstance(value, bool):
        return constant(node, BOOLEAN, value)
    if value is None:
        return constant(node, NULL, None)
    return constant(node, INTEGER if isinstance(value, int) else NUMBER, value)


def junction(runs: tuple[Run, ...], *, decides: bool) -> Run:
    """`&&` (False decides) or `||` (True decides) of several operands; the first error is raised where none decides."""

    def conjunction(scope: Scope) -> bool:
        failed: ExpressionError | None = None
        for run in runs:
            try:
                if not run(scope):
                    return False
            except ExpressionError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return True

    def disjunction(scope: Scope) -> bool:
        failed: ExpressionError | None = None
        for run in runs:
            try:
                if run(scope):
                    return True
            except ExpressionError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return False

    return disjunction if decides else conjunction


def looked_up(a: Run, b: Run, label: str) -> Callable[[Scope], Any]:
    """The value of a map at a key."""

    def value(scope: Scope) -> Any:
        inside, key = a(scope), b(scope)
        try:
            return inside[key]
        except (KeyError, TypeError, IndexError):
            raise MissingValue(f'{label}["{key[:60]}"]') from None

    return value


def possible(code: Code) -> Mapping[str, ast.Node] | None:
    """Every text a part can be, the options of a choice among it."""
    if code.texts is not None:
        return code.texts
    if code.type.kind is Kind.CHOICE:
        return dict.fromkeys(code.type.options, code.node)
    return None


def merged(one: Code, other: Code) -> Mapping[str, ast.Node] | None:
    """Every text that either part can be."""
    first, second = possible(one), possible(other)
    return None if first is None or second is None else {**second, **first}
