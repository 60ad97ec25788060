"""What is written of rows, said once: a statement a row, or on PostgreSQL one statement for rows of many tables.

Nothing in such a statement sees what another part of it writes, so no row may be touched by two of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, literal_column, select, update
from sqlalchemy.dialects import postgresql

from engine.store.statement import Statement, given_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Column, Table

    Core = Any
    Binds = Mapping[str, Any]


class Write(Statement):
    """Writes a row; `of_rows` makes it for rows, each a map of its binds."""

    def __init__(
        self, core: Core, binds: Mapping[str, Column[Any]], of_rows: Callable[[list[Binds]], list[Core]]
    ) -> None:
        super().__init__(core)
        self.binds, self.of_rows = binds, of_rows


def inserting(table: Table, *, over: tuple[str, ...] = ()) -> Write:
    """A new row, with all columns but an own number; it takes the place of the one that is equal in `over`."""
    names = given_columns(table)
    binds = {name: table.c[name] for name in names}

    def core(rows: Binds | list[Binds]) -> Core:
        made = postgresql.insert(table).values(rows)
        rest = {name: made.excluded[name] for name in names if name not in over}
        return made.on_conflict_do_update(index_elements=over, set_=rest) if over else made

    return Write(core(_binds(binds)).inline(), binds, lambda rows: [core(rows)])


def updating(table: Table, keys: Mapping[str, str], names: Sequence[str]) -> Write:
    """These columns of the row that `keys` (bind → column) find."""
    binds = {bind: table.c[name] for bind, name in keys.items()} | {name: table.c[name] for name in names}

    def core(row: Binds) -> Core:
        return update(table).where(*_found(table, keys, row)).values({name: row[name] for name in names})

    return Write(core(_binds(binds)), binds, lambda rows: [core(row) for row in rows])


def deleting(table: Table, keys: Mapping[str, str]) -> Write:
    """The row that `keys` (bind → column) find."""
    binds = {bind: table.c[name] for bind, name in keys.items()}

    def core(row: Binds) -> Core:
        return delete(table).where(*_found(table, keys, row))

    return Write(core(_binds(binds)), binds, lambda rows: [core(row) for row in rows])


@lru_cache(maxsize=1024)
def together(counts: tuple[tuple[Write, int], ...]) -> Statement:
    """So many rows of each of these at once, on PostgreSQL; binds are as `named` names them."""
    cores = [
        core
        for place, (write, count) in enumerate(counts)
        for core in write.of_rows([_binds(write.binds, f"t{place}_{row}_") for row in range(count)])
    ]
    done: Any = select(literal_column("1").label("done"))
    return Statement(done.add_cte(*(core.cte(f"w{number}") for number, core in enumerate(cores))))


def named(rows: Sequence[tuple[Write, Sequence[Mapping[str, Any]]]]) -> dict[str, Any]:
    """The binds of `together`."""
    return {
        f"t{place}_{number}_{bind}": value
        for place, (_, of_table) in enumerate(rows)
        for number, row in enumerate(of_table)
        for bind, value in row.items()
    }


def _found(table: Table, keys: Mapping[str, str], row: Binds) -> list[Any]:
    return [table.c[name] == row[bind] for bind, name in keys.items()]


def _binds(binds: Mapping[str, Column[Any]], prefix: str = "") -> Binds:
    return {bind: bindparam(f"{prefix}{bind}", type_=of.type) for bind, of in binds.items()}
