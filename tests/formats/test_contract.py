"""What every format must keep; a new format is tested by its line in `FORMATS` and a sample."""

from __future__ import annotations

import json
import pickle
import random
import tracemalloc
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.formats import FORMATS
from evalhouse.formats.base import Claim, Limits, Plan, Reading, TableRows, Unit, UnitFacts
from evalhouse.formats.files import FoundFile, walk
from evalhouse.records import Entity, Problem
from evalhouse.redact import Redactor
from evalhouse.schema.arrow import arrow_schema
from tests.formats.foreign import FOREIGN
from tests.formats.samples import SAMPLES, Damage

NAMES = pytest.mark.parametrize("name", FORMATS)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
Item = TableRows | Problem | UnitFacts
SMALL = Limits(chunk=4096)


def reading(limits: Limits | None = None) -> Reading:
    return Reading(Redactor(b"key"), limits or Limits())


def claims_of(name: str, folder: Path, seed: int = 0) -> list[Claim]:
    folders: dict[str, list[FoundFile]] = defaultdict(list)
    for item in walk([folder]):
        if isinstance(item, FoundFile):
            folders[item.folder].append(item)
    found = []
    for files in folders.values():
        random.Random(seed).shuffle(files)
        found += FORMATS[name].recognise(files)
    return found


def plans_of(name: str, folder: Path) -> list[Plan]:
    plans = FORMATS[name].plan(claims_of(name, folder), reading())
    for plan in plans:
        plan.run = msgspec.structs.replace(plan.run, submitted_at=MOMENT)  # it was now
        plan.entities = [_at_moment(entity) for entity in plan.entities]
    return plans


def _at_moment(entity: Entity) -> Entity:
    """Return an entity as if it had arrived at one moment."""
    names = {"received_at", "decided_at", "seen_at"} & set(entity.__struct_fields__)
    return msgspec.structs.replace(entity, **dict.fromkeys(names, MOMENT))


def units_of(name: str, folder: Path) -> list[Unit]:
    return [unit for plan in plans_of(name, folder) for unit in plan.units]


def read(name: str, unit: Unit, limits: Limits | None = None) -> list[Item]:
    return list(FORMATS[name].read(unit, reading(limits)))


def rows(items: Sequence[Item]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        if isinstance(item, TableRows):
            found[item.table] += item.batch.to_pylist()
    return {table: sorted(map(repr, lines)) for table, lines in found.items()}


def facts(items: Sequence[Item]) -> UnitFacts:
    assert isinstance(items[-1], UnitFacts)
    return items[-1]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {name: tmp_path_factory.mktemp(name) for name in FORMATS}
    for name, folder in folders.items():
        SAMPLES[name].write(folder, 6)
    return folders


def test_every_format_has_a_sample_and_its_own_name() -> None:
    assert set(SAMPLES) == set(FORMATS)
    assert all(form.name == name and form.version for name, form in FORMATS.items())


# -- recognising ---------------------------------------------------------------------------------


@NAMES
def test_its_own_files_are_recognised_in_any_order(name: str, sources: dict[str, Path]) -> None:
    found = [claims_of(name, sources[name], seed) for seed in range(3)]
    assert found[0]
    assert found[1] == found[0] == found[2]


@NAMES
def test_files_of_no_other_format_of_the_house_are_recognised(
    name: str, sources: dict[str, Path]
) -> None:
    for other in set(FORMATS) - {name}:
        assert claims_of(name, sources[other]) == []


@NAMES
@pytest.mark.parametrize("foreign", sorted(FOREIGN))
@pytest.mark.parametrize("in_company", [False, True])
def test_foreign_files_are_left_alone_by_themselves_and_among_its_own(
    name: str,
    foreign: str,
    in_company: bool,  # noqa: FBT001 - a case of the table
    tmp_path: Path,
) -> None:
    if in_company:
        SAMPLES[name].write(tmp_path, 2)
    own = {claim.file.path for claim in claims_of(name, tmp_path)}
    folder = Path(min(own)).parent if own else tmp_path
    for file, data in FOREIGN[foreign].items():
        if not (folder / file).exists():
            (folder / file).write_bytes(data)
    assert {claim.file.path for claim in claims_of(name, tmp_path)} == own


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["doc_id", "metrics", "task", "results", "a"]), inner),
    ),
    max_leaves=6,
)


