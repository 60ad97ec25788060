"""The words of a refusal: which condition could not be decided or was false, with its values and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.core.expressions.expression import ExpressionError, MissingValue
from engine.errors import GuardFailed, GuardRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.core.definition import Arm
    from engine.core.expressions.expression import Expression, Scope


def guard_failed(expression: Expression, error: ExpressionError, data: Mapping[str, Any]) -> GuardFailed:
    """An error in a condition is never "false" (LANGUAGE §3.15)."""
    line = expression.mark.line if expression.mark else 0
    values = {path: data.get(path) for path in sorted(expression.reads)}
    return GuardFailed(
        f"'{expression.source}' (line {line}) could not be decided: {error}",
        expression=expression.source,
        values=values,
        line=line,
    )


def guard_refused(what: str, arms: Sequence[Arm], scope: Scope) -> GuardRefused:
    """No arm fits: the names that are false and the fields that are missing (LANGUAGE §3.2)."""
    false: list[str] = []
    missing: set[str] = set()
    for arm in arms:
        for condition in arm.when:
            missing |= {path for path in condition.reads if path not in scope.data}
            parts = condition.parts or ((condition.source, condition.run),)
            for name, run in parts:
                try:
                    fits = run(scope) is True
                except MissingValue as error:
                    missing.add(error.path)
                    fits = False
                except ExpressionError:
                    fits = False
                if not fits and name not in false:
                    false.append(name)
    text = "; ".join(false) or "its conditions"
    tail = f" (no value yet: {', '.join(sorted(missing))})" if missing else ""
    return GuardRefused(f"{what} needs: {text}{tail}", event=what, false=false, missing=sorted(missing))
