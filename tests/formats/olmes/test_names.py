from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.olmes.names import FAMILIES, Coordinates, Stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("task-000-arc_easy-predictions.jsonl", ("task-000-arc_easy", "arc_easy", 0)),
        ("task-012-mmlu_anatomy:mc::olmes-requests.jsonl", ("mmlu_anatomy:mc::olmes", 12)),
        ("task-1234-a-config.json", ("task-1234-a", "a", 1234)),
        ("task-003-gsm8k-predictions.jsonl.gz", ("task-003-gsm8k", "gsm8k", 3)),
        ("task-003-gsm8k-recorded-inputs.jsonl.zst", ("task-003-gsm8k", "gsm8k", 3)),
        ("gsm8k-metrics.json", ("gsm8k", "gsm8k", None)),
        ("task-12-short-metrics.json", ("task-12-short", "task-12-short", None)),
        ("task-005-a-config-requests.jsonl", ("task-005-a-config", "a-config", 5)),
        ("task-005-recorded-inputs-predictions.jsonl", ("recorded-inputs", 5)),
        ("task-001-piqa-verbose-metrics.json", ("task-001-piqa", "piqa", 1)),
    ],
)
def test_the_stem_of_a_tasks_file(name: str, stem: tuple[str | int | None, ...]) -> None:
    found = Stem.of(name)
    assert found is not None
    assert (found[0].text, found[0].name, found[0].index)[-len(stem) :] == stem


@given(
    st.integers(0, 99999),
    st.text("abc_:-.", min_size=1, max_size=12).filter(lambda name: not name.endswith("verbose")),
    st.sampled_from(FAMILIES),
    st.sampled_from([".json", ".jsonl", ".jsonl.gz", ".jsonl.zst"]),
)
def test_every_name_that_the_writer_makes_is_read_back(
    index: int, task: str, family: str, ending: str
) -> None:
    stem = f"task-{index:03d}-{task}"
    assert Stem.of(f"{stem}-{family}{ending}") == (Stem(stem, task, index), family)


@pytest.mark.parametrize(
    "name",
    [
        *("metrics-all.jsonl", "metrics.json", "-predictions.jsonl", "predictions.jsonl"),
        *("task-000-a-predictions.csv", "task-000-a-predictions.jsonl.bz2", "task-000-a.jsonl"),
        *("task-000-a-predictions", "task-000-a-predictions.jsonl.gz.tmp", ""),
    ],
)
def test_other_names_have_no_stem(name: str) -> None:
    assert Stem.of(name) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/x/2025-11-03_posttrain/_eval_results/allenai_OLMo-2__main",
            {
                "snapshot": "2025-11-03_posttrain",
                "date": "2025-11-03",
                "stage": "posttrain",
                "results_kind": "_eval_results",
                "model_folder": "allenai_OLMo-2__main",
                "model": "allenai_OLMo-2",
                "revision": "main",
            },
        ),
        (
            "2025-11-03/_eval_results_cfolmo_thinklimit100/m",
            {
                "snapshot": "2025-11-03",
                "date": "2025-11-03",
                "results_kind": "_eval_results_cfolmo_thinklimit100",
                "chat_template": "olmo_think",
                "limit": "100",
                "model_folder": "m",
                "model": "m",
            },
        ),
        (
            "odd/_eval_resultslimit0.5/a__b__step10/deeper/still",
            {
                "results_kind": "_eval_resultslimit0.5",
                "limit": "0.5",
                "model_folder": "a__b__step10",
                "model": "a__b",
                "revision": "step10",
            },
        ),
        (
            r"C:\dumps\2025-01-02_a\_eval_results_cfx\m__r",
            {
                "snapshot": "2025-01-02_a",
                "date": "2025-01-02",
                "stage": "a",
                "results_kind": "_eval_results_cfx",
                "chat_template": "x",
                "model_folder": "m__r",
                "model": "m",
                "revision": "r",
            },
        ),
        ("/x/2025-11-03/_eval_results", {"snapshot": "2025-11-03", "date": "2025-11-03"}),
        ("/data/someone/results/model", {}),
        ("/x/_eval_results2/m", {}),
        ("", {}),
    ],
)
def test_folders_say_what_their_names_say(path: str, expected: dict[str, str]) -> None:
    found = Coordinates.of(path).settings()
    assert {**found, **expected} == found
    assert expected or not found


def test_the_innermost_folder_of_results_counts() -> None:
    found = Coordinates.of("/2024-01-01/_eval_results/a__x/2025-01-01/_eval_results/b__y")
    assert (found.date, found.model, found.revision) == ("2025-01-01", "b", "y")


@pytest.mark.parametrize("root", ["/a", "/somewhere/else/deep", "."])
def test_the_tail_is_the_same_wherever_a_dump_lies(root: str) -> None:
    tail = "2025-11-03_posttrain/_eval_results/o_m__main"
    assert Coordinates.of(f"{root}/{tail}").tail == tail


@pytest.mark.parametrize("path", ["/a/b", "/2025-11-03/_eval_results"])
def test_without_a_model_there_is_no_tail(path: str) -> None:
    assert Coordinates.of(path).tail is None


@pytest.mark.parametrize(
    ("model", "revision", "word"),
    [
        ("allenai/OLMo", "main", None),
        ("allenai_OLMo", None, None),
        (None, None, None),
        ("other/model", "main", "the model `allenai_OLMo` and the records `other/model`"),
        ("allenai/OLMo", "step1", "the revision `main` and the records `step1`"),
    ],
)
def test_a_folder_that_contradicts_its_records_is_told(
    model: str | None, revision: str | None, word: str | None
) -> None:
    said = Coordinates.of("/_/_eval_results/allenai_OLMo__main").disagreement(model, revision)
    assert said is None if word is None else word in (said or "")
