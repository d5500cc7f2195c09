"""What migrations are written with: columns and constraints, named as the catalog names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

BOOLEAN = sa.Boolean()
FLOAT: sa.Double[Any] = sa.Double()
ID = sa.CHAR(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
INTEGER = sa.BigInteger()
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name="_".join(("uq", table, *columns)))


def refers(
    table: str, columns: tuple[str, ...], target: str, there: tuple[str, ...]
) -> sa.ForeignKeyConstraint:
    own = target == table
    return sa.ForeignKeyConstraint(
        columns,
        [f"{target}.{name}" for name in there],
        name="_".join(("fk", table, *columns)),
        deferrable=True if own else None,
        initially="DEFERRED" if own else None,
    )


def one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=f"ck_{table}_{column}")


def zero_or_one(table: str, column: str) -> sa.CheckConstraint:
    rule = sa.CheckConstraint(f"{column} IN (0, 1)", name=f"ck_{table}_{column}")
    return rule.ddl_if(dialect="sqlite")


def index(table: str, *columns: str) -> None:
    op.create_index("_".join(("ix", table, *columns)), table, list(columns))


def at_least(table: str, column: str, least: int, most: int | None = None) -> sa.CheckConstraint:
    rule = f"{column} >= {least}" + ("" if most is None else f" AND {column} <= {most}")
    return sa.CheckConstraint(rule, name=f"ck_{table}_{column}")


def rebuild(table: str, create: Callable[[], None], columns: Sequence[str]) -> None:
    """Put a SQLite table in the place of one of its name, with the rows of the columns named.

    SQLite cannot add a constraint to a table; references of other tables stay as they are.
    """
    names = ", ".join(columns)
    connection = op.get_bind()
    for index in sa.inspect(connection).get_indexes(table):
        if index["name"] and not index["unique"]:
            op.drop_index(index["name"], table)
    op.execute("PRAGMA legacy_alter_table = ON")
    op.rename_table(table, f"{table}_before")
    op.execute("PRAGMA legacy_alter_table = OFF")
    create()
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_before")  # noqa: S608 - names of our own
    op.drop_table(f"{table}_before")
