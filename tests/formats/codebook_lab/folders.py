"""Folders of runs as evalhouse and codebook-lab write them, of any size."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from evalhouse.assessment.results import Assessment, FieldResult, Human, ScoreLine
from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.codebook_lab.rows import class_rows, long_rows, runs_row
from evalhouse.formats.codebook_lab.scores import decode_scores
from evalhouse.formats.codebook_lab.tidy import update_classes, update_long, update_runs
from evalhouse.journal import Entry, Journal
from evalhouse.redact import Redactor

TASK = "tram-letters"
UUID = "aaaaaaaa-1111-4111-8111-000000000001"
OTHER_UUID = "bbbbbbbb-1111-4111-8111-000000000002"
DIRECTION, CERTAIN, SUMMARY = "Stance_Direction", "Stance_Certain", "Note_Summary"
FIELDS = {DIRECTION: "dropdown", CERTAIN: "checkbox", SUMMARY: "textbox"}
CODEBOOK = {
    "text_column": "letter",
    "section_1": {
        "section_name": "Stance",
        "section_instruction": "Judge the letter.",
        "annotations": {
            "annotation_1": {
                "name": "Direction",
                "type": "dropdown",
                "options": ["for", "against"],
                "tooltip": "Which side does it take?",
            },
            "annotation_2": {
                "name": "Certain",
                "type": "checkbox",
                "tooltip": "Is it sure?",
                "condition": {
                    "section_key": "section_1",
                    "annotation_key": "annotation_1",
                    "value": "against",
                },
            },
        },
    },
    "section_2": {
        "section_name": "Note",
        "section_instruction": "",
        "annotations": {
            "annotation_1": {"name": "Summary", "type": "textbox", "tooltip": "Short."}
        },
    },
}


@dataclass(frozen=True)
class Question:
    """What became of one question."""

    row: int
    column: str
    status: str
    cell: str = ""


@dataclass
class OwnRun:
    """A run as evalhouse writes it; whatever is given is used instead of the usual."""

    rows: int = 6
    uuid: str = UUID
    model: str = "small:1b"
    repeats: int = 1
    unit: str = "field"
    config: Mapping[str, Any] = field(default_factory=dict)
    statuses: Mapping[tuple[int, str], str] = field(default_factory=dict)
    without: Sequence[str] = ()
    score: float = 0.75
    thoughts: str = "Hm. "
    journal_thoughts: str | None = None
    task: Path | None = None
    has_tables: bool = True
    letters: Mapping[int, str] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        return self.uuid[:8]


def letter(row: int) -> str:
    return f'Letter {row}: the tram, "line {row}", is late.\nAgain.'


def answer(row: int, column: str) -> str:
    if column == DIRECTION:
        return "against" if row % 2 else "for"
    return "1" if column == CERTAIN else f"The tram {row} is late"


def questions(run: OwnRun) -> Iterator[Question]:
    for row in range(1, run.rows + 1):
        for column in FIELDS:
            applies = column != CERTAIN or answer(row, DIRECTION) == "against"
            status = run.statuses.get((row, column), "ok" if applies else "not_applicable")
            is_answer = status in ("ok", "repaired")
            yield Question(row, column, status, answer(row, column) if is_answer else "")


def write_own(outputs: Path, run: OwnRun | None = None) -> Path:
    """Write the folder of a run with its shared tables, and return it."""
    run = run or OwnRun()
    folder = outputs / TASK / run.run_id
    folder.mkdir(parents=True)
    config = config_of(run)
    timing = _timing(run)
    characters = {"input_chars": 900, "output_chars": 90, "reasoning_chars": 30}
    files: dict[str, str | bytes] = {
        layout.CONFIG: json.dumps(config, indent=2),
        layout.OUTPUT: _output(run),
        layout.TIMING: json.dumps(timing),
        layout.CHARACTERS: json.dumps(characters),
        layout.TRACES: "".join(f"{json.dumps(trace)}\n" for trace in _traces(run)),
        layout.EMISSIONS: table(SESSIONS),
        layout.ENERGY: json.dumps(ENERGY),
        layout.REPORTS: "".join(f"Classification Report for '{name}':\n...\n" for name in FIELDS),
        layout.ENVIRONMENT: json.dumps(ENVIRONMENT),
        layout.SCORES: msgspec.json.encode(assessment(run)),
    }
    for name, content in files.items():
        if name not in run.without:
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)
    if layout.ANSWERS not in run.without:
        write_journal(folder / layout.ANSWERS, run)
    if layout.MANIFEST not in run.without:
        write_manifest(folder)
    if run.has_tables:
        _write_tables(outputs, folder, run, config)
    return folder


def config_of(run: OwnRun) -> dict[str, Any]:
    config: dict[str, Any] = {
        "run_id": run.run_id,
        "model": run.model,
        "prompt_type": "standard",
        "use_examples": False,
        "temperature": 0.0,
        "top_p": None,
        "chat_mode": "per_query",
        "reasoning": None,
        "process_textbox": True,
        "process_span": False,
        "country_iso_code": "IRL",
        "task_name": TASK,
        "retries": 1,
        "retry_strategy": "reprompt",
        "retry_temperature": 0.3,
        **dict.fromkeys(layout.OWN_CONFIG_KEYS),
        "run_uuid": run.uuid,
        "config_hash": "c" * 64,
        "package_version": "0.1.0",
        "provider": "openai",
        "base_url": "http://127.0.0.1:8000/v1",
        "model_revision": "r1",
        "request_unit": run.unit,
        "seed": 7,
        "repeats": run.repeats,
        "prompt_hashes": {column: hashlib.sha256(column.encode()).hexdigest() for column in FIELDS},
        "started_at": "2026-03-04T05:06:07Z",
        "finished_at": "2026-03-04T06:06:07Z",
        "status": "complete",
        "label": TASK,
        "energy_scope": "client_only",
        "rows": run.rows,
    }
    if run.task is not None:
        for name, file in (("codebook", "codebook.json"), ("ground_truth", "ground-truth.csv")):
            config[f"{name}_path"] = str(run.task / file)
            config[f"{name}_sha256"] = hashlib.sha256((run.task / file).read_bytes()).hexdigest()
        config["task_path"] = str(run.task)
    return config | dict(run.config)


def write_task(folder: Path, rows: int = 6, coders: Iterable[str] = ("ann", "bob")) -> Path:
    """Write the task that the runs are about."""
    (folder / "coders").mkdir(parents=True)
    (folder / "codebook.json").write_text(json.dumps(CODEBOOK))
    gold = [
        {**_carried(row, {}), **{column: _gold(row, column) for column in FIELDS}}
        for row in range(1, rows + 1)
    ]
    (folder / "ground-truth.csv").write_text(table(gold))
    for number, coder in enumerate(coders):
        found = [{**row, DIRECTION: "for"} if number else row for row in gold[: rows - number]]
        (folder / "coders" / f"{coder}.csv").write_text(table(found))
    return folder


def _gold(row: int, column: str) -> str:
    is_off = column == CERTAIN and row % 2 == 0
    return "" if is_off else answer(row, column)


def _carried(row: int, letters: Mapping[int, str]) -> dict[str, str]:
    return {"author": f"writer {row}", "letter": letters.get(row, letter(row))}


def _output(run: OwnRun) -> str:
    rows: dict[int, dict[str, str]] = {}
    for each in questions(run):
        row = rows.setdefault(each.row, _carried(each.row, run.letters))
        row[each.column] = each.cell
    for each in questions(run):
        rows[each.row][f"{each.column}__status"] = each.status
    return table(list(rows.values()))


def write_journal(path: Path, run: OwnRun) -> None:
    """Write the exchanges; questions that do not arise are in none, failed ones in failures."""
    asked = [each for each in questions(run) if each.status != "not_applicable"]
    with Journal(path, {"run": run.run_id}, redactor=Redactor(b"key of a house")) as journal:
        for repeat in range(run.repeats):
            for group in _groups(asked, run.unit):
                for entry in _entries(group, repeat, run):
                    journal.append_now(entry)


def _groups(asked: Sequence[Question], unit: str) -> list[list[Question]]:
    groups: dict[Any, list[Question]] = {}
    for each in asked:
        name = {"field": (each.row, each.column), "text": each.row, "batch": (each.row - 1) // 3}
        groups.setdefault(name[unit], []).append(each)
    return list(groups.values())


def _entries(group: list[Question], repeat: int, run: OwnRun) -> Iterator[Entry]:
    rows = sorted({each.row for each in group})
    column = group[0].column if run.unit == "field" else ""
    name = f"{rows[0]}/{column}/{repeat}"
    about = {
        "rows": rows,
        "ids": [f"id-{row}" for row in rows],
        "repeat": repeat,
        "unit": run.unit,
        "column": column,
    }
    request = {"messages": [{"role": "user", "content": f"rows {rows}?"}]}
    given = [each for each in group if each.status != "failed"]
    if len(given) < len(group):
        failure = {"kind": "timeout", "message": "no reply in 60 s"}
        payload = {**about, "failure": failure}
        yield Entry(f"failed/{name}", payload, request=request)
    if given:
        # The first attempt is not allowed, and asked again.
        for attempt, statuses in ((1, "invalid"), (2, None)):
            answers = [
                {"row": each.row, "column": each.column, "status": statuses or each.status}
                | ({"cell": each.cell} if each.cell and not statuses else {})
                for each in given
            ]
            yield Entry(
                f"{name}/{attempt}",
                {**about, "attempt": attempt, "answers": answers, **_reply(run, rows)},
                request=request,
            )


def _reply(run: OwnRun, rows: Sequence[int]) -> dict[str, Any]:
    return {
        "text": f"answers to {list(rows)}",
        "reasoning": run.thoughts if run.journal_thoughts is None else run.journal_thoughts,
        "finish": "stop",
        "finish_word": "stop",
        "usage": {"input": 100, "output": 10, "reasoning": 3, "cached": None},
        "seconds": 0.5,
        "seconds_to_first_token": 0.25,
        "prompt_chars": 300,
    }


def _traces(run: OwnRun) -> Iterator[dict[str, Any]]:
    for each in questions(run):
        if each.status not in ("not_applicable", "failed"):
            yield {
                "row_num": each.row,
                "annotation_name": each.column,
                "annotation_type": FIELDS[each.column],
                "attempt": 1,
                "chat_mode": "per_query",
                "prompt_chars": 300,
                "response_chars": 20,
                "inference_time_s": 0.5,
                "reasoning": run.thoughts,
                "row_id": f"id-{each.row}",
                "repeat": 0,
            }


def _timing(run: OwnRun) -> dict[str, Any]:
    return {
        "total_inference_time": 7.5,
        "inference_count": 15,
        "avg_inference_time": 0.5,
        "requests": 16,
        "reprompts": 1,
        "transport_failures": 0,
        "cached": 0,
        "wall_seconds": 2.5,
        "tokens_input": 1500,
        "tokens_output": 150,
        "tokens_reasoning": None,
        "tokens_cached": None,
        "seconds_to_first_token": 0.25,
    }


SESSIONS = [
    {
        "timestamp": f"2026-03-04T05:0{number}:07",
        "project_name": "p",
        "duration": "2.5",
        "emissions": "0.001",
        "cpu_energy": "0.001",
        "gpu_energy": "0.0",
        "ram_energy": "0.001",
        "energy_consumed": "0.002",
        "python_version": "3.11.7",
        "os": "Linux",
        "cpu_model": "EPYC",
    }
    for number in (1, 2)
]
ENERGY = {
    "sessions": [
        {"id": "1", "energy": {"cpu_kwh": 0.001, "sources": {"cpu_kwh": "estimated: load"}}},
        {"id": "2", "energy": {"cpu_kwh": 0.001, "sources": {"cpu_kwh": "measured: RAPL"}}},
        {"id": "3"},
    ]
}
ENVIRONMENT = {
    "evalhouse": "0.1.0",
    "python": {"version": "3.11.7", "implementation": "CPython"},
    "packages": {"numpy": "2.0"},
    "frameworks": {},
    "git": {"commit": "abc", "describe": "v1", "dirty": True, "remote": None},
    "os": "Debian",
    "kernel": "Linux 6",
    "container": None,
    "cpu": {"model": "EPYC"},
    "variables": {"API_KEY": "a-secret-of-somebody"},
}


def assessment(run: OwnRun) -> Assessment:
    def score(metric: str, value: float | None, **more: Any) -> ScoreLine:
        return ScoreLine(metric=metric, value=value, n=run.rows, **more)

    f1 = score(
        "f1_macro",
        run.score,
        low=0.5,
        high=0.875,
        level=0.95,
        method="percentile bootstrap",
        stderr=0.125,
        unit="proportion",
        higher_is_better=True,
    )
    return Assessment(
        task=TASK,
        ground_truth_sha256="1" * 64,
        codebook_hash="2" * 64,
        definition="evalhouse",
        matched=run.rows,
        fields=(
            FieldResult(
                column=DIRECTION,
                kind="dropdown",
                rows=run.rows,
                applicable=run.rows,
                headline=("f1_macro", "percentage_agreement"),
                scores=(f1, score("percentage_agreement", 0.5), score("cohen_kappa", 0.25)),
                classes=(score("recall", 1.0, label="for"), score("recall", 0.5, label="against")),
                statuses={"ok": run.rows},
                humans=(Human(first="model", second="ann", scores=(score("cohen_kappa", 0.5),)),),
            ),
            FieldResult(
                column=CERTAIN,
                kind="checkbox",
                rows=run.rows,
                applicable=3,
                headline=("f1_macro", "percentage_agreement"),
                scores=(score("f1_macro", None, note="no unit has a gold answer"),),
                statuses={"ok": 2, "refused": 1},
            ),
            FieldResult(
                column=SUMMARY,
                kind="textbox",
                rows=run.rows,
                applicable=run.rows,
                headline=(),
                scores=(score("rouge1_f", 0.5),),
            ),
        ),
    )


def write_manifest(folder: Path) -> None:
    files = {
        path.name: {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.iterdir())
        if path.name != layout.MANIFEST
    }
    (folder / layout.MANIFEST).write_text(json.dumps({"run_id": folder.name, "files": files}))


def _write_tables(outputs: Path, folder: Path, run: OwnRun, config: Mapping[str, Any]) -> None:
    tables = outputs / layout.METRICS_FOLDER
    scores = decode_scores(msgspec.json.encode(assessment(run)))
    update_long(tables / layout.long_table(TASK), long_rows(run.run_id, scores), run.run_id)
    update_classes(tables / layout.classes_table(TASK), class_rows(run.run_id, scores), run.run_id)
    row = runs_row(config, timing=_timing(run), emissions=SESSIONS, folder=f"outputs/{folder.name}")
    update_runs(tables / layout.runs_table(TASK), row, run.run_id)


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
