"""From a run's labels and some gold labels to estimates of the whole corpus."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from evalhouse.coders.corpus import Corpus, Source, joined, read_source
from evalhouse.coders.estimates import (
    NOT_APPLICABLE,
    Design,
    Line,
    Wanted,
    by_group,
    differences,
    estimated,
    regression,
)
from evalhouse.coders.sheet import opened, units_of
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.field import Kind
from evalhouse.stats.families import adjusted
from evalhouse.stats.results import checked_level
from evalhouse.stats.unpaired import fisher_exact_test
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.table import Table
from evalhouse.tasks.task import Task, open_task

Statistic = Literal["proportions", "mean", "difference", "regression"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
OUTPUT = "output.csv"
OUTPUTS = Path("outputs")
_LONGEST_ID = 36
UNLIKELY = 0.01
"""The adjusted p-value below which gold rows count as unlike the rest."""
MOST_GROUPS = 20


@dataclass(frozen=True)
class EstimateOptions:
    """What to estimate, from which labels.

    `answers` is a run's folder or a CSV file with the model's labels of all rows. People's labels
    come from the task's ground truth, or from the CSV file `gold`; rows without one are empty.

    Attributes:
        answers: a folder with `output.csv`, or a CSV file.
        task: the task's folder.
        field: the column of the field, or its name where one field alone has it.
        statistic: `proportions`, `mean`, `difference` (between groups) or `regression`; without
            it, the mean of a scale and the proportions of everything else.
        label: one label, in place of all.
        by: a column of groups.
        covariates: columns of numbers, for a regression.
        gold: a CSV file with people's labels, in place of the task's ground truth.
        sampling: a column with each row's chance of a gold label; without it all had the same.
        clusters: a column that names what rows come in.
        id_column: the column of ids, in place of the codebook's.
        is_asked: count only rows in which the question arises.
        level: confidence.
        half_width: plan how many gold labels give an interval of plus or minus this.
    """

    answers: str
    task: str
    field: str
    statistic: Statistic | None = None
    label: str | None = None
    by: str | None = None
    covariates: tuple[str, ...] = ()
    gold: str | None = None
    sampling: str | None = None
    clusters: str | None = None
    id_column: str | None = None
    is_asked: bool = False
    level: float = 0.95
    half_width: float | None = None


@dataclass(frozen=True)
class Estimates:
    """Estimates about a field, with what a reader must know of them.

    `rows` counts those with a label of the model, `n_human` those of them with one of people.
    """

    column: str
    kind: Kind
    statistic: Statistic
    level: float
    rows: int
    n_human: int
    lines: tuple[Line, ...]
    warnings: tuple[str, ...]
    answers: str
    gold: str


def estimate(options: EstimateOptions) -> Estimates:
    """Estimate what people would find in all rows, had they labelled all of them.

    Raises:
        UsageError: for what cannot be read, does not fit together, or makes no sense.
    """
    level = checked_level(options.level)
    if options.half_width is not None and not options.half_width > 0:
        raise UsageError(f"a half-width is above zero; found {options.half_width:g}")
    task = open_task(options.task)
    codebook = _keyed(task.codebook, options.id_column)
    annotation = _annotation(codebook, options.field)
    statistic = _statistic(annotation, options)
    wanted = Wanted(
        _labels(annotation, statistic, options), level, options.is_asked, options.half_width
    )
    model, human, corpus = _corpus(codebook, annotation, task, options)
    held = corpus.answered()
    _check_held(held, annotation)
    lines = _lines(held, _design(held, options), wanted, statistic, options)
    told = [*_told(corpus, held), *([] if options.sampling else _unlike(held))]
    return Estimates(
        annotation.column,
        annotation.field.kind,
        statistic,
        level,
        len(held.ids),
        int(held.has_human.sum()),
        tuple(lines),
        tuple(told),
        model.file,
        human.file,
    )


def answers_file(given: str) -> Path:
    """Return the CSV file of a run, by its folder or its short id, or the file itself.

    Raises:
        UsageError: where there is none.
    """
    path = Path(given)
    if os.path.isdir(path):  # noqa: PTH112 - it takes any name, however long
        path = path / OUTPUT
    if not os.path.isfile(path):  # noqa: PTH113 - same
        is_id = len(given) <= _LONGEST_ID
        named = sorted(OUTPUTS.glob(f"*/{escape(given)}/{OUTPUT}")) if is_id else []
        if len(named) == 1:
            return named[0]
        raise UsageError(
            f"there are no answers at `{given}`; expected a run's folder with `{OUTPUT}`, the id "
            f"of a run in `{OUTPUTS}`, or a CSV file"
        )
    return path


def _keyed(codebook: Codebook, id_column: str | None) -> Codebook:
    if id_column is None:
        return codebook
    if id_column in codebook.label_columns:
        raise UsageError(f"the column of ids `{id_column}` holds labels; name another with `--id`")
    return replace(codebook, settings=replace(codebook.settings, id_column=id_column))


def _annotation(codebook: Codebook, name: str) -> Annotation:
    named = [each for each in codebook.annotations if each.name == name]
    if name not in codebook.by_column and len(named) != 1:
        raise UnknownNameError("field", name, codebook.by_column)
    found = codebook.by_column.get(name) or named[0]
    if found.field.kind in ("span", "textbox"):
        raise UsageError(
            f"`{found.column}` is a field of type {found.field.kind}, which has neither shares nor "
            "a mean; name a checkbox, dropdown, multiselect or likert field"
        )
    return found


def _statistic(annotation: Annotation, options: EstimateOptions) -> Statistic:
    is_scale = annotation.field.kind == "likert"
    default: Statistic = "mean" if is_scale and options.label is None else "proportions"
    statistic = options.statistic or default
    if statistic not in STATISTICS:
        raise UnknownNameError("statistic", statistic, STATISTICS)
    if statistic == "mean" and not is_scale:
        raise UsageError(
            f"`{annotation.column}` is a {annotation.field.kind}, and a mean needs a scale; ask "
            "for `proportions`"
        )
    for needs, given, option in (
        ("difference", options.by, "--by"),
        ("regression", options.covariates, "--on"),
    ):
        if statistic == needs and not given:
            raise UsageError(f"a {needs} needs `{option} COLUMN`")
    if options.covariates and statistic != "regression":
        raise UsageError("`--on` names covariates of a regression; add `--statistic regression`")
    if options.by and statistic == "regression":
        raise UsageError("a regression is of all rows; leave out `--by`, or name it with `--on`")
    return statistic


def _labels(
    annotation: Annotation, statistic: Statistic, options: EstimateOptions
) -> tuple[str, ...]:
    """Return the labels to estimate shares of; none stands for the mean of a scale."""
    asked = annotation.field
    is_scale = asked.kind == "likert"
    known = asked.options or tuple(map(str, asked.points))
    known = ("1", "0") if asked.kind == "checkbox" else known
    if options.label is not None:
        if statistic == "mean":
            raise UsageError("a mean is of the whole scale; leave out `--of`")
        if known and options.label not in known:
            raise UnknownNameError(f"label of `{asked.name}`", options.label, known)
        return (options.label,)
    if statistic == "mean" or (is_scale and statistic != "proportions"):
        return ()
    if asked.kind == "checkbox":
        known = ("1",)
    if statistic == "regression" and len(known) > 1:
        raise UsageError(
            f"a regression is of one label of `{asked.name}`; name it with `--of`, such as "
            f"`{known[0]}`"
        )
    if not known:
        raise UsageError(
            f"the codebook declares no answers of `{asked.name}`; name one with `--of LABEL`"
        )
    has_rest = annotation.condition is not None and not options.is_asked
    rest = (NOT_APPLICABLE,) if has_rest and statistic == "proportions" else ()
    return (*known, *rest)


def _corpus(
    codebook: Codebook, annotation: Annotation, task: Task, options: EstimateOptions
) -> tuple[Source, Source, Corpus]:
    wanted = codebook.settings.id_column or codebook.settings.text_column
    column = annotation.column

    def source(path: Path, *, is_human: bool) -> Source:
        return read_source(codebook, column, opened(path, wanted), is_human=is_human)

    model = source(answers_file(options.answers), is_human=False)
    has_labels = any(each.column == column and each.labels for each in task.report.fields)
    if options.gold is None and not has_labels:
        raise UsageError(
            f"`{task.files.ground_truth}` has no label of `{column}`; name a CSV file that has "
            "some with `--gold`"
        )
    truth = None if options.gold else source(task.files.ground_truth, is_human=True)
    human = truth or source(Path(options.gold or ""), is_human=True)
    if codebook.settings.id_column is None and len(model.answers) != len(human.answers):
        raise UsageError(
            f"rows are known by position, and `{model.file}` has {len(model.answers):,} and "
            f"`{human.file}` {len(human.answers):,}; name a column of ids with `--id`"
        )
    other = Source("", {}, _carried(codebook, opened(task.files.ground_truth, wanted)))
    return model, human, joined(annotation, model, human, other)


def _carried(codebook: Codebook, table: Table) -> dict[str, Mapping[str, str]]:
    """Return the cells of the task's rows that are no labels, where these can be told apart."""
    column = codebook.settings.id_column
    if column is not None and column not in table.header:
        return {}
    return {unit.row.id.strip(): unit.carried for unit in units_of(codebook, table)}


