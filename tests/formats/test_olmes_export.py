from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.formats.olmes.write import (
    PIECE_BYTES,
    config_text,
    file_pieces,
    own_file_name,
    record_order,
    record_text,
    row_lines,
)
from evalhouse.formats.slices import object_text
from evalhouse.schema.arrow import arrow_schema
from tests.formats.conftest import read_folder

TABLES = {"predictions": "responses", "requests": "requests", "recorded-inputs": "inputs"}
HEALTHY = {
    "predictions": '{"doc_id": 0, "native_id": 1, "metrics": {}, "model_output": []}',
    "requests": '{"request_type": "x", "doc": {}, "request": {}, "idx": 0, "task_name": "t", '
    '"doc_id": 0, "native_id": 1}',
    "recorded-inputs": '{"doc": {}, "task_name": "t", "doc_id": 0, "native_id": 1, "requests": []}',
}


# -- rows ----------------------------------------------------------------------------------------


def again(family: str, data: bytes) -> bytes:
    """Read a file of rows, and write it again from what was read."""
    with TemporaryDirectory() as folder:
        Path(folder, f"task-000-t-{family}.jsonl").write_bytes(data)
        read = read_folder(Path(folder))
    docs = {row["item_sha256"]: row["doc"] for row in read.tables["documents"]}
    rows = read.tables[TABLES[family]]
    whole = pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[family]))
    doc = pa.array([docs.get(row.get("item_sha256")) for row in rows], pa.string())
    damaged = [(p.line or 0, p.bytes or b"") for p in read.problems if p.bytes is not None]
    lines = [
        line
        for batch in whole.append_column("doc", doc).to_batches()
        for line in row_lines(family, batch)
    ]
    return b"".join(file_pieces(sorted([*lines, *damaged]), sha256(data).hexdigest()))


any_text = st.text(st.characters(codec="utf-8"), max_size=6)
odd_values = st.sampled_from(
    [
        *(
            r'"\ud83d"',
            r'"\u0041"',
            r'"a\/b"',
            r'"\u00E9"',
            r'"\uD83D\uDE00"',
            r'"\u0000"',
            '"\x7f"',
        ),
        *("-0", "1E5", "1e-7", "1.50", "-0.0", "1e400", "5e-324", "1e16", "1e+16"),
        *("1" + "0" * 30, "-9223372036854775809", "NaN", "-Infinity", "null", "true", "[1,2]"),
    ]
)
scalars = st.one_of(
    odd_values,
    any_text.map(json.dumps),
    any_text.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.floats().map(json.dumps),
    st.integers().map(str),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(any_text, inner, max_size=3).map(object_text),
    ),
    max_leaves=6,
)
objects = st.dictionaries(any_text, values, max_size=3).map(object_text)
missing = st.just(None)
KEYS: dict[str, dict[str, st.SearchStrategy[str | None]]] = {
    "predictions": {
        "native_id": values,
        "metrics": objects,
        "model_output": values,
        "label": values | missing,
        "task_hash": values | missing,
        "model_hash": values | missing,
    },
    "requests": {
        "request_type": values,
        "doc": values,
        "request": values,
        "idx": values,
        "task_name": values,
        "doc_id": st.integers(0, 2**62).map(str),
        "native_id": values,
        "label": values | missing,
    },
    "recorded-inputs": {
        "doc": values,
        "task_name": values,
        "doc_id": st.integers(0, 2**62).map(str),
        "native_id": values,
        "label": values | missing,
        "requests": values | missing,
    },
}


def spell(row: dict[str, str | None]) -> str:
    return object_text({key: text for key, text in row.items() if text is not None})


@pytest.mark.parametrize("family", TABLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rows_of_any_values_come_back_byte_for_byte(family: str, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.fixed_dictionaries(KEYS[family]), max_size=4))
    if family == "predictions":
        drawn = [{"doc_id": str(number), **row} for number, row in enumerate(drawn)]
    end = data.draw(st.sampled_from(["", "\n"]))
    file = ("\n".join([HEALTHY[family], *map(spell, drawn)]) + end).encode()
    assert again(family, file) == file


@pytest.mark.parametrize("family", TABLES)
def test_blank_lines_and_unreadable_lines_come_back_where_they_were(family: str) -> None:
    healthy = HEALTHY[family].encode()
    file = b"\n".join([healthy, b"", b"", b"not json", b"caf\xe9", healthy, b""])
    assert again(family, file) == file


