"""What a name means: a field, a special name, a definition, what a macro binds, or a member of one of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.core.expressions import ast, dating
from engine.core.expressions.code import ROWS, STEP, Code, fault
from engine.core.expressions.expression import MissingValue, Scope
from engine.core.expressions.faults import FUNCTION, MISMATCH, UNAVAILABLE, UNKNOWN, ExpressionFault
from engine.core.expressions.fitting import a_type, members
from engine.core.expressions.names import ACTOR, CASE, CHILD, EVENT, SPECIAL
from engine.core.fixes import guess
from engine.core.types import ANY, BOOLEAN, DATE, DATETIME, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.core.expressions.checker import Checker

RECORDS = frozenset({"event", "actor", "case", "result"})


def name(checker: Checker, node: ast.Name | ast.Select) -> Code:
    """A bare name, or `operand.member`."""
    if isinstance(node, ast.Name):
        return bare(checker, node)
    path = dotted(node)
    root = path.partition(".")[0] if path else ""
    if path and root not in checker.variables and root not in checker.names.bound:
        if path in checker.names.paths:
            return field(checker, node, path)
        parent = path.rpartition(".")[0]
        if path in checker.groups:
            raise a_group(checker, node, path)
        if parent in checker.groups and parent not in checker.names.paths:
            raise no_member(checker, node, parent)
        if parent in RECORDS and parent not in checker.names.paths:
            return special_member(checker, node, parent)
    return select(checker, node)


def dotted(node: ast.Node) -> str:
    """`a.b.c` where a node is made of names only, else an empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Select):
        parts.append(node.member)
        node = node.operand
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.name, *reversed(parts)])


def bare(checker: Checker, node: ast.Name) -> Code:
    """A name without a dot."""
    word, names = node.name, checker.names
    if word in checker.variables:
        code = checker.variables[word]
        return replace(code, node=replace(code.node, offset=node.offset, length=node.length))
    if word in names.bound:
        return bound(checker, node)
    if word in names.define:
        return defined(checker, node)
    if word in names.paths:
        return field(checker, node, word)
    if word in SPECIAL:
        return special(checker, node)
    if word in checker.groups:
        raise a_group(checker, node, word)
    raise unknown(checker, node)


def bound(checker: Checker, node: ast.Name) -> Code:
    """What `as` binds."""
    word = node.name
    checker.needs[f"as:{word}"] = checker.names.bound[word]

    def run(scope: Scope) -> Any:
        try:
            return scope.names[word]
        except KeyError:
            raise MissingValue(word) from None

    resolved = ast.Bound(node.offset, node.length, 1, word, word)
    return Code(resolved, checker.names.bound[word], run, label=word)


def field(checker: Checker, node: ast.Node, path: str) -> Code:
    """A data path: one look-up. A list that was never filled in is an empty list, for `has()` too without a value."""
    checker.reads.add(path)
    kind = checker.names.paths[path]

    def run(scope: Scope) -> Any:
        try:
            return scope.data[path]
        except KeyError:
            raise MissingValue(path) from None

    def listed(scope: Scope) -> Any:
        return scope.data.get(path, ())

    resolved = ast.Field(node.offset, node.length, 1, path)
    return Code(resolved, kind, listed if kind.kind is Kind.LIST else run, label=path)


def special(checker: Checker, node: ast.Name) -> Code:
    """`now`, `today`, `answers`, `children`."""
    word, names = node.name, checker.names
    if word in RECORDS:
        known = record_members(checker, node, word)
        raise fault(MISMATCH, node, f"'{word}' is not a value", f"name a member: {listed(word, known)}")
    checker.calls.add(word)
    resolved = ast.Special(node.offset, node.length, 1, word)
    if word == "now":
        return Code(resolved, DATETIME, lambda scope: scope.now, label=word)
    if word == "today":
        return Code(resolved, DATE, dating.today, cost=2, label=word)
    if word == "children":
        if not names.children:
            raise unavailable(node, word)
        checker.needs[word] = Type(Kind.LIST, item=CHILD)
        return Code(resolved, checker.needs[word], lambda scope: scope.children, label=word)
    if names.answers is None:
        raise unavailable(node, word)
    checker.needs |= {f"answers.{column}": kind for column, kind in names.answers.members.items()}
    return Code(resolved, Type(Kind.LIST, item=names.answers), lambda scope: scope.answers, label=word)


