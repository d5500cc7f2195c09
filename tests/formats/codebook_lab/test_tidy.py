from __future__ import annotations

import csv
import io
import multiprocessing
import stat
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import HouseError, RetryableError, UsageError
from evalhouse.formats.codebook_lab.layout import (
    CLASS_COLUMNS,
    LONG_COLUMNS,
    LONG_HEADER,
    RUNS_COLUMNS,
    RUNS_HEADER,
)
from evalhouse.formats.codebook_lab.lock import alone_with
from evalhouse.formats.codebook_lab.tidy import (
    cell,
    merged,
    parse_table,
    read_table,
    update_classes,
    update_long,
    update_runs,
    write_table,
)
from tests.formats.codebook_lab.samples import LONG, RUNS, needs_samples
from tests.formats.codebook_lab.writers import write

OLD_RUNS = [name for name in RUNS_HEADER if name not in ("chat_mode", "reasoning")]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def value(
    run: str, metric: str = "f1", number: float | None = 0.5, **more: object
) -> dict[str, object]:
    return {
        "run_id": run,
        "column": "Stance_Direction",
        "annotation_type": "dropdown",
        "metric": metric,
        "value": number,
        **more,
    }


@needs_samples
@pytest.mark.parametrize("path", [LONG, RUNS], ids=["long", "runs"])
def test_a_table_of_codebook_lab_is_written_again_byte_for_byte(path: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", read_table(path))
    assert (tmp_path / "table.csv").read_bytes() == path.read_bytes()


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_any_table_is_read_as_the_csv_module_reads_it_and_written_as_it_was(
    rows: list[list[str]], end: str, mark: str
) -> None:
    stream = io.StringIO()
    csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(
        [["a", "b", "c"], *rows]
    )
    table = parse_table(mark + stream.getvalue())
    assert table.text == mark + stream.getvalue()
    assert [list(row.values()) for row in table.rows()] == rows


@given(st.lists(cells, min_size=2, max_size=2))
def test_what_is_written_is_read_again(texts: list[str]) -> None:
    row = {"run_id": "a", "column": texts[0], "note": texts[1]}
    table = merged(parse_table(""), [row], "a", LONG_COLUMNS)
    found = next(parse_table(table.text).rows())
    assert [found["column"], found["note"]] == texts
    assert [list(each) for each in csv.reader(io.StringIO(table.text, newline=""))][1][1] == texts[
        0
    ]


def test_a_new_table_has_the_columns_of_codebook_lab_first(tmp_path: Path) -> None:
    path = tmp_path / "metrics" / "t_metrics_log.csv"
    update_long(path, [value("a", ci_low=0.25, is_headline=True)], "a")
    header, row = path.read_text().splitlines()
    assert header == ",".join(LONG_COLUMNS)
    assert row == "a,Stance_Direction,dropdown,f1,0.5,0.25,,,,,,,,True,,"


def test_scoring_again_replaces_the_values_of_the_run_where_they_stood(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    for run in "abc":
        update_long(path, [value(run), value(run, "recall")], run)
    before = path.read_text().splitlines()
    update_long(path, [value("b", number=0.75)], "b")
    after = path.read_text().splitlines()
    assert after[:3] == before[:3]
    assert after[4:] == before[5:]
    assert after[3].startswith("b,Stance_Direction,dropdown,f1,0.75")


def test_a_run_has_one_row(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    for rows in (1, 2):
        update_runs(path, {"run_id": "a", "rows": rows}, "a")
    assert [(row["run_id"], row["rows"]) for row in read_table(path).rows()] == [("a", "2")]


def test_classes_have_a_row_each(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    update_classes(path, [value("a") | {"class": name} for name in ("for", "against")], "a")
    table = read_table(path)
    assert table.columns == CLASS_COLUMNS
    assert [row["class"] for row in table.rows()] == ["for", "against"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_of_others_stay_byte_for_byte(tmp_path: Path, end: str) -> None:
    path = tmp_path / "long.csv"
    odd = [
        ",".join(LONG_COLUMNS),
        '"a","B ""quoted"", and long\nin two lines",dropdown,f1,0.50,,,,,,,,,,,"é ☃"',
        "  b ,x,y,z,1e-05,,,,,,,,,,,",
        "c,x,y,z," + "," * 11,
    ]
    text = "\ufeff" + end.join(odd)  # without a line break at its end
    path.write_bytes(text.encode())
    update_long(path, [value("new")], "new")
    update_long(path, [value("new", number=1.0)], "new")
    found = path.read_bytes().decode()
    assert found.startswith(text.removesuffix("\n"))
    assert found.count("new,") == 1
    assert found.endswith(end)


def test_a_table_of_codebook_lab_gets_the_other_columns_and_keeps_its_cells(
    tmp_path: Path,
) -> None:
    path = tmp_path / "long.csv"
    path.write_text(",".join(LONG_HEADER) + '\nold,"A, b",likert,f1,0.10\n')
    update_long(path, [value("new", note="n")], "new")
    header, old, new = path.read_text().splitlines()
    assert header == ",".join(LONG_COLUMNS)
    assert old == 'old,"A, b",likert,f1,0.10' + "," * 11
    assert new.endswith(",n")


def test_columns_are_aligned_by_name_and_foreign_ones_stay_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("value,mine,metric,run_id,column,annotation_type\n0.10,keep,f1,old,A,span\n")
    update_long(path, [value("new")], "new")
    table = read_table(path)
    assert table.columns == (*LONG_COLUMNS, "mine")
    old, new = table.rows()
    assert [old[name] for name in (*LONG_HEADER, "mine")] == [
        *("old", "A", "span", "f1", "0.10", "keep")
    ]
    assert (old["note"], new["mine"], new["value"]) == ("", "", "0.5")


def test_a_table_of_runs_from_before_chat_modes_is_aligned(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    old = {name: f"old {name}" for name in OLD_RUNS}
    newer = {name: f"newer {name}" for name in RUNS_HEADER}
    # codebook-lab 1.4.0 appends its longer rows below the older header.
    path.write_text("\n".join(",".join(row) for row in (OLD_RUNS, old.values(), newer.values())))
    update_runs(path, {"run_id": "x", "chat_mode": "per_text", "seed": 7}, "x")
    table = read_table(path)
    assert table.columns == RUNS_COLUMNS
    first, second, third = table.rows()
    assert {name: first[name] for name in OLD_RUNS} == old
    assert (first["chat_mode"], first["reasoning"]) == ("", "")
    assert {name: second[name] for name in RUNS_HEADER} == newer
    assert (third["chat_mode"], third["seed"], third["model_id"]) == ("per_text", "7", "")


def test_a_row_longer_than_the_header_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(",".join(LONG_HEADER) + "\nold,A,span,f1,0.1,surplus\n")
    update_long(path, [value("new")], "new")
    assert "\nold,A,span,f1,0.1,surplus\n" in path.read_text()


def test_what_is_not_defined_is_an_empty_cell() -> None:
    assert [cell(each) for each in (None, float("nan"), float("inf"), "")] == ["", "", "", ""]


def test_numbers_keep_all_their_digits_and_structures_are_json() -> None:
    values = [0.1 + 0.2, 1e-7, True, 3, {"A_b": "é"}, ["x"], "None"]
    found = ["0.30000000000000004", "1e-07", "True", "3", '{"A_b":"é"}', '["x"]', "None"]
    assert [cell(each) for each in values] == found


# -- what goes wrong -----------------------------------------------------------------------------


def test_two_rows_for_one_value_are_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two rows"):
        update_long(tmp_path / "long.csv", [value("a"), value("a")], "a")
    with pytest.raises(ValueError, match="of the run `b`"):
        update_long(tmp_path / "long.csv", [value("b")], "a")
    assert not (tmp_path / "long.csv").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\n1,2\n", "no column `run_id`"),
        (b'run_id,note\na,"open\n', "never closed"),
        (b"run_id\n\xff\n", "not UTF-8 at byte 8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=reason):
        update_long(path, [value("a")], "a")
    assert path.read_bytes() == content
    assert names_in(tmp_path) == ["long.csv"]


def test_a_place_that_cannot_be_written_is_an_error_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HouseError, match="cannot be"):
        update_long(tmp_path / "file" / "long.csv", [value("a")], "a")
    with pytest.raises(HouseError, match="cannot be read"):
        read_table(tmp_path)


def test_a_table_that_cannot_be_replaced_leaves_the_old_one_and_nothing_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "long.csv").mkdir()
    with pytest.raises(HouseError, match="cannot be written"):
        write_table(tmp_path / "long.csv", parse_table("run_id\n"))
    assert names_in(tmp_path) == ["long.csv"]


def test_an_empty_table_is_written_empty(tmp_path: Path) -> None:
    write_table(tmp_path / "long.csv", parse_table(""))
    assert (tmp_path / "long.csv").read_bytes() == b""
    update_long(tmp_path / "long.csv", [value("a")], "a")
    assert read_table(tmp_path / "long.csv").columns == LONG_COLUMNS


def test_a_new_table_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    update_long(tmp_path / "long.csv", [value("a")], "a")
    (tmp_path / "any").write_text("")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("long.csv", "any")]
    assert modes[0] == modes[1]


# -- several writers -----------------------------------------------------------------------------


def test_ten_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    names = [f"run {number}" for number in range(10)]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([write.__module__])
    running = [context.Process(target=write, args=(str(tmp_path), name)) for name in names]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * 10
    long, runs = (list(read_table(tmp_path / f"{name}.csv").rows()) for name in ("long", "runs"))
    assert sorted(row["run_id"] for row in runs) == sorted(names)
    assert {row["rows"] for row in runs} == {"5"}
    keys = [(row["run_id"], row["column"]) for row in long]
    assert len(keys) == len(set(keys)) == 200
    assert {row["value"] for row in long} == {"5"}
    assert names_in(tmp_path) == ["long.csv", "runs.csv"]


def test_a_lock_that_a_dead_process_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from evalhouse.formats.codebook_lab.lock import alone_with\n"
        "with alone_with(Path(sys.argv[1])): os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert (tmp_path / "long.csv.lock").exists()
    update_long(path, [value("a")], "a")
    assert names_in(tmp_path) == ["long.csv"]


def test_who_waits_too_long_is_told(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with (
        alone_with(path),
        pytest.raises(RetryableError, match="try again when it is done"),
        alone_with(path, patience=0.02),
    ):
        pass


# -- large tables, and other programs ------------------------------------------------------------


def test_a_hundred_thousand_rows_take_seconds_at_most(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    fill = "," * (len(LONG_COLUMNS) - len(LONG_HEADER))
    lines = [f'r{n // 100},"A, {n % 100}",span,f1,0.5{fill}' for n in range(100_000)]
    path.write_text("\n".join([",".join(LONG_COLUMNS), *lines, ""]))
    started = time.process_time()
    update_long(path, [value("r500")], "r500")
    assert time.process_time() - started < 5  # about half a second on an idle machine
    assert path.read_text().count("\n") == 1 + 100_000 - 100 + 1


def test_the_published_example_works_as_written(tmp_path: Path) -> None:
    long, runs = tmp_path / "t_metrics_log.csv", tmp_path / "t_metrics_log_runs.csv"
    for run, mode in (("aaaaaaaa", "per_text"), ("bbbbbbbb", "per_query")):
        rows = [
            value(run, metric, number) | {"column": f"Policy Sentiment_{name}"}
            for name in ("Direction", "Topic")
            for metric, number in (("f1_macro", 0.5), ("f1", 0.5), ("accuracy", None))
        ]
        update_long(long, rows, run)
        settings = {"chat_mode": mode, "reasoning": None, "use_examples": True}
        update_runs(runs, {"run_id": run, "model_id": "m:1b_standard", **settings}, run)

    metrics_df = pd.read_csv(long)
    runs_df = pd.read_csv(runs)
    merged_df = metrics_df.merge(runs_df, on="run_id")
    result = merged_df[
        (merged_df["column"] == "Policy Sentiment_Direction") & (merged_df["metric"] == "f1_macro")
    ][["model_id", "chat_mode", "reasoning", "use_examples", "value"]]

    assert result["chat_mode"].tolist() == ["per_text", "per_query"]
    assert result["value"].tolist() == [0.5, 0.5]
    assert result["use_examples"].tolist() == [True, True]
    assert result["model_id"].tolist() == ["m:1b_standard"] * 2
