from __future__ import annotations

import csv
import io

import pytest

from tests.cli.conftest import Evalhouse

SUITE = "core_3mcqa:rc::olmes"
BEST = "meta-llama/Llama-3.1-8B"


def test_a_leaderboard_shows_models_with_errors_and_runs(ask: Evalhouse) -> None:
    title, header, _, first, *_ = ask("leaderboard", SUITE).out.splitlines()
    assert title == f"{SUITE}: macro, proportion, higher is better"
    assert header.split()[:5] == ["#", "model", "revision", "value", "stderr"]
    assert first.split()[:7] == ["1", BEST, "main", "0.5000", "0.1242", "18", "reported"]


def test_a_leaderboard_is_clean_json(ask: Evalhouse) -> None:
    rows = ask("leaderboard", SUITE, "--format", "json").json
    assert (rows[0]["model"], rows[0]["value"]) == (BEST, 0.5)


def test_a_leaderboard_is_clean_csv(ask: Evalhouse) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("leaderboard", SUITE, "--format", "csv").out)))
    assert (rows[0]["model"], float(rows[0]["value"])) == (BEST, 0.5)


def test_recomputed_scores_are_marked(ask: Evalhouse) -> None:
    rows = ask("leaderboard", "arc_easy:mc::olmes", "--metric", "acc_raw", "--format", "json").json
    origins = {row["model"]: row["origin"] for row in rows}
    assert origins == {
        BEST: "reported",
        "allenai/DataDecide-dolma1_7-150M": "reported",
        "allenai/OLMo-2-0425-1B": "recomputed",
    }


def test_settings_choose_results_by_or_of_one_key_and_and_of_several(ask: Evalhouse) -> None:
    def count(*conditions: str) -> int:
        words = [word for condition in conditions for word in ("--where", condition)]
        return len(ask("leaderboard", SUITE, "--format", "json", *words).json)

    assert count("snapshot=2025-10-08_posttrain") == 1
    assert count("snapshot=2025-10-08_posttrain", "snapshot=2025-11-03_posttrain") == 3
    assert count("snapshot=2025-11-03_posttrain", f"model={BEST}") == 1
    assert count("snapshot=2024") == 0


def test_groups_have_their_keys_as_columns(ask: Evalhouse) -> None:
    done = ask("leaderboard", SUITE, "--group-by", "snapshot", "--group-by", "num_shots")
    header = done.out.splitlines()[1].split()
    assert header[:4] == ["path.snapshot", "task_config.num_shots", "mean", "runs"]


def test_a_pivot_has_a_column_for_each_member(ask: Evalhouse) -> None:
    rows = ask("leaderboard", "core_3mcqa::olmes", "--pivot", "--format", "json").json
    assert list(rows[0])[4:] == [
        "core_3mcqa::olmes",
        "arc_easy::olmes",
        "boolq::olmes",
        "piqa::olmes",
    ]
    assert "0.6667" in ask("leaderboard", "core_3mcqa::olmes", "--pivot").out


def test_a_setting_that_no_result_has_leaves_an_empty_page(ask: Evalhouse) -> None:
    for more in ([], ["--pivot"], ["--group-by", "model"]):
        done = ask("leaderboard", SUITE, "--where", "model=nobody", *more)
        assert "no result has these settings" in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["core_3mcqa:rc:olmes"], "did you mean `core_3mcqa:rc::olmes`"),
        ([SUITE, "--metric", "acc_rwa"], "did you mean `acc_raw`"),
        ([SUITE, "--where", "snapsot=1"], "did you mean `snapshot`"),
        ([SUITE, "--group-by", "nothing_alike"], "no setting is called"),
        ([SUITE, "--where", "snapshot"], "expected KEY=VALUE"),
        ([SUITE, "--where", "=1"], "expected KEY=VALUE"),
        ([SUITE, "--pivot", "--group-by", "model"], "leave one out"),
        (["arc_easy"], "below it stand"),
    ],
)
def test_a_wrong_name_is_told_with_close_ones(
    ask: Evalhouse, words: list[str], sentence: str
) -> None:
    done = ask("leaderboard", *words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_a_label_does_not_repeat_the_names_beside_it(ask: Evalhouse) -> None:
    first = ask("leaderboard", SUITE).out.splitlines()[3]
    assert first.split()[-1] == "2025-11-03_posttrain"
    assert first.count(BEST) == 1
