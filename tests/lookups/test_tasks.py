from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evalhouse.errors import HouseError
from evalhouse.lookups import seeds, tasks
from evalhouse.lookups.tasks import category_of, category_rules
from evalhouse.records import TaskCategory

ASKED_FOR = {
    *("code_generation", "reasoning", "multi_step_reasoning", "summarization"),
    *("classification", "annotation"),
}
KNOWN = {
    "arc_challenge:rc::olmes:full": "reasoning",
    "arc:challenge": "reasoning",
    "csqa:mc::olmes": "reasoning",
    "boolq": "reading_comprehension",
    "mmlu:mc::olmes": "knowledge",
    "hendrycksTest-anatomy": "knowledge",
    "mmlu_anatomy": "knowledge",
    "bbh:cot-v1::olmes": "multi_step_reasoning",
    "bbh_boolean_expressions": "multi_step_reasoning",
    "minerva_math_algebra::tulu": "mathematics",
    "aime:zs_cot_r1::pass_at_32_2025_deepseek": "mathematics",
    "ifbench-tulu": "instruction_following",
    "ifeval_mt_ood_wildchat_unused_withRewrite": "instruction_following",
    "codex_humaneval:temp0.8": "code_generation",
    "livecodebench_codegeneration": "code_generation",
    "inspect_evals/gpqa_diamond": "knowledge",
    "paloma_c4_en": "language_modeling",
    "wmt19_de_en": "translation",
    "summarization_cnndm": "summarization",
    "raft": "classification",
    "t_dumb_03": "dumb_model",
    "cyse2_prompt_injection": "cyber_safety",
}
UNKNOWN = ("core_9mcqa:rc::olmes", "tulu_3_dev", "drops", "racecar", "wmtea", "", ":")


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    _forget()
    yield
    _forget()


def _forget() -> None:
    for function in (tasks.category_of, tasks.category_rules, tasks._patterns):
        function.cache_clear()


def named(name: str, **known: Any) -> str | None:
    found = category_of(name, **known)
    return found.name if found else None


@pytest.mark.parametrize(("name", "category"), KNOWN.items())
def test_a_task_has_the_category_that_its_benchmark_states(name: str, category: str) -> None:
    assert named(name) == category


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_task_that_no_rule_names_has_no_category(name: str) -> None:
    assert named(name) is None


@pytest.mark.parametrize(
    ("dataset", "category"),
    [
        ("HuggingFaceH4/MATH-500", "mathematics"),
        ("cais/mmlu/anatomy", "knowledge"),
        ("squad", "reading_comprehension"),
        ("squad/other-questions", None),  # an owner tells nothing
        (None, None),
    ],
)
def test_a_data_set_tells_where_the_name_does_not(
    dataset: str | None, category: str | None
) -> None:
    assert named("mine", dataset=dataset) == category


def test_a_name_counts_before_a_data_set() -> None:
    assert named("gsm8k", dataset="cais/mmlu") == "mathematics"


def test_every_codebook_is_annotation_whatever_its_name() -> None:
    assert named("gsm8k", kind="codebook") == "annotation"
    assert named("gsm8k", kind="benchmark") == "mathematics"


def test_every_category_of_a_rule_is_a_row_of_each_house() -> None:
    there = [row for row in seeds() if isinstance(row, TaskCategory)]
    assert {row.name for row in there} >= ASKED_FOR | {"dumb_model", "cyber_safety"}
    assert all(rule.category in there and rule.basis for rule in category_rules())
    assert all(row.description for row in there)


def test_every_category_but_none_is_named_by_some_rule() -> None:
    assert {rule.category.name for rule in category_rules()} == {
        row.name for row in seeds() if isinstance(row, TaskCategory)
    }


def test_no_name_is_of_two_categories() -> None:
    names = [(name.rstrip("*"), rule) for rule in category_rules() for name in rule.names]
    for name, rule in names:
        fits = {each.category.name for each in category_rules() if each.pattern.fullmatch(name)}
        assert fits <= {rule.category.name}, name


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"category": "reasoning", "names": ["a"], "basis": "b", "colour": 1}, "unknown key"),
        ({"category": "colours", "names": ["a"], "basis": "b"}, "`colours`, which"),
        ({"names": ["a"], "basis": "b"}, "`None`, which"),
        ({"category": "reasoning", "names": ["a"]}, "lacks its `basis`"),
        ({"category": "reasoning", "basis": "b"}, "lacks its `basis`, or `names`"),
    ],
)
def test_a_damaged_rule_is_told(
    rule: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "read_file", lambda _: {"source": "s", "rules": [rule]})
    with pytest.raises(HouseError, match=says):
        category_of("a")