@NAMES
@given(st.lists(json_values, max_size=3), st.sampled_from([".json", ".jsonl", ".txt", ""]))
@settings(max_examples=60)
def test_random_json_is_left_alone(name: str, values: list[Any], ending: str) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, f"any{ending}").write_text("\n".join(map(json.dumps, values)))
        assert claims_of(name, Path(folder)) == []


@NAMES
def test_a_file_that_is_gone_when_it_is_read_is_a_problem(name: str, tmp_path: Path) -> None:
    SAMPLES[name].write(tmp_path, 2)
    unit = next(unit for unit in units_of(name, tmp_path) if unit.files)
    for file in unit.files:
        Path(file.path).unlink()
    items = read(name, unit)
    problems = [item for item in items if isinstance(item, Problem)]
    assert {problem.kind for problem in problems} >= {"unreadable_file"}
    assert facts(items).rows == 0


# -- planning ------------------------------------------------------------------------------------


@NAMES
def test_every_recognised_file_ends_up_in_one_plan(name: str, sources: dict[str, Path]) -> None:
    listed = [file.path for plan in plans_of(name, sources[name]) for file in plan.files]
    assert sorted(listed) == sorted({claim.file.path for claim in claims_of(name, sources[name])})


@NAMES
def test_units_have_their_own_ids_and_travel_between_processes(
    name: str, sources: dict[str, Path]
) -> None:
    units = units_of(name, sources[name])
    assert len({unit.unit_id for unit in units}) == len(units)
    assert pickle.loads(pickle.dumps(units)) == units
    assert {unit.format for unit in units} == {name}
    assert all(
        unit.size == sum(Path(file.path).stat().st_size for file in unit.files) for unit in units
    )


@NAMES
def test_planning_twice_gives_the_same_and_changes_no_file(
    name: str, sources: dict[str, Path]
) -> None:
    def stored() -> dict[str, tuple[int, bytes]]:
        return {
            item.path: (item.mtime_ns, Path(item.path).read_bytes())
            for item in walk([sources[name]])
            if isinstance(item, FoundFile)
        }

    before = stored()
    assert plans_of(name, sources[name]) == plans_of(name, sources[name])
    for unit in units_of(name, sources[name]):
        read(name, unit)
    assert stored() == before


