from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from evalhouse.formats.lines import Limits, LineFile
from evalhouse.formats.rowfile import ABSENT, Layout, RowFile, Rows
from evalhouse.records import Problem


class Row(msgspec.Struct, gc=False):
    doc_id: int
    value: Raw
    label: Raw = ABSENT


LAYOUT = Layout(Row, frozenset({"doc_id"}))
Found = tuple[int, int | None, str, str | None]  # line, doc_id, value and label, kept text


def found(rows: Rows[Row]) -> list[Found]:
    return [
        (line, row.doc_id, f"{bytes(row.value)!r} {bytes(row.label)!r}", rows.texts.get(index))
        for index, (line, row) in enumerate(zip(rows.lines, rows.rows, strict=True))
    ]


def read(data: bytes, folder: Path | str, chunk: int = 1 << 20) -> tuple[list[Found], RowFile[Row]]:
    path = Path(folder) / "rows.jsonl"
    path.write_bytes(data)
    file = RowFile(LineFile(str(path), Limits(chunk=chunk)), LAYOUT)
    return [row for rows in file.read() for row in found(rows)], file


def places(problems: list[Problem]) -> list[tuple[Any, ...]]:
    return sorted((p.line, p.byte_offset, p.kind, p.bytes) for p in problems)


def canonical(doc_id: int, value: Any, label: Any = None) -> bytes:
    row = {"doc_id": doc_id, "value": value} | ({} if label is None else {"label": label})
    return json.dumps(row).encode()


values = st.one_of(st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers()))
plain_values = st.one_of(st.integers(), st.text("ab é\n", max_size=4), st.lists(st.booleans()))
healthy = st.builds(
    canonical, st.integers(-(2**63), 2**63 - 1), plain_values, st.none() | st.text()
)
odd = st.one_of(
    st.builds(canonical, st.integers(), values),  # NaN, and numbers beyond 64 bits
    st.builds(lambda n, v: f'{{"doc_id":{n},"value":{v}}}'.encode(), st.integers(0, 9), st.just(1)),
    st.sampled_from(
        [
            *(b"", b" ", b"\r", b"null", b"[]", b"7", b'"text"', b"{", b"}", b"\xff", b"{}"),
            *(b'{"value": 1, "doc_id": 2}', b'{"doc_id": 1, "value": 2, "more": 3}'),
            *(
                b'{"doc_id": 1, "doc_id": 2, "value": 3}',
                b'{"doc_id": 1, "value": {"a": 1, "a": 2}}',
            ),
            *(b'{"doc_id": "1", "value": 2}', b'{"doc_id": 1.5, "value": 2}', b'{"doc_id": 1}'),
            *(b'{"doc_id": true, "value": 2}', b'{"doc_id": 1e2, "value": 2}'),
            *(b' {"doc_id": 1, "value": 2}', b'{"doc_id": 1, "value": 2}\r', b'{"doc_id": 1, "val'),
            *(b'{"doc_id": 1, "value": "\\ud83d"}', b'{"doc_id": 1, "value": "\xff"}'),
            *(
                b'{"doc_id": 1, "value": 2}{"doc_id": 2, "value": 2}',
                b'{"doc_id": 1, "value": NaN}',
            ),
            *(b'{"doc_id": 01, "value": 2}', b'{"doc_id": -0, "value": 2}', b"[" * 5000),
            *(b'{"doc_id": 1, "value": 2, "label": null}', b'{"doc_id": null, "value": 2}'),
            b'{"doc_id": 1, "value": 2, "label":3}',
        ]
    ),
)
mixtures = st.lists(st.one_of(healthy, healthy, odd), max_size=12)


