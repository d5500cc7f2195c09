"""Bundles in a house: stored whole, once, and anew where they change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evalhouse import config
from evalhouse.store import Store
from evalhouse.workflows.ingest import IngestOptions, ingest
from evalhouse.workflows.keys import register_key
from evalhouse.workflows.ledger import Ledger
from tests.formats.bakeoff.made import (
    FIXTURES,
    SHAPES,
    SMALL,
    public_text,
    record,
    result,
    sealed,
    sha256,
    write_bundle,
    write_result,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(config.load(tmp_path / "house"), create=True) as opened:
        yield opened


def take_in(store: Store, *places: Path, **options: Any) -> Ledger:
    return ingest(store, places, IngestOptions(processes=1, **options))


def rows(store: Store, query: str) -> list[dict[str, Any]]:
    with store.reader() as reader:
        found: list[dict[str, Any]] = reader.sql(query).to_pylist()
        return found


def one(store: Store, query: str) -> dict[str, Any]:
    (row,) = rows(store, query)
    return row


def test_all_shapes_are_taken_in_and_every_byte_is_accounted_for(store: Store) -> None:
    ledger = take_in(store, FIXTURES)
    assert len(ledger.runs) == len(SHAPES)
    there = {str(path): path for path in FIXTURES.rglob("*") if path.is_file()}
    files = {row["path"]: row for row in rows(store, "select * from files")}
    assert set(files) == set(there)
    for path, row in files.items():
        assert row["disposition"] in ("parsed", "kept")
        assert (row["bytes"], row["sha256"]) == (there[path].stat().st_size, sha256(there[path]))
        assert store.blobs.read(row["blob"]) == there[path].read_bytes()


def test_a_whole_bundle_fills_the_catalog(store: Store, tmp_path: Path) -> None:
    write_bundle(tmp_path / "submissions" / "the-grove" / "run")
    take_in(store, tmp_path / "submissions")
    assert rows(store, "select * from problems") == []
    run = one(
        store, "select label, status, seed, name from runs join publishers using (publisher_id)"
    )
    assert run == {"label": "night-run", "status": "incomplete", "seed": 7, "name": "the-grove"}
    counts = {
        table: one(store, f"select count(*) as n from {table}")["n"]
        for table in ("run_model_metrics", "run_hardware_metrics", "responses", "documents")
    }
    # Six cells of the main tier, two of the floor, a suite of each for each model; seven answers
    # that did not fail, and the run.
    assert counts == {
        "run_model_metrics": 12,
        "run_hardware_metrics": 8,
        "responses": 8,
        "documents": 4,
    }
    best = one(
        store,
        "select model, score, unit from task_scores where task = 'bakeoff' order by score desc "
        "limit 1",
    )
    assert best == {"model": SMALL, "score": pytest.approx(2 / 3), "unit": "proportion"}
    gpu = one(
        store,
        "select gpu.name from run_hardware_metrics as took "
        "join system_gpu_links as link on link.system_hardware_id = took.system_hardware_id "
        "join gpu_hardware as gpu on gpu.gpu_hardware_id = link.gpu_hardware_id "
        "where took.prompt_id is null",
    )
    assert gpu == {"name": "NVIDIA GeForce RTX 4090"}
    assert one(store, "select count(*) as n from items") == {"n": 8}


def test_taking_in_the_same_bundle_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b")
    take_in(store, folder)
    tables = ("submissions", "submission_events", "run_model_metrics", "responses", "runs")
    before = {table: rows(store, f"select * from {table}") for table in tables}
    again = take_in(store, folder)
    assert again.unchanged_files == 4
    take_in(store, folder, rehash=True)
    after = {table: rows(store, f"select * from {table}") for table in tables}
    assert {name: len(found) for name, found in after.items()} == {
        name: len(found) for name, found in before.items()
    }
    assert after["submissions"] == before["submissions"]
    assert after["submission_events"] == before["submission_events"]


def test_the_same_bundle_elsewhere_is_the_same_run_and_submission(
    store: Store, tmp_path: Path
) -> None:
    take_in(store, write_bundle(tmp_path / "a"))
    take_in(store, write_bundle(tmp_path / "b"))
    assert one(store, "select count(*) as n from runs") == {"n": 1}
    assert one(store, "select count(*) as n from submissions") == {"n": 1}
    assert one(store, "select count(*) as n from responses") == {"n": 8}


def test_a_changed_result_is_a_new_revision_and_a_new_submission(
    store: Store, tmp_path: Path
) -> None:
    folder = write_bundle(tmp_path / "b")
    take_in(store, folder)
    content = result(records=[record("t0000", "plain", SMALL)], model_scores=[])
    write_bundle(folder, content)
    ledger = take_in(store, folder)
    assert ledger.replaced
    assert one(store, "select count(*) as n from runs") == {"n": 1}
    assert one(store, "select count(*) as n from responses") == {"n": 1}
    assert one(store, "select count(*) as n from submissions") == {"n": 2}
    per_cell = "select count(*) as n from run_hardware_metrics where prompt_id is not null"
    assert one(store, per_cell) == {"n": 1}


def test_a_tampered_bundle_is_stored_as_a_claim_with_the_reason(
    store: Store, tmp_path: Path
) -> None:
    folder = write_bundle(tmp_path / "b")
    (folder / "summary.md").write_text("# better\n")
    take_in(store, folder)
    found = one(store, "select kind, severity, path from problems")
    assert found == {"kind": "hash_mismatch", "severity": "conflict", "path": "b/summary.md"}
    assert one(store, "select evidence_level from submissions") == {"evidence_level": 0}
    check = one(store, "select * from checks where status = 'mismatch'")
    assert (check["scope"], check["metric"]) == ("files", "summary.md")
    assert check["recomputed"] == sha256(folder / "summary.md")


def test_a_signed_bundle_is_known_by_a_registered_key(store: Store, tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    (tmp_path / "key.pub").write_text(public_text(private))
    key = register_key(store, tmp_path / "key.pub", "the-grove")
    take_in(store, write_bundle(tmp_path / "b", sealed(result(), private)))
    found = one(store, "select key_id, evidence_level from submissions")
    assert found == {"key_id": key.key_id, "evidence_level": 2}
    check = one(store, "select status, reason from checks where scope = 'signature'")
    assert check["status"] == "match"
    assert one(store, "select name from runs join publishers using (publisher_id)") == {
        "name": "the-grove"
    }


def test_no_secret_of_a_result_reaches_the_house(store: Store, tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "A1b2" * 20
    content = result(
        records=[
            record("t0000", "plain", SMALL, text=f"it is {secret}"),
            {
                "task_id": "t0001",
                "prompt_id": "plain",
                "model_id": SMALL,
                "error": f"401 for {secret}",
            },
        ],
        tasks=[{"id": "t0000", "user_prompt": f"say {secret}", "domain": "qa"}],
        model_scores=[],
        run_id=f"run {secret}",
        hardware={"gpu_model": f"card {secret}", "cpu_model": secret},
    )
    content["config"]["api_key"] = secret
    content["judgements"][1]["error"] = secret
    write_result(tmp_path / "in" / "r.json", content)
    take_in(store, tmp_path / "in")
    held = [path for path in (tmp_path / "house").rglob("*") if path.is_file()]
    assert held
    for path in held:
        assert secret.encode() not in path.read_bytes()
    told = json.dumps(
        [rows(store, f"select * from {table}") for table in ("responses", "documents", "problems")],
        default=str,
    )
    assert secret not in told


def test_a_house_keeps_numbers_that_no_database_holds_out(store: Store, tmp_path: Path) -> None:
    odd = record("t0000", "plain", SMALL, energy_wh=float("inf"), prompt_tokens=2**80)
    content = result(records=[odd], model_scores=[{"model_id": SMALL, "cells_total": 2**80}])
    write_result(tmp_path / "in" / "r.json", content)
    take_in(store, tmp_path / "in")
    found = one(
        store,
        "select energy_wh, prompt_tokens from run_hardware_metrics where prompt_id is not null",
    )
    assert found == {"energy_wh": None, "prompt_tokens": None}
