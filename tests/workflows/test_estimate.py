from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.corrected import corrected_mean, corrected_proportion
from evalhouse.workflows.estimate import EstimateOptions, Estimates, estimate

BUNDLED = Path(__file__).parents[2] / "examples" / "tasks" / "policy-sentiment"
CODER = str(BUNDLED / "coders" / "coder_a.csv")
DIRECTION = "Policy Sentiment_Direction"
STRENGTH = "Policy Sentiment_Strength"
CODEBOOK = """\
text_column: text
id_column: id
sections:
  - name: S
    annotations:
      - {name: On, type: checkbox}
      - {name: Force, type: likert, min_value: 1, max_value: 5}
      - {name: Topics, type: multiselect, options: [fares, noise]}
      - {name: Note, type: textbox}
"""


def table(rows: list[dict[str, object]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def made(folder: Path, size: int = 400, gold: int = 120, *, first: bool = False) -> EstimateOptions:
    """Write a task whose model ticks too often; `first` labels the rows that are ticked first."""
    chance = np.random.default_rng(0)
    truth, force = chance.random(size) < 0.3, chance.integers(1, 6, size)
    ticks = truth | (chance.random(size) < 0.2)
    order = np.argsort(~ticks, kind="stable") if first else chance.permutation(size)
    drawn = set(order[:gold].tolist())
    rows: list[dict[str, object]] = []
    answers: list[dict[str, object]] = []
    for row in range(size):
        about = {"id": f"r{row}", "text": f"Text {row}", "area": "ns"[row % 2], "size": row / 100}
        known = {"S_On": int(truth[row]), "S_Force": force[row], "S_Topics": "fares"}
        blank = dict.fromkeys(known, "")
        rows.append({**about, **(known if row in drawn else blank), "S_Note": ""})
        given = {"S_On": int(ticks[row]), "S_Force": min(5, force[row] + 1), "S_Topics": "[]"}
        answers.append({"id": f"r{row}", **given, "S_On__status": "ok", "chance": gold / size})
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "ground-truth.csv").write_text(table(rows), encoding="utf-8")
    (folder / "run").mkdir()
    (folder / "run" / "output.csv").write_text(table(answers), encoding="utf-8")
    return EstimateOptions(str(folder / "run"), str(folder), "S_On")


def numbers(folder: Path, column: str) -> tuple[list[float], list[float], list[float]]:
    """Return gold labels, and the model's of the same rows and of the rest."""
    with (folder / "ground-truth.csv").open() as stream:
        gold = [row[column] for row in csv.DictReader(stream)]
    with (folder / "run" / "output.csv").open() as stream:
        model = [float(row[column]) for row in csv.DictReader(stream)]
    pairs = list(zip(gold, model, strict=True))
    return (
        [float(label) for label in gold if label],
        [answer for label, answer in pairs if label],
        [answer for label, answer in pairs if not label],
    )


def test_a_run_folder_is_estimated_as_the_statistics_do(tmp_path: Path) -> None:
    found = estimate(made(tmp_path))
    (line,) = found.lines
    assert line.corrected == corrected_proportion(*numbers(tmp_path, "S_On")).interval
    assert (found.statistic, found.rows, found.n_human) == ("proportions", 400, 120)
    assert line.corrected.low < 0.3 < line.corrected.high
    assert line.model.low > 0.3
    assert found.warnings == ()


def test_a_scale_has_a_mean(tmp_path: Path) -> None:
    (line,) = estimate(replace(made(tmp_path), field="Force")).lines
    assert line.label == "mean"
    assert line.corrected == corrected_mean(*numbers(tmp_path, "S_Force")).interval


def test_a_scale_has_shares_too(tmp_path: Path) -> None:
    options = replace(made(tmp_path), field="S_Force", statistic="proportions")
    assert [line.label for line in estimate(options).lines] == ["1", "2", "3", "4", "5"]
    assert [line.label for line in estimate(replace(options, label="5")).lines] == ["5"]


def test_options_of_a_multiselect_are_estimated_one_by_one(tmp_path: Path) -> None:
    found = estimate(replace(made(tmp_path), field="S_Topics"))
    shares = {line.label: (line.human.estimate, line.model.estimate) for line in found.lines}
    assert shares == {"fares": (1, 0), "noise": (0, 0)}


def test_columns_of_the_task_make_groups_and_covariates(tmp_path: Path) -> None:
    options = made(tmp_path)
    found = estimate(replace(options, by="area", statistic="difference"))
    assert [line.group for line in found.lines] == ["n", "s", "n − s"]
    assert [line.is_difference for line in found.lines] == [False, False, True]
    lines = estimate(replace(options, statistic="regression", covariates=("size",))).lines
    assert [line.label for line in lines] == ["intercept", "size"]


def test_known_chances_may_stand_beside_the_models_labels(tmp_path: Path) -> None:
    (line,) = estimate(replace(made(tmp_path), sampling="chance")).lines
    assert line.corrected.method == "DSL"


def test_clusters_may_stand_beside_them_too(tmp_path: Path) -> None:
    options = made(tmp_path)
    alone, together = (estimate(replace(options, clusters=name)).lines[0] for name in (None, "id"))
    assert alone.corrected.estimate == pytest.approx(together.corrected.estimate)
    assert alone.corrected.low != together.corrected.low


def test_gold_rows_that_were_chosen_are_noticed_unless_their_chances_are_given(
    tmp_path: Path,
) -> None:
    options = made(tmp_path, first=True)
    (warning,) = estimate(options).warnings
    assert "the model gives `1` to 100.0% of the gold rows" in warning
    assert "--sampling" in warning
    assert estimate(replace(options, sampling="chance")).warnings == ()


def test_rows_without_a_label_of_the_model_are_counted_and_left_out(tmp_path: Path) -> None:
    options = made(tmp_path)
    path = tmp_path / "run" / "output.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for place in (1, 2, 3):
        name, _, *rest = lines[place].split(",")
        lines[place] = ",".join([name, "", *rest]).replace(",ok,", ",failed,")
    path.write_text("\n".join([*lines[:-1], lines[-1].replace("r399", "x")]), encoding="utf-8")
    found = estimate(options)
    assert found.rows == 397
    assert found.warnings[0].startswith("3 of 400 rows have no label of the model (3 failed)")


def test_gold_labels_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    gold = (BUNDLED / "ground-truth.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "gold.csv").write_text("\n".join(gold[:31]), encoding="utf-8")
    options = EstimateOptions(CODER, str(BUNDLED), DIRECTION, gold=str(tmp_path / "gold.csv"))
    found = estimate(options)
    assert (found.n_human, found.rows) == (30, 40)
    assert [line.label for line in found.lines][-1] == "(not applicable)"
    assert "only 30 human labels" in found.lines[0].corrected.note
    assert sum(line.human.estimate for line in found.lines) == pytest.approx(1)


def test_a_conditional_scale_has_the_mean_of_rows_in_which_it_arises() -> None:
    found = estimate(EstimateOptions(CODER, str(BUNDLED), STRENGTH))
    with (BUNDLED / "ground-truth.csv").open(encoding="utf-8") as stream:
        points = [int(row[STRENGTH]) for row in csv.DictReader(stream) if row[STRENGTH]]
    assert found.lines[0].human.estimate == pytest.approx(np.mean(points), abs=1e-6)


def test_asked_rows_alone_have_no_share_of_others() -> None:
    found = estimate(EstimateOptions(CODER, str(BUNDLED), "Direction", is_asked=True))
    assert [line.label for line in found.lines] == ["support", "oppose", "mixed", "neutral"]
    assert sum(line.human.estimate for line in found.lines) == pytest.approx(1, abs=1e-6)


def test_a_plan_says_how_many_more_labels_are_needed(tmp_path: Path) -> None:
    (line,) = estimate(replace(made(tmp_path, 4000, 100), half_width=0.04)).lines
    assert line.plan is not None
    assert line.plan.labels > 100
    assert line.plan.human_alone > line.plan.labels


REFUSED: list[tuple[dict[str, object], type[UsageError], str]] = [
    ({"answers": "none"}, UsageError, "there are no answers at `none`"),
    ({"task": "none"}, UsageError, "there is no task's folder"),
    ({"field": "S_Onn"}, UnknownNameError, "did you mean `S_On`"),
    ({"field": "Note"}, UsageError, "neither shares nor a mean"),
    ({"statistic": "median"}, UnknownNameError, "no statistic is called `median`"),
    ({"statistic": "mean"}, UsageError, "a mean needs a scale"),
    ({"statistic": "difference"}, UsageError, "a difference needs `--by COLUMN`"),
    ({"statistic": "regression"}, UsageError, "a regression needs `--on COLUMN`"),
    ({"covariates": ("size",)}, UsageError, "add `--statistic regression`"),
    (
        {"statistic": "regression", "covariates": ("size",), "by": "area"},
        UsageError,
        "a regression is of all rows",
    ),
    (
        {"statistic": "regression", "covariates": ("size",), "field": "S_Topics"},
        UsageError,
        "a regression is of one label",
    ),
    ({"field": "S_Force", "statistic": "mean", "label": "1"}, UsageError, "leave out `--of`"),
    ({"label": "2"}, UnknownNameError, "no label of `S_On` is called `2`"),
    ({"by": "text"}, UsageError, "`text` has 400 different values"),
    ({"by": "aria"}, UnknownNameError, "did you mean `area`"),
    ({"sampling": "area"}, UsageError, "`area` is `n` in row `r0`"),
    ({"sampling": "size"}, UsageError, "above 0 and at most 1"),
    ({"level": 95}, UsageError, "a confidence level lies between 0 and 1"),
    ({"half_width": 0}, UsageError, "a half-width is above zero"),
    ({"id_column": "S_On"}, UsageError, "holds labels"),
    ({"id_column": "nr"}, UsageError, "no column `nr` with ids"),
    ({"gold": "none.csv"}, UsageError, "No such file"),
]


@pytest.mark.parametrize(("change", "kind", "told"), REFUSED)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    tmp_path: Path, change: dict[str, object], kind: type[UsageError], told: str
) -> None:
    with pytest.raises(kind, match=told) as failure:
        estimate(replace(made(tmp_path), **change))  # type: ignore[arg-type]
    assert "\n" not in str(failure.value)


def test_gold_data_without_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no label of `S_On`; name a CSV file"):
        estimate(made(tmp_path, gold=0))


def test_a_scale_without_ends_needs_a_point_to_count(tmp_path: Path) -> None:
    options = replace(made(tmp_path), field="S_Force", statistic="proportions")
    path = tmp_path / "codebook.yaml"
    path.write_text(path.read_text().replace(", min_value: 1, max_value: 5", ""), encoding="utf-8")
    with pytest.raises(UsageError, match="declares no answers of `S_Force`; name one with `--of"):
        estimate(options)
    assert estimate(replace(options, label="5")).n_human == 120


def test_rows_in_which_a_question_arises_are_needed(tmp_path: Path) -> None:
    rows = "".join(f"r{row},t,0,\n" for row in range(9))
    (tmp_path / "ground-truth.csv").write_text(f"id,text,S_On,S_Side\n{rows}", encoding="utf-8")
    side = "{name: Side, type: checkbox, condition: {field: On, value: yes}}"
    book = CODEBOOK.partition("      - {name: Force")[0]
    (tmp_path / "codebook.yaml").write_text(f"{book}      - {side}\n", encoding="utf-8")
    table = str(tmp_path / "ground-truth.csv")
    with pytest.raises(UsageError, match="does not arise in any row"):
        estimate(EstimateOptions(table, str(tmp_path), "S_Side", gold=table))


def test_gold_labels_of_rows_that_the_model_left_out_alone_are_no_use(tmp_path: Path) -> None:
    options = made(tmp_path, 20, 3)
    path = tmp_path / "run" / "output.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    with (tmp_path / "ground-truth.csv").open(encoding="utf-8") as stream:
        drawn = {row["id"] for row in csv.DictReader(stream) if row["S_On"]}
    failed = [
        line.replace(",ok,", ",failed,") if line.split(",")[0] in drawn else line for line in lines
    ]
    path.write_text("\n".join([header, *failed]), encoding="utf-8")
    with pytest.raises(UsageError, match="both by the model and in the gold data"):
        estimate(options)


def test_a_regression_of_a_conditional_scale_is_refused() -> None:
    options = EstimateOptions(CODER, str(BUNDLED), STRENGTH, statistic="regression")
    with pytest.raises(UsageError, match="does not arise in every row"):
        estimate(replace(options, covariates=("comment_id",)))


def test_rows_without_ids_are_joined_by_position_where_there_are_as_many(tmp_path: Path) -> None:
    options = made(tmp_path)
    for name in ("codebook.yaml", "run/output.csv"):
        path = tmp_path / name
        path.write_text(path.read_text().replace("id_column: id\n", ""), encoding="utf-8")
    assert estimate(options).n_human == 120
    path = tmp_path / "run" / "output.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]), encoding="utf-8")
    with pytest.raises(UsageError, match="rows are known by position"):
        estimate(options)


def _all(found: Estimates) -> list[float]:
    return [line.corrected.estimate for line in found.lines]


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    options = made(tmp_path)
    before = _all(estimate(options))
    path = tmp_path / "run" / "output.csv"
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, *lines[::-1]]), encoding="utf-8")
    assert _all(estimate(options)) == pytest.approx(before)