@given(mixtures, st.booleans(), st.integers(1, 200))
@settings(max_examples=120)
def test_each_line_is_read_alike_alone_and_in_any_company(
    lines: list[bytes],
    ends: bool,  # noqa: FBT001 - drawn by hypothesis
    chunk: int,
) -> None:
    data = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    rows: list[Found] = []
    problems: list[tuple[Any, ...]] = []
    with TemporaryDirectory() as folder:
        together, file = read(data, folder, chunk)
        offset = 0
        for number, line in enumerate(lines, 1):
            # A line end before it keeps a line from being the opening of a spread object.
            is_cut = number == len(lines) and not ends
            alone, single = read(b" \n" + line + (b"" if is_cut else b"\n"), folder)
            rows += [(number, *row[1:]) for row in alone]
            problems += [
                (number, offset, problem.kind, problem.bytes) for problem in single.problems
            ]
            offset += len(line) + 1
    assert together == rows
    assert places(file.problems) == sorted(problems)


@given(st.lists(healthy, min_size=1, max_size=8))
def test_rows_as_the_writer_writes_them_keep_nothing_but_their_slices(lines: list[bytes]) -> None:
    with TemporaryDirectory() as folder:
        rows, file = read(b"\n".join(lines) + b"\n", folder)
    assert [row[3] for row in rows] == [None] * len(lines)
    assert file.problems == []


@given(mixtures)
def test_every_line_is_a_row_a_problem_or_blank(lines: list[bytes]) -> None:
    with TemporaryDirectory() as folder:
        rows, file = read(b"\n".join([b" ", *lines]) + b"\n", folder)
    damaged = [problem for problem in file.problems if problem.severity == "damage"]
    blank = sum(not line.strip() for line in lines)
    assert len(rows) + len(damaged) + blank == len(lines)
    assert file.count == len(rows)
    assert all(problem.bytes == lines[(problem.line or 0) - 2].rstrip(b"\r") for problem in damaged)


@given(mixtures)
def test_a_row_that_slices_cannot_rebuild_keeps_its_line(lines: list[bytes]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_bytes(b"\n".join([b" ", *lines]))
        file = RowFile(LineFile(str(path)), LAYOUT)
        for rows in file.read():
            for index, (line, row) in enumerate(zip(rows.lines, rows.rows, strict=True)):
                text = rows.texts.get(index)
                whole = rows.rebuild(row) if text is None else text.encode()
                assert whole == lines[line - 2].rstrip(b"\r")


# -- one kind of damage at a time ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (b"{", "not_json", "the line is not JSON"),
        (b'{"doc_id": 1, "value": "\xff"}', "not_utf8", "byte 25 of the line is not UTF-8"),
        (b"[1]", "not_an_object", "the line holds an array where an object is expected"),
        (b"null", "not_an_object", "the line holds null where an object is expected"),
        (b"1.5", "not_an_object", "the line holds a number where an object is expected"),
        (b"true", "not_an_object", "the line holds a boolean where an object is expected"),
        (b'"a"', "not_an_object", "the line holds a text where an object is expected"),
        (b'{"doc_id": 1}', "unexpected_row", "the row lacks `value`"),
        (b'{"label": 1}', "unexpected_row", "the row lacks `doc_id`, `value`"),
    ],
)
def test_each_damage_has_its_own_sentence(
    line: bytes, kind: str, message: str, tmp_path: Path
) -> None:
    _, file = read(canonical(0, 0) + b"\n" + line + b"\n", tmp_path)
    (problem,) = file.problems
    assert (problem.kind, problem.severity, problem.line) == (kind, "damage", 2)
    assert message in problem.message
    assert (problem.byte_offset, problem.bytes) == (len(canonical(0, 0)) + 1, line)


def test_a_line_that_the_file_ends_in_is_cut(tmp_path: Path) -> None:
    rows, file = read(canonical(0, 0) + b'\n{"doc_id": 1, "va', tmp_path)
    assert [row[1] for row in rows] == [0]
    assert [problem.kind for problem in file.problems] == ["truncated_line"]