def record_members(checker: Checker, node: ast.Node, word: str) -> Mapping[str, Type]:
    """The members of event, actor, case or result here."""
    if word == "actor":
        return ACTOR
    if word == "case":
        return CASE
    own = checker.names.event if word == "event" else checker.names.result
    if own is None:
        raise unavailable(node, word)
    return {**EVENT, **own} if word == "event" else own


def special_member(checker: Checker, node: ast.Select, word: str) -> Code:
    """`event.reasons`, `actor.id` and their like."""
    known = record_members(checker, node.operand, word)
    if node.member not in known:
        raise missing_member(node, f"'{word}'", known)
    label, key = f"{word}.{node.member}", node.member
    checker.calls.add(label)
    checker.needs[label] = known[key]
    record = RECORD_OF[word]

    def run(scope: Scope) -> Any:
        try:
            return record(scope)[key]  # type: ignore[index]  # None is caught
        except (KeyError, TypeError):
            raise MissingValue(label) from None

    return Code(ast.Special(node.offset, node.length, 1, label), known[key], run, cost=2, label=label)


RECORD_OF: Mapping[str, Callable[[Scope], Mapping[str, Any] | None]] = {
    "event": lambda scope: scope.event,
    "actor": lambda scope: scope.actor,
    "case": lambda scope: scope.case,
    "result": lambda scope: scope.result,
}


def defined(checker: Checker, node: ast.Name) -> Code:
    """A `define`d name; what it needs has to be available here, with the same types."""
    expression = checker.names.define[node.name]
    for need, kind in expression.needs:
        have = available(checker, need)
        if have != kind:
            what = need.removeprefix("as:")
            raise fault(UNAVAILABLE, node, f"'{node.name}' uses {what}, which is not available here")
        checker.needs[need] = kind
    checker.reads |= expression.reads
    checker.calls |= expression.calls
    tree = expression.tree
    checker.notes |= expression.notes
    resolved = ast.Defined(node.offset, node.length, ast.height(tree), node.name, tree)
    return Code(
        resolved,
        expression.type,
        expression.run,
        cost=expression.cost * STEP,
        constant=expression.constant is not None,
        value=expression.constant,
        label=node.name,
        texts={expression.constant: resolved} if isinstance(expression.constant, str) else None,
    )


def available(checker: Checker, need: str) -> Type | None:
    """The type here of something a definition needs: `event.reasons`, `answers.vote`, `children`, `as:x`."""
    root, _, member = need.partition(".")
    names = checker.names
    if need.startswith("as:"):
        return names.bound.get(need.removeprefix("as:"))
    if root == "children":
        return Type(Kind.LIST, item=CHILD) if names.children else None
    if root == "answers":
        return names.answers.members.get(member) if names.answers is not None else None
    known = {
        "event": {**EVENT, **names.event} if names.event is not None else {},
        "result": names.result or {},
        "actor": ACTOR,
        "case": CASE,
    }[root]
    return known.get(member)


def select(checker: Checker, node: ast.Select) -> Code:
    """A member of a row, a person, a document, …, or of a map."""
    operand = checker.code(node.operand)
    kind, label, member, a = (
        operand.type,
        f"{operand.label or checker.text(node.operand)}.{node.member}",
        node.member,
        operand.run,
    )
    resolved = replace(node, operand=operand.node, depth=ast.height(operand.node))
    known = members(kind)
    if kind.kind in {Kind.MAP, Kind.ANY}:
        result = ANY
    elif member in known:
        result = known[member]
    else:
        raise no_such_member(node, operand)

    def run(scope: Scope) -> Any:
        try:
            return a(scope)[member]
        except (KeyError, TypeError):
            raise MissingValue(label) from None

    return Code(resolved, result, run, cost=1 + operand.cost, rows=ROWS, label=label)


