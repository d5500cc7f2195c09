from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import UsageError
from evalhouse.machine.emissions import read_emissions, with_row
from tests.machine.sessions import VALUES, row

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "codebook_lab"


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_new_file_is_the_one_that_codecarbon_writes(tmp_path: Path) -> None:
    pytest.importorskip("codecarbon")
    from codecarbon.output_methods.emissions_data import EmissionsData
    from codecarbon.output_methods.file import FileOutput

    writer = FileOutput("emissions.csv", str(tmp_path))
    text = ""
    for run_id in ("first", "second"):
        writer.out(EmissionsData(**VALUES | {"run_id": run_id}), None)
        text = with_row(text, row(run_id))
    assert text == (tmp_path / "emissions.csv").read_text("utf-8")


def test_the_row_of_a_session_is_replaced_by_its_later_one() -> None:
    text = with_row(with_row("", row("first")), row("second"))
    again = with_row(text, row("first", duration=9.5))
    assert [(each["run_id"], each["duration"]) for each in table(again)] == [
        ("second", "2.013514913000108"),
        ("first", "9.5"),
    ]


def test_rows_of_another_version_keep_every_value_under_its_name() -> None:
    older = "run_id,old_name,energy_consumed\nbefore,kept,0.25\n"
    text = with_row(older, row("now"))
    assert list(table(text)[0]) == [*VALUES, "old_name"]
    before, now = table(text)
    assert (before["run_id"], before["old_name"], before["energy_consumed"]) == (
        "before",
        "kept",
        "0.25",
    )
    assert (now["run_id"], now["old_name"]) == ("now", "")
    assert math.isclose(float(now["energy_consumed"]), VALUES["energy_consumed"])


def test_cells_beyond_the_header_are_kept_apart() -> None:
    text = with_row("run_id,duration\nbefore,1,7,8\n", row("now"))
    assert [table(text)[0][name] for name in ("duration", "unnamed_1", "unnamed_2")] == [
        "1",
        "7",
        "8",
    ]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["duration", "b", "c", "d"]),
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r")),
            min_size=1,
        ),
        max_size=5,
    )
)
def test_any_rows_are_there_afterwards(cells: list[dict[str, str]]) -> None:
    rows = [{"run_id": str(number), **each} for number, each in enumerate(cells)]
    text = ""
    for each in rows:
        text = with_row(text, each)
    for written, read in zip(rows, table(text), strict=True):
        assert {name: read[name] for name in written} == written
        assert not any(read[name] for name in read if name not in written)


def test_sessions_are_summed(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    path.write_text(with_row(with_row("", row("a")), row("b", duration=1.5, gpu_model="2 x G")))
    energy = read_emissions(path, "client_only")
    assert energy.total_kwh == pytest.approx(2 * VALUES["energy_consumed"])
    assert energy.emissions_kg == pytest.approx(2 * VALUES["emissions"])
    assert energy.seconds == pytest.approx(VALUES["duration"] + 1.5)
    assert (energy.sessions, energy.scope, energy.country) == (2, "client_only", "IRL")
    assert (energy.cpu_model, energy.gpu_model, energy.notes) == ("A Processor", "2 x G", ())


@pytest.mark.parametrize("cell", ["", "nan", "inf", "much"])
def test_a_row_without_a_number_leaves_its_sum_open(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "emissions.csv"
    path.write_text(with_row(with_row("", row("a")), row("b", energy_consumed=cell)))
    energy = read_emissions(path)
    assert energy.total_kwh is None
    assert energy.cpu_kwh == pytest.approx(2 * VALUES["cpu_energy"])
    assert energy.notes == ("row 3 of emissions.csv: no number in `energy_consumed`",)


def test_a_row_that_was_cut_short_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    whole = with_row("", row("a"))
    path.write_text(whole[: whole.index("1.2336912147760706")])
    energy = read_emissions(path)
    assert energy.emissions_kg == VALUES["emissions"]
    assert energy.total_kwh is None
    assert "`energy_consumed`" in energy.notes[0]


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"run_id,duration\n", b"\xff\xfe\x00", b"<html>"]
)
def test_what_is_no_such_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "emissions.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"emissions\.csv` (holds no session|cannot be read)"):
        read_emissions(path)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        read_emissions(tmp_path / "emissions.csv")


def test_files_of_codebook_lab_are_read() -> None:
    paths = sorted(SAMPLES.glob("outputs/*/*/emissions.csv"))
    if not paths:
        pytest.skip("the samples of codebook-lab are not here")
    runs = {
        line["run_id"]: line
        for found in SAMPLES.glob("outputs/metrics/*_runs.csv")
        for line in table(found.read_text("utf-8"))
    }
    for path in paths:
        energy, logged = read_emissions(path), runs[path.parent.name]
        assert energy.total_kwh == pytest.approx(float(logged["total_energy_kwh"]))
        assert energy.emissions_kg == pytest.approx(float(logged["total_emissions_kg"]))
        assert energy.cpu_model == logged["cpu_model"]