def test_a_last_row_without_its_line_end_is_a_row(tmp_path: Path) -> None:
    rows, file = read(canonical(0, 0) + b"\n" + canonical(1, 1), tmp_path)
    assert [row[1] for row in rows] == [0, 1]
    assert (file.problems, file.file.ends_with_newline) == ([], False)


def test_keys_that_occur_twice_are_noticed_at_any_depth(tmp_path: Path) -> None:
    line = b'{"doc_id": 1, "value": {"a": 1, "a": 2}, "doc_id": 2}'
    rows, file = read(line + b"\n", tmp_path)
    assert (rows[0][1], rows[0][3]) == (2, line.decode())
    assert "`a`, `doc_id`" in file.problems[0].message
    assert file.problems[0].severity == "notice"


def test_objects_over_several_lines_are_read_one_by_one(tmp_path: Path) -> None:
    objects = [{"doc_id": 1, "value": [1, {"a": float("nan")}]}, {"doc_id": 2, "value": "é"}]
    texts = [json.dumps(item, indent=2) for item in objects]
    rows, file = read(("\n".join(texts) + "\n").encode(), tmp_path)
    assert [(row[0], row[1], row[3]) for row in rows] == [(1, 1, texts[0]), (10, 2, texts[1])]
    assert [problem.kind for problem in file.problems] == ["not_line_delimited"]


def test_objects_over_several_lines_are_found_beyond_the_first_chunk(tmp_path: Path) -> None:
    texts = [json.dumps({"doc_id": n, "value": "x" * 50}, indent=2) for n in range(20)]
    rows, file = read(("\n".join(texts) + "\n").encode(), tmp_path, chunk=100)
    assert [row[1] for row in rows] == list(range(20))
    assert {problem.severity for problem in file.problems} == {"notice"}


def test_rows_on_lines_of_their_own_behind_a_spread_object_are_read_once(tmp_path: Path) -> None:
    first = json.dumps({"doc_id": 0, "value": 1}, indent=2).encode()
    lines = [canonical(number, "x" * 50) for number in range(1, 20)]
    rows, _ = read(b"\n".join([first, *lines]) + b"\n", tmp_path, chunk=100)
    assert [row[1] for row in rows] == list(range(20))


@pytest.mark.parametrize("second", ['{"doc_id": 1}', "[1]", "{", '"text"', "nonsense"])
def test_objects_over_several_lines_beside_something_else_are_not_guessed_at(
    second: str, tmp_path: Path
) -> None:
    first = json.dumps({"doc_id": 0, "value": 1}, indent=2)
    rows, file = read(f"{first}\n{second}\n".encode(), tmp_path)
    assert rows == []
    assert {problem.severity for problem in file.problems} == {"damage"}
    assert len(file.problems) == 5


def test_a_spread_file_that_is_too_large_is_read_by_lines(tmp_path: Path) -> None:
    text = json.dumps({"doc_id": 1, "value": 2}, indent=2)
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    file = RowFile(LineFile(str(path), Limits(longest_line=20)), LAYOUT)
    assert [row for rows in file.read() for row in found(rows)] == []
    assert {problem.severity for problem in file.problems} == {"damage"}


@pytest.mark.parametrize("spelled", ["-0", "01", "1.0", "1e2"])
def test_a_number_that_would_come_back_otherwise_keeps_its_line(
    spelled: str, tmp_path: Path
) -> None:
    line = f'{{"doc_id": {spelled}, "value": 2}}'
    rows, file = read(line.encode() + b"\n", tmp_path)
    assert [row[3] for row in rows] == [line] * (not file.problems)


def test_a_row_may_be_kept_whole_later(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(canonical(0, "a") + b"\n" + rb'{"doc_id": 1, "value": "\u0041"}' + b"\n")
    (rows,) = RowFile(LineFile(str(path)), LAYOUT).read()
    rows.keep_odd_spellings("value", "label")
    assert rows.texts == {1: r'{"doc_id": 1, "value": "\u0041"}'}
    rows.keep_text(0)
    assert rows.texts[0] == canonical(0, "a").decode()
