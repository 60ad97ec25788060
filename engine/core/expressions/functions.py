"""The functions of expressions: what each takes and gives; macros and state tests are left to the checker.

`size contains startsWith endsWith matches string int duration` mean what they mean in CEL; the others are ours and
count days on the calendar and in the zone of the scope.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast, converting, dating
from engine.core.expressions.code import STEP, Code, Run, fault, fold, mismatch
from engine.core.expressions.expression import MissingValue, Scope
from engine.core.expressions.faults import FUNCTION, ExpressionFault
from engine.core.expressions.fitting import NUMBERS, TEXTS, a_type
from engine.core.expressions.patterns import PatternFault, compile_pattern
from engine.core.fixes import guess
from engine.core.frozen import frozen
from engine.core.types import BOOLEAN, DATE, DATETIME, DURATION, INTEGER, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS = frozenset({Kind.DATE})
MOMENTS = frozenset({Kind.DATE, Kind.DATETIME})
WHOLE = frozenset({Kind.INTEGER})
LISTS = frozenset({Kind.LIST})


@frozen
class Function:
    """A function: kinds an argument may have, the result, and the work (scope, *values).

    `style`: `call` f(x), `method` x.f(), or `both`. `pure`: it needs nothing of the scope. `usage` is shown in hints.
    """

    takes: tuple[frozenset[Kind], ...]
    gives: Type
    work: Callable[..., Any]
    usage: str
    style: str = "call"
    pure: bool = True


SIZED = TEXTS | {Kind.LIST, Kind.MAP}
TO_TEXT = TEXTS | NUMBERS | {Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.DURATION, Kind.ANY}

FUNCTIONS: dict[str, Function] = {
    "size": Function((SIZED,), INTEGER, lambda _, x: len(x), "size(list)", "both"),
    "contains": Function((TEXTS, TEXTS), BOOLEAN, lambda _, x, y: y in x, "text.contains(part)", "method"),
    "startsWith": Function((TEXTS, TEXTS), BOOLEAN, lambda _, x, y: x.startswith(y), "text.startsWith(part)", "method"),
    "endsWith": Function((TEXTS, TEXTS), BOOLEAN, lambda _, x, y: x.endswith(y), "text.endsWith(part)", "method"),
    "matches": Function((TEXTS, TEXTS), BOOLEAN, lambda _, x, y: y in x, 'text.matches("pattern")', "both"),
    "string": Function((TO_TEXT,), TEXT, converting.string, "string(value)"),
    "int": Function((TEXTS | NUMBERS | {Kind.ANY},), INTEGER, converting.integer, "int(value)"),
    "duration": Function((TEXTS | {Kind.DURATION, Kind.ANY},), DURATION, converting.duration, 'duration("24h")'),
    "date": Function((TEXTS | MOMENTS | {Kind.ANY},), DATE, converting.day, 'date(moment) or date("2026-01-31")'),
    "start_of_day": Function((MOMENTS,), DATETIME, dating.start_of_day, "start_of_day(date)", pure=False),
    "add_days": Function((DAYS, WHOLE), DATE, dating.add_days, "add_days(date, days)"),
    "add_months": Function((DAYS, WHOLE), DATE, dating.add_months, "add_months(date, months)"),
    "add_working_days": Function(
        (DAYS, WHOLE), DATE, dating.add_working_days, "add_working_days(date, days)", pure=False
    ),
    "days_between": Function((DAYS, DAYS), INTEGER, dating.days_between, "days_between(from, to)"),
    "earliest": Function((LISTS,), DATE, min, "earliest(list of dates)"),
    "latest": Function((LISTS,), DATE, max, "latest(list of dates)"),
}
MACROS = {
    "all": "list.all(x, condition)",
    "exists": "list.exists(x, condition)",
    "exists_one": "list.exists_one(x, condition)",
    "filter": "list.filter(x, condition)",
    "map": "list.map(x, value)",
    "count": "list.count(x, condition)",
}
OTHERS = {"has": "has(group.field)", "in_state": 'in_state("state")', "entered": 'entered("state")'}
ALIASES = {
    "len": "size", "length": "size", "any": "exists", "startswith": "startsWith", "starts_with": "startsWith",
    "endswith": "endsWith", "ends_with": "endsWith", "str": "string", "text": "string", "min": "earliest",
    "max": "latest", "isEmpty": "size", "not": "!", "match": "matches", "timestamp": "start_of_day", "some": "exists",
    "every": "all", "includes": "contains", "defined": "has", "exist": "exists", "sum": "count",
}  # fmt: skip


def unknown(node: ast.Call) -> ExpressionFault:
    """The fault for a function that does not exist."""
    known = {**MACROS, **OTHERS, **{name: function.usage for name, function in FUNCTIONS.items()}}
    hint = guess(node.function, known)
    if node.function in ALIASES and ALIASES[node.function] in known:
        hint = f"did you mean {known[ALIASES[node.function]]}?"
    return ExpressionFault(
        FUNCTION,
        f"no function '{node.function[:60]}' here",
        offset=node.at,
        length=len(node.function),
        hint=hint or f"there are {', '.join(sorted(known))}",
    )


def call(node: ast.Call, arguments: tuple[Code, ...], label: str) -> Code:
    """A call of a function of the table (`label`: as written); for a method the target is the first argument."""
    function = FUNCTIONS[node.function]
    method = node.target is not None
    if (method and function.style == "call") or (not method and function.style == "method"):
        raise fault(FUNCTION, node, f"'{node.function}' is not called like this", f"write {function.usage}")
    if len(arguments) != len(function.takes):
        count = f"{len(function.takes)} argument{'s' if len(function.takes) != 1 else ''}"
        raise fault(FUNCTION, node, f"'{node.function}' takes {count}, not {len(arguments)}", f"write {function.usage}")
    for code, kinds in zip(arguments, function.takes, strict=True):
        if code.type.kind not in kinds:
            raise wrong_argument(node.function, function, code, kinds)
    nodes = tuple(code.node for code in arguments)
    resolved = replace(node, target=None, arguments=nodes, depth=ast.height(*nodes))
    cost = 1 + sum(code.cost for code in arguments)
    if node.function == "matches":
        return matching(resolved, *arguments)
    if node.function in {"earliest", "latest"}:
        return extreme(resolved, arguments[0], label)
    code = Code(resolved, function.gives, applied(function.work, arguments), cost=cost)
    return fold(code, *arguments) if function.pure else code  # there are no constant moments that need a zone


def applied(work: Callable[..., Any], arguments: tuple[Code, ...]) -> Run:
    """The closure of a call with one or two arguments."""
    a = arguments[0].run
    if len(arguments) == 1:
        return lambda scope: work(scope, a(scope))
    b = arguments[1].run
    return lambda scope: work(scope, a(scope), b(scope))


def wrong_argument(name: str, function: Function, code: Code, kinds: frozenset[Kind]) -> ExpressionFault:
    """The fault for an argument of the wrong type."""
    hint = f"write {function.usage}"
    if code.type.kind is Kind.DATETIME and kinds == DAYS:
        hint = "date(x) is the day of a moment"
    elif code.type.kind in TEXTS and kinds == DAYS:
        hint = 'a date is written date("2026-01-31")'
    elif name == "contains" and code.type.kind is Kind.LIST:
        hint = "write value in list"
    return mismatch(code.node, f"'{name}' does not take {a_type(code.type)}", hint)


def matching(node: ast.Call, text: Code, pattern: Code) -> Code:
    """`text.matches("pattern")`: the pattern is checked now, so it has to be a literal."""
    if not pattern.constant:
        raise fault(FUNCTION, pattern.node, "a pattern is written out, not computed", 'write text.matches("[0-9]+")')
    try:
        search = compile_pattern(pattern.value)
    except PatternFault as error:
        raise fault(FUNCTION, pattern.node, f"the pattern is not right: {error}") from None
    run = text.run
    code = Code(node, BOOLEAN, lambda scope: search(run(scope)), cost=100 * STEP + text.cost)
    return fold(code, text)


def extreme(node: ast.Call, items: Code, label: str) -> Code:
    """`earliest(list)` and `latest(list)` of dates or of moments; without a value for an empty list."""
    kind = items.type.item
    if kind is not None and kind.kind not in MOMENTS:
        usage = FUNCTIONS[node.function].usage
        raise mismatch(items.node, f"'{node.function}' does not take a {items.type}", f"write {usage}")
    pick, run = FUNCTIONS[node.function].work, items.run

    def extreme_of(scope: Scope) -> Any:
        values = run(scope)
        if not values:
            raise MissingValue(label)
        return pick(values)

    return Code(node, kind or DATE, extreme_of, cost=1 + items.cost + items.rows, label=label)
