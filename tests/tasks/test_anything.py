from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalhouse.errors import EvalhouseError
from evalhouse.scoring.field import KINDS
from evalhouse.tasks.check import check_task
from evalhouse.tasks.task import open_task
from tests.tasks.made import CSV, YAML, make

PATIENT = settings(suppress_health_check=[HealthCheck.too_slow])  # no test asserts how long
KEYS = (
    *("text_column", "id_column", "metadata_columns", "coders", "few_shot", "output_order"),
    *("section_1", "section_2", "Section 3", "section_name", "annotations", "annotation_1"),
    *("annotation_2", "name", "type", "options", "min_value", "max_value", "label_options"),
    *("example", "examples", "text", "answer", "condition", "field", "value", "not", "all", "any"),
    *("section_key", "annotation_key", "sections", "instruction", "source", "selection", "count"),
)
WORDS = st.sampled_from(
    (*KEYS, *KINDS, "text", "id", "S", "1", "S_A", "balanced", "x.csv", "{column}")
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from("ABC") | JSON,
        "type": st.sampled_from(KINDS) | JSON,
        "options": st.lists(st.sampled_from("xyz") | JSON, max_size=3) | JSON,
        "label_options": st.lists(st.text(max_size=2), max_size=3) | JSON,
        "min_value": st.integers(-3, 3) | JSON,
        "max_value": st.integers(-3, 9) | JSON,
        "example": st.text() | st.just('Text: "a" Response: {"response": [[[1]]]}') | JSON,
        "examples": st.lists(st.fixed_dictionaries({"text": SCALARS, "answer": JSON})) | JSON,
        "condition": st.fixed_dictionaries({"field": WORDS | SCALARS, "value": SCALARS}) | JSON,
    },
)
SECTIONS = st.fixed_dictionaries(
    {"section_name": st.just("S") | JSON, "annotations": st.dictionaries(WORDS, FIELDS) | JSON}
)
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "id_column": WORDS | JSON,
    "metadata_columns": st.lists(WORDS) | JSON,
    "coders": st.dictionaries(SCALARS.map(str), WORDS | SCALARS) | JSON,
    "few_shot": st.dictionaries(WORDS, WORDS | SCALARS) | JSON,
    "output_order": st.lists(WORDS) | JSON,
}
JSON_BOOKS = st.fixed_dictionaries(
    {"text_column": st.just("text") | JSON},
    optional={**SETTINGS, "section_1": SECTIONS, "section_2": SECTIONS, "Section 3": SECTIONS},
)
YAML_BOOKS = st.fixed_dictionaries(
    {
        "text_column": st.just("text") | JSON,
        "sections": st.lists(
            st.fixed_dictionaries({"name": WORDS | JSON, "annotations": st.lists(FIELDS) | JSON})
            | JSON
        ),
    },
    optional=SETTINGS,
)
CELLS = st.sampled_from(
    ("", "1", "yes", "9" * 5_000, "[" * 5_000, '[{"start": 0, "end": 1}]', "for", " ", '"', "a\nb")
)
TABLES = st.lists(st.lists(CELLS | st.text(max_size=4), max_size=8), max_size=6)


def _holds(files: dict[str, str | bytes | None]) -> None:
    """Read a task; only our own errors may leave, and they do where it cannot be opened."""
    with TemporaryDirectory() as folder:
        report = check_task(make(Path(folder), files))
        opened = _try(lambda: open_task(folder))
        assert opened == (report.errors == 0)


def _try(call: Callable[[], object]) -> bool:
    try:
        call()
    except EvalhouseError:
        return False
    return True


@PATIENT
@given(JSON_BOOKS | JSON)
def test_any_json_as_a_codebook_is_read_or_explained(book: object) -> None:
    _holds({"codebook.json": json.dumps(book), "codebook.yaml": None})


@PATIENT
@given(YAML_BOOKS | JSON)
def test_any_json_as_yaml_is_read_or_explained(book: object) -> None:
    _holds({"codebook.yaml": json.dumps(book)})


@given(
    st.text()
    | st.builds(lambda at, new: YAML[:at] + new + YAML[at:], st.integers(0, 500), st.text())
)
def test_any_text_as_yaml_is_read_or_explained(text: str) -> None:
    _holds({"codebook.yaml": text.encode("utf-8", "replace")})


@given(
    st.binary()
    | st.builds(
        lambda at, new: CSV.encode()[:at] + new + CSV.encode()[at:],
        st.integers(0, 200),
        st.binary(),
    )
)
def test_any_bytes_as_ground_truth_are_read_or_explained(data: bytes) -> None:
    _holds({"ground-truth.csv": data, "coders/a.csv": data})


@given(TABLES)
def test_any_cells_are_read_or_explained(rows: list[list[str]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    text = "\n".join(["id,text,S_About,S_Side,S_Force,S_Parts,S_Why", *quoted])
    _holds({"ground-truth.csv": text.encode("utf-8", "replace")})
