from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.lines import Limits
from tests.formats.conftest import Read, read_folder

Row = dict[str, Any]


def choice(total: float) -> Row:
    return {"sum_logits": total, "num_tokens": 1}


def prediction(doc_id: int, output: Any, *, label: Any = 0, **metrics: Any) -> Row:
    row = {"doc_id": doc_id, "native_id": f"n{doc_id}", "metrics": metrics, "model_output": output}
    return {**row, "label": label, "task_hash": "t", "model_hash": "m"}


def scored(doc_id: int, totals: list[float], label: Any = 0) -> Row:
    """Return a row whose metrics are what its choices give."""
    pick = totals.index(max(totals))
    metrics = {
        "predicted_index_raw": pick,
        "correct_choice": label,
        "acc_raw": int(pick == label),
        "sum_logits_corr": totals[label],
    }
    return prediction(doc_id, [choice(total) for total in totals], label=label, **metrics)


def read(lines: list[str], folder: Path | str, chunk: int = 1 << 20) -> Read:
    text = "".join(f"{line}\n" for line in lines)
    Path(folder, "task-000-t-predictions.jsonl").write_text(text, encoding="utf-8")
    return read_folder(Path(folder), limits=Limits(chunk=chunk))


def read_rows(folder: Path, *rows: Row) -> Read:
    return read(list(map(json.dumps, rows)), folder)


def kept(found: Read, doc_id: int) -> tuple[Any, Any]:
    """Return which JSON of a row had to be stored: its output and its metrics."""
    (row,) = [row for row in found.tables["responses"] if row["doc_id"] == doc_id]
    return row["model_output"], row["metrics"]


def test_choices_that_give_their_metrics_need_no_json(tmp_path: Path) -> None:
    found = read_rows(tmp_path, scored(0, [-1.5, -0.5], 1), scored(1, [-1.0], 0))
    for row in found.tables["responses"]:
        assert (row["model_output"], row["metrics"], row["text"]) == (None, None, None)
        assert row["output_keys"] == "sum_logits,num_tokens"
        assert row["metric_keys"] == "predicted_index_raw,correct_choice,acc_raw,sum_logits_corr"
        assert (row["status"], row["answer"]) == ("ok", "1" if row["doc_id"] == 0 else "0")
    table = [(row["doc_id"], row["choice"], row["sum_logits"]) for row in found.tables["choices"]]
    assert table == [(0, 0, -1.5), (0, 1, -0.5), (1, 0, -1.0)]


@pytest.mark.parametrize("label", [-1, 2, "1", "A", None, [0], True, 0.0, 10**30])
def test_a_label_that_names_no_choice_keeps_the_metrics_as_written(
    label: Any, tmp_path: Path
) -> None:
    odd = {**scored(1, [-1.5, -0.5], 1), "label": label}
    found = read_rows(tmp_path, scored(0, [-1.5, -0.5], 1), odd)
    assert kept(found, 0) == (None, None)
    assert kept(found, 1) == (None, json.dumps(odd["metrics"]))


def test_an_item_without_choices_is_read_wherever_it_stands(tmp_path: Path) -> None:
    for place in range(3):
        rows = [scored(number, [-1.0, -2.0]) for number in range(3)]
        rows[place] |= {"model_output": []}
        folder = tmp_path / str(place)
        folder.mkdir()
        found = read_rows(folder, *rows)
        assert len(found.tables["responses"]) == 3
        assert [row["doc_id"] for row in found.tables["choices"]] == [
            number for number in range(3) if number != place for _ in range(2)
        ]
        assert kept(found, place)[1] == json.dumps(rows[place]["metrics"])


def test_a_file_of_items_without_choices_is_read(tmp_path: Path) -> None:
    rows = [prediction(number, [], acc_raw=0) for number in range(2)]
    found = read_rows(tmp_path, *rows)
    assert [row["model_output"] for row in found.tables["responses"]] == ["[]", "[]"]
    assert found.tables["choices"] == []


def test_a_whole_number_is_kept_as_it_was_spelled(tmp_path: Path) -> None:
    rows = [scored(0, [-1.0]), prediction(1, [{"sum_logits": -999, "num_tokens": 0}], acc_raw=0)]
    found = read_rows(tmp_path, *rows)
    assert kept(found, 1)[0] == '[{"sum_logits": -999, "num_tokens": 0}]'
    assert [row["sum_logits"] for row in found.tables["choices"]] == [-1.0, -999.0]


def test_what_no_one_answered_is_invalid_and_told(tmp_path: Path) -> None:
    found = read_rows(tmp_path, scored(0, [-999.0, -999.0]), scored(1, [-999.0, -1.0]))
    assert [row["status"] for row in found.tables["responses"]] == ["invalid", "ok"]
    assert "sentinel" in {problem.kind for problem in found.problems}
    (cell,) = found.facts["t"].cells
    assert cell.items_failed == 1


