"""For each format a small sound source of any size, and damage to plant in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.olmes_dumps import RunPlan, Suite, write_run
from examples.olmes_dumps.catalogue import GSM8K, mc_task, rc_task
from tests.formats.bakeoff.made import SMALL, record, result, write_bundle
from tests.formats.codebook_lab.folders import OwnRun, write_own


@dataclass(frozen=True)
class Damage:
    """How a file is damaged, and the problem that must tell of it."""

    name: str
    file: str
    """A pattern that fits one file of the sample."""
    plant: Callable[[bytes], bytes]
    kind: str
    lost: int = 0
    """Rows that cannot be read any more."""


@dataclass(frozen=True)
class Sample:
    """A sound source of one format."""

    write: Callable[[Path, int], None]
    """Write it into a folder, with so many documents for each task."""
    row_files: str
    """A pattern of the files that hold a row on each line."""
    damages: tuple[Damage, ...]


def _olmes(folder: Path, docs: int) -> None:
    arc = rc_task("arc_easy")
    suite = Suite(name="core", rule="macro", members=(arc.alias,))
    tasks = (arc, mc_task("boolq"), GSM8K)
    write_run(folder, RunPlan(model="o/m", tasks=tasks, suites=(suite,), docs=docs, recorded=2))


def _codebook_lab(folder: Path, docs: int) -> None:
    # Traces are most of what there is; a journal is read in pieces that are larger than all of it.
    run = OwnRun(rows=docs, thoughts="On the one hand. " * 500, journal_thoughts="Hm.")
    write_own(folder / "outputs", run)


def _bakeoff(folder: Path, docs: int) -> None:
    """Write a bundle whose result has a record on each line."""
    questions = [
        {"id": f"t{number:04}", "domain": "qa", "user_prompt": f"Number {number}?"}
        for number in range(docs)
    ]
    judged = {"scorer": "judge", "quality_heuristic": None, "text": "On the one hand. " * 2000}
    answers = [record(each["id"], "plain", SMALL, **judged) for each in questions]
    content = result(tasks=questions, records=answers, model_scores=[], judgements=[])
    head, lines = {**content, "records": 0}, ",\n".join(map(json.dumps, answers))
    text = json.dumps(head).replace('"records": 0', f'"records": [{lines}]')
    write_bundle(folder / "b", content, text=f"{text}\n")


def _second_line(new: bytes) -> Callable[[bytes], bytes]:
    def plant(data: bytes) -> bytes:
        first, _, rest = data.split(b"\n", 2)
        return b"\n".join([first, new, rest])

    return plant


def _miscounted(data: bytes) -> bytes:
    before, mark, after = data.rpartition(b'"num_instances": ')
    return before + mark + b"1" + after


_PREDICTIONS = "*gsm8k*-predictions.jsonl"
_TRACES = "reasoning_traces.jsonl"
SAMPLES: Mapping[str, Sample] = {
    "olmes": Sample(
        _olmes,
        "*-[pr]*s.jsonl",
        (
            Damage("cut", _PREDICTIONS, lambda data: data[:-40], "truncated_line", 1),
            Damage("cut records", "metrics-all.jsonl", lambda data: data[:-9], "truncated_line"),
            Damage("no JSON", _PREDICTIONS, _second_line(b"{nonsense}"), "not_json", 1),
            Damage("no UTF-8", _PREDICTIONS, _second_line(b'{"doc_id": "\xff"}'), "not_utf8", 1),
            Damage("no object", _PREDICTIONS, _second_line(b"[1]"), "not_an_object", 1),
            Damage("another row", _PREDICTIONS, _second_line(b'{"a": 1}'), "unexpected_row", 1),
            Damage("twice", _PREDICTIONS, lambda data: data * 2, "repeated_doc", 0),
            Damage("miscounted", "metrics-all.jsonl", _miscounted, "row_count"),
        ),
    ),
    "codebook_lab": Sample(
        _codebook_lab,
        _TRACES,
        (
            Damage("cut", _TRACES, lambda data: data[:-40], "truncated_line", 1),
            Damage("no JSON", _TRACES, _second_line(b"{nonsense}"), "not_json", 1),
            Damage("no UTF-8", _TRACES, _second_line(b'{"row_num": "\xff"}'), "not_utf8", 1),
            Damage("no object", _TRACES, _second_line(b"[1]"), "not_an_object", 1),
            Damage("another row", _TRACES, _second_line(b'{"a": 1}'), "unexpected_row", 1),
            Damage("altered", _TRACES, lambda data: data * 2, "altered_file"),
            Damage("cut settings", "config.json", lambda data: data[:-40], "not_json"),
            Damage("cut times", "timing_data.json", lambda data: data[:-4], "not_json"),
            Damage("cut table", "*_log_runs.csv", lambda data: data[:-1] + b'"', "not_csv"),
        ),
    ),
    "bakeoff": Sample(
        _bakeoff,
        "result.json",
        (
            Damage("cut", "manifest.json", lambda data: data[:-9], "not_json"),
            Damage("altered", "summary.md", lambda data: data * 2, "hash_mismatch"),
            Damage("cut result", "result.json", lambda data: data[:-9], "truncated_file"),
            Damage("no record", "result.json", _second_line(b"5,"), "unexpected_record", 1),
            Damage("no JSON", "result.json", _second_line(b"{nonsense},"), "not_json", 1),
            Damage("no UTF-8", "result.json", _second_line(b'{"a": "\xff"},'), "not_json", 1),
        ),
    ),
}