def _check_held(held: Corpus, annotation: Annotation) -> None:
    if not held.has_human.any():
        raise UsageError(
            f"no row has a label of `{annotation.column}` both by the model and in the gold data; "
            "label some of the rows that the model labelled"
        )
    kinds = (*held.human, *held.model)
    if all(answer is Absent.NOT_APPLICABLE for answer in kinds if answer is not Absent.MISSING):
        raise UsageError(f"`{annotation.column}` does not arise in any row, so nothing can be said")


def _design(held: Corpus, options: EstimateOptions) -> Design:
    clusters = None
    if options.clusters:
        clusters = np.array(held.column(options.clusters), np.str_)
    return Design(held.numbers(options.sampling) if options.sampling else None, clusters)


def _lines(
    held: Corpus, design: Design, wanted: Wanted, statistic: Statistic, options: EstimateOptions
) -> list[Line]:
    if statistic == "regression":
        _check_whole(held, wanted, options)
        columns = {name: held.numbers(name) for name in options.covariates}
        return regression(held, design, wanted, columns)
    if not wanted.labels:  # a mean is of the points that were given
        wanted = replace(wanted, is_asked=True)
    if options.by is None:
        return estimated(held, design, wanted)
    groups = _groups(held, options.by)
    if statistic == "difference":
        return [
            *by_group(held, design, wanted, groups),
            *differences(held, design, wanted, groups),
        ]
    return by_group(held, design, wanted, groups)


