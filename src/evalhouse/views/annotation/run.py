"""The report of one run: what was asked and how, what it is worth, what it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalhouse.assessment.results import Assessment
from evalhouse.views.annotation.cautions import cautions, quoted
from evalhouse.views.annotation.command import command_of
from evalhouse.views.annotation.costs import Costs, costs_of
from evalhouse.views.annotation.examples import Example
from evalhouse.views.annotation.fields import FieldReport, field_report
from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.settings import Setting, in_words, settings_of

_UNITS = {
    "text": "One request asked all fields of one text.",
    "field": "Every field of every text had a request of its own.",
    "batch": "One request asked all fields of several texts.",
}
_TRACED = (
    ("run", "run_uuid"),
    ("configuration", "config_hash"),
    ("evalhouse", "package_version"),
    ("model served", "served_model"),
    ("revision of the model", "model_revision"),
    ("server", "server"),
    ("version of the server", "server_version"),
    ("codebook, what it asks", "codebook_hash"),
    ("codebook, its file", "codebook_sha256"),
    ("ground truth", "ground_truth_sha256"),
    ("system message", "system_message_sha256"),
    ("template", "template_sha256"),
)


@dataclass(frozen=True)
class Identity:
    """Which run it is; times are ISO 8601 in UTC, empty where nobody wrote them down."""

    task: str
    model: str
    run_id: str
    provider: str
    status: str
    started: str
    finished: str
    folder: str


@dataclass(frozen=True)
class Fact:
    """Something that a result can be traced by."""

    title: str
    value: str


@dataclass(frozen=True)
class RunReport:
    """What a report of one run shows.

    `summary` and `cautions` are sentences with names between backticks. `facts` trace the result
    to what it was made of, `environment` says where it took place, `command` makes such a run
    again, `files` has the SHA-256 of each file of the run. `examples` are there where the texts
    were given.
    """

    identity: Identity
    summary: tuple[str, ...]
    cautions: tuple[str, ...]
    settings: tuple[Setting, ...]
    fields: tuple[FieldReport, ...]
    costs: Costs
    facts: tuple[Fact, ...]
    environment: tuple[Fact, ...]
    command: str
    files: Mapping[str, str]
    assessment: Assessment
    examples: tuple[Example, ...] = ()

    @property
    def changed(self) -> tuple[Setting, ...]:
        """The settings that are not the defaults."""
        return tuple(each for each in self.settings if each.is_changed)


def run_report(record: RunRecord, examples: Sequence[Example] = ()) -> RunReport:
    """Return what a report of a run shows."""
    fields = tuple(field_report(result) for result in record.assessment.fields)
    costs = costs_of(record)
    return RunReport(
        identity=identity_of(record),
        summary=tuple(_summary(record, len(fields))),
        cautions=tuple(dict.fromkeys(cautions(record, fields, costs))),
        settings=settings_of(record.config),
        fields=fields,
        costs=costs,
        facts=tuple(_facts(record)),
        environment=tuple(_environment(record.environment)),
        command=command_of(record),
        files=record.files,
        assessment=record.assessment,
        examples=tuple(examples),
    )


def identity_of(record: RunRecord) -> Identity:
    """Return which run it is."""
    config = record.config
    return Identity(
        record.task,
        record.model,
        record.run_id,
        str(config.get("provider") or ""),
        str(config.get("status") or ""),
        str(config.get("started_at") or ""),
        str(config.get("finished_at") or ""),
        record.folder,
    )


def _summary(record: RunRecord, fields: int) -> Iterator[str]:
    config, assessment = record.config, record.assessment
    asked = f"{_counted(fields, 'field')} about {_counted(record.rows, 'text')}"
    is_asked = config.get("provider") and not record.is_baseline
    where = f" through {quoted(str(config['provider']))}" if is_asked else ""
    who = "The baseline" if record.is_baseline else "The model"
    yield f"{who} {quoted(record.model)} answered {asked}{where}, for the task {_task(record)}."
    if not record.is_baseline:
        yield from _manner(config)
    truth = config.get("ground_truth_path")
    yield (
        f"Answers are compared with the ground truth {quoted(str(truth)) if truth else ''}, row by "
        f"row by their ids: {_counted(assessment.matched, 'row')} are in both."
    ).replace(" ,", ",")


def _manner(config: Mapping[str, Any]) -> Iterator[str]:
    unit = _UNITS.get(str(config.get("request_unit")))
    if unit:
        yield unit
    style = config.get("template") or config.get("prompt_type")
    if style:
        shown = "with" if config.get("use_examples", True) else "without"
        yield f"The prompt is of the style {quoted(str(style))}, {shown} the codebook's examples."
    drawn = [
        f"{word} {in_words(config[key])}"
        for key, word in (("temperature", "temperature"), ("top_p", "top-p"), ("seed", "seed"))
        if config.get(key) is not None
    ]
    if drawn:
        yield f"Tokens are drawn with {', '.join(drawn)}."
    repeats = config.get("repeats")
    if isinstance(repeats, int) and repeats > 1:
        yield f"Every question is asked {repeats} times; the answer is the most frequent one."


def _facts(record: RunRecord) -> Iterator[Fact]:
    config, assessment = record.config, record.assessment
    for title, key in _TRACED:
        if config.get(key):
            yield Fact(title, str(config[key]))
    scored = assessment.ground_truth_sha256
    if scored and scored != config.get("ground_truth_sha256"):
        yield Fact("ground truth, as scored", scored)
    yield Fact("scores are defined by", assessment.definition)
    for key in ("task_path", "codebook_path", "ground_truth_path"):
        if config.get(key):
            yield Fact(key.replace("_path", "").replace("_", " ") + " at", str(config[key]))
    prompts = config.get("prompt_hashes")
    if isinstance(prompts, Mapping):
        yield from (Fact(f"prompt of {column}", str(digest)) for column, digest in prompts.items())


def _environment(found: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield where a run took place: what is told in a word, and one level of what is in parts."""
    for key, value in found.items():
        title = str(key).replace("_", " ")
        if isinstance(value, str | int | float):
            yield Fact(title, in_words(value))
        elif isinstance(value, Mapping) and key != "packages":
            parts = {k: v for k, v in value.items() if isinstance(v, str | int | float)}
            yield from (Fact(f"{title}: {k}", in_words(v)) for k, v in parts.items())


def _task(record: RunRecord) -> str:
    return quoted(record.task)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
