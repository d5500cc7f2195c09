from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.files import FoundFile, walk
from evalhouse.formats.olmes.folder import Entry, Folder, read_folder
from evalhouse.formats.olmes.recognise import recognise
from tests.formats.olmes.made import task_value

Value = dict[str, Any]


def records(folder: Path, values: Iterable[Value], name: str = "metrics-all.jsonl") -> None:
    folder.joinpath(name).write_text("".join(json.dumps(value) + "\n" for value in values))


def rows(
    folder: Path, stem: str, task_hash: str | None = None, family: str = "predictions"
) -> None:
    row = {"doc_id": 0, "native_id": 0, "metrics": {}, "model_output": [], "label": 0}
    hashes = {} if task_hash is None else {"task_hash": task_hash, "model_hash": "m"}
    folder.joinpath(f"{stem}-{family}.jsonl").write_text(json.dumps({**row, **hashes}) + "\n")


def read(folder: Path) -> Folder:
    files = [item for item in walk([folder]) if isinstance(item, FoundFile)]
    return read_folder(str(folder), recognise(files))


def pairs(folder: Path) -> dict[str | None, str | None]:
    """Return which record has which files; None for either that is missing."""
    return {_alias(entry): _stem(entry) for entry in read(folder).entries()}


def _alias(entry: Entry) -> str | None:
    return entry.record.alias if entry.record else None


def _stem(entry: Entry) -> str | None:
    return entry.files.stem.text if entry.files else None


def problems(folder: Path) -> list[str]:
    found = read(folder)
    found.entries()
    return [problem.kind for problem in found.problems]


# -- which record is whose -----------------------------------------------------------------------


def test_files_are_matched_by_hash_against_name_and_number(tmp_path: Path) -> None:
    a, b = task_value("a", task_idx=0), task_value("b", task_idx=1)
    records(tmp_path, [a, b])
    rows(tmp_path, "task-000-a", b["task_hash"])
    rows(tmp_path, "task-001-b", a["task_hash"])
    assert pairs(tmp_path) == {"a": "task-001-b", "b": "task-000-a"}


def test_a_hash_that_no_record_has_keeps_files_from_every_record(tmp_path: Path) -> None:
    records(tmp_path, [task_value("a")])
    rows(tmp_path, "task-000-a", "0" * 32)
    found = {(_alias(entry), _stem(entry)) for entry in read(tmp_path).entries()}
    assert found == {("a", None), (None, "task-000-a")}


def test_aliases_of_one_hash_are_told_apart_by_name(tmp_path: Path) -> None:
    values = [task_value("gsm8k:one", task_idx=0), task_value("gsm8k:two", task_idx=1)]
    assert values[0]["task_hash"] == values[1]["task_hash"]
    records(tmp_path, values)
    rows(tmp_path, "task-000-gsm8k:two", values[0]["task_hash"])
    rows(tmp_path, "task-001-gsm8k:one", values[0]["task_hash"])
    assert pairs(tmp_path) == {"gsm8k:two": "task-000-gsm8k:two", "gsm8k:one": "task-001-gsm8k:one"}


def test_a_registry_name_is_enough_where_one_record_has_it(tmp_path: Path) -> None:
    records(tmp_path, [task_value("gsm8k:cot"), task_value("piqa:mc")])
    rows(tmp_path, "task-007-gsm8k")
    assert pairs(tmp_path) == {"gsm8k:cot": "task-007-gsm8k", "piqa:mc": None}


def test_the_number_decides_among_records_of_one_name(tmp_path: Path) -> None:
    variants = [task_value(f"gsm8k:{n}", task_idx=n, settings={"num_shots": n}) for n in range(3)]
    records(tmp_path, variants)
    rows(tmp_path, "task-002-gsm8k")
    assert pairs(tmp_path)["gsm8k:2"] == "task-002-gsm8k"


def test_a_number_alone_decides_nothing(tmp_path: Path) -> None:
    records(tmp_path, [task_value("a", task_idx=3)])
    rows(tmp_path, "task-003-b")
    found = {(_alias(entry), _stem(entry)) for entry in read(tmp_path).entries()}
    assert found == {("a", None), (None, "task-003-b")}


def test_what_fits_several_records_alike_is_reported_and_given_to_none(tmp_path: Path) -> None:
    variants = [task_value(f"gsm8k:{n}", task_idx=n, settings={"num_shots": n}) for n in (1, 2)]
    records(tmp_path, variants)
    rows(tmp_path, "task-009-gsm8k")
    found = [(_alias(entry), _stem(entry)) for entry in read(tmp_path).entries()]
    assert sorted(found, key=str) == [
        ("gsm8k:1", None),
        ("gsm8k:2", None),
        (None, "task-009-gsm8k"),
    ]
    assert problems(tmp_path) == ["ambiguous_record"]


def test_copies_of_a_record_do_not_make_its_files_ambiguous(tmp_path: Path) -> None:
    records(tmp_path, [task_value("a"), task_value("a")])
    rows(tmp_path, "task-000-a")
    assert problems(tmp_path) == []
    assert sum(entry.files is not None for entry in read(tmp_path).entries()) == 1


