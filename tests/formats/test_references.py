"""No format yields a row that refers to a row which is not there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from evalhouse.records import Cell, GpuLink, Measurement, Run
from tests.formats.codebook_lab.samples import OUTPUTS, needs_samples
from tests.formats.olmes.samples import OLMES, needs_olmes
from tests.formats.references import dangling, rows_of_folder
from tests.formats.samples import SAMPLES
from tests.workflows.conftest import EXAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_sample_refers_to_is_there(name: str, tmp_path: Path) -> None:
    SAMPLES[name].write(tmp_path, 4)
    rows = rows_of_folder(tmp_path, name)
    assert dangling(rows) == []
    assert {type(row) for row in rows} >= {Run, Cell, Measurement}


def test_what_the_bundled_dumps_refer_to_is_there() -> None:
    assert dangling(rows_of_folder(EXAMPLES, "olmes")) == []


@needs_olmes
def test_what_genuine_records_refer_to_is_there() -> None:
    assert dangling(rows_of_folder(OLMES, "olmes")) == []


@needs_samples
def test_what_genuine_runs_refer_to_is_there() -> None:
    assert dangling(rows_of_folder(OUTPUTS, "codebook_lab")) == []


def test_a_reference_to_nothing_is_seen(tmp_path: Path) -> None:
    SAMPLES["olmes"].write(tmp_path, 2)
    rows = rows_of_folder(tmp_path, "olmes")
    (cell,) = (row for row in rows[-2:] if isinstance(row, Cell))
    lost = msgspec.structs.replace(cell, task_id="nowhere")
    assert len(dangling([*rows, lost])) == 2  # alone, and together with its prompt
    link = GpuLink(system_hardware_id="a", slot_index=0, gpu_hardware_id="b")
    assert len(dangling([link])) == 2
