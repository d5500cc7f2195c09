"""What a run's files become, before a house stores it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evalhouse.formats import FORMATS
from evalhouse.formats.base import FoundFile, Reading, TableRows, Unit, UnitFacts
from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.codebook_lab.entities import settings_of
from evalhouse.formats.files import walk
from evalhouse.records import Problem, PromptText, Task
from evalhouse.redact import Redactor
from tests.formats.codebook_lab.folders import (
    CERTAIN,
    DIRECTION,
    FIELDS,
    OTHER_UUID,
    SUMMARY,
    TASK,
    UUID,
    OwnRun,
    write_journal,
    write_own,
    write_task,
)
from tests.formats.codebook_lab.samples import FOLDERS, LONG, needs_samples
from tests.formats.conftest import Read, read_folder

READING = Reading(Redactor(b"test"))


def taken(folder: Path) -> Read:
    return read_folder(folder, form="codebook_lab")


def response(found: Read, row: int, column: str) -> dict[str, Any]:
    (one,) = (
        each
        for each in found.tables["responses"]
        if (each["doc_id"], each["task"]) == (row, column)
    )
    return one


def kinds(found: Read) -> Counter[str]:
    return Counter(problem.kind for problem in found.problems)


def the(found: Read, kind: str) -> Problem:
    (problem,) = (problem for problem in found.problems if problem.kind == kind)
    return problem


# -- responses -----------------------------------------------------------------------------------


def test_an_answer_is_a_response_with_its_exchange(tmp_path: Path) -> None:
    found = taken(write_own(tmp_path))
    assert len(found.tables["responses"]) == 18
    one = response(found, 3, DIRECTION)
    assert {name: one[name] for name in ("run_id", "native_id", "attempt", "repeat")} == {
        "run_id": UUID,
        "native_id": "id-3",
        "attempt": 0,
        "repeat": 0,
    }
    assert (one["answer"], one["status"], one["failure_reason"]) == ("against", "ok", None)
    assert (one["seconds"], one["seconds_to_first_token"], one["finish_reason"]) == (
        0.5,
        0.25,
        "stop",
    )
    assert (one["tokens_in"], one["tokens_out"], one["tokens_reasoning"]) == (100, 10, 3)
    assert json.loads(one["model_output"]) == {
        "text": "answers to [3]",
        "reasoning": "Hm. ",
        "status": "ok",
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("repaired", ("ok", None)),
        ("invalid", ("invalid", "malformed_output")),
        ("truncated", ("invalid", "malformed_output")),
        ("refused", ("invalid", "refusal")),
        ("failed", ("failed", "timeout")),
        ("not_applicable", ("not_applicable", None)),
    ],
)
def test_every_status_has_its_place_in_the_lake(
    tmp_path: Path, status: str, expected: tuple[str, str | None]
) -> None:
    found = taken(write_own(tmp_path, OwnRun(statuses={(2, SUMMARY): status})))
    one = response(found, 2, SUMMARY)
    assert (one["status"], one["failure_reason"]) == expected
    assert (one["answer"] is None) == (status != "repaired")
    assert kinds(found) == {}


@pytest.mark.parametrize("unit", ["field", "text", "batch"])
def test_time_and_tokens_of_an_exchange_count_once(tmp_path: Path, unit: str) -> None:
    found = taken(write_own(tmp_path, OwnRun(unit=unit)))
    exchanges = {"field": 15, "text": 6, "batch": 2}[unit]
    seconds = [row["seconds"] for row in found.tables["responses"] if row["seconds"] is not None]
    assert seconds == [0.5] * exchanges
    assert sum(row["tokens_in"] or 0 for row in found.tables["responses"]) == 100 * exchanges
    answers = {(row["doc_id"], row["task"]): row["answer"] for row in found.tables["responses"]}
    assert answers[6, SUMMARY] == "The tram 6 is late"
    assert len(answers) == 18


def test_repeats_are_responses_of_their_own(tmp_path: Path) -> None:
    found = taken(write_own(tmp_path, OwnRun(repeats=3)))
    repeats = [
        (row["repeat"], row["attempt"])
        for row in found.tables["responses"]
        if (row["doc_id"], row["task"]) == (1, DIRECTION)
    ]
    assert repeats == [(0, 0), (1, 1), (2, 2)]
    assert len(found.tables["responses"]) == 3 * 15 + 3  # what does not arise is said once


def test_without_exchanges_the_table_tells_all_it_knows(tmp_path: Path) -> None:
    run = OwnRun(without=[layout.ANSWERS], statuses={(1, SUMMARY): "failed"})
    found = taken(write_own(tmp_path, run))
    one, other = response(found, 2, DIRECTION), response(found, 1, SUMMARY)
    assert (one["answer"], one["status"], one["native_id"]) == ("for", "ok", "2")
    assert json.loads(one["model_output"]) == {"reasoning": "Hm. "}
    assert (other["status"], other["failure_reason"]) == ("failed", "unknown")


def test_a_run_without_a_table_has_the_answers_of_its_exchanges(tmp_path: Path) -> None:
    found = taken(write_own(tmp_path, OwnRun(without=[layout.OUTPUT, layout.SCORES])))
    assert len(found.tables["responses"]) == 15
    one = response(found, 3, DIRECTION)
    assert (one["answer"], one["native_id"], one["item_sha256"]) == ("against", "id-3", None)


def test_exchanges_about_rows_beyond_the_table_are_taken_in_too(tmp_path: Path) -> None:
    folder = write_own(tmp_path, OwnRun(rows=4))
    (folder / layout.ANSWERS).unlink()
    write_journal(folder / layout.ANSWERS, OwnRun(rows=6))
    found = taken(folder)
    assert response(found, 6, SUMMARY)["answer"] == "The tram 6 is late"
    assert len(found.tables["responses"]) == 12 + 5


def test_an_answer_that_two_files_tell_otherwise_is_a_conflict(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    path = folder / layout.OUTPUT
    path.write_text(path.read_text().replace("The tram 2 is late", "The tram 2 is early"))
    found = taken(folder)
    assert response(found, 2, SUMMARY)["answer"] == "The tram 2 is late"
    problem = the(found, "answer_mismatch")
    assert problem.severity == "conflict"
    assert f"1 answers are not those of the exchanges (row 2 of `{SUMMARY}`)" in problem.message


def test_a_row_without_its_answers_is_a_document_once(tmp_path: Path) -> None:
    same = dict.fromkeys(range(1, 7), "the same letter")
    found = taken(write_own(tmp_path / "a"))
    assert len(found.tables["documents"]) == 6
    one = found.tables["documents"][0]
    assert one["item_key"] == f"{TASK}#id-1"
    assert set(json.loads(one["doc"])) == {"author", "letter"}
    assert {row["item_sha256"] for row in found.tables["responses"]} == {
        row["item_sha256"] for row in found.tables["documents"]
    }
    other = taken(write_own(tmp_path / "b", OwnRun(letters=same)))
    assert {row["item_sha256"] for row in other.tables["documents"]}.isdisjoint(
        row["item_sha256"] for row in found.tables["documents"]
    )


def test_rows_are_the_same_items_in_every_run(tmp_path: Path) -> None:
    items = [
        {row["item_sha256"] for row in taken(write_own(tmp_path / uuid, run)).tables["documents"]}
        for uuid, run in (
            ("a", OwnRun()),
            ("b", OwnRun(uuid=OTHER_UUID, unit="text", without=[layout.ANSWERS])),
        )
    ]
    assert items[0] == items[1]


# -- metrics -------------------------------------------------------------------------------------


def metrics(found: Read, **wanted: str) -> list[dict[str, Any]]:
    return [
        row
        for row in found.tables["metrics"]
        if all(row[name] == value for name, value in wanted.items())
    ]


def test_scores_are_metrics_of_their_field_with_all_that_is_known(tmp_path: Path) -> None:
    found = taken(write_own(tmp_path))
    (one,) = metrics(found, task=DIRECTION, metric="f1_macro")
    assert [one[name] for name in ("scope", "scope_type", "definition", "origin", "level")] == [
        *(DIRECTION, "dropdown", "evalhouse", "recomputed", "L1")
    ]
    assert [one[name] for name in ("value", "ci_low", "ci_high", "ci_method", "stderr", "n")] == [
        *(0.75, 0.5, 0.875, "percentile bootstrap, level 0.95", 0.125, 6)
    ]
    assert (one["unit"], one["higher_is_better"], one["is_primary"]) == ("proportion", True, True)
    classes = metrics(found, scope_type="class")
    assert [(row["scope"], row["metric"], row["value"]) for row in classes] == [
        (f"{DIRECTION}: for", "recall", 1.0),
        (f"{DIRECTION}: against", "recall", 0.5),
    ]
    (people,) = metrics(found, scope_type="coders")
    assert (people["scope"], people["task"], people["value"]) == ("model × ann", DIRECTION, 0.5)
    (absent,) = metrics(found, task=CERTAIN)
    assert (absent["value"], absent["value_note"]) == (None, "no unit has a gold answer")


def test_totals_are_metrics_of_the_run(tmp_path: Path) -> None:
    found = {row["metric"]: row for row in metrics(taken(write_own(tmp_path)), scope_type="run")}
    told = {name: (row["value"], row["unit"]) for name, row in found.items()}
    assert told["inference_count"] == (15.0, "requests")
    assert told["total_inference_time"] == (7.5, "s")
    assert told["tokens_input"] == (1500.0, "tokens")
    assert told["reasoning_chars"] == (30.0, "characters")
    assert told["energy_consumed"] == (4.0, "Wh")  # of two sessions
    assert told["emissions"] == (0.002, "kg")
    assert "tokens_reasoning" not in told
    assert found["energy_consumed"]["value_note"] == (
        "of the client's machine alone; the model ran elsewhere"
    )
    assert found["cpu_energy"]["value_note"] == (
        "estimated: load; measured: RAPL; of the client's machine alone; the model ran elsewhere"
    )
    assert {(row["task"], row["scope"]) for row in found.values()} == {(TASK, "")}


def test_without_scores_the_shared_tables_tell_them_as_reported(tmp_path: Path) -> None:
    folder = write_own(tmp_path, OwnRun(without=[layout.SCORES]))
    found = taken(folder)
    (one,) = metrics(found, task=DIRECTION, metric="f1_macro")
    assert (one["value"], one["origin"], one["definition"]) == (0.75, "reported", "evalhouse")
    assert (one["ci_low"], one["ci_method"], one["n"]) == (
        0.5,
        "percentile bootstrap, level 0.95",
        6,
    )
    assert (one["is_primary"], one["higher_is_better"], one["level"]) == (True, True, "L0")
    assert len(metrics(found, scope_type="class")) == 2
    (facts,) = found.facts.values()
    assert [(cell.primary_metric, cell.primary_value) for cell in facts.cells] == [
        ("f1_macro", 0.75),
        ("f1_macro", None),
        (None, None),
    ]


def test_an_unscored_run_has_cells_that_say_so(tmp_path: Path) -> None:
    run = OwnRun(without=[layout.SCORES], has_tables=False, statuses={(2, SUMMARY): "refused"})
    (facts,) = taken(write_own(tmp_path, run)).facts.values()
    assert {cell.value_note for cell in facts.cells} == {"the answers were not scored"}
    assert [(cell.n_items, cell.items_failed) for cell in facts.cells] == [(6, 0), (3, 0), (6, 1)]


# -- identity ------------------------------------------------------------------------------------


def test_fields_are_tasks_below_the_task(tmp_path: Path) -> None:
    (plan,) = taken(write_own(tmp_path)).plans
    tasks = [each for each in plan.entities if isinstance(each, Task)]
    assert [each.task_path for each in tasks] == [TASK, *(f"{TASK}/{name}" for name in FIELDS)]
    assert {each.kind for each in tasks} == {"codebook"}
    assert [each.sort_order for each in tasks[1:]] == [0, 1, 2]


def test_a_prompt_tells_its_question_where_the_codebook_is_there(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks" / TASK)
    with_task = taken(write_own(tmp_path / "a", OwnRun(task=task)))
    without = taken(write_own(tmp_path / "b"))
    known = {"column", "prompt_type", "use_examples", "prompt_sha256"}
    for found, keys in ((with_task, {*known, "question"}), (without, known)):
        entities = found.plans[0].entities
        texts = [json.loads(each.prompt_text) for each in entities if isinstance(each, PromptText)]
        (one,) = (text for text in texts if text.get("column") == DIRECTION)
        assert set(one) == keys
        assert one.get("question", {}).get("tooltip") in (None, "Which side does it take?")


def test_a_path_of_the_settings_may_begin_above_the_folder(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks" / TASK)
    run = OwnRun(task=tmp_path / "tasks" / TASK)
    relative = {
        f"{name}_path": f"tasks/{TASK}/{file}"
        for name, file in (("codebook", "codebook.json"), ("ground_truth", "ground-truth.csv"))
    }
    found = taken(write_own(tmp_path / "outputs", OwnRun(task=run.task, config=relative)))
    assert len(found.tables["labels"]) == 18 + 18 + 15


def test_a_copy_of_a_run_is_passed_over_and_said(tmp_path: Path) -> None:
    write_own(tmp_path / "a", OwnRun(has_tables=False))
    write_own(tmp_path / "b", OwnRun(has_tables=False))
    found = taken(tmp_path)
    assert len(found.plans) == 1
    assert the(found, "repeated_run").path == str(tmp_path / "b" / TASK / "aaaaaaaa")
    assert Counter(file.disposition for file in found.plans[0].files)["ignored"] == 12
    assert len(found.tables["responses"]) == 18


def test_a_run_whose_settings_are_lost_is_known_by_its_tables(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    (folder / layout.CONFIG).write_bytes(b'{"run_id": ')
    found = taken(tmp_path)
    assert found.plans[0].run.run_id == UUID
    assert found.plans[0].run.seed == 7
    assert the(found, "not_json").bytes == b'{"run_id": '
    assert len(found.tables["responses"]) == 18


@needs_samples
def test_an_interrupted_run_of_codebook_lab_is_incomplete(tmp_path: Path) -> None:
    for name in (layout.CONFIG, layout.OUTPUT, layout.EMISSIONS):
        (tmp_path / name).write_bytes((FOLDERS[0] / name).read_bytes())
    found = taken(tmp_path)
    assert found.plans[0].run.status == "incomplete"
    # Nothing says which columns are answers, and which the rows came with.
    assert found.tables["responses"] == found.tables["documents"] == []
    assert kinds(found) == {"unknown_fields": 1}


# -- damage --------------------------------------------------------------------------------------


def test_a_damaged_row_of_answers_costs_that_row_alone(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    path = folder / layout.OUTPUT
    data = path.read_bytes().replace(b"writer 2,", b"writer \xff,")
    path.write_bytes(data)
    found = taken(folder)
    assert {row["doc_id"] for row in found.tables["responses"]} == {1, 2, 3, 4, 5, 6}
    assert response(found, 2, DIRECTION)["item_sha256"] is None  # its exchanges are there
    assert b"writer \xff" in (the(found, "not_utf8").bytes or b"")
    assert the(found, "altered_file").severity == "conflict"


def test_a_damaged_journal_keeps_what_was_before_the_damage(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    path = folder / layout.ANSWERS
    lines = path.read_bytes().split(b"\n")
    lines[9] = lines[9].replace(b"Hm", b"hm")
    path.write_bytes(b"\n".join(lines))
    found = taken(folder)
    assert "is damaged in line 10" in the(found, "damaged_journal").message
    assert len(found.tables["responses"]) == 18
    assert response(found, 1, DIRECTION)["seconds"] == 0.5
    assert response(found, 6, DIRECTION)["finish_reason"] is None


def test_a_torn_end_of_a_journal_is_no_damage(tmp_path: Path) -> None:
    folder = write_own(tmp_path, OwnRun(without=[layout.MANIFEST]))
    path = folder / layout.ANSWERS
    path.write_bytes(path.read_bytes()[:-30])
    found = taken(folder)
    assert the(found, "torn_journal").severity == "notice"
    assert len(found.tables["responses"]) == 18


def test_scores_that_are_none_are_damage_and_no_scores(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    (folder / layout.SCORES).write_text('{"task": "t", "fields": 3}')
    found = taken(folder)
    problem = the(found, "unexpected_scores")
    assert (problem.severity, problem.line) == ("damage", 1)
    assert metrics(found, metric="f1_macro") == []
    assert len(found.tables["responses"]) == 18


def test_a_shared_table_with_a_damaged_row_keeps_the_others(tmp_path: Path) -> None:
    write_own(tmp_path, OwnRun(without=[layout.SCORES]))
    path = tmp_path / "metrics" / layout.long_table(TASK)
    data = path.read_bytes()
    path.write_bytes(data + b"aaaaaaaa,A\n,x,y,z,1\naaaaaaaa,\xff,y,z,1\n")
    found = taken(tmp_path)
    assert kinds(found) == {"ragged_row": 1, "unexpected_row": 1, "not_utf8": 1}
    assert the(found, "ragged_row").bytes == b"aaaaaaaa,A"
    assert len(metrics(found, task=DIRECTION, definition="evalhouse")) == 5


@needs_samples
def test_a_table_that_says_a_value_twice_counts_the_last(tmp_path: Path) -> None:
    run = FOLDERS[0].name
    first = next(line for line in LONG.read_text().splitlines() if line.startswith(run))
    again = first.rpartition(",")[0] + ",0.125"
    (tmp_path / "log.csv").write_text(f"{LONG.read_text()}{again}\n")
    found = taken(tmp_path)
    assert the(found, "repeated_value").severity == "notice"
    assert len(found.tables["metrics"]) == 276
    assert 0.125 in {row["value"] for row in found.tables["metrics"]}


def test_traces_that_stand_too_late_are_said(tmp_path: Path) -> None:
    folder = write_own(tmp_path, OwnRun(without=[layout.ANSWERS, layout.MANIFEST]))
    path = folder / layout.TRACES
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[3:], *lines[:3], ""]))
    found = taken(folder)
    assert the(found, "late_trace").message.startswith("3 traces")
    assert response(found, 1, DIRECTION)["seconds"] is None
    assert response(found, 6, DIRECTION)["seconds"] == 0.5


def test_a_task_that_cannot_be_opened_is_a_notice(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks" / TASK)
    (task / "coders" / "eve.csv").write_bytes(b"\xff\xfe")
    found = taken(write_own(tmp_path / "outputs", OwnRun(task=task)))
    assert the(found, "unread_task").severity == "notice"
    assert found.tables["labels"] == []
    assert len(found.tables["responses"]) == 18


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        (layout.TIMING, b"[1]", "not_an_object"),
        (layout.CHARACTERS, b'{"a": "\xff"}', "not_utf8"),
        (layout.CONFIG, b"{} {}", "not_json"),
    ],
)
def test_a_damaged_small_file_is_a_problem_with_its_bytes(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    folder = write_own(tmp_path, OwnRun(without=[layout.MANIFEST]))
    (folder / name).write_bytes(content)
    problem = the(taken(tmp_path), kind)
    assert (problem.bytes, problem.line, problem.severity) == (content, 1, "damage")


def test_a_second_file_of_a_kind_is_kept(tmp_path: Path) -> None:
    folder = write_own(tmp_path)
    (folder / "old-timing.json").write_bytes((folder / layout.TIMING).read_bytes())
    found = taken(folder)
    (spare,) = (file for file in found.plans[0].files if file.reason and "another" in file.reason)
    assert Path(spare.path).name == layout.TIMING  # `old-timing.json` comes first
    assert spare in found.plans[0].keep


def test_a_run_without_environment_has_none(tmp_path: Path) -> None:
    run = OwnRun(without=[layout.ENVIRONMENT, layout.EMISSIONS])
    assert taken(write_own(tmp_path, run)).plans[0].run.environment_id is None


def units_of(folder: Path) -> list[Unit]:
    claims = FORMATS["codebook_lab"].recognise(
        [item for item in walk([folder]) if isinstance(item, FoundFile)]
    )
    return FORMATS["codebook_lab"].plan(claims, READING)[0].units


def read_all(units: list[Unit]) -> list[Any]:
    return [item for unit in units for item in FORMATS["codebook_lab"].read(unit, READING)]


def test_a_task_that_changes_between_looking_and_reading_gives_no_labels(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks" / TASK)
    units = units_of(write_own(tmp_path / "outputs", OwnRun(task=task)))
    assert len(units) == 2
    path = task / "ground-truth.csv"
    path.write_text(path.read_text().replace("writer 6", "writer six"))
    items = read_all(units)
    problems = [item for item in items if isinstance(item, Problem)]
    assert ["is not the one that the run was about" in problem.message for problem in problems] == [
        True
    ]
    assert not [item for item in items if isinstance(item, TableRows) and item.table == "labels"]


def test_a_file_that_grows_while_it_is_read_is_said(tmp_path: Path) -> None:
    folder = write_own(tmp_path, OwnRun(without=[layout.MANIFEST]))

    whole = (folder / layout.OUTPUT).stat().st_size

    def grow(size: int) -> None:
        if size == whole:  # the answers were just read
            with (folder / layout.OUTPUT).open("a") as file:
                file.write("\n")

    reading = Reading(Redactor(b"test"), progress=grow)
    (unit,) = units_of(folder)
    items = list(FORMATS["codebook_lab"].read(unit, reading))
    assert {item.kind for item in items if isinstance(item, Problem)} == {"live_file"}
    facts = items[-1]
    assert isinstance(facts, UnitFacts)
    assert [Path(file.path).name for file in facts.files if file.live] == [layout.OUTPUT]


def test_settings_of_a_table_are_spelled_as_in_a_configuration() -> None:
    told = {"seed": "7", "temperature": "nan", "reasoning": "high", "stop": "[1", "run_id": "0123"}
    assert settings_of(told) == {
        "seed": 7,
        "temperature": "nan",
        "reasoning": "high",
        "stop": "[1",
        "run_id": "0123",
    }


def test_many_documents_are_forgotten_and_stored_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhouse.formats.codebook_lab.responses._REMEMBERED", 2)
    letters = dict.fromkeys(range(1, 7), "the same letter")
    found = taken(write_own(tmp_path, OwnRun(letters=letters)))
    assert len(found.tables["documents"]) == 6
