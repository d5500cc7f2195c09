"""The generator keeps its promises: shapes of OLMES, and numbers that follow from each other."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from examples.olmes_dumps import FILES, Accident, RunPlan, RunTruth, Suite, Task, write_run
from examples.olmes_dumps.catalogue import (
    DROP,
    GENERATIVE,
    GSM8K,
    HUMANEVAL,
    MATH,
    PALOMA,
    ZEBRA,
    core_suites,
    mc_task,
    rc_task,
    suites,
    tasks,
)
from examples.olmes_dumps.decoys import planted
from examples.olmes_dumps.settings import MODEL_DEFAULTS, TASK_DEFAULTS, settings_hash

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
NAMES = ("arc_easy", "winogrande")
TASKS = (*(rc_task(name) for name in NAMES), *(mc_task(name) for name in NAMES), GSM8K)
PLAN = RunPlan(model="allenai/OLMo-2-0425-1B", tasks=TASKS, suites=core_suites(NAMES), docs=12)


def rows(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def family(root: Path, truth: RunTruth, alias: str, file: str) -> list[Json]:
    return rows(root / truth.folder / f"{truth.task(alias).stem}-{file}.jsonl")


def records(root: Path, truth: RunTruth) -> dict[str, Json]:
    lines = rows(root / truth.folder / "metrics-all.jsonl")
    return {record["task_config"]["metadata"]["alias"]: record for record in lines}


def with_accident(accident: Accident, **changes: Any) -> RunPlan:
    return replace(PLAN, accidents=frozenset({accident}), **changes)


def test_a_genuine_task_hash_is_reproduced() -> None:
    config = {
        **TASK_DEFAULTS,
        "task_name": "minerva_math_500",
        "task_core": "minerva_math_500",
        "split": "test",
        "primary_metric": "exact_match_flex",
        "context_kwargs": {
            "use_cot": True,
            "cot_style": "plain",
            "assistant_prefix": None,
            "fewshot_as_multiturn": True,
            "final_description": "\n\nPresent the answer in LaTex format: \\boxed{Your answer}",
        },
        "generation_kwargs": {
            "max_gen_toks": 32768,
            "temperature": 0.7,
            "do_sample": True,
            "stop_sequences": [],
            "truncate_context": False,
        },
        "native_id_field": "index",
        "fewshot_source": "Minerva:MATH",
        "dataset_path": "HuggingFaceH4/MATH-500",
        "use_chat_format": True,
        "version": 0,
        "metadata": {"regimes": ["hamish_zs_reasoning"]},
    }
    assert settings_hash(config, TASK_DEFAULTS) == "46e522f957333210bbb212c43a7c2df7"


def test_a_first_element_stands_for_a_list_of_model_paths() -> None:
    one, many = ({"model_path": path} for path in ("/a", ["/a", "/b"]))
    assert settings_hash(one, MODEL_DEFAULTS) == settings_hash(many, MODEL_DEFAULTS)


def test_the_same_plan_writes_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_run(tmp_path / name, PLAN) for name in ("a", "b"))
    written = [
        {path.name: path.read_bytes() for path in (tmp_path / name / first.folder).iterdir()}
        for name in ("a", "b")
    ]
    assert written[0] == written[1]
    assert first == second


def test_truth_counts_the_rows_of_every_file(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    found = {path.name for path in (tmp_path / truth.folder).glob("task-*.jsonl")}
    counted = {name: count for task in truth.tasks for name, count in task.rows.items()}
    assert found == set(counted)
    for name, count in counted.items():
        assert len(rows(tmp_path / truth.folder / name)) == count


def test_choice_metrics_follow_from_the_outputs(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    for row in family(tmp_path, truth, "arc_easy:rc::olmes:full", "predictions"):
        outputs, metrics = row["model_output"], row["metrics"]
        per_char = [output["sum_logits"] / output["num_chars"] for output in outputs]
        gain = [output["sum_logits"] - output["sum_logits_uncond"] for output in outputs]
        assert metrics["predicted_index_per_char"] == per_char.index(max(per_char))
        assert metrics["predicted_index_uncond"] == gain.index(max(gain))
        assert metrics["acc_per_char"] == int(metrics["predicted_index_per_char"] == row["label"])
        assert metrics["sum_logits_corr"] == outputs[row["label"]]["sum_logits"]


def test_task_scores_are_means_over_documents(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    for task in truth.tasks:
        values = [
            row["metrics"][task.primary_metric]
            for row in family(tmp_path, truth, task.alias, "predictions")
        ]
        assert task.primary_score == sum(values) / len(values)


def test_suites_follow_from_their_members(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    best = truth.suite("arc_easy::olmes:full")
    members = [cast("float", truth.task(alias).primary_score) for alias in best.members]
    assert best.primary_score == max(members)
    assert best.used == ("mc" if members[0] >= members[1] else "rc")
    top = truth.suite("core_2mcqa::olmes:full")
    scores = [cast("float", truth.suite(name).primary_score) for name in top.members]
    assert top.primary_score == sum(scores) / len(scores)


def test_a_micro_suite_weighs_by_documents(tmp_path: Path) -> None:
    chosen = (replace(GSM8K, docs=30), replace(GSM8K, name="svamp", alias="svamp::tulu", docs=10))
    suite = Suite(name="sums::tulu", rule="micro", members=("gsm8k::olmes", "svamp::tulu"))
    truth = write_run(tmp_path, replace(PLAN, tasks=chosen, suites=(suite,)))
    first, second = (cast("float", task.primary_score) for task in truth.tasks)
    score = truth.suite("sums::tulu").primary_score
    assert score == pytest.approx((30 * first + 10 * second) / 40, rel=1e-12)


def test_nested_suites_stack_their_suffixes(tmp_path: Path) -> None:
    outer = Suite(name="outer", rule="macro", members=("core_2mcqa:rc::olmes:full",))
    truth = write_run(tmp_path, replace(PLAN, suites=(*PLAN.suites, outer)))
    assert "acc_raw_macro_macro" in records(tmp_path, truth)["outer"]["metrics"]


def test_records_have_twelve_keys_in_order(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    expected = [
        *("task_name", "task_hash", "model_hash", "model_config", "task_config"),
        *("compute_config", "processing_time", "current_date", "num_instances"),
        *("beaker_info", "metrics", "task_idx"),
    ]
    assert all(list(record) == expected for record in records(tmp_path, truth).values())


def test_metrics_files_repeat_the_lines_of_metrics_all(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    folder = tmp_path / truth.folder
    lines = (folder / "metrics-all.jsonl").read_text().splitlines()
    single = [(folder / f"{task.stem}-metrics.json").read_text() for task in truth.tasks]
    assert lines[-len(single) :] == single


def test_task_hashes_leave_the_offset_of_twins_out(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    record = records(tmp_path, truth)["arc_easy:rc::olmes:full"]
    config = record["task_config"]
    assert config["metric_kwargs"] == {"uncond_docid_offset": 1_000_000}
    config["metric_kwargs"] = None
    assert settings_hash(config, TASK_DEFAULTS) == record["task_hash"]


def test_twins_come_last_and_only_where_the_task_has_them(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    asked = family(tmp_path, truth, "arc_easy:rc::olmes:full", "requests")
    twins = [row["doc_id"] >= 1_000_000 for row in asked]
    assert twins == sorted(twins)
    assert sum(twins) * 2 == len(twins)
    other = family(tmp_path, truth, "winogrande:rc::olmes:full", "requests")
    assert all(row["doc_id"] < 1_000_000 for row in other)


def test_recorded_inputs_group_the_requests_of_a_document(tmp_path: Path) -> None:
    truth = write_run(tmp_path, PLAN)
    alias = "arc_easy:mc::olmes:full"
    first = family(tmp_path, truth, alias, "recorded-inputs")[0]
    asked = [row for row in family(tmp_path, truth, alias, "requests") if row["doc_id"] == 0]
    assert first["requests"] == [
        {key: row[key] for key in ("request_type", "request", "idx")} for row in asked
    ]


def test_labels_are_of_every_kind(tmp_path: Path) -> None:
    truth = write_run(tmp_path, replace(PLAN, tasks=GENERATIVE, suites=()))
    kinds = {
        task.alias: type(family(tmp_path, truth, task.alias, "predictions")[0]["label"])
        for task in truth.tasks
    }
    assert kinds[GSM8K.alias] is str
    assert kinds[DROP.alias] is list
    assert kinds[ZEBRA.alias] is dict
    assert kinds[PALOMA.alias] is type(None)


def test_repeats_are_scored_by_the_unbiased_estimate(tmp_path: Path) -> None:
    truth = write_run(tmp_path, replace(PLAN, tasks=(HUMANEVAL,), suites=()))
    for row in family(tmp_path, truth, HUMANEVAL.alias, "predictions"):
        right = sum(output["passed"] for output in row["model_output"])
        missed = math.comb(10 - right, 5) / math.comb(10, 5)
        assert row["metrics"]["pass_at_5"] == pytest.approx(1 - missed)


def test_reasoning_is_kept_beside_the_answer(tmp_path: Path) -> None:
    truth = write_run(tmp_path, replace(PLAN, tasks=(MATH,), suites=()))
    output = family(tmp_path, truth, MATH.alias, "predictions")[0]["model_output"][0]
    assert output["reasoning_content"] in output["original_output"]


def test_chats_are_messages_in_requests_and_text_in_recorded_inputs(tmp_path: Path) -> None:
    truth = write_run(tmp_path, replace(PLAN, chat=True))
    asked = family(tmp_path, truth, GSM8K.alias, "requests")[0]["request"]["context"]
    recorded = family(tmp_path, truth, GSM8K.alias, "recorded-inputs")[0]["requests"][0]
    assert asked["messages"][-1]["role"] == "user"
    assert recorded["request"]["context"].endswith("<|assistant|>\n")


def test_aliases_of_one_name_differ_by_hash_only_if_their_settings_do(tmp_path: Path) -> None:
    same = replace(GSM8K, alias="gsm8k::paper")
    other = replace(GSM8K, alias="gsm8k::short", shots=4)
    truth = write_run(tmp_path, replace(PLAN, tasks=(GSM8K, same, other), suites=()))
    hashes = [task.task_hash for task in truth.tasks]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("stems", "expected"),
    [
        ("name", "task-002-arc_easy:mc"),
        ("alias", "task-002-arc_easy:mc::olmes:full"),
        ("bare", "arc_easy:mc"),
    ],
)
def test_stems_are_spelled_as_planned(tmp_path: Path, stems: Any, expected: str) -> None:
    truth = write_run(tmp_path, replace(PLAN, stems=stems))
    assert truth.task("arc_easy:mc::olmes:full").stem == expected


def test_numbers_of_files_start_again_at_each_launch(tmp_path: Path) -> None:
    chosen = (GSM8K, DROP, replace(ZEBRA, launch=1))
    truth = write_run(tmp_path, replace(PLAN, tasks=chosen, suites=()))
    assert [task.index for task in truth.tasks] == [0, 1, 0]


def test_the_last_launch_may_write_over_the_records_of_others(tmp_path: Path) -> None:
    chosen = (GSM8K, DROP, replace(ZEBRA, launch=1))
    plan = with_accident("overwritten", tasks=chosen, suites=())
    truth = write_run(tmp_path, plan)
    assert list(records(tmp_path, truth)) == [ZEBRA.alias]
    assert truth.metrics_all_rows == 1


def test_old_dumps_lack_keys_and_spell_others_differently(tmp_path: Path) -> None:
    old = write_run(tmp_path, replace(PLAN, era="2024-12", stems="bare"))
    record = records(tmp_path, old)["arc_easy:rc::olmes:full"]
    row = family(tmp_path, old, "arc_easy:rc::olmes:full", "predictions")[0]
    assert "beaker_info" not in record
    assert record["task_config"]["limit"] == 10**19
    assert "logits_per_byte" in row["model_output"][0]
    assert "predicted_index_per_byte" not in row["metrics"]


def test_the_oldest_dumps_hash_some_keys_always(tmp_path: Path) -> None:
    oldest = write_run(tmp_path, replace(PLAN, era="2024-06"))
    record = records(tmp_path, oldest)["gsm8k::olmes"]
    always = ("model_path", "metadata", "dataset_path")
    assert "task_idx" not in record
    assert record["task_hash"] != settings_hash(record["task_config"], TASK_DEFAULTS)
    assert record["task_hash"] == settings_hash(record["task_config"], TASK_DEFAULTS, always=always)


def test_a_crashed_run_leaves_a_cut_line_and_no_sum(tmp_path: Path) -> None:
    truth = write_run(tmp_path, with_accident("crashed"))
    folder = tmp_path / truth.folder
    last = truth.tasks[-1]
    lines = (folder / str(last.truncated)).read_text().split("\n")
    assert not (folder / "metrics-all.jsonl").exists()
    assert len(lines) == last.rows[str(last.truncated)] + 1
    with pytest.raises(ValueError, match=r"."):
        json.loads(lines[-1])


def test_a_stale_record_is_older_than_its_run(tmp_path: Path) -> None:
    truth = write_run(tmp_path, with_accident("stale"))
    dates = [record["current_date"] for record in records(tmp_path, truth).values()]
    assert min(dates).startswith("2025-09-30")
    assert max(dates).startswith("2025-11-03")


def test_permuted_choices_disagree_with_their_predictions(tmp_path: Path) -> None:
    truth = write_run(tmp_path, with_accident("permuted"))
    disagreeing = 0
    for row in family(tmp_path, truth, "arc_easy:mc::olmes:full", "predictions"):
        totals = [output["sum_logits"] for output in row["model_output"]]
        disagreeing += row["metrics"]["predicted_index_raw"] != totals.index(max(totals))
    assert disagreeing >= 2


def test_sentinels_stand_for_answers_that_never_came(tmp_path: Path) -> None:
    truth = write_run(tmp_path, with_accident("sentinels"))
    lines = (
        tmp_path / truth.folder / f"{truth.task('arc_easy:mc::olmes:full').stem}-predictions.jsonl"
    ).read_text()
    assert '"sum_logits": -999, ' in lines
    assert '"no_answer": 1' in lines


def test_undefined_likelihoods_make_undefined_scores(tmp_path: Path) -> None:
    bits = tuple(
        replace(task, primary_metric="bits_per_byte_corr")
        for task in (rc_task("arc_easy"), mc_task("arc_easy"))
    )
    plan = with_accident("nan", tasks=bits, suites=core_suites(("arc_easy",)))
    truth = write_run(tmp_path, plan)
    assert [task.primary_score for task in truth.tasks] == [None, None]
    assert truth.suite("arc_easy::olmes:full").primary_score == -999
    assert "NaN" in (tmp_path / truth.folder / "metrics-all.jsonl").read_text()


def test_an_unknown_gold_answer_counts_as_wrong(tmp_path: Path) -> None:
    truth = write_run(tmp_path, with_accident("unknown_gold"))
    row = family(tmp_path, truth, "winogrande:mc::olmes:full", "predictions")[2]
    assert row["label"] == -1
    assert row["metrics"]["acc_raw"] == 0
    assert row["metrics"]["sum_logits_corr"] == row["model_output"][-1]["sum_logits"]


def test_secrets_are_planted_where_the_truth_says(tmp_path: Path) -> None:
    truth = write_run(tmp_path, with_accident("secrets"))
    record = json.dumps(records(tmp_path, truth)["gsm8k::olmes"])
    answers = json.dumps(family(tmp_path, truth, "gsm8k::olmes", "predictions"))
    for place, secret in planted().items():
        assert secret in (answers if place.startswith("predictions") else record)


def test_a_suite_needs_all_its_members(tmp_path: Path) -> None:
    plan = replace(PLAN, unrecorded=frozenset({"arc_easy:mc::olmes:full"}))
    truth = write_run(tmp_path, plan)
    assert [suite.name for suite in truth.suites] == [
        "core_2mcqa:rc::olmes:full",
        "winogrande::olmes:full",
    ]


def test_files_can_be_left_out(tmp_path: Path) -> None:
    truth = write_run(tmp_path, replace(PLAN, files=FILES - {"requests", "config"}))
    names = [path.name for path in (tmp_path / truth.folder).iterdir()]
    assert not any("requests" in name or "config" in name for name in names)


@pytest.mark.parametrize("count", [1, 12, 60, 80])
def test_the_catalogue_is_as_long_as_asked_and_knows_its_suites(count: int) -> None:
    chosen = tasks(count)
    known: set[str] = {task.alias for task in chosen}
    assert len(known) == count
    for suite in suites(chosen):
        assert known.issuperset(suite.members)
        known.add(suite.name)


def test_summaries_say_not_available_where_the_primary_metric_is_missing(tmp_path: Path) -> None:
    odd: Task = replace(GSM8K, primary_metric="judged")
    truth = write_run(tmp_path, replace(PLAN, tasks=(odd,), suites=()))
    summed = json.loads((tmp_path / truth.folder / "metrics.json").read_text())
    assert summed["all_primary_scores"] == ["gsm8k::olmes: NA"]
    assert truth.tasks[0].primary_score is None
