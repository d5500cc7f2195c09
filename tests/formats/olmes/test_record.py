from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from evalhouse.formats.olmes.hashes import settings_hash
from evalhouse.formats.olmes.record import Record

CONFIG = {"task_name": "piqa", "primary_metric": "acc_raw", "metadata": {"alias": "piqa:mc"}}
FULL: dict[str, Any] = {
    "task_name": "piqa",
    "task_hash": settings_hash(CONFIG, "task"),
    "model_hash": settings_hash({"model": "m"}, "model"),
    "model_config": {"model": "m"},
    "task_config": CONFIG,
    "compute_config": {},
    "processing_time": 1.5,
    "current_date": "2025-11-03 10:20:30 UTC",
    "num_instances": 3,
    "beaker_info": {},
    "metrics": {"acc_raw": 0.5, "primary_score": 0.5},
    "task_idx": 7,
}


def record(**changes: Any) -> Record:
    return Record(json.dumps({**FULL, **changes}))


def test_a_record_says_what_its_keys_say() -> None:
    found = record()
    assert (found.task_name, found.alias, found.task_idx) == ("piqa", "piqa:mc", 7)
    assert (found.num_instances, found.primary_metric) == (3, "acc_raw")
    assert (found.primary_score, found.processing_time) == (0.5, 1.5)
    assert found.started_at == datetime(2025, 11, 3, 10, 20, 30, tzinfo=UTC)
    assert (found.is_aggregate, found.is_rebuilt) == (False, True)
    assert found.slice("metrics") == '{"acc_raw": 0.5, "primary_score": 0.5}'


@pytest.mark.parametrize("name", sorted(FULL))
@pytest.mark.parametrize("value", [None, 1, "text", [], {}, True, 1.5])
def test_no_key_of_another_type_or_missing_breaks_a_record(name: str, value: Any) -> None:
    without = {key: item for key, item in FULL.items() if key != name}
    for found in (record(**{name: value}), Record(json.dumps(without))):
        properties = [key for key, item in vars(Record).items() if isinstance(item, property)]
        assert len([getattr(found, key) for key in properties]) > 10
        assert (
            found.recomputed_hash("task") is None or len(found.recomputed_hash("task") or ()) == 2
        )
        assert found.is_rebuilt


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"task_config": {"metadata": {"num_tasks": 2}}}, True),
        ({"task_config": {"metadata": {"num_tasks": None}}, "task_idx": 1}, True),
        ({"task_config": {"primary_metric": "macro"}, "task_idx": None}, True),
        ({"task_config": {"primary_metric": "mc_or_rc"}, "task_idx": None}, True),
        ({"task_config": {"primary_metric": "macro"}, "task_idx": 1}, False),
        ({"task_idx": None}, False),
    ],
)
def test_an_aggregate_is_known_by_its_members_or_its_rule(
    changes: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    assert record(**changes).is_aggregate == expected


def test_the_registry_name_stands_for_a_missing_alias() -> None:
    assert record(task_config={"metadata": {"alias": ""}}).alias == "piqa"
    assert record(task_config=None).alias == "piqa"


def test_hashes_are_recomputed_with_the_rule_that_gives_them() -> None:
    config = {**CONFIG, "dataset_path": "d"}
    legacy = settings_hash(config, "task", legacy=True)
    now = settings_hash(config, "task")
    assert record(task_config=config, task_hash=now).recomputed_hash("task") == (now, "")
    old = record(task_config=config, task_hash=legacy).recomputed_hash("task")
    assert old == (legacy, "rule until August 2024")
    assert record(task_config=config, task_hash="0").recomputed_hash("task") == (now, "")
    assert record().recomputed_hash("model") == (FULL["model_hash"], "")


def test_settings_do_not_give_the_hash_of_an_aggregate_or_of_nothing() -> None:
    suite = record(task_config={"metadata": {"num_tasks": 2}})
    assert suite.recomputed_hash("task") is None
    assert suite.recomputed_hash("model") is not None
    assert record(model_config={}).recomputed_hash("model") is None


def test_a_declared_offset_of_twins_is_a_whole_number() -> None:
    for offset, expected in ((1_000_000, 1_000_000), (None, None), (True, None), ("1", None)):
        kwargs = {"metric_kwargs": {"uncond_docid_offset": offset}}
        assert record(task_config=kwargs).uncond_offset == expected


def test_values_keep_their_spelling_and_a_number_that_json_lacks() -> None:
    text = '{"task_name": "t", "metrics": {"a": NaN, "b": 1.50}, "num_instances": 2}'
    found = Record(text)
    assert found.is_rebuilt
    assert found.slice("metrics") == '{"a": NaN, "b": 1.50}'
    assert found.slice("task_idx") is None
    assert not Record(text.replace(": ", ":")).is_rebuilt


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1,}', '{"a": 1} {"b": 2}', '{"a": }', "null"])
def test_what_is_no_object_is_no_record(text: str) -> None:
    with pytest.raises(ValueError, match=r"object|Expecting|property name"):
        Record(text)


@pytest.mark.parametrize("date", ["2025-11-03", "", None, 5, "2025-13-03 00:00:00 UTC"])
def test_a_date_of_another_form_is_unknown(date: Any) -> None:
    assert record(current_date=date).started_at is None