@NAMES
def test_ids_do_not_depend_on_where_a_source_lies(
    name: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    SAMPLES[name].write(tmp_path / "elsewhere", 6)
    here = {unit.unit_id for unit in units_of(name, sources[name])}
    assert {unit.unit_id for unit in units_of(name, tmp_path / "elsewhere")} == here


# -- reading -------------------------------------------------------------------------------------


@NAMES
def test_facts_come_last_and_once(name: str, sources: dict[str, Path]) -> None:
    for unit in units_of(name, sources[name]):
        items = read(name, unit)
        assert [isinstance(item, UnitFacts) for item in items].count(True) == 1
        assert facts(items).unit_id == unit.unit_id
        assert {file.path for file in facts(items).files} == {file.path for file in unit.files}


@NAMES
def test_reading_again_in_another_process_gives_equal_rows(
    name: str, sources: dict[str, Path]
) -> None:
    for unit in units_of(name, sources[name]):
        first, again = read(name, unit), read(name, pickle.loads(pickle.dumps(unit)))
        assert rows(again) == rows(first)
        assert facts(again) == facts(first)


@NAMES
def test_reading_in_other_chunks_gives_equal_rows(name: str, sources: dict[str, Path]) -> None:
    for unit in units_of(name, sources[name]):
        first, again = rows(read(name, unit)), rows(read(name, unit, SMALL))
        # What is averaged may differ in its last digit, as the order of a sum does.
        averaged = {"metrics", "checks"}
        assert {table: first[table] for table in set(first) - averaged} == {
            table: again[table] for table in set(again) - averaged
        }
        assert {table: len(lines) for table, lines in first.items()} == {
            table: len(lines) for table, lines in again.items()
        }


@NAMES
def test_a_sound_source_has_no_problems(name: str, sources: dict[str, Path]) -> None:
    assert [problem for plan in plans_of(name, sources[name]) for problem in plan.problems] == []
    for unit in units_of(name, sources[name]):
        assert [item for item in read(name, unit) if isinstance(item, Problem)] == []


@NAMES
def test_the_fingerprint_follows_from_the_hashes_of_the_files(
    name: str, sources: dict[str, Path]
) -> None:
    for unit in units_of(name, sources[name]):
        found = facts(read(name, unit))
        hashes = {file.path: file.sha256 for file in found.files}
        assert FORMATS[name].fingerprint(unit, hashes) == found.fingerprint
        other = dict.fromkeys(hashes, "0" * 64)
        assert not hashes or FORMATS[name].fingerprint(unit, other) != found.fingerprint


@NAMES
def test_rows_have_the_columns_of_their_tables(name: str, sources: dict[str, Path]) -> None:
    for unit in units_of(name, sources[name]):
        for item in read(name, unit):
            if isinstance(item, TableRows):
                names = item.batch.schema.names
                assert set(names) <= set(arrow_schema(item.table).names)
                assert len(names) == len(set(names))
                assert item.batch.num_rows > 0


@NAMES
def test_rows_are_as_many_as_lines(name: str, sources: dict[str, Path]) -> None:
    lines = {
        str(path): path.read_bytes().count(b"\n")
        for path in sources[name].rglob(SAMPLES[name].row_files)
    }
    found = {
        file.path: file.rows
        for unit in units_of(name, sources[name])
        for file in facts(read(name, unit)).files
    }
    assert lines
    assert {path: found[path] for path in lines} == lines


# -- damage --------------------------------------------------------------------------------------

DAMAGES = pytest.mark.parametrize(
    ("name", "damage"),
    [(name, damage) for name, sample in SAMPLES.items() for damage in sample.damages],
    ids=lambda value: value.name if isinstance(value, Damage) else value,
)


@DAMAGES
def test_damage_becomes_a_problem_and_costs_no_other_row(
    name: str, damage: Damage, tmp_path: Path
) -> None:
    SAMPLES[name].write(tmp_path, 6)
    (path,) = tmp_path.rglob(damage.file)
    path.write_bytes(damage.plant(path.read_bytes()))
    plans = plans_of(name, tmp_path)
    items = [item for plan in plans for unit in plan.units for item in read(name, unit)]
    problems = [item for item in items if isinstance(item, Problem)]
    problems += [problem for plan in plans for problem in plan.problems]
    assert damage.kind in {problem.kind for problem in problems}
    found = {
        file.path: file.rows for item in items if isinstance(item, UnitFacts) for file in item.files
    }
    if str(path) in found:
        held = path.read_bytes()
        lines = held.count(b"\n") + (not held.endswith(b"\n"))
        assert found[str(path)] == lines - damage.lost
        lost = [problem for problem in problems if problem.bytes is not None]
        assert len(lost) == damage.lost


@DAMAGES
def test_problems_say_what_and_where(name: str, damage: Damage, tmp_path: Path) -> None:
    SAMPLES[name].write(tmp_path, 3)
    (path,) = tmp_path.rglob(damage.file)
    path.write_bytes(damage.plant(path.read_bytes()))
    for plan in plans_of(name, tmp_path):
        found = list(plan.problems)
        for unit in plan.units:
            found += [item for item in read(name, unit) if isinstance(item, Problem)]
        for problem in found:
            assert problem.message
            assert not problem.message.endswith(".")
            assert problem.path
            assert problem.bytes is None or problem.line is not None


# -- memory --------------------------------------------------------------------------------------


def peak(name: str, folder: Path) -> int:
    """Return the most bytes that Python and Arrow held while the units were read."""
    most = 0
    for unit in units_of(name, folder):
        tracemalloc.start()
        try:
            for _ in FORMATS[name].read(unit, reading(Limits(chunk=65_536))):
                most = max(most, pa.total_allocated_bytes() + tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    return most


@NAMES
def test_memory_does_not_grow_with_the_size_of_a_source(name: str, tmp_path: Path) -> None:
    sizes, peaks = [], []
    for docs in (30, 300):
        folder = tmp_path / str(docs)
        SAMPLES[name].write(folder, docs)
        sizes.append(max(f.stat().st_size for f in folder.rglob(SAMPLES[name].row_files)))
        peaks.append(peak(name, folder))
    assert sizes[1] > 5 * sizes[0]
    assert peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 5
