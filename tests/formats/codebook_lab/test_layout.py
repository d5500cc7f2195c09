from __future__ import annotations

import json

import pytest

from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.codebook_lab.tidy import read_table
from tests.formats.codebook_lab.samples import FOLDERS, LONG, RUNS, needs_samples

CONFIG = (*layout.CONFIG_KEYS, *layout.OWN_CONFIG_KEYS)
HEADERS = {
    "long": layout.LONG_COLUMNS,
    "classes": layout.CLASS_COLUMNS,
    "runs": layout.RUNS_COLUMNS,
    "config": CONFIG,
}


@pytest.mark.parametrize("name", HEADERS)
def test_no_column_stands_twice(name: str) -> None:
    assert len(set(HEADERS[name])) == len(HEADERS[name])


def test_the_long_table_and_the_table_of_runs_share_the_run_alone() -> None:
    assert set(layout.LONG_COLUMNS) & set(layout.RUNS_COLUMNS) == {"run_id"}


def test_the_table_of_classes_and_the_table_of_runs_share_the_run_alone() -> None:
    assert set(layout.CLASS_COLUMNS) & set(layout.RUNS_COLUMNS) == {"run_id"}


def test_every_setting_of_a_run_is_a_column_of_the_table_of_runs() -> None:
    assert set(CONFIG) <= set(layout.RUNS_COLUMNS)
    beyond = set(layout.RUNS_COLUMNS) - set(CONFIG)
    assert beyond == {*layout.RUNS_HEADER, *layout.TOTAL_COLUMNS} - set(CONFIG)


def test_what_codebook_lab_writes_comes_first_and_in_its_order() -> None:
    assert layout.LONG_COLUMNS[:5] == layout.LONG_HEADER
    assert layout.RUNS_COLUMNS[:28] == layout.RUNS_HEADER
    assert len(layout.CONFIG_KEYS) == 15


@needs_samples
def test_headers_and_keys_are_those_of_the_samples() -> None:
    assert read_table(LONG).columns == layout.LONG_HEADER
    assert read_table(RUNS).columns == layout.RUNS_HEADER
    for folder in FOLDERS:
        assert tuple(json.loads((folder / layout.CONFIG).read_text())) == layout.CONFIG_KEYS
        assert tuple(json.loads((folder / layout.TIMING).read_text())) == layout.TIMING_KEYS
        assert set(json.loads((folder / layout.CHARACTERS).read_text())) == set(
            layout.CHARACTER_KEYS
        )


@needs_samples
def test_metrics_stand_in_the_order_of_the_samples() -> None:
    found = list(dict.fromkeys(row["metric"] for row in read_table(LONG).rows()))
    assert sorted(found, key=layout.METRIC_ORDER.index) == [
        metric for metric in layout.METRIC_ORDER if metric in found
    ]
    assert set(found) == set(layout.METRIC_ORDER)


def test_tables_are_named_after_their_task() -> None:
    names = [layout.long_table("t"), layout.runs_table("t"), layout.classes_table("t")]
    assert names == ["t_metrics_log.csv", "t_metrics_log_runs.csv", "t_metrics_log_classes.csv"]