def test_a_row_that_lacks_a_key_is_not_one_that_has_null() -> None:
    row = HEALTHY["predictions"].removesuffix("}")
    rows = [f'{row}, "task_hash": {text}}}' for text in ("null", '"a"', "7")]
    file = "\n".join([HEALTHY["predictions"], *rows, ""]).encode()
    assert again("predictions", file) == file


# -- files of lines ------------------------------------------------------------------------------


def joined(lines: Iterable[tuple[int, bytes]], digest: str | None = None) -> bytes:
    return b"".join(file_pieces(lines, digest))


@pytest.mark.parametrize(
    ("lines", "file"),
    [
        ([], b""),
        ([(1, b"a")], b"a\n"),
        ([(1, b"a"), (2, b"b")], b"a\nb\n"),
        ([(3, b"a"), (5, b"b")], b"\n\na\n\nb\n"),
        ([(1, b"{\n}"), (3, b"b")], b"{\n}\nb\n"),
        ([(2, b"a"), (2, b"b"), (3, b"c")], b"\na\nb\nc\n"),
    ],
)
def test_every_line_gets_its_number(lines: list[tuple[int, bytes]], file: bytes) -> None:
    assert joined(lines) == file


def test_a_file_ends_without_a_line_end_where_the_source_did() -> None:
    lines = [(1, b"a"), (2, b"b")]
    assert joined(lines, sha256(b"a\nb").hexdigest()) == b"a\nb"
    assert joined(lines, sha256(b"a\nb\n").hexdigest()) == b"a\nb\n"


def test_a_long_file_comes_in_pieces() -> None:
    pieces = list(file_pieces((number, b"x" * 9_999) for number in range(1, 301)))
    assert b"".join(pieces) == (b"x" * 9_999 + b"\n") * 300
    assert len(pieces) == 3
    assert max(map(len, pieces)) < PIECE_BYTES + 10_000


# -- records -------------------------------------------------------------------------------------


def row(**changes: Any) -> dict[str, Any]:
    return {
        "task": "a",
        "alias": "a:rc::olmes",
        "task_name": "a",
        "task_idx": 7,
        "is_aggregate": False,
        "line": 1,
        "text": None,
        **changes,
    }


def test_a_record_is_put_together_from_its_keys() -> None:
    held = row(keys="b,metrics,c", scalars='{"c": 1e5, "b": "x"}', metrics='{"m": 1.50}')
    assert record_text(held) == '{"b": "x", "metrics": {"m": 1.50}, "c": 1e5}'


def test_a_record_that_columns_cannot_spell_is_its_own_text() -> None:
    assert record_text(row(text='{"a":NaN}', keys="a", scalars="{}")) == '{"a":NaN}'


def test_settings_are_a_slice_of_the_record() -> None:
    assert config_text('{"a": 1, "task_config": {"x": 1e400}}') == '{"x": 1e400}'
    assert config_text('{"a": 1}') is None


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(any_text, values, max_size=4), st.dictionaries(any_text, values, max_size=3))
def test_records_of_any_values_come_back_byte_for_byte(
    more: dict[str, str], metrics: dict[str, str]
) -> None:
    slices = {"task_name": '"t"', "metrics": object_text(metrics), "task_config": '{"x": 1.0}'}
    text = object_text({**more, **slices})
    with TemporaryDirectory() as folder:
        Path(folder, "metrics-all.jsonl").write_bytes(text.encode() + b"\n")
        (held,) = read_folder(Path(folder)).tables["records"]
    complete = dict.fromkeys(arrow_schema("records").names) | held
    assert record_text(complete) == text


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "task-007-a:rc::olmes-metrics.json"),
        ({"task_idx": 1234}, "task-1234-a:rc::olmes-metrics.json"),
        ({"task_idx": None}, "a:rc::olmes-metrics.json"),
        ({"alias": None}, "task-007-a-metrics.json"),
        ({"alias": "../../b"}, "task-007-.._.._b-metrics.json"),
    ],
)
def test_a_file_that_was_never_shipped_is_named_by_its_task(
    changes: dict[str, Any], name: str
) -> None:
    assert own_file_name(row(**changes), "metrics") == name


def test_aggregates_come_first_and_tasks_in_the_order_of_their_launch() -> None:
    rows = [
        row(task="late", task_idx=2),
        row(task="unnumbered", task_idx=None),
        row(task="early", task_idx=0, line=9),
        row(task="suite", task_idx=None, is_aggregate=True, line=2),
        row(task="whole", task_idx=None, is_aggregate=True, line=1),
    ]
    ordered = [each["task"] for each in sorted(rows, key=record_order)]
    assert ordered == ["whole", "suite", "early", "late", "unnumbered"]
