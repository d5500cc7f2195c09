"""Odd files: large, cut off, of odd types, unreadable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evalhouse.formats.bakeoff import signature
from evalhouse.formats.bakeoff.bundle import leaves
from evalhouse.formats.bakeoff.manifest import read_manifest
from evalhouse.formats.bakeoff.signature import content_digest, verdict_of
from evalhouse.records import Model, ModelConflict, Submission
from tests.formats.bakeoff.made import (
    LARGE,
    SMALL,
    record,
    result,
    score,
    sealed,
    write_bundle,
    write_result,
)
from tests.formats.bakeoff.test_shapes import entities, kinds
from tests.formats.bakeoff.test_signature import NOW, outline_of
from tests.formats.conftest import Read, read_folder

LONG = "a long answer " * 20_000


def read(folder: Path) -> Read:
    return read_folder(folder, form="bakeoff")


def families(folder: Path) -> list[str]:
    return [claim.family for claim in read(folder).claims]


def large() -> dict[str, Any]:
    return result(records=[record("t0000", "plain", SMALL, text=LONG)], model_scores=[])


@pytest.mark.parametrize("is_sorted", [True, False])
def test_a_large_result_is_known_however_its_members_are_ordered(
    is_sorted: bool,  # noqa: FBT001 - a case
    tmp_path: Path,
) -> None:
    text = json.dumps({"extra": 1, **large()}, sort_keys=is_sorted)
    (tmp_path / "r.json").write_text(text)
    assert families(tmp_path) == ["result"]
    assert read(tmp_path).tables["responses"][0]["answer"] == LONG


def test_a_large_envelope_is_known_by_what_is_inside(tmp_path: Path) -> None:
    write_result(tmp_path / "r.json", sealed(large(), Ed25519PrivateKey.generate()))
    assert families(tmp_path) == ["envelope"]


def test_a_large_result_that_is_cut_off_is_known_by_what_stands_before(tmp_path: Path) -> None:
    text = json.dumps({**large(), "judgements": []})
    (tmp_path / "r.json").write_text(text[: text.index('"judgements"')])
    assert families(tmp_path) == ["result"]


@pytest.mark.parametrize("content", [{"result": {"a": 1}, "sig": {"sha256": "0"}}, {"sig": 1}])
def test_envelopes_of_others_are_left_alone(content: dict[str, Any], tmp_path: Path) -> None:
    write_result(tmp_path / "r.json", {"result": {}, **content})
    assert families(tmp_path) == []


def test_an_envelope_that_is_cut_off_is_left_alone(tmp_path: Path) -> None:
    text = json.dumps(sealed(result(), Ed25519PrivateKey.generate()))
    (tmp_path / "r.json").write_text(text[:-2])
    assert families(tmp_path) == []


def test_numbers_beyond_any_database_are_none_and_stop_nothing(tmp_path: Path) -> None:
    huge = 10**400
    content = result(
        model_scores=[score(SMALL, cells_total=huge, partial_score=huge, floor_score=huge)],
        judgements=[
            {"task_id": "t0002", "prompt_id": "plain", "model_id": SMALL, "score": huge},
        ],
        score=huge,
        hardware={"ram_gb": huge, "vram_mb": huge, "cpu_cores": huge},
    )
    content["model_metadata"][0] |= {"context_length": huge, "model_source_size": huge}
    content["config"]["models"][0]["num_params"] = huge
    content["records"][1] |= {"wall_clock_seconds": huge, "text": 5}
    found = read(write_bundle(tmp_path / "b", content))
    assert "odd_value" in kinds(found)
    assert entities(found, Submission)


@pytest.mark.parametrize(
    ("stated", "field", "told"),
    [
        (
            {"parameters": "99999999999999999999B"},
            "parameter_count",
            "`parameters` of a model is `99999999999999999999B`, not below 10^16",
        ),
        ({"parameters": "9" * 400 + "B"}, "parameter_count", "not below 10^16"),
        ({"num_params": 2**62}, "parameter_count", f"`{2**62}`"),
        ({"context_length": "9999999M"}, "context_length", "`9999999M`, not below 10^9"),
        ({"model_source_size": 2**62}, "weights_bytes", "not below 2^62"),
        (
            {"num_params": 7, "num_active_params": 8},
            "active_parameter_count",
            "is `8`, more than `num_params` of a model is `7`",
        ),
    ],
)
def test_a_size_that_no_model_has_is_told_and_left_empty(
    stated: dict[str, Any], field: str, told: str, tmp_path: Path
) -> None:
    content = result()
    content["model_metadata"] = [{"id": SMALL, **stated}]
    content["config"]["models"] = [{"id": SMALL}]
    found = read(write_bundle(tmp_path / "b", content))
    (problem,) = [each for each in found.problems if each.kind == "odd_value"]
    assert told in problem.message
    assert problem.path.endswith("result.json")
    (model,) = [each for each in entities(found, Model) if each.model_name == SMALL]
    assert getattr(model, field) is None


def test_a_score_from_before_there_were_scores_of_models_is_kept(tmp_path: Path) -> None:
    write_result(tmp_path / "r.json", result(score=0.4))
    (row,) = [row for row in read(tmp_path).tables["metrics"] if row["metric"] == "score"]
    assert (row["value"], row["scope_type"], row["model_id"]) == (0.4, "run", None)


def test_a_status_that_is_none_is_told(tmp_path: Path) -> None:
    write_result(tmp_path / "r.json", result(run_status="splendid"))
    assert "unknown_status" in kinds(read(tmp_path))


def test_a_file_format_that_no_lookup_has_waits(tmp_path: Path) -> None:
    write_result(tmp_path / "r.json", result(model_metadata=[{"id": LARGE, "file_format": "odd"}]))
    (conflict,) = entities(read(tmp_path), ModelConflict)
    assert json.loads(conflict.difference)["file_format_id"]["arrived"] == "odd"


def test_a_claim_without_cells_cannot_be_counted_again(tmp_path: Path) -> None:
    claims = [{"model_id": SMALL, "partial_score": 0.5}]
    content = result(tasks=[], records=[], model_scores=claims)
    write_result(tmp_path / "r.json", content)
    rows = [row for row in read(tmp_path).tables["checks"] if row["scope"] == "scores"]
    assert "does not tell its tasks" in rows[0]["reason"]


def test_a_claim_that_is_no_number_is_a_mismatch(tmp_path: Path) -> None:
    write_result(tmp_path / "r.json", result(model_scores=[score(SMALL, partial_score="good")]))
    found = read(tmp_path)
    assert any('is stated as "good"' in problem.message for problem in found.problems)


def test_a_result_without_name_and_time_is_known_by_its_content(tmp_path: Path) -> None:
    found = []
    for folder in ("a", "b"):
        write_result(tmp_path / folder / "r.json", result(run_id="", timestamp=None))
        found.append(read(tmp_path / folder).plans[0])
    assert found[0].run.run_id == found[1].run.run_id
    assert found[0].run.label is None


def test_a_damaged_member_is_told_with_its_bytes(tmp_path: Path) -> None:
    text = json.dumps(result()).replace('"seed": 7, "python"', '"seed": nil, "python"')
    (tmp_path / "r.json").write_text(text)
    found = read(tmp_path)
    (problem,) = [each for each in found.problems if each.kind == "not_json"]
    assert (problem.bytes or b"").startswith(b'{"git"')
    assert len(found.tables["responses"]) == 8


def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    found = read_manifest(str(tmp_path / "none"))
    assert [problem.kind for problem in found.problems] == ["unreadable_file"]
    (tmp_path / "list.json").write_text("[]")
    kinds_of = [each.kind for each in read_manifest(str(tmp_path / "list.json")).problems]
    assert kinds_of == ["unknown_version", "no_hashes"]


def test_listed_things_without_a_name_are_passed_over(tmp_path: Path) -> None:
    manifest = {"schema_version": "bakeoff-results/v1", "files": [{"sha256": "0" * 64}, 5]}
    path = write_result(tmp_path / "m.json", manifest)
    assert read_manifest(str(path)).hashes == {}


def test_bundles_without_any_result_are_known_by_their_manifests(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = write_bundle(tmp_path / name)
        (folder / "result.json").unlink()
    found = read(tmp_path)
    (plan,) = found.plans
    assert len(plan.files) == 6
    assert {"missing_file", "repeated_run"} <= kinds(found)


def test_a_listed_folder_is_no_file(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    (folder / "logs").mkdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["logs"] = {"sha256": "0" * 64}
    write_result(folder / "manifest.json", manifest)
    assert "unreadable_file" in kinds(read(folder))


def test_a_file_in_the_folder_does_not_leave_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    assert not leaves(str(tmp_path), str(tmp_path / "a"))


def test_an_envelope_too_large_to_hold_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_result(tmp_path / "r.json", sealed(result(), Ed25519PrivateKey.generate()))
    outline = outline_of(path)
    monkeypatch.setattr(signature, "LARGEST", 10)
    found = verdict_of(outline, (), NOW)
    assert (found.standing, found.holds_digest) == ("invalid", False)
    assert content_digest(outline) is None


def test_an_envelope_that_is_damaged_since_is_not_judged(tmp_path: Path) -> None:
    path = write_result(tmp_path / "r.json", sealed(result(), Ed25519PrivateKey.generate()))
    outline = outline_of(path)
    path.write_text("{")
    assert "cannot be read" in verdict_of(outline, (), NOW).reason
