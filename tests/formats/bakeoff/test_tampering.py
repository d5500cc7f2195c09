"""Bundles that were altered, contradict themselves, or reach out of themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evalhouse.formats.files import FoundFile, walk
from evalhouse.records import Submission, SubmissionEvent
from tests.formats.bakeoff.made import (
    FIXTURES,
    SMALL,
    harness_manifest,
    result,
    sha256,
    write_bundle,
    write_result,
)
from tests.formats.bakeoff.test_shapes import entities, kinds
from tests.formats.conftest import Read, read_folder


def read(folder: Path) -> Read:
    return read_folder(folder, form="bakeoff")


def level(found: Read) -> int:
    (submission,) = entities(found, Submission)
    return int(submission.evidence_level)


def messages(found: Read, kind: str) -> list[str]:
    return [problem.message for problem in found.problems if problem.kind == kind]


def manifest_of(folder: Path, **changes: Any) -> None:
    """Write the manifest anew with changes."""
    path = folder / "manifest.json"
    write_result(path, {**json.loads(path.read_text()), **changes})


def listing(folder: Path, **more: Any) -> dict[str, Any]:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    return {**files, **more}


def test_a_bundle_whose_scores_are_its_records_is_recomputed(tmp_path: Path) -> None:
    found = read(write_bundle(tmp_path / "b"))
    assert kinds(found) == set()
    assert level(found) == 2
    (first, _) = entities(found, SubmissionEvent)
    assert "3 of 3 files match" in first.reason
    assert "it is not signed" in first.reason
    assert entities(found, Submission)[0].state == "incomplete"
    partial = [row for row in found.tables["metrics"] if row["metric"] == "partial_score"]
    assert {row["level"] for row in partial} == {"L2"}
    rated = [row for row in found.tables["metrics"] if row["metric"] == "judge_rating"]
    assert {row["level"] for row in rated} == {"L1"}


def test_an_edited_summary_breaks_the_seal(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    was = sha256(folder / "summary.md")
    (folder / "summary.md").write_text("# better\n")
    found = read(folder)
    assert level(found) == 0
    (message,) = messages(found, "hash_mismatch")
    assert was in message
    assert sha256(folder / "summary.md") in message
    assert {row["level"] for row in found.tables["metrics"]} <= {"L0"}


@pytest.mark.parametrize("shape", ["documented", "failed"])
def test_bundles_whose_summary_was_edited_after_sealing_are_claims(
    shape: str, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(FIXTURES / shape, tmp_path / "b"))
    with (folder / "summary.md").open("a") as stream:
        stream.write("One more line.\n")
    found = read(folder)
    assert level(found) == 0
    assert "hash_mismatch" in kinds(found)
    assert len(found.plans[0].files) == 3


def test_a_forged_result_with_a_fresh_seal_is_intact_and_not_recomputed(tmp_path: Path) -> None:
    content = result()
    for each in content["model_scores"]:
        each["partial_score"] = 1.0
    found = read(write_bundle(tmp_path / "b", content))
    assert level(found) == 1
    assert len(messages(found, "score_mismatch")) == 2


def test_forged_answers_are_found_out_by_their_text(tmp_path: Path) -> None:
    content = result()
    content["records"][6]["quality_heuristic"] = 1.0
    content["model_scores"][1]["partial_score"] = 2 / 3
    found = read(write_bundle(tmp_path / "b", content))
    assert level(found) == 1
    assert any("t0001" in message for message in messages(found, "score_mismatch"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("run_id", "another"),
        ("timestamp", "2020-01-01T00:00:00Z"),
        ("run_status", "complete"),
        ("config_hash", "0" * 16),
        ("judge_mode", "pairwise_all"),
        ("model_ids", [SMALL]),
    ],
)
def test_a_manifest_that_contradicts_its_result_is_told(
    key: str, value: Any, tmp_path: Path
) -> None:
    folder = write_bundle(tmp_path / "b", **{key: value})
    found = read(folder)
    (message,) = messages(found, "contradiction")
    assert message.startswith(f"`{key}` is `{value}` in the manifest and `")
    assert level(found) == 1


def test_a_summary_of_other_scores_is_told_by_model(tmp_path: Path) -> None:
    content = result()
    summary = [{**each, "partial_score": 0.99} for each in content["model_scores"]]
    folder = write_bundle(tmp_path / "b", content, model_scores_summary=summary)
    assert any(
        message.startswith(f"`partial_score of {SMALL}` is `0.99`")
        for message in messages(read(folder), "contradiction")
    )


def test_scores_that_the_manifest_alone_tells_are_claims(tmp_path: Path) -> None:
    content = result(records=[])
    summary = [{"model_id": SMALL, "status": "complete", "partial_score": 0.9}]
    del content["model_scores"]
    folder = write_bundle(tmp_path / "b", content, model_scores_summary=summary)
    cells = next(iter(read(folder).facts.values())).cells
    assert 0.9 in [cell.primary_value for cell in cells]


def test_files_without_a_hash_are_told(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    (folder / "extra.bin").write_bytes(b"\x00")
    (folder / "more").mkdir()
    (folder / "more" / "notes.txt").write_text("hm")
    found = read(folder)
    (message,) = messages(found, "unlisted_file")
    assert "`extra.bin`, `more/notes.txt`" in message


def test_a_result_that_no_hash_protects_is_not_intact(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    files = listing(folder)
    del files["result.json"]
    manifest_of(folder, files=files)
    found = read(folder)
    assert level(found) == 0
    assert "`result.json`" in messages(found, "unlisted_file")[0]


def test_listed_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    (folder / "dashboard.html").unlink()
    found = read(folder)
    assert messages(found, "missing_file") == [
        "the manifest lists `dashboard.html`: the file is not there"
    ]
    assert level(found) == 0


def test_a_bundle_without_its_summary_lacks_what_every_bundle_has(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    (folder / "summary.md").unlink()
    files = listing(folder)
    del files["summary.md"]
    manifest_of(folder, files=files)
    assert "`summary.md` is missing" in messages(read(folder), "missing_file")[0]


@pytest.mark.parametrize("name", ["/etc/hostname", "../outside.txt", "a/../../outside.txt"])
def test_paths_out_of_the_bundle_are_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    folder = write_bundle(tmp_path / "b")
    manifest_of(folder, files=listing(folder, **{name: "0" * 64}))
    found = read(folder)
    (message,) = messages(found, "path_out_of_bundle")
    assert f"`{name}`" in message
    (row,) = [row for row in found.tables["checks"] if row["metric"] == name]
    assert (row["recomputed"], row["status"]) == (None, "mismatch")
    assert level(found) == 0


@pytest.mark.parametrize("target", ["outside.txt", "beside/inside.txt"])
def test_links_out_of_the_bundle_are_not_followed(target: str, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / target).write_text("secret")
    folder = write_bundle(tmp_path / "b")
    (folder / "summary.md").unlink()
    (folder / "summary.md").symlink_to(tmp_path / target)
    files = listing(folder, **{"summary.md": sha256(tmp_path / target)})
    manifest_of(folder, files=files)
    found = read_folder(tmp_path, form="bakeoff")
    assert "summary.md" in messages(found, "link_out_of_bundle")[0]
    assert level(found) == 0
    kept = {Path(file.path).name for file in found.plans[0].keep}
    assert "summary.md" not in kept


@pytest.mark.parametrize("place", ["b", ""])
def test_a_result_that_is_a_link_out_leaves_a_bundle_without_result(
    place: str, tmp_path: Path
) -> None:
    folder = write_bundle(tmp_path / "b")
    (folder / "result.json").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("{}")
    (folder / "result.json").symlink_to(tmp_path / "elsewhere")
    files = [item for item in walk([folder]) if isinstance(item, FoundFile)]
    assert "result.json" not in {file.name for file in files}
    found = read(tmp_path / place)
    (plan,) = found.plans
    assert (plan.units, plan.run.status) == ([], "incomplete")
    assert plan.run.label == "night-run"
    assert "link_out_of_bundle" in kinds(found)


def test_files_in_folders_below_are_hashed_and_kept(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    (folder / "logs").mkdir()
    (folder / "logs" / "run.log").write_text("started")
    digest = sha256(folder / "logs" / "run.log")
    manifest_of(folder, files=listing(folder, **{"logs/run.log": digest}))
    found = read(folder)
    assert kinds(found) == set()
    assert "logs/run.log" in {file.relative_path for file in found.plans[0].keep}
    assert level(found) == 2


@pytest.mark.parametrize("stated", ["not a hash", None, 5, {"md5": "x"}])
def test_hashes_that_are_none_are_told(stated: Any, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    manifest_of(folder, files=listing(folder, **{"summary.md": stated}))
    found = read(folder)
    assert "64 hex digits" in messages(found, "no_hash")[0]
    assert level(found) == 0


def test_a_manifest_without_files_protects_nothing(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    manifest_of(folder, files=None)
    found = read(folder)
    assert "no_hashes" in kinds(found)
    assert level(found) == 0


def test_another_version_is_read_as_the_known_one_and_told(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b", schema_version="bakeoff-results/v2")
    (message,) = messages(read(folder), "unknown_version")
    assert message.startswith("the version is `bakeoff-results/v2`, and `bakeoff-results/v1` is")


def test_a_second_manifest_is_told(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    shutil.copy(folder / "manifest.json", folder / "manifest2.json")
    assert "second_manifest" in kinds(read(folder))


def test_the_same_run_in_a_bundle_and_by_itself_is_read_once(tmp_path: Path) -> None:
    write_result(tmp_path / "results" / "run.json", result())
    write_bundle(tmp_path / "submissions" / "someone" / "run")
    found = read(tmp_path)
    (plan,) = found.plans
    assert kinds(found) == {"repeated_run"}
    assert len(plan.files) == 5
    assert len(found.tables["responses"]) == 8


def test_two_results_under_one_name_and_time_are_rivals(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a")
    content = result()
    content["records"] = content["records"][:3]
    write_bundle(tmp_path / "b", content)
    found = read(tmp_path)
    assert "rival_result" in kinds(found)
    assert len(entities(found, Submission)) == 2
    assert len({each.run_id for each in entities(found, Submission)}) == 1


def test_of_rivals_the_intact_one_counts(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b")
    broken = write_bundle(tmp_path / "a", result(records=[]))
    (broken / "summary.md").write_text("edited")
    found = read(tmp_path)
    assert len(found.tables["responses"]) == 8


def test_runs_of_one_name_at_other_times_are_two(tmp_path: Path) -> None:
    for day in ("04", "05"):
        content = result(timestamp=f"2026-03-{day}T05:06:07Z")
        write_result(tmp_path / f"{day}.json", content)
    assert len(read(tmp_path).plans) == 2


def test_results_in_one_folder_are_runs_of_their_own_beside_a_bundle(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    write_result(tmp_path / "older.json", result(run_id="older"))
    found = read(tmp_path)
    assert sorted(plan.run.label or "" for plan in found.plans) == ["night-run", "older"]


def test_a_name_that_climbs_is_a_name_and_nothing_else(tmp_path: Path) -> None:
    found = read(write_bundle(tmp_path / "b", result(run_id="../../x")))
    assert found.plans[0].run.label == "../../x"


@pytest.mark.parametrize("junk", [{"junk": 1}, {"verificationMaterial": {}}])
def test_a_signature_file_is_looked_into(junk: dict[str, Any], tmp_path: Path) -> None:
    content = result()
    signature = {"kind": "sigstore-bundle", "path": "s.json", "required": True}
    folder = write_bundle(tmp_path / "b", content, signature=signature)
    write_result(folder / "s.json", junk)
    found = read(folder)
    assert {file.relative_path for file in found.plans[0].files} >= {"b/s.json"}
    assert ("invalid_signature" in kinds(found)) == ("junk" in junk)


def test_a_signature_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b", signature={"path": "gone.json"})
    assert "`gone.json`" in messages(read(folder), "missing_signature")[0]


def test_a_demanded_signature_that_is_not_named_is_told(tmp_path: Path) -> None:
    signature = {"kind": "sigstore-bundle", "path": None, "required": True}
    folder = write_bundle(tmp_path / "b", signature=signature)
    assert "missing_signature" in kinds(read(folder))


def test_harness_manifests_are_those_of_the_documents() -> None:
    assert set(harness_manifest(result(), {})) >= {"config_hash", "judge_mode", "model_ids"}


def test_a_copy_of_the_same_result_has_the_evidence_of_its_own_bundle(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a")
    broken = write_bundle(tmp_path / "b")
    (broken / "summary.md").write_text("edited")
    found = read(tmp_path)
    levels = {each.evidence_level for each in entities(found, Submission)}
    assert levels == {2, 0}


def test_a_rivals_scores_are_not_counted_again_and_say_so(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a")
    write_bundle(tmp_path / "b", result(records=[]), created_at="2020-01-01T00:00:00Z")
    found = read(tmp_path)
    assert sorted(each.evidence_level for each in entities(found, Submission)) == [1, 2]
    reasons = [each.reason for each in entities(found, SubmissionEvent) if each.number == 1]
    assert any("another result of the same run counts" in reason for reason in reasons)


def test_a_result_without_any_model_is_a_run_all_the_same(tmp_path: Path) -> None:
    content = {"run_id": "r", "timestamp": "t", "tasks": [], "records": []}
    write_result(tmp_path / "r.json", content)
    found = read(tmp_path)
    assert found.plans[0].run.label == "r"
    assert next(iter(found.facts.values())).cells == ()
