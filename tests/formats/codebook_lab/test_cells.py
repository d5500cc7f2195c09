from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.codebook_lab.cells import CellFile, CellRow
from evalhouse.formats.lines import Limits, LineFile


def read(path: Path, limits: Limits | None = None) -> tuple[list[CellRow], CellFile]:
    file = CellFile(LineFile(str(path), limits or Limits()))
    return list(file.rows()), file


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)


@given(
    st.lists(st.tuples(cells, cells), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 40),
)
def test_rows_are_those_of_the_csv_module_whatever_the_size_of_a_chunk(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str, size: int
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    path = tmp_path_factory.mktemp("cells") / "output.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    found, file = read(path, Limits(chunk=size))
    assert [tuple(row.cells.values()) for row in found] == rows
    assert [row.number for row in found] == list(range(1, len(rows) + 1))
    assert (file.header, file.count, file.problems) == (("a", "b"), len(rows), [])


def test_a_row_knows_the_line_that_it_begins_on(tmp_path: Path) -> None:
    path = tmp_path / "output.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\n1,"x\ny"\n\n2,z')
    found, file = read(path)
    assert [(row.number, row.line, row.cells["b"]) for row in found] == [
        (1, 2, "x\ny"),
        (2, 5, "z"),
    ]
    assert file.problems == []


@pytest.mark.parametrize(
    ("damaged", "kind", "what"),
    [
        (b"2,\xff", "not_utf8", "byte 3"),
        (b"2", "ragged_row", "1 cells"),
        (b"2,b,c", "ragged_row", "3 cells"),
        (b'2,"open', "not_csv", "never closed"),
        (b'2,"a"b', "not_csv", "not CSV"),
    ],
)
def test_damage_costs_no_other_row(tmp_path: Path, damaged: bytes, kind: str, what: str) -> None:
    path = tmp_path / "output.csv"
    path.write_bytes(b'a,b\n1,"x"\n' + damaged + b"\n3,y\n4,z\n")
    found, file = read(path)
    assert [row.number for row in found] == [1, 3, 4]
    (problem,) = file.problems
    assert (problem.kind, problem.line, problem.bytes) == (kind, 3, damaged)
    assert what in problem.message


def test_a_file_that_is_cut_ends_in_a_truncated_row(tmp_path: Path) -> None:
    path = tmp_path / "output.csv"
    path.write_bytes(b"a,b\n1,x\n2")
    found, file = read(path)
    assert len(found) == 1
    assert [problem.kind for problem in file.problems] == ["truncated_row"]


def test_a_quote_that_swallows_the_rest_is_given_up_before_memory_is(tmp_path: Path) -> None:
    path = tmp_path / "output.csv"
    path.write_bytes(b'a,b\n1,"open\n' + b"".join(b"%d,x\n" % row for row in range(2, 400)))
    found, file = read(path, Limits(chunk=64, longest_line=256))
    assert [row.number for row in found] == list(range(2, 400))
    assert [(problem.kind, problem.line) for problem in file.problems] == [("not_csv", 2)]


def test_a_damaged_header_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "output.csv"
    path.write_bytes(b"a,\xff\n1,x\n2,y\n")
    found, file = read(path)
    assert found == []
    assert [problem.kind for problem in file.problems] == ["not_utf8"]
