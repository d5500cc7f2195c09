"""The shapes of bundles that were published, each with files of our own content."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evalhouse.records import Measurement, Model, Publisher, Submission, SubmissionEvent, Task
from tests.formats.bakeoff.made import FIXTURES, SHAPES, write_result
from tests.formats.conftest import Read, read_folder


def read(shape: str) -> Read:
    return read_folder(FIXTURES / shape, form="bakeoff")


def entities(found: Read, kind: type[Any]) -> list[Any]:
    return [each for plan in found.plans for each in plan.entities if isinstance(each, kind)]


def kinds(found: Read) -> set[str]:
    return {problem.kind for problem in found.problems}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sealed_bundle_is_one_run_one_submission_and_all_of_its_files(shape: str) -> None:
    found = read(shape)
    (plan,) = found.plans
    assert sorted(Path(file.path).name for file in plan.files) == [
        "manifest.json",
        "result.json",
        "summary.md",
    ]
    assert {file.path for file in plan.keep} == {file.path for file in plan.files}
    (submission,) = entities(found, Submission)
    assert submission.evidence_level == 1
    assert submission.run_id == plan.run.run_id
    files = [row for row in found.tables["checks"] if row["scope"] == "files"]
    assert [row["status"] for row in files] == ["match", "match"]


def test_sizes_in_words_become_numbers_and_their_words_are_kept() -> None:
    (model,) = entities(read("documented"), Model)
    assert (model.model_name, model.provider) == ("grove-lab/Alder-5B", "local")
    assert model.parameter_count == 4_900_000_000
    assert model.context_length == 131_072
    assert model.architecture_id is not None
    assert model.quantization_id is not None
    assert msgspec.json.decode(model.stated)["parameters"] == "4.9B"


def test_a_mixture_has_active_parameters_too() -> None:
    (model,) = entities(read("mixture"), Model)
    assert (model.parameter_count, model.active_parameter_count) == (41_500_000_000, 11_200_000_000)


def test_a_gpu_with_the_pci_id_of_another_is_told() -> None:
    found = read("documented")
    (problem,) = [each for each in found.problems if each.kind == "other_gpu"]
    assert "3090" in problem.message
    assert "other_gpu" not in kinds(read("mixture"))


def test_models_without_any_score_stand_in_the_run_without_a_value() -> None:
    (facts,) = read("documented").facts.values()
    (cell,) = facts.cells
    assert cell.primary_value is None
    assert cell.failure_reason is None
    assert "states no score" in (cell.value_note or "")


def test_a_model_that_never_loaded_has_a_reason_and_no_score() -> None:
    found = read("failed")
    (cell,) = next(iter(found.facts.values())).cells
    assert (cell.primary_value, cell.failure_reason) == (None, "load_failure")
    assert (cell.n_items, cell.items_failed) == (20, 20)
    (row,) = [row for row in found.tables["metrics"] if row["metric"] == "partial_score"]
    assert (row["value"], row["origin"]) == (0.0, "reported")
    (submission,) = entities(found, Submission)
    assert submission.state == "failed"
    assert [event.state for event in entities(found, SubmissionEvent)] == ["received", "failed"]
    assert found.plans[0].run.status == "failed"
    (model,) = entities(found, Model)
    assert (model.parameter_count, model.quantization_id) == (None, None)


def test_three_models_keep_their_claims_each_and_the_floor_apart() -> None:
    found = read("three-models")
    suites = {task.task_id: task.task_path for task in entities(found, Task) if task.is_suite}
    assert sorted(suites.values()) == ["bakeoff", "bakeoff-dumb_model"]
    names = {model.model_id: model.model_name for model in entities(found, Model)}
    cells = next(iter(found.facts.values())).cells
    main = {
        names[cell.model_id]: (cell.primary_value, cell.failure_reason)
        for cell in cells
        if suites.get(cell.task_id) == "bakeoff"
    }
    assert main == {
        "grove-lab/Oak-8B": (0.74, None),
        "grove-lab/Elm-7B": (0.51, None),
        "grove-lab/Fir-4B": (None, "load_failure"),
    }
    floor = {
        names[cell.model_id]: cell.primary_value
        for cell in cells
        if suites.get(cell.task_id) == "bakeoff-dumb_model"
    }
    assert floor == {"grove-lab/Oak-8B": 1.0, "grove-lab/Elm-7B": 0.8}


def test_three_models_of_one_repository_stay_three() -> None:
    models = entities(read("three-models"), Model)
    assert len({model.model_id for model in models}) == 3
    assert models[0].model_version == "grove/trees/oak-8b-Q4_K_M.gguf"


def test_a_claim_about_cells_that_are_not_there_is_told_and_not_recomputed() -> None:
    found = read("three-models")
    assert "cell_count" in kinds(found)
    checks = [row for row in found.tables["checks"] if row["scope"] == "scores"]
    assert {row["status"] for row in checks} == {"not recomputable"}


def test_one_record_gives_one_response_one_cell_and_what_it_took() -> None:
    found = read("three-models")
    (response,) = found.tables["responses"]
    assert (response["answer"], response["score"]) == ("The fir.", 1.0)
    facts = next(iter(found.facts.values()))
    per_cell = [each for each in facts.measurements if each.prompt_id is not None]
    (measured,) = per_cell
    assert isinstance(measured, Measurement)
    assert measured.wall_clock_seconds == 1.1


def test_a_bundle_filed_under_a_publisher_is_that_publishers(tmp_path: Path) -> None:
    folder = tmp_path / "submissions" / "the-grove" / "run"
    shutil.copytree(FIXTURES / "failed", folder)
    found = read_folder(tmp_path, form="bakeoff")
    (publisher,) = entities(found, Publisher)
    assert publisher.name == "the-grove"
    assert found.plans[0].run.publisher_id == publisher.publisher_id


@pytest.mark.parametrize("spelling", ["schema_version", "schemaVersion"])
@pytest.mark.parametrize("files", ["text", "object", "list"])
def test_manifests_are_read_in_every_spelling(spelling: str, files: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / "documented", tmp_path / "b"))
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    manifest[spelling] = manifest.pop("schema_version")
    hashes = manifest["files"]
    manifest["files"] = {
        "text": hashes,
        "object": {name: {"sha256": digest.upper()} for name, digest in hashes.items()},
        "list": [{"path": name, "sha256": digest} for name, digest in hashes.items()],
    }[files]
    write_result(folder / "manifest.json", manifest)
    found = read_folder(folder, form="bakeoff")
    (submission,) = entities(found, Submission)
    assert submission.evidence_level == 1
    assert kinds(found) == {"other_gpu"}


def test_a_signer_of_the_manifest_is_the_publisher_by_its_claim(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / "mixture", tmp_path / "b"))
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    manifest["signer"] = {"repository": "grove/results", "issuer": "https://issuer.example"}
    write_result(folder / "manifest.json", manifest)
    (publisher,) = entities(read_folder(folder, form="bakeoff"), Publisher)
    assert publisher.name == "grove/results"
