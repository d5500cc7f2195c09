"""Any batch is stored whole, or leaves nothing behind but a sentence."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from evalhouse.catalog import Catalog
from evalhouse.errors import HouseError
from evalhouse.records import ENTITIES, Cell, Entity, Measurement
from evalhouse.schema import CATALOG_TABLES, TABLES, Column, Table
from tests.catalog.samples import MAIN, commit, everything, sample
from tests.conftest import PostgresServer

STRAY = "00000000-0000-0000-0000-00000000dead"
"""An id that is in no table."""


@dataclass(frozen=True)
class Fresh:
    """Makes a new catalog whenever it is asked, much faster than migrations would."""

    folder: Path
    server: PostgresServer | None

    @contextmanager
    def catalog(self) -> Iterator[Catalog]:
        name = f"fresh_{uuid.uuid4().hex}"
        if self.server is None:
            path = self.folder / f"{name}.db"
            shutil.copy(self.folder / "template.db", path)
            yield Catalog(f"sqlite:///{path}")
            path.unlink()
            return
        self.server.run(f"CREATE DATABASE {name} TEMPLATE atomic")
        catalog = Catalog(self.server.url(name))
        yield catalog
        catalog.close()
        self.server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def fresh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fresh]:
    """Give a maker of new catalogs of each kind."""
    folder = tmp_path_factory.mktemp("atomic")
    if request.param == "sqlite":
        Catalog(f"sqlite:///{folder / 'template.db'}").prepare()
        yield Fresh(folder, None)
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    server.run("CREATE DATABASE atomic")
    catalog = Catalog(server.url("atomic"))
    catalog.prepare()
    catalog.close()
    yield Fresh(folder, server)
    server.run("DROP DATABASE atomic WITH (FORCE)")


@pytest.fixture(scope="module")
def steady(fresh: Fresh) -> Iterator[Catalog]:
    """Give one catalog for tests that leave nothing behind."""
    with fresh.catalog() as catalog:
        yield catalog


def held(catalog: Catalog) -> dict[str, Any]:
    """Return all rows but the batches themselves and the counter of changes."""
    with catalog._database.read() as session:
        return {
            table.name: sorted(map(str, session.rows(f"SELECT * FROM {table.name}")))
            for table in CATALOG_TABLES
            if table.name not in {"batches", "house_settings"}
        }


@st.composite
def batches(draw: st.DrawFn) -> list[Entity]:
    """Return some rows of all, in any order, of which some are not as they should be."""
    rows = draw(st.permutations(everything()))
    chosen = list(rows[: draw(st.just(len(rows)) | st.integers(1, len(rows)))])
    for place in draw(st.lists(st.integers(0, len(chosen) - 1), max_size=3)):
        chosen[place] = draw(_spoilt(chosen[place]))
    return chosen


@st.composite
def _spoilt(draw: st.DrawFn, row: Entity) -> Entity:
    faults = [fault for column in TABLES[row.table].columns for fault in _faults(column)]
    return msgspec.structs.replace(row, **dict([draw(st.sampled_from(faults))])) if faults else row


def _faults(column: Column) -> Iterator[tuple[str, object]]:
    """Yield values that the column cannot take, or may not be able to."""
    if column.references and column.kind == "id":
        yield column.name, STRAY
    if column.values:
        yield column.name, "something else"
    if column.minimum is not None:
        yield column.name, column.minimum - 1
    if column.kind == "integer":
        yield column.name, 2**63  # one too large


@settings(max_examples=20, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(entities=batches())
def test_a_batch_of_any_rows_is_stored_whole_or_not_at_all(
    fresh: Fresh, entities: list[Entity]
) -> None:
    with fresh.catalog() as catalog:
        before = held(catalog)
        told = _commit(catalog, entities)
        if told is None:
            assert [entity for entity in entities if not _there(catalog, entity)] == []
        else:
            assert "\n" not in told
            assert held(catalog) == before
        assert _broken(catalog) == []


def _commit(catalog: Catalog, entities: list[Entity]) -> str | None:
    """Commit a batch; where it is refused, return what a person is told."""
    try:
        commit(catalog, entities)
    except HouseError as failure:
        return str(failure)
    return None


def _there(catalog: Catalog, entity: Entity) -> bool:
    """Return whether the row is there; of a unit that the batch does not bring there is none."""
    if getattr(entity, "unit_id", None) and entity.table.startswith("run_"):
        return True
    keys = TABLES[entity.table].keys
    where = " AND ".join(f"{key} = ?" for key in keys)
    with catalog._database.read() as session:
        return bool(
            session.value(
                f"SELECT count(*) FROM {entity.table} WHERE {where}",
                *(getattr(entity, key) for key in keys),
            )
        )


def _broken(catalog: Catalog) -> list[Any]:
    if catalog.dialect == "postgresql":  # which checks for itself
        return []
    with catalog._database.read() as session:
        return session.rows("PRAGMA foreign_key_check")


@pytest.mark.parametrize(
    "table",
    [table for table in CATALOG_TABLES if table.name in {r.table for r in ENTITIES}],
    ids=lambda table: table.name,
)
def test_a_reference_to_nothing_is_refused_in_a_sentence(steady: Catalog, table: Table) -> None:
    record = next(each for each in ENTITIES if each.table == table.name)
    row = _free(sample(record, MAIN))
    others = [_free(each) for each in everything() if _free(each) != row]
    before = held(steady)
    for column in table.columns:
        if column.references and column.kind == "id":
            spoilt = msgspec.structs.replace(row, **{column.name: STRAY})
            with pytest.raises(HouseError) as caught:
                commit(steady, [*others, spoilt])
            assert "\n" not in str(caught.value)
            assert held(steady) == before


def _free(row: Entity) -> Entity:
    """Return a row that belongs to no unit, so that it is written with any batch."""
    if isinstance(row, Cell | Measurement):
        return msgspec.structs.replace(row, unit_id=None)
    return row