def test_generations_keep_their_json_and_give_their_answer(tmp_path: Path) -> None:
    output = [{"continuation": " so 4", "model_answer": "4", "num_tokens": 3}]
    found = read_rows(tmp_path, prediction(0, output, exact_match=1))
    (row,) = found.tables["responses"]
    assert (row["model_output"], row["answer"], row["tokens_out"]) == (json.dumps(output), "4", 3)
    assert (row["metrics"], row["status"]) == ('{"exact_match": 1}', "ok")


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ([], None),
        ({}, None),
        (None, None),
        ("text", None),
        ([1, 2], None),
        ([{"model_answer": ["a", 1]}], '["a", 1]'),
        ([{"model_answer": None}], None),
        ([{"model_answer": "a"}, {"model_answer": "b"}], "a"),
        ([{"num_tokens": "many"}], None),
    ],
)
def test_outputs_of_any_shape_are_kept(output: Any, answer: str | None, tmp_path: Path) -> None:
    found = read_rows(tmp_path, prediction(0, output))
    (row,) = found.tables["responses"]
    assert (row["model_output"], row["answer"]) == (json.dumps(output), answer)


def test_an_error_of_the_model_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    rows = [prediction(0, [{"llm_error": "429"}]), prediction(1, [{"llm_error": ""}])]
    found = read_rows(tmp_path, *rows).tables["responses"]
    assert [(row["status"], row["failure_reason"]) for row in found] == [
        ("failed", "infra_error"),
        ("ok", None),
    ]


@pytest.mark.parametrize("spelled", ["NaN", "Infinity", "-Infinity", "1e400", "null"])
def test_metrics_that_are_no_numbers_break_nothing(spelled: str, tmp_path: Path) -> None:
    line = json.dumps(prediction(0, [{"continuation": "a"}], f1="@")).replace('"@"', spelled)
    found = read([line, json.dumps(prediction(1, [{"continuation": "a"}], f1=1.0))], tmp_path)
    (_, second) = found.tables["responses"]
    assert second["metrics"] == '{"f1": 1.0}'
    recomputed = [row for row in found.tables["metrics"] if row["metric"] == "f1"]
    assert all(row["value"] is None or math.isfinite(row["value"]) for row in recomputed)


# -- any company ---------------------------------------------------------------------------------

totals = st.lists(st.sampled_from([-1.0, -2.5, -1e-05, -999.0, -0.0, -1e16]), max_size=3)
outputs = st.one_of(
    totals.map(lambda values: [choice(value) for value in values]),
    st.sampled_from(
        [
            [{"sum_logits": -1, "num_tokens": 1}],
            [{"sum_logits": -1.0, "num_tokens": 1, "is_greedy": True}],
            [{"num_tokens": 1, "sum_logits": -1.0}],
            [{"sum_logits": -1.0, "num_tokens": 1}, {"sum_logits": -1.0}],
            [{"continuation": "a", "model_answer": "b"}],
            {"a": 1},
            None,
        ]
    ),
)
metrics = st.one_of(
    st.just({}),
    st.builds(
        lambda acc, pick: {"acc_raw": acc, "predicted_index_raw": pick},
        st.sampled_from([0, 1, 1.0, None, "x"]),
        st.integers(-1, 3),
    ),
    st.just({"sum_logits_corr": -1.0, "exact_match": 1}),
    st.just({"no_answer": 1, "acc_uncond": None}),
)
labels = st.sampled_from([0, 1, 2, -1, "A", None])


@given(st.lists(st.tuples(outputs, metrics, labels), min_size=1, max_size=6), st.integers(60, 900))
def test_no_row_is_lost_or_changed_in_any_company(rows: list[Any], chunk: int) -> None:
    made = [
        prediction(number, output, label=label, **values)
        for number, (output, values, label) in enumerate(rows)
    ]
    with TemporaryDirectory() as folder:
        found = read(list(map(json.dumps, made)), folder, chunk)
    assert sorted(row["doc_id"] for row in found.tables["responses"]) == list(range(len(made)))
    counts = Counter(row["doc_id"] for row in found.tables["choices"])
    for row in found.tables["responses"]:
        source = made[row["doc_id"]]
        for name, keys in (("model_output", "output_keys"), ("metrics", "metric_keys")):
            if row[name] is None:
                assert row[keys] is not None
                assert row[keys].split(",") == list(
                    source[name][0] if name == "model_output" else source[name]
                )
            else:
                assert row[name] == json.dumps(source[name])
        if row["model_output"] is None:
            assert counts[row["doc_id"]] == len(source["model_output"])
