"""A whole result: its answers, judgements, scores, machine and environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evalhouse import ids
from evalhouse.formats import FORMATS
from evalhouse.formats.base import Limits, Reading, UnitFacts
from evalhouse.lookups.seeds import named_rows
from evalhouse.records import (
    Cell,
    Environment,
    GpuLink,
    Measurement,
    Model,
    ModelConflict,
    ModelSource,
    Problem,
    Prompt,
    PromptText,
    SystemHardware,
    SystemSoftware,
    Task,
    TaskCategory,
)
from evalhouse.redact import Redactor
from tests.formats.bakeoff.made import (
    LARGE,
    SMALL,
    TASKS,
    failed,
    record,
    records,
    result,
    score,
    write_result,
)
from tests.formats.bakeoff.test_shapes import entities, kinds
from tests.formats.conftest import Read, read_folder


def read(folder: Path, content: Any = None, *, indent: int | None = 2) -> Read:
    write_result(folder / "any name.txt", result() if content is None else content, indent=indent)
    return read_folder(folder, form="bakeoff")


def cells(found: Read) -> dict[tuple[str, str], list[Cell]]:
    """Return cells by task path and name of the model."""
    paths = {task.task_id: task.task_path for task in entities(found, Task)}
    names = {model.model_id: model.model_name for model in entities(found, Model)}
    listed: dict[tuple[str, str], list[Cell]] = {}
    for cell in next(iter(found.facts.values())).cells:
        listed.setdefault((paths[cell.task_id], names[cell.model_id]), []).append(cell)
    return listed


def measurements(found: Read) -> list[Measurement]:
    facts = next(iter(found.facts.values()))
    return [each for each in facts.measurements if each.prompt_id is not None]


def scores(found: Read, metric: str) -> dict[str, dict[str, Any]]:
    """Return rows of `checks` about scores by model."""
    names = {model.model_id: model.model_name for model in entities(found, Model)}
    return {
        names[row["model_id"]]: row
        for row in found.tables["checks"]
        if row["scope"] == "scores" and row["metric"] == metric
    }


@pytest.mark.parametrize("indent", [None, 2])
def test_a_result_is_known_by_what_it_holds_and_is_sound(
    indent: int | None, tmp_path: Path
) -> None:
    found = read(tmp_path, indent=indent)
    assert [claim.family for claim in found.claims] == ["result"]
    assert [problem.message for problem in found.problems] == []
    assert found.plans[0].run.label == "night-run"
    assert found.plans[0].run.run_id == ids.run_id("bakeoff", "night-run", "2026-03-04T05:06:07Z")
    assert found.plans[0].run.seed == 7
    assert found.plans[0].run.status == "incomplete"


def test_every_record_is_a_response_with_its_fields(tmp_path: Path) -> None:
    found = read(tmp_path)
    rows = found.tables["responses"]
    assert len(rows) == len(records())
    first = rows[1]
    assert first["native_id"] == "t0000"
    assert (first["task"], first["label"], first["answer"]) == (
        "bakeoff/qa",
        "The Hague",
        "It is The Hague.",
    )
    assert (first["tokens_in"], first["tokens_out"], first["energy_wh"]) == (31, 6, 0.0125)
    assert (first["seconds"], first["seconds_to_first_token"]) == (0.75, 0.25)
    assert json.loads(first["model_output"]) == {"text": "It is The Hague."}
    whole = json.loads(first["metrics"]) | json.loads(first["model_output"])
    assert whole == records()[1]


def test_a_failure_is_no_score(tmp_path: Path) -> None:
    found = read(tmp_path)
    row = found.tables["responses"][-1]
    assert (row["status"], row["failure_reason"], row["score"]) == ("failed", "oom", None)
    (cell,) = cells(found)["bakeoff/summarize", LARGE]
    assert (cell.failure_reason, cell.failure_detail) == ("oom", "CUDA out of memory")
    assert (cell.primary_value, cell.pass_fail, cell.items_failed) == (None, None, 1)


def test_cells_pass_or_fail_where_a_scorer_says_so(tmp_path: Path) -> None:
    found = cells(read(tmp_path))
    ((small,), (large,)) = found["bakeoff/classify", SMALL], found["bakeoff/classify", LARGE]
    assert (small.pass_fail, small.primary_value) == (True, 1.0)
    assert (large.pass_fail, large.primary_value) == (False, 0.0)
    assert small.flops_per_token_theoretical == 8_000_000_000


def test_a_judges_rating_counts_where_no_heuristic_does(tmp_path: Path) -> None:
    (cell,) = cells(read(tmp_path))["bakeoff/summarize", SMALL]
    assert (cell.primary_metric, cell.primary_value) == ("judge_quality", 0.75)
    assert (cell.origin, cell.pass_fail) == ("recomputed", None)


def test_the_floor_tier_is_a_suite_of_its_own(tmp_path: Path) -> None:
    found = cells(read(tmp_path))
    ((small,), (large,)) = found["bakeoff-dumb_model", SMALL], found["bakeoff-dumb_model", LARGE]
    assert (small.primary_value, large.primary_value) == (1.0, 0.0)
    assert small.primary_metric == "floor_score"
    assert found["bakeoff", SMALL][0].primary_value == pytest.approx(2 / 3)
    assert ("bakeoff-dumb_model/qa", SMALL) in found


def test_claims_are_counted_again_as_bakeoff_counts_and_as_its_documents_say(
    tmp_path: Path,
) -> None:
    found = read(tmp_path)
    partial = scores(found, "partial_score")
    assert [row["status"] for row in partial.values()] == ["match", "match"]
    assert "0.9166" in partial[SMALL]["reason"]
    judged = [row for row in found.tables["metrics"] if row["metric"] == "partial_score_judged"]
    assert [(row["value"], row["origin"]) for row in judged] == [
        (pytest.approx(2.75 / 3), "recomputed")
    ]
    assert {row["status"] for row in found.tables["checks"]} == {"match"}


def test_a_claim_with_judges_merged_in_is_right_too(tmp_path: Path) -> None:
    claims = [score(SMALL, partial_score=2.75 / 3)]
    content = result(model_scores=claims)
    row = scores(read(tmp_path, content), "partial_score")[SMALL]
    assert (row["status"], row["reason"]) == ("match", "with the judges' ratings merged in")


def test_a_false_claim_is_a_mismatch_and_a_problem(tmp_path: Path) -> None:
    claims = [score(SMALL, partial_score=0.99, floor_score=0.5, status="failed")]
    found = read(tmp_path, result(model_scores=claims, run_status="failed"))
    assert scores(found, "partial_score")[SMALL]["status"] == "mismatch"
    assert scores(found, "floor_score")[SMALL]["status"] == "mismatch"
    assert scores(found, "status")[SMALL]["status"] == "mismatch"
    told = [each.message for each in found.problems if each.kind == "score_mismatch"]
    assert any("0.99" in message for message in told)
    assert cells(found)["bakeoff", SMALL][0].origin == "reported"


def test_a_heuristic_that_the_text_does_not_earn_is_told(tmp_path: Path) -> None:
    changed = records()
    changed[6]["quality_heuristic"] = 1.0  # `down`, where `up` was expected
    found = read(tmp_path, result(records=changed))
    told = [each.message for each in found.problems if each.kind == "score_mismatch"]
    assert any("quality_heuristic" in message and "t0001" in message for message in told)


def test_results_without_claims_are_counted(tmp_path: Path) -> None:
    content = result()
    del content["model_scores"]
    (cell,) = cells(read(tmp_path, content))["bakeoff", SMALL]
    assert cell.primary_value == pytest.approx(2.75 / 3)
    assert cell.origin == "recomputed"
    assert (cell.n_items, cell.items_failed) == (3, 0)


def test_the_same_question_twice_is_one_cell_with_two_attempts(tmp_path: Path) -> None:
    twin = {**TASKS[0], "id": "t0009"}
    more = [*records(), record("t0009", "plain", SMALL, quality_heuristic=0.0, text="Amsterdam")]
    found = read(tmp_path, result(tasks=[*TASKS, twin], records=more, model_scores=[]))
    (cell,) = cells(found)["bakeoff/qa", SMALL]
    assert (cell.n_items, cell.primary_value, cell.pass_fail) == (2, 0.5, False)
    tries = [each.attempt for each in measurements(found) if each.prompt_id == cell.prompt_id]
    assert tries.count(1) == 1
    attempts = {row["native_id"]: row["attempt"] for row in found.tables["responses"]}
    assert attempts["t0009"] == 1


def test_a_prompt_is_the_question_with_its_variant(tmp_path: Path) -> None:
    found = read(tmp_path)
    texts = {each.prompt_hash: each.prompt_text for each in entities(found, PromptText)}
    prompts = [each for each in entities(found, Prompt) if each.kind == "text"]
    assert len(prompts) == 4
    told = [json.loads(texts[each.prompt_hash]) for each in prompts]
    assert {"system": "Answer briefly.", "user": TASKS[0]["user_prompt"]} in told
    assert {"system": "", "user": TASKS[3]["user_prompt"]} in told
    assert all(ids.sha256_hex(texts[each.prompt_hash]) == each.prompt_hash for each in prompts)


def test_questions_are_documents_with_what_is_expected(tmp_path: Path) -> None:
    found = read(tmp_path)
    documents = {row["item_sha256"]: json.loads(row["doc"]) for row in found.tables["documents"]}
    assert sorted(each["id"] for each in documents.values()) == sorted(t["id"] for t in TASKS)
    used = {row["item_sha256"] for row in found.tables["responses"]}
    assert used == set(documents)


def test_what_a_cell_took_is_measured_with_its_source(tmp_path: Path) -> None:
    first = measurements(read(tmp_path))[1]
    assert (first.wall_clock_seconds, first.tokens_per_second, first.peak_vram_mb) == (
        0.75,
        8.0,
        5123.0,
    )
    assert (first.energy_wh, first.energy_gpu_wh) == (0.0125, 0.0125)
    assert (first.cpu_seconds_user, first.cpu_seconds_sys) == (0.02, 0.01)
    assert (first.prompt_tokens, first.completion_tokens) == (31, 6)
    assert first.gpu_event_seconds is None
    assert first.power_limit_w == 450.0
    sources = json.loads(first.figure_sources or "")
    assert "energy_wh" in sources
    assert "gpu_event_seconds" not in sources


def test_earlier_names_are_read_with_their_units(tmp_path: Path) -> None:
    old = {
        "task_id": "t0000",
        "prompt_id": "plain",
        "model_id": SMALL,
        "text": "The Hague",
        "latency_s": 2.0,
        "ttft_s": 0.5,
        "tokens_per_sec": 4.0,
        "cpu_time_user_ms": 30.0,
        "cpu_time_sys_ms": 5,
        "cost_usd": 0.001,
        "quality_heuristic": 1,
    }
    content = result(records=[old])
    for name in ("run_status", "model_scores"):
        del content[name]
    found = read(tmp_path, content)
    assert kinds(found) == set()
    assert found.plans[0].run.status == "complete"
    (measured,) = measurements(found)
    assert (measured.wall_clock_seconds, measured.seconds_to_first_token) == (2.0, 0.5)
    assert measured.tokens_per_second == 4.0
    assert (measured.cpu_seconds_user, measured.cpu_seconds_sys) == (0.03, 0.005)
    assert json.loads(found.tables["responses"][0]["metrics"])["cost_usd"] == 0.001


def test_an_earlier_error_has_no_code(tmp_path: Path) -> None:
    old = {"task_id": "t0000", "prompt_id": "plain", "model_id": SMALL, "error": "it stopped"}
    found = read(tmp_path, result(records=[old], model_scores=[]))
    (cell,) = cells(found)["bakeoff/qa", SMALL]
    assert (cell.failure_reason, cell.failure_detail) == ("unknown", "it stopped")


def test_what_cannot_be_is_left_empty_and_told(tmp_path: Path) -> None:
    odd = record(
        "t0000",
        "plain",
        SMALL,
        energy_wh=-1.0,
        peak_vram_mb=float("nan"),
        gpu_sm_utilization_pct=180.0,
        prompt_tokens=1.5,
        quality_heuristic=7,
        completion_tokens=2**70,
    )
    bad = failed("t0001", "plain", SMALL, "sunspots", "flare")
    found = read(tmp_path, result(records=[odd, bad], model_scores=[]))
    (measured,) = measurements(found)
    assert (measured.energy_wh, measured.peak_vram_mb) == (None, None)
    assert (measured.gpu_sm_utilization_pct, measured.prompt_tokens) == (None, None)
    (cell,) = cells(found)["bakeoff/qa", SMALL]
    assert cell.primary_value is None
    assert cells(found)["bakeoff/classify", SMALL][0].failure_reason == "unknown"
    (problem,) = [each for each in found.problems if each.kind == "odd_value"]
    assert "record 1" in problem.message
    assert "and 6 more" in problem.message


def test_judgements_are_values_of_the_models_they_are_about(tmp_path: Path) -> None:
    found = read(tmp_path)
    rows = [row for row in found.tables["metrics"] if row["metric"] == "judge_rating"]
    assert [row["value"] for row in rows] == [4.0, None]
    assert json.loads(rows[1]["value_note"])["error"] == "no answer to judge"
    assert rows[0]["scope"] == f"t0002/plain: {SMALL}"


@pytest.mark.parametrize(
    ("winner", "values"), [("A", [1.0, 0.0]), ("B", [0.0, 1.0]), ("TIE", [0.5, 0.5]), (None, [])]
)
def test_a_pair_gives_a_value_to_each_side(
    winner: str | None, values: list[float], tmp_path: Path
) -> None:
    pair = {
        "task_id": "t0000",
        "prompt_id": "plain",
        "a_model": SMALL,
        "b_model": LARGE,
        "order": "BA",
        "winner": winner,
        "judge_raw": "hm",
    }
    found = read(tmp_path, result(judgements=[pair]))
    rows = [row for row in found.tables["metrics"] if row["metric"] == "pairwise_win"]
    assert [row["value"] for row in rows if row["value"] is not None] == values
    names = {model.model_id: model.model_name for model in entities(found, Model)}
    assert [names[row["model_id"]] for row in rows] == [SMALL, LARGE]
    assert rows[0]["prompt_id"] is not None


def test_models_are_known_by_name_file_and_quantization(tmp_path: Path) -> None:
    found = read(tmp_path)
    small = next(each for each in entities(found, Model) if each.model_name == SMALL)
    assert small.provider == "local"
    assert small.model_version == "maker/Small-GGUF/Small-4B-Q4_K_M.gguf"
    assert small.revision == "0123abc"
    assert small.parameter_count == 4 * 10**9
    assert small.quantization_id == ids.lookup_id("quantization_methods", "q4_k_m")
    assert small.file_format_id == ids.lookup_id("model_file_formats", "GGUF")
    assert small.context_length is None
    source = next(each for each in entities(found, ModelSource) if each.model_id == small.model_id)
    assert source.source_type_id == ids.lookup_id("source_types", "huggingface")
    assert json.loads(source.source_metadata) == {"hf_sha": "0123abc"}


def test_a_hash_of_the_weights_is_taken_in_either_spelling(tmp_path: Path) -> None:
    digest = "0123456789abcdef" * 4
    for spelled in (digest, f"sha256:{digest.upper()}"):
        content = result(model_metadata=[{"id": SMALL, "model_hash": spelled}])
        models = {each.model_name: each for each in entities(read(tmp_path, content), Model)}
        assert models[SMALL].model_hash == digest


def test_a_quantization_that_no_lookup_has_waits_for_a_person(tmp_path: Path) -> None:
    content = result(model_metadata=[{"id": SMALL, "quantization": "Z9_ODD"}])
    (conflict,) = entities(read(tmp_path, content), ModelConflict)
    assert conflict.kind == "unknown_value"
    assert json.loads(conflict.difference)["quantization_id"]["arrived"] == "Z9_ODD"


def test_machine_and_software_are_those_of_the_result(tmp_path: Path) -> None:
    found = read(tmp_path)
    (host,) = entities(found, SystemHardware)
    assert (host.cpu_model, host.cpu_cores, host.cpu_threads) == ("A Processor 9", 8, 16)
    assert host.ram_total_bytes == 64 << 30
    (link,) = entities(found, GpuLink)
    assert (link.slot_index, link.vram_total_mb) == (0, 24564)
    (software,) = entities(found, SystemSoftware)
    assert (software.engine, software.gpu_driver_version) == ("llama.cpp", "570.10")
    assert (software.kernel, software.python) == ("#1 SMP 6.8.0", "3.12.3")
    whole = next(iter(found.facts.values())).measurements[-1]
    assert (whole.prompt_id, whole.system_hardware_id) == (None, host.system_hardware_id)


def test_a_failed_look_up_of_the_gpu_is_no_figure(tmp_path: Path) -> None:
    hardware = {"gpu_model": "A Card", "vram_mb": 0, "power_limit_w": 0.0}
    found = read(tmp_path, result(hardware=hardware))
    (link,) = entities(found, GpuLink)
    assert link.vram_total_mb is None
    assert measurements(found)[0].power_limit_w is None


def test_hardware_in_a_word_is_kept_as_a_word(tmp_path: Path) -> None:
    (host,) = entities(read(tmp_path, result(hardware="a box under the desk")), SystemHardware)
    assert host.description == "a box under the desk"


def test_the_environment_is_that_of_the_provenance(tmp_path: Path) -> None:
    (environment,) = entities(read(tmp_path), Environment)
    assert (environment.git_commit, environment.git_dirty) == ("abc1234", True)
    assert (environment.python, environment.os) == ("3.12.3", "Linux")
    assert json.loads(environment.packages)["httpx"] == "0.28.1"
    assert json.loads(environment.variables)["branch"] == "main"


def test_a_time_without_a_zone_could_be_any(tmp_path: Path) -> None:
    found = read(tmp_path, result(timestamp="20260304-050607"))
    assert found.plans[0].run.started_at is None
    assert found.plans[0].run.run_id == ids.run_id("bakeoff", "night-run", "20260304-050607")


def test_settings_that_do_not_hash_to_what_is_stated_are_told(tmp_path: Path) -> None:
    content = result()
    content["config"]["run"]["seed"] = 8
    assert "other_settings" in kinds(read(tmp_path, content))


def test_a_run_that_contradicts_its_models_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, result(run_status="complete"))
    told = [each.message for each in found.problems if each.kind == "contradiction"]
    assert told == ["`run_status` is `complete`, and by `model_scores` it is `incomplete`"]


def test_records_of_nobody_and_of_unknown_questions_are_told(tmp_path: Path) -> None:
    more = [*records(), record("t9999", "plain", SMALL), record("t0000", "plain", "stranger")]
    nameless = [*more, {"text": "whose?"}, 5]
    found = read(tmp_path, result(records=nameless, model_scores=[]))
    assert {"unknown_task", "unknown_model", "unexpected_record"} <= kinds(found)
    lost = [each for each in found.problems if each.kind == "unexpected_record"]
    assert [each.bytes for each in lost][1] == b"5"
    assert len(found.tables["responses"]) == len(more)


def test_questions_that_are_not_told_differ_from_run_to_run(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        content = result(run_id=name, tasks=[], records=[record("t1", "plain", SMALL)])
        found = read(tmp_path, content)
        hashes |= {each.prompt_hash for each in entities(found, Prompt) if each.kind == "text"}
    assert len(hashes) == 2


def test_a_variant_that_no_setting_tells_keeps_its_name(tmp_path: Path) -> None:
    found = read(tmp_path, result(records=[record("t0000", "cot", SMALL)]))
    texts = [json.loads(each.prompt_text) for each in entities(found, PromptText)]
    assert {"system": None, "user": TASKS[0]["user_prompt"], "variant": "cot"} in texts


@pytest.mark.parametrize(
    ("member", "value"),
    [("config", "none"), ("tasks", {"a": 1}), ("model_scores", 3), ("judgements", ["odd"])],
)
def test_members_of_another_type_are_told_and_passed_over(
    member: str, value: Any, tmp_path: Path
) -> None:
    found = read(tmp_path, result(**{member: value}))
    assert "unexpected_type" in kinds(found)
    assert len(found.tables["responses"]) == len(records())


def test_unknown_members_are_told(tmp_path: Path) -> None:
    assert kinds(read(tmp_path, result(novelty=1))) == {"unknown_member"}


def test_a_result_that_is_cut_off_gives_what_stands_before(tmp_path: Path) -> None:
    text = json.dumps(result(), indent=2)
    (tmp_path / "r.json").write_text(text[: text.index('"failure_code": "oom"')])
    found = read_folder(tmp_path, form="bakeoff")
    assert "truncated_file" in kinds(found)
    assert len(found.tables["responses"]) == 7
    assert found.plans[0].run.status == "incomplete"


def test_the_last_of_two_lists_of_records_counts(tmp_path: Path) -> None:
    text = json.dumps(result(records=records()[:2], model_scores=[]))
    twice = text[:-1] + ', "records": ' + json.dumps(records()[3:4]) + "}"
    (tmp_path / "r.json").write_text(twice)
    found = read_folder(tmp_path, form="bakeoff")
    assert "duplicate_key" in kinds(found)
    assert [row["native_id"] for row in found.tables["responses"]] == ["t0002"]


def test_secrets_in_texts_and_settings_are_replaced(tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "A1b2" * 20
    content = result(records=[record("t0000", "plain", SMALL, text=f"key {secret}")])
    content["config"]["api_key"] = "hunter2hunter2"
    content["provenance"]["warnings"] = [f"found {secret}"]
    found = read(tmp_path, content)
    told = msgspec.json.encode([found.tables["responses"], found.plans[0].entities]).decode()
    assert secret not in told
    assert "hunter2" not in (found.plans[0].run.config or "")
    assert "redacted" in kinds(found)


def test_a_result_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = write_result(tmp_path / "r.json", result())
    (unit,) = read_folder(tmp_path, form="bakeoff").plans[0].units
    items = FORMATS["bakeoff"].read(unit, Reading(Redactor(b"key"), Limits(chunk=1)))
    first = next(items)
    write_result(path, result(run_id="another"))
    rest = [first, *items]
    assert "live_file" in {item.kind for item in rest if isinstance(item, Problem)}
    facts = rest[-1]
    assert isinstance(facts, UnitFacts)
    assert facts.files[0].live


def test_tasks_of_its_own_domains_have_the_category_of_these(tmp_path: Path) -> None:
    categories = {row.category_id: row.name for row in named_rows(TaskCategory)}
    found = {
        task.task_path: categories.get(task.category_id or "")
        for task in entities(read(tmp_path), Task)
    }
    domains = {
        "bakeoff/qa": "knowledge",
        "bakeoff/code": "code_generation",
        "bakeoff/summarize": "summarization",
        "bakeoff/classify": "classification",
    }
    told = {path: name for path, name in found.items() if path in domains}
    assert told
    assert told == {path: domains[path] for path in told}
    assert found.get("bakeoff") is None


def test_addresses_of_models_lose_their_secrets(tmp_path: Path) -> None:
    address = "https://user:pw1234567@h.example/m.gguf?sig=4e3f2a1b&rev=2"
    stated = {"id": SMALL, "gguf": address, "file_format": address, "hf_tags": [address]}
    found = read(tmp_path, result(model_metadata=[stated]))
    (source,) = [each for each in entities(found, ModelSource) if "h.example" in each.url]
    assert source.url.endswith("⟧&rev=2")
    assert source.model_source_id == ids.derive("model_sources", source.model_id, source.url)
    told = msgspec.json.encode(found.plans[0].entities).decode()
    assert "⟦redacted:url-login:" in told
    assert "pw1234567" not in told
    assert "4e3f2a1b" not in told