def test_an_own_record_tells_which_line_is_its(tmp_path: Path) -> None:
    one, two = (task_value("a", task_idx=n, num_instances=n + 1) for n in range(2))
    records(tmp_path, [one, two])
    rows(tmp_path, "task-005-a")
    tmp_path.joinpath("task-005-a-metrics.json").write_text(json.dumps(two))
    (entry,) = [entry for entry in read(tmp_path).entries() if entry.files]
    assert entry.record is not None
    assert entry.record.num_instances == 2


def test_an_own_record_counts_where_no_other_is(tmp_path: Path) -> None:
    tmp_path.joinpath("task-000-a-metrics.json").write_text(json.dumps(task_value("a:x")))
    rows(tmp_path, "task-000-a")
    assert pairs(tmp_path) == {"a:x": "task-000-a"}


def test_aggregates_never_get_files(tmp_path: Path) -> None:
    value = task_value("a", task_idx=None)
    value["task_config"] |= {"primary_metric": "macro"}
    records(tmp_path, [value])
    rows(tmp_path, "task-000-a", value["task_hash"])
    found = {(_alias(entry), _stem(entry)) for entry in read(tmp_path).entries()}
    assert found == {("a", None), (None, "task-000-a")}


@given(st.permutations(range(4)), st.booleans(), st.data())
def test_no_order_of_records_or_numbers_crosses_files(
    order: list[int],
    hashed: bool,  # noqa: FBT001 - drawn by hypothesis
    data: st.DataObject,
) -> None:
    import tempfile

    values = [task_value(f"t{n}:v", task_idx=n, settings={"num_shots": n}) for n in range(4)]
    numbers = data.draw(st.permutations(range(4)))
    with tempfile.TemporaryDirectory() as name:
        records(Path(name), [values[place] for place in order])
        for place, value in enumerate(values):
            stem = f"task-{numbers[place]:03d}-{value['task_name']}"
            rows(Path(name), stem, value["task_hash"] if hashed else None)
        found = pairs(Path(name))
    assert {alias: (stem or "")[9:] for alias, stem in found.items()} == {
        f"t{n}:v": f"t{n}" for n in range(4)
    }


# -- small files ---------------------------------------------------------------------------------


def test_rows_and_settings_without_a_record_are_an_entry(tmp_path: Path) -> None:
    config = task_value("piqa:mc")["task_config"]
    config = {"task_name": "piqa", "task_core": "piqa", **config}
    tmp_path.joinpath("task-000-piqa-config.json").write_text(json.dumps(config))
    rows(tmp_path, "task-000-piqa")
    (entry,) = read(tmp_path).entries()
    assert (entry.record, entry.alias) == (None, "piqa:mc")


def test_settings_alone_are_set_aside(tmp_path: Path) -> None:
    config = {"task_name": "piqa", "task_core": "piqa", "metadata": {"alias": "a"}}
    tmp_path.joinpath("task-000-piqa-config.json").write_text(json.dumps(config))
    folder = read(tmp_path)
    assert folder.entries() == []
    assert [file.claim.file.name for file in folder.spare] == ["task-000-piqa-config.json"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"nonsense", "not_json"),
        (b"[1]", "not_json"),
        (b'{"a": 1,}', "not_json"),
        (b"\xff", "not_json"),
    ],
)
def test_a_damaged_record_costs_no_other(line: bytes, kind: str, tmp_path: Path) -> None:
    first, last = (json.dumps(task_value(name)).encode() for name in "ab")
    tmp_path.joinpath("metrics-all.jsonl").write_bytes(b"\n".join([first, line, last, b""]))
    folder = read(tmp_path)
    assert [record.alias for record, _ in folder.records] == ["a", "b"]
    (problem,) = folder.problems
    assert (problem.kind, problem.line, problem.byte_offset) == (kind, 2, len(first) + 1)
    assert problem.bytes == line


def test_a_record_that_the_file_ends_in_is_cut(tmp_path: Path) -> None:
    first = json.dumps(task_value("a"))
    tmp_path.joinpath("metrics-all.jsonl").write_text(first + "\n" + first[:50])
    folder = read(tmp_path)
    assert [problem.kind for problem in folder.problems] == ["truncated_line"]
    assert len(folder.records) == 1


def test_packed_and_marked_records_are_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + json.dumps(task_value("a")).encode() + b"\n"
    tmp_path.joinpath("metrics-all.jsonl.gz").write_bytes(gzip.compress(text))
    folder = read(tmp_path)
    assert [(record.alias, record.line) for record, _ in folder.records] == [("a", 1)]
    assert folder.small[0].packed


def test_a_second_file_of_a_family_is_a_copy(tmp_path: Path) -> None:
    rows(tmp_path, "task-000-a")
    path = tmp_path / "task-000-a-predictions.jsonl"
    (tmp_path / "task-000-a-predictions.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    folder = read(tmp_path)
    assert [(copy.file.name[-3:], first.file.name[-3:]) for copy, first in folder.copies] == [
        (".gz", "onl")
    ]
