"""Changes of the schema, with Alembic; it is loaded only where one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, inspect

from evalhouse.catalog.creation import require_references, reshaping
from evalhouse.catalog.database import Database, Session
from evalhouse.catalog.plans import BASE, MigrationPlan, Shape, Step, added, losses, rank
from evalhouse.catalog.revisions import HEAD, VERSION_TABLE, revision_of
from evalhouse.catalog.seeding import seed
from evalhouse.catalog.settings import bump_version
from evalhouse.errors import UsageError

SCRIPTS = Path(__file__).parents[1] / "data" / "migrations"
_NAMED_LOSSES = 5


def configuration(connection: Connection | None = None) -> Config:
    """Return what Alembic needs to find the scripts, and the connection that they use."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str) -> None:
    """Migrate up to `revision` in one transaction."""
    with reshaping(database) as connection:
        _run(connection, database, revision, command.upgrade)


def move(database: Database, wanted: str, *, lose_rows: bool) -> MigrationPlan:
    """Migrate up or down, and return what was done.

    Where rows would be lost and `lose_rows` is false, UsageError says which, and nothing is done.
    """
    with reshaping(database) as connection:
        with closing(connection.connection.cursor()) as cursor:
            plan = plan_of(Session(cursor, database.dialect), database.place, wanted)
        if plan.losses and not lose_rows:
            raise UsageError(_refusal(plan))
        step = command.downgrade if plan.direction == "down" else command.upgrade
        _run(connection, database, wanted, step)
    return plan


def plan_of(session: Session, place: str, wanted: str) -> MigrationPlan:
    """Return what it takes to get to a revision, and what is lost on the way."""
    found = revision_of(session) or BASE
    before, after = shape(found), shape(wanted)
    new_tables, new_columns = added(before, after)
    dropped_tables, dropped_columns = added(after, before)
    return MigrationPlan(
        place=place,
        found=found,
        wanted=wanted,
        steps=_steps(found, wanted),
        new_tables=new_tables,
        new_columns=new_columns,
        dropped_tables=dropped_tables,
        dropped_columns=dropped_columns,
        losses=tuple(losses(session, before, after)),
    )


@cache
def shape(revision: str) -> Shape:
    """Return the tables and columns of a revision, as the scripts make them in memory."""
    if revision == BASE:
        return {}
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        command.upgrade(configuration(connection), revision)
        inspector = inspect(connection)
        found = {
            table: tuple(column["name"] for column in inspector.get_columns(table))
            for table in sorted(inspector.get_table_names())
            if table != VERSION_TABLE
        }
    engine.dispose()
    return found


def _steps(found: str, wanted: str) -> tuple[Step, ...]:
    scripts = ScriptDirectory.from_config(configuration())
    low, high = sorted((rank(found), rank(wanted)))
    between = [
        Step(script.revision, script.doc.splitlines()[0])
        for script in scripts.walk_revisions()
        if low < rank(script.revision) <= high
    ]
    return tuple(between if rank(wanted) < rank(found) else reversed(between))


def _refusal(plan: MigrationPlan) -> str:
    named = [
        f"{loss.rows:,} of `{loss.table if loss.column is None else f'{loss.table}.{loss.column}'}`"
        for loss in plan.losses[:_NAMED_LOSSES]
    ]
    more = len(plan.losses) - len(named)
    others = f" and those of {more} more" if more else ""
    return (
        f"going down from revision `{plan.found}` to `{plan.wanted}` would lose rows: "
        f"{', '.join(named)}{others}; `--yes` accepts that, `--dry-run` lists them, and "
        f"`evalhouse copy` keeps the house as it is elsewhere"
    )


def _run(
    connection: Connection,
    database: Database,
    revision: str,
    step: Callable[[Config, str], None],
) -> None:
    with closing(connection.connection.cursor()) as cursor:
        was_there = revision_of(Session(cursor, database.dialect)) is not None
    try:
        step(configuration(connection), revision)
    except CommandError as failure:
        raise UsageError(f"cannot migrate to revision `{revision}`: {failure}") from failure
    with closing(connection.connection.cursor()) as cursor:
        session = Session(cursor, database.dialect)
        seed(session)
        if was_there and revision_of(session) == HEAD:
            bump_version(session)  # what others have read of the catalog is not it any more
    if database.dialect == "sqlite":
        require_references(connection, database.place)
