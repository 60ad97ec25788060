"""The different values of a column, from one to the next on its index: the rows in between are not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import CTE, ColumnElement, Table


def values_of(table: Table, column: str, *, where: Callable[[Any], ColumnElement[bool]] | None = None) -> CTE:
    """They, in order, as the column of that name; the last row is NULL. `where`, of a row's columns, says which rows count."""
    first, other = table.alias("first"), table.alias("other")
    start, following = select(first.c[column]), select(other.c[column])
    if where is not None:
        start, following = start.where(where(first.c)), following.where(where(other.c))
    found = select(start.order_by(first.c[column]).limit(1).scalar_subquery().label(column)).cte(
        f"every_{column}", recursive=True
    )
    here = found.c[column]
    after = following.where(other.c[column] > here).order_by(other.c[column]).limit(1)
    return found.union_all(select(after.scalar_subquery()).where(here.is_not(None)))