def has(checker: Checker, node: ast.Call) -> Code:
    """`has(group.field)`, `has(row.member)`, `has(event.member)`: whether there is a value."""
    usage = "write has(group.field)"
    if node.target is not None or len(node.arguments) != 1:
        raise fault(FUNCTION, node, "'has' takes one field", usage)
    argument = node.arguments[0]
    if not isinstance(argument, ast.Name | ast.Select):
        raise fault(FUNCTION, argument, "'has' takes a field", usage)
    code = name(checker, argument)
    resolved = ast.Has(node.offset, node.length, ast.height(code.node), code.node)
    match code.node:
        case ast.Field(path=path):
            return Code(resolved, BOOLEAN, lambda scope: path in scope.data, label=path)
        case ast.Special(name=special_name) if "." in special_name:
            root, _, member = special_name.partition(".")
            record = RECORD_OF[root]
            return Code(resolved, BOOLEAN, lambda scope: member in (record(scope) or ()), cost=2)
        case ast.Select(member=member):
            holder = checker.code(argument.operand) if isinstance(argument, ast.Select) else code
            run = holder.run
            return Code(resolved, BOOLEAN, lambda scope: holds(run(scope), member), cost=1 + holder.cost)
    raise fault(FUNCTION, argument, "'has' takes a field", usage)


def holds(value: Any, member: str) -> bool:
    """Whether a record or map has a member."""
    return isinstance(value, dict | Mapping) and member in value


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def listed(prefix: str, known: Mapping[str, Type]) -> str:
    """Some members for a hint."""
    return ", ".join(f"{prefix}.{member}" for member in list(known)[:6])


def unavailable(node: ast.Node, word: str) -> ExpressionFault:
    """The fault for a special name where there is none."""
    where = {
        "event": "there is no event here; it is there in events",
        "result": "it is there in done and failed of a service state",
        "answers": "it is there in need and done of a panel",
        "children": "it is there where cases are opened or waited for",
    }
    return fault(UNAVAILABLE, node, f"'{word}' is not available here", where[word])


def a_group(checker: Checker, node: ast.Node, group: str) -> ExpressionFault:
    """The fault for a data group used as a value."""
    inside = [path for path in checker.names.paths if path.startswith(f"{group}.")]
    return fault(UNKNOWN, node, f"'{group}' is a group, not a value", f"name a field of it: {', '.join(inside[:6])}")


def no_member(checker: Checker, node: ast.Select, group: str) -> ExpressionFault:
    """The fault for a field that a group does not have."""
    inside = [path.removeprefix(f"{group}.") for path in checker.names.paths if path.startswith(f"{group}.")]
    hint = guess(node.member, inside) or f"'{group}' has {', '.join(inside[:12])}"
    return at_member(node, f"no field '{node.member[:60]}' here", hint)


def missing_member(node: ast.Select, holder: str, known: Mapping[str, Type]) -> ExpressionFault:
    """The fault for a member that something does not have."""
    hint = guess(node.member, known) or f"{holder} has {', '.join(list(known)[:12])}"
    return at_member(node, f"no field '{node.member[:60]}' here", hint)


def no_such_member(node: ast.Select, operand: Code) -> ExpressionFault:
    """The fault for a member of a value."""
    kind = operand.type
    known = members(kind)
    if known:
        return missing_member(node, a_type(kind), known)
    if kind.kind is Kind.LIST:
        hint = f"each row's: .map(x, x.{node.member[:60]}); the first: [0].{node.member[:60]}"
        return at_member(node, f"a list has no field '{node.member[:60]}'", hint)
    return at_member(node, f"{a_type(kind)} has no field '{node.member[:60]}'", None)


def at_member(node: ast.Select, message: str, hint: str | None) -> ExpressionFault:
    """A fault at the member's own place."""
    return ExpressionFault(UNKNOWN, message, offset=node.at, length=len(node.member), hint=hint)


def unknown(checker: Checker, node: ast.Name) -> ExpressionFault:
    """The fault for a name that means nothing here."""
    names = checker.names
    fields = [path for path in names.paths if path.rpartition(".")[2] == node.name]
    top = [path for path in names.paths if "." not in path]
    groups = sorted(group for group in checker.groups if "." not in group)
    known = [*checker.variables, *names.bound, *names.define, *top, *groups, *sorted(SPECIAL)]
    hint = f"did you mean '{fields[0]}'?" if fields else guess(node.name, known)
    return fault(UNKNOWN, node, f"no field '{node.name[:60]}' here", hint)
