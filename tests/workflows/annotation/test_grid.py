from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.errors import UsageError
from evalhouse.workflows.annotation.grid import Planned, read_grid


def planned(folder: Path, text: str, **common: object) -> list[Planned]:
    path = folder / "grid.yaml"
    path.write_text(text, "utf-8")
    return read_grid(path, common)


def shown(plans: list[Planned]) -> list[tuple[str, float | None, str]]:
    return [
        (
            plan.settings.provider.model,
            plan.settings.asking.sampling.temperature,
            plan.settings.asking.prompt_type,
        )
        for plan in plans
    ]


def test_all_combinations_are_run_model_by_model(tmp_path: Path) -> None:
    text = "task: t\ntemperature: [0.0, 0.5]\nmodel: [a, b]\nprompt_type: [standard, CoT]\n"
    assert shown(planned(tmp_path, text)) == [
        ("a", 0.0, "standard"),
        ("a", 0.0, "CoT"),
        ("a", 0.5, "standard"),
        ("a", 0.5, "CoT"),
        ("b", 0.0, "standard"),
        ("b", 0.0, "CoT"),
        ("b", 0.5, "standard"),
        ("b", 0.5, "CoT"),
    ]


def test_single_runs_have_settings_of_their_own_and_baselines_come_first(tmp_path: Path) -> None:
    text = (
        "task: t\nmodel: a\nprovider: openai\nruns:\n"
        "  - {provider: baseline, model: [majority, tfidf]}\n  - {model: a, temperature: 1}\n"
    )
    plans = planned(tmp_path, text)
    assert [plan.settings.provider.provider for plan in plans] == [
        "baseline", "baseline", "openai", "openai",
    ]  # fmt: skip
    assert [each[:2] for each in shown(plans)] == [
        ("majority", 0.0), ("tfidf", 0.0), ("a", 0.0), ("a", 1.0),
    ]  # fmt: skip


def test_settings_that_shape_no_answer_of_a_baseline_are_no_further_runs(tmp_path: Path) -> None:
    text = (
        "task: t\nmodel: a\ntemperature: [0.0, 0.7]\nprompt_type: [standard, CoT]\nruns:\n"
        "  - {provider: baseline, model: tfidf}\n"
    )
    models = [plan.settings.provider.model for plan in planned(tmp_path, text)]
    assert models == ["tfidf", "a", "a", "a", "a"]


def test_the_same_run_is_planned_once(tmp_path: Path) -> None:
    plans = planned(tmp_path, "task: t\nmodel: [a, a]\ntemperature: [0, 0.0]\n")
    assert len(plans) == 1


def test_grids_of_codebook_lab_are_understood(tmp_path: Path) -> None:
    text = (
        "tasks: [one, two]\nmodels: [gemma3]\nuse_examples: [true, false]\n"
        "prompt_types: [standard]\ntemperatures: [0.0]\ntop_ps: [null]\nchat_modes: [per_text]\n"
        "reasoning: [null]\nprocess_textboxes: [false]\nprocess_spans: [true]\n"
        "country_iso_code: IRL\n"
    )
    plans = planned(tmp_path, text)
    assert [(plan.task.name, plan.settings.asking.use_examples) for plan in plans] == [
        ("one", True), ("one", False), ("two", True), ("two", False),
    ]  # fmt: skip
    first = plans[0].settings
    assert (first.country, first.asking.process_textbox, first.asking.process_span) == (
        "IRL", False, True,
    )  # fmt: skip
    assert first.asking.sampling.top_p is None


def test_lists_of_words_that_stop_are_one_value_and_lists_of_lists_are_swept(
    tmp_path: Path,
) -> None:
    (plan,) = planned(tmp_path, "task: t\nmodel: a\nstop: [END, STOP]\n")
    assert plan.settings.asking.sampling.stop == ("END", "STOP")
    plans = planned(tmp_path, "task: t\nmodel: a\nstop: [[END], [STOP, HALT]]\n")
    assert [each.settings.asking.sampling.stop for each in plans] == [("END",), ("STOP", "HALT")]


def test_what_the_command_says_wins_over_the_file(tmp_path: Path) -> None:
    (plan,) = planned(tmp_path, "task: t\nmodel: a\noutputs: there\n", outputs="here")
    assert plan.settings.outputs == Path("here")


def test_a_task_is_found_from_here_or_from_where_the_grid_is(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (plan,) = planned(tmp_path, "task: mine\nmodel: a\n")
    assert plan.task == tmp_path / "mine"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model: a\n", "names no task"),
        ("task: t\n", "no model is named"),
        ("task: t\nmodel: a\ntemprature: 1\n", "did you mean `temperature`"),
        ("- task: t\n", "holds no settings"),
        ("task: [t\n", "is no YAML"),
        ("task: t\nruns: 3\n", "`runs` in .* must be a list"),
        ("task: t\nmodel: a\ntemperature: [hot]\n", "expected a number"),
    ],
)
def test_a_grid_that_cannot_be_meant_is_told_in_a_sentence(
    text: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        planned(tmp_path, text)


def test_a_grid_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_grid(tmp_path / "none.yaml")