def _check_whole(held: Corpus, wanted: Wanted, options: EstimateOptions) -> None:
    is_partial = Absent.NOT_APPLICABLE in {*held.human, *held.model}
    if is_partial and (not wanted.labels or options.is_asked):
        raise UsageError(
            f"`{held.annotation.column}` does not arise in every row, and a regression takes all "
            "rows; regress one label with `--of` (and without `--asked`): whether it is given"
        )


def _groups(held: Corpus, by: str) -> Sequence[str]:
    groups = held.column(by)
    count = len(set(groups))
    if count > MOST_GROUPS:
        raise UsageError(
            f"`{by}` has {count:,} different values, and groups are at most {MOST_GROUPS}; name a "
            "column of groups, or regress on it with `--statistic regression --on`"
        )
    return groups


def _told(corpus: Corpus, held: Corpus) -> Iterator[str]:
    absent = len(corpus.ids) - len(held.ids)
    if absent:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in corpus.unanswered.items())
        lost = int(corpus.has_human.sum() - held.has_human.sum())
        also = f"; {lost:,} of them have a gold label" if lost else ""
        yield (
            f"{absent:,} of {len(corpus.ids):,} rows have no label of the model ({kinds}) and are "
            f"left out{also}: the estimate is of the others alone"
        )
    if corpus.strangers:
        yield f"{corpus.strangers:,} gold labels are of rows that the model did not label"


def _unlike(held: Corpus) -> Iterator[str]:
    """Say where the model finds gold rows unlike the rest, as rows drawn by chance are not."""
    has = held.has_human
    rest = int((~has).sum())
    if not rest:
        return
    names = sorted(
        {
            label
            for answer in held.model
            if not isinstance(answer, Absent)
            for label in (answer if isinstance(answer, frozenset) else {answer})
        }
    )
    sizes = int(has.sum()), rest
    if held.annotation.field.kind == "checkbox":
        names = ["1"]  # the other one says the same
    counts = []
    for name in names:
        marks = held.marks(name)[1]
        counts.append((int(marks[has].sum()), int(marks[~has].sum())))
    p_values = adjusted([fisher_exact_test(each, sizes).p_value for each in counts])
    if names and p_values.min() < UNLIKELY:
        place = int(p_values.argmin())
        shares = [count / size for count, size in zip(counts[place], sizes, strict=True)]
        yield (
            f"the model gives `{names[place]}` to {shares[0]:.1%} of the gold rows and to "
            f"{shares[1]:.1%} of the others (p = {p_values[place]:.1g}), so the gold rows do not "
            "look drawn by chance: if their chances are known, name the column with `--sampling`; "
            "else the estimate may be wrong"
        )
