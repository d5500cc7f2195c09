"""One number of a sound dump is changed at a time; the checks say which, and nothing else."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalhouse.formats.olmes.checks import TOLERANCE
from examples.olmes_dumps import RunPlan, Suite, write_run
from examples.olmes_dumps.catalogue import GSM8K, rc_task
from tests.formats.conftest import read_folder

ARC, BOOLQ, CORE = "arc_easy:rc::olmes:full", "boolq:rc::olmes:full", "core:rc"
MATH = "gsm8k::olmes"
PLAN = RunPlan(
    model="o/m",
    tasks=(rc_task("arc_easy"), rc_task("boolq"), GSM8K),
    suites=(Suite(name=CORE, rule="macro", members=(ARC, BOOLQ)),),
    docs=6,
    recorded=0,
    files=frozenset({"predictions", "requests", "metrics-all"}),
)
STEMS = {ARC: "task-000-arc_easy", BOOLQ: "task-001-boolq", MATH: "task-002-gsm8k"}
Row = dict[str, Any]
Edit = Callable[[list[Row]], None]
States = dict[str, str]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    write_run(folder, PLAN)
    return folder


@pytest.fixture
def dump(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "dump")
    return tmp_path / "dump"


def states(folder: Path) -> tuple[States, set[str]]:
    """Return how each check ended, by task and name, and the kinds of problems by task."""
    read = read_folder(folder)
    checks = {
        f"{row['task']} {row['scope']} {row['metric']}": row["status"]
        for row in read.tables["checks"]
    }
    return checks, {f"{problem.task} {problem.kind}" for problem in read.problems}


def edit(dump: Path, name: str, change: Edit) -> None:
    """Change the rows of a file."""
    path = dump / PLAN.folder / name
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def turned(dump: Path, sound: Path) -> tuple[States, set[str]]:
    """Return the checks that end otherwise than in the sound dump, and the problems."""
    before, none = states(sound)
    assert none == set()
    after, problems = states(dump)
    return {name: end for name, end in after.items() if before.get(name) != end}, problems


def mismatches(task: str, *names: str) -> States:
    return {f"{task} {name}": "mismatch" for name in names}


def record_of(rows: list[Row], alias: str) -> Row:
    return next(row for row in rows if row["task_config"]["metadata"]["alias"] == alias)


def next_digit(text: str, place: int = -1) -> str:
    """Change one digit of a text that ends in one, or holds one at a place."""
    place %= len(text)
    digit = str((int(text[place], 16) + 1) % 10)
    return text[:place] + digit + text[place + 1 :]


def near(value: float) -> float:
    """Change a number by little more than the tolerance."""
    return value * (1 + 20 * TOLERANCE) if value else 1e-9


def test_everything_in_a_sound_dump_is_checked_and_matches(sound: Path) -> None:
    checks, problems = states(sound)
    assert set(checks.values()) == {"match"}
    assert problems == set()
    scopes = {name.split()[1] for name in checks}
    assert scopes == {"hash", "files", "task", "suite", "choices", "items"}


# -- the record ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exact_match", "exact_match_flex", "primary_score"])
def test_another_metric_of_a_task_is_seen(name: str, dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        metrics = record_of(rows, MATH)["metrics"]
        metrics[name] = near(metrics[name])

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == (mismatches(MATH, f"task {name}"), set())


@pytest.mark.parametrize("name", ["num_tokens", "max_tokens_reached", "answer_format_correct"])
def test_another_secondary_metric_is_seen(name: str, dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        metrics = record_of(rows, MATH)["metrics"]["extra_metrics"]
        metrics[name] = near(metrics[name])

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == (mismatches(MATH, f"task {name}"), set())


def test_a_metric_of_a_member_is_seen_in_its_suite_too(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        metrics = record_of(rows, ARC)["metrics"]
        metrics["acc_raw"] = near(metrics["acc_raw"])

    edit(dump, "metrics-all.jsonl", change)
    suite = mismatches(CORE, "suite acc_raw_micro", "suite acc_raw_macro")
    assert turned(dump, sound) == (mismatches(ARC, "task acc_raw") | suite, set())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -999.0])
def test_a_stated_value_that_is_undefined_does_not_match_one_that_is(
    value: float, dump: Path, sound: Path
) -> None:
    def change(rows: list[Row]) -> None:
        record_of(rows, MATH)["metrics"]["exact_match"] = value

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == (mismatches(MATH, "task exact_match"), set())


def test_a_metric_that_rows_do_not_hold_cannot_be_recomputed(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        record_of(rows, MATH)["metrics"]["pass_at_1"] = 0.5

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == ({f"{MATH} task pass_at_1": "not recomputable"}, set())


@pytest.mark.parametrize("change_by", [1, -1])
def test_another_number_of_documents_is_seen(change_by: int, dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        record_of(rows, MATH)["num_instances"] += change_by

    edit(dump, "metrics-all.jsonl", change)
    expected = mismatches(MATH, "files num_instances")
    assert turned(dump, sound) == (expected, {f"{MATH} row_count"})


@pytest.mark.parametrize("subject", ["task", "model"])
def test_a_setting_that_was_changed_is_seen_by_the_hash(
    subject: str, dump: Path, sound: Path
) -> None:
    def change(rows: list[Row]) -> None:
        settings = record_of(rows, MATH)[f"{subject}_config"]
        name = "num_shots" if subject == "task" else "max_length"
        settings[name] += 1

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == (mismatches(MATH, f"hash {subject}_hash"), set())


@pytest.mark.parametrize("place", range(0, 32, 5))
def test_a_hash_that_was_changed_is_seen(place: int, dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        record = record_of(rows, MATH)
        record["task_hash"] = next_digit(record["task_hash"], place)

    edit(dump, "metrics-all.jsonl", change)
    found, problems = turned(dump, sound)
    assert found[f"{MATH} hash task_hash"] == "mismatch"
    assert f"{MATH} files rows.task_hash" not in found  # no rows are given to this record
    assert any(problem.endswith(" no_record") for problem in problems)


# -- suites --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["primary_score", "acc_raw_micro", "sum_logits_corr_macro"])
def test_another_metric_of_a_suite_is_seen(name: str, dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        metrics = record_of(rows, CORE)["metrics"]
        metrics[name] = near(metrics[name])

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == (mismatches(CORE, f"suite {name}"), set())


def test_another_number_of_documents_of_a_suite_is_seen(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        record_of(rows, CORE)["num_instances"] += 1

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == (mismatches(CORE, "suite num_instances"), set())


def test_nothing_of_a_suite_is_compared_with_members_that_are_not_its_own(
    dump: Path, sound: Path
) -> None:
    def change(rows: list[Row]) -> None:
        record = record_of(rows, CORE)
        record["task_hash"] = next_digit(record["task_hash"], 0)

    edit(dump, "metrics-all.jsonl", change)
    found, problems = turned(dump, sound)
    assert set(found.values()) == {"not recomputable"}
    assert {name.split()[0] for name in found} == {CORE}
    assert f"{CORE} hash task_hash" in found
    assert problems == set()


# -- predictions ---------------------------------------------------------------------------------


def change_output(name: str, to: Callable[[Any], Any], *, right: bool = False) -> Edit:
    """Change a value of one choice, of the right one or of another."""

    def change(rows: list[Row]) -> None:
        row = rows[3]
        place = row["metrics"]["correct_choice"]
        choice = row["model_output"][place if right else (place + 1) % len(row["model_output"])]
        choice[name] = to(choice[name])

    return change


def last_digit(value: float) -> float:
    return math.nextafter(value, 0.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logits_per_token", ["choices model_output"]),
        ("logits_per_char", ["choices model_output"]),
        ("sum_logits_uncond", []),
        ("num_tokens_all", []),
    ],
)
def test_the_last_digit_of_a_derived_value_is_seen(
    name: str, expected: list[str], dump: Path, sound: Path
) -> None:
    to = (lambda value: value + 1) if name.startswith("num_") else last_digit
    edit(dump, f"{STEMS[ARC]}-predictions.jsonl", change_output(name, to))
    assert turned(dump, sound) == (mismatches(ARC, *expected), set())


def test_a_log_likelihood_must_give_what_is_derived_from_it(dump: Path, sound: Path) -> None:
    change = change_output("sum_logits", lambda value: round(value, 9))
    edit(dump, f"{STEMS[ARC]}-predictions.jsonl", change)
    expected = mismatches(ARC, "choices model_output", "choices bits_per_byte")
    assert turned(dump, sound) == (expected, set())


def test_bits_per_byte_must_follow_from_a_number_of_bytes(dump: Path, sound: Path) -> None:
    change = change_output("bits_per_byte", lambda value: value * (1 + 1e-9))
    edit(dump, f"{STEMS[ARC]}-predictions.jsonl", change)
    assert turned(dump, sound) == (mismatches(ARC, "choices bits_per_byte"), set())


def test_the_right_choice_must_be_the_one_that_metrics_tell(dump: Path, sound: Path) -> None:
    change = change_output("sum_logits", lambda value: round(value, 9), right=True)
    edit(dump, f"{STEMS[ARC]}-predictions.jsonl", change)
    expected = mismatches(ARC, "choices model_output", "choices bits_per_byte", "items metrics")
    assert turned(dump, sound) == (expected, set())


@pytest.mark.parametrize("name", ["acc_raw", "no_answer", "sum_logits_corr"])
def test_a_metric_of_an_item_is_seen_in_the_item_and_in_the_mean(
    name: str, dump: Path, sound: Path
) -> None:
    def change(rows: list[Row]) -> None:
        rows[2]["metrics"][name] += 1

    edit(dump, f"{STEMS[ARC]}-predictions.jsonl", change)
    assert turned(dump, sound) == (mismatches(ARC, "items metrics", f"task {name}"), set())


def test_a_generated_item_that_was_scored_otherwise_is_seen(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        rows[1]["metrics"]["exact_match_flex"] = 1 - rows[1]["metrics"]["exact_match_flex"]

    edit(dump, f"{STEMS[MATH]}-predictions.jsonl", change)
    found, problems = turned(dump, sound)
    assert set(found) <= {f"{MATH} task exact_match_flex", f"{MATH} task primary_score"}
    assert f"{MATH} task exact_match_flex" in found
    assert problems == set()


@pytest.mark.parametrize("name", ["task_hash", "model_hash"])
def test_a_row_of_another_task_or_model_is_seen(name: str, dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        rows[4][name] = next_digit(rows[4][name], 7)

    edit(dump, f"{STEMS[MATH]}-predictions.jsonl", change)
    found, problems = turned(dump, sound)
    assert found == mismatches(MATH, f"files rows.{name}")
    assert problems == ({f"{MATH} hash_mismatch"} if name == "task_hash" else set())


def test_a_prediction_that_is_gone_is_seen(dump: Path, sound: Path) -> None:
    edit(dump, f"{STEMS[MATH]}-predictions.jsonl", lambda rows: rows.__delitem__(5))
    found, problems = turned(dump, sound)
    assert f"{MATH} row_count" in problems
    assert found[f"{MATH} files num_instances"] == "mismatch"
    assert found[f"{MATH} files requests"] == "mismatch"


def test_choices_in_another_order_are_seen(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        for row in rows:
            row["model_output"].reverse()

    edit(dump, f"{STEMS[ARC]}-predictions.jsonl", change)
    found, problems = turned(dump, sound)
    assert found == mismatches(ARC, "items metrics")
    assert problems == {f"{ARC} choice_order"}


# -- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "name"), [(0, "requests"), (-1, "unconditioned")])
def test_a_request_that_is_gone_is_seen(place: int, name: str, dump: Path, sound: Path) -> None:
    edit(dump, f"{STEMS[ARC]}-requests.jsonl", lambda rows: rows.__delitem__(place))
    assert turned(dump, sound) == (mismatches(ARC, f"files {name}"), set())


def test_a_request_that_was_added_is_seen(dump: Path, sound: Path) -> None:
    edit(dump, f"{STEMS[MATH]}-requests.jsonl", lambda rows: rows.append(rows[-1]))
    assert turned(dump, sound) == (mismatches(MATH, "files requests"), set())


# -- what is not at hand -------------------------------------------------------------------------


def test_without_rows_nothing_is_said_to_match(dump: Path, sound: Path) -> None:
    for path in (dump / PLAN.folder).glob(f"{STEMS[MATH]}-*"):
        path.unlink()
    checks, _ = states(dump)
    ends = {end for name, end in checks.items() if name.startswith(f"{MATH} task ")}
    assert ends == {"not recomputable"}
    assert not any(name.startswith(f"{MATH} files") for name in checks)


def test_without_records_rows_are_told_to_have_none(dump: Path) -> None:
    (dump / PLAN.folder / "metrics-all.jsonl").unlink()
    checks, problems = states(dump)
    assert sum(problem.endswith(" no_record") for problem in problems) == 3
    assert {problem.split()[1] for problem in problems} == {"no_record", "undeclared_twins"}
    assert not any(" task " in name or " hash " in name for name in checks)


# -- what cannot be compared ---------------------------------------------------------------------


def test_text_among_the_metrics_is_not_compared(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        for alias in (MATH, CORE):
            record_of(rows, alias)["metrics"]["note"] = "a text"

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == ({}, set())


def test_a_total_is_compared_with_a_sum(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        for number, row in enumerate(rows):
            row["metrics"]["total_price"] = number

    def state(rows: list[Row]) -> None:
        record_of(rows, MATH)["metrics"]["total_price"] = sum(range(6))

    edit(dump, f"{STEMS[MATH]}-predictions.jsonl", change)
    edit(dump, "metrics-all.jsonl", state)
    assert turned(dump, sound) == ({f"{MATH} task total_price": "match"}, set())


def test_items_that_lack_a_number_are_told(dump: Path) -> None:
    def change(rows: list[Row]) -> None:
        del rows[5]["metrics"]["exact_match"]

    edit(dump, f"{STEMS[MATH]}-predictions.jsonl", change)
    checks = read_folder(dump).tables["checks"]
    (reason,) = [
        row["reason"] for row in checks if (row["task"], row["metric"]) == (MATH, "exact_match")
    ]
    assert reason == "1 items have no number"


def test_a_suite_of_an_unknown_rule_is_not_recomputed(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        record_of(rows, CORE)["task_config"]["primary_metric"] = "median"

    edit(dump, "metrics-all.jsonl", change)
    found, _ = turned(dump, sound)
    assert set(found.values()) == {"not recomputable"}
    reasons = {row["reason"] for row in read_folder(dump).tables["checks"] if row["task"] == CORE}
    assert reasons == {None, "the averaging rule is not known"}


def test_a_metric_that_members_do_not_share_is_no_mean_of_theirs(dump: Path, sound: Path) -> None:
    def change(rows: list[Row]) -> None:
        record_of(rows, CORE)["metrics"]["f1_macro"] = 0.5

    edit(dump, "metrics-all.jsonl", change)
    assert turned(dump, sound) == ({f"{CORE} suite f1_macro": "not recomputable"}, set())
