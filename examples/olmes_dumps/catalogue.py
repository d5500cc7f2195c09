"""Tasks and suites under their real names, for dumps of any size."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from examples.olmes_dumps.plans import Suite, Task

CORE_NINE = MappingProxyType(
    {
        "arc_challenge": ("sequences", 4),
        "arc_easy": ("kinds", 4),
        "boolq": ("opposites", 2),
        "csqa": ("everyday", 5),
        "hellaswag": ("everyday", 4),
        "openbookqa": ("kinds", 4),
        "piqa": ("everyday", 2),
        "socialiqa": ("opposites", 3),
        "winogrande": ("capitals", 2),
    }
)
"""Registry name to subject and number of choices."""
MMLU_SUBJECTS = (
    "abstract_algebra", "anatomy", "astronomy", "business_ethics", "clinical_knowledge",
    "college_biology", "college_chemistry", "college_computer_science", "college_mathematics",
    "college_medicine", "college_physics", "computer_security", "conceptual_physics",
    "econometrics", "electrical_engineering", "elementary_mathematics", "formal_logic",
    "global_facts", "high_school_biology", "high_school_chemistry",
)  # fmt: skip


def rc_task(name: str, *, regime: str = "olmes:full", shots: int = 5) -> Task:
    """A choice task whose full answers are scored."""
    subject, choices = CORE_NINE[name]
    return Task(
        name=name,
        alias=f"{name}:rc::{regime}",
        kind="rc",
        primary_metric="acc_per_char",
        subject=subject,
        choices=choices,
        shots=shots,
    )


def mc_task(name: str, *, regime: str = "olmes:full", shots: int = 5) -> Task:
    """The same task with the letters of its answers scored."""
    rc = rc_task(name, regime=regime, shots=shots)
    alias = f"{name}:mc::{regime}"
    return replace(rc, name=f"{name}:mc", alias=alias, kind="mc", primary_metric="acc_raw")


GSM8K = Task(
    name="gsm8k",
    alias="gsm8k::olmes",
    kind="word_problem",
    primary_metric="exact_match",
    subject="sums",
    shots=8,
    id_field="index",
)
DROP = Task(
    name="drop",
    alias="drop::olmes",
    kind="passage",
    primary_metric="f1",
    shots=3,
    id_field="query_id",
)
HUMANEVAL = Task(
    name="codex_humaneval",
    alias="codex_humaneval:temp0.8",
    kind="code",
    primary_metric="pass_at_1",
    shots=0,
    repeats=10,
    id_field="task_id",
    settings={"metric_kwargs": {"pass_at_ks": [1, 5, 10]}},
)
ZEBRA = Task(
    name="zebralogic",
    alias="zebralogic::hamish_zs_reasoning",
    kind="puzzle",
    primary_metric="puzzle_accuracy",
    shots=0,
)
MATH = Task(
    name="minerva_math_500",
    alias="minerva_math_500::hamish_zs_reasoning",
    kind="reasoning",
    primary_metric="exact_match_flex",
    subject="sequences",
    shots=0,
    id_field="index",
    settings={"context_kwargs": {"use_cot": True, "cot_style": "plain", "assistant_prefix": None}},
)
ALPACA = Task(
    name="alpaca_eval",
    alias="alpaca_eval_v3::tulu",
    kind="essay",
    primary_metric="length_controlled_winrate",
    shots=0,
    id_field="index",
)
PALOMA = Task(
    name="paloma_c4_en",
    alias="c4_en::paloma",
    kind="perplexity",
    primary_metric="bits_per_byte",
    shots=0,
)
GENERATIVE = (GSM8K, DROP, HUMANEVAL, ZEBRA, MATH, ALPACA, PALOMA)


def mmlu_task(subject: str) -> Task:
    """An MMLU subject, full answers scored."""
    return Task(
        name=f"mmlu_{subject}",
        alias=f"mmlu_{subject}:rc::olmes",
        kind="rc",
        primary_metric="acc_per_char",
        subject="capitals",
        shots=5,
        id_field="index",
    )


def bbh_task(number: int) -> Task:
    """A step-by-step task of a family of any size."""
    return Task(
        name=f"bbh_task_{number:02d}:cot",
        alias=f"bbh_task_{number:02d}:cot-v1::olmes",
        kind="word_problem",
        primary_metric="exact_match",
        subject="sequences",
        shots=3,
        id_field="index",
    )


def tasks(count: int) -> tuple[Task, ...]:
    """The first `count` tasks: core nine in both forms, generative, MMLU, then a long family."""
    fixed = (
        *(rc_task(name) for name in CORE_NINE),
        *(mc_task(name) for name in CORE_NINE),
        *GENERATIVE,
        *(mmlu_task(subject) for subject in MMLU_SUBJECTS),
    )
    return (*fixed, *(bbh_task(number) for number in range(count - len(fixed))))[:count]


def best_of(name: str, *, regime: str = "olmes:full") -> Suite:
    """The better of a task's two forms."""
    members = (f"{name}:mc::{regime}", f"{name}:rc::{regime}")
    return Suite(name=f"{name}::{regime}", rule="mc_or_rc", members=members)


def core_suites(names: tuple[str, ...], *, regime: str = "olmes:full") -> tuple[Suite, ...]:
    """A macro suite over each form, the better form of each task, and a macro suite over those."""
    title = f"core_{len(names)}mcqa"
    return (
        *(
            Suite(
                name=f"{title}:{form}::{regime}",
                rule="macro",
                members=tuple(f"{name}:{form}::{regime}" for name in names),
            )
            for form in ("rc", "mc")
        ),
        *(best_of(name, regime=regime) for name in names),
        Suite(
            name=f"{title}::{regime}",
            rule="macro",
            members=tuple(f"{name}::{regime}" for name in names),
        ),
    )


def suites(chosen: tuple[Task, ...]) -> tuple[Suite, ...]:
    """The suites whose members are all among these tasks."""
    bbh = tuple(task.alias for task in chosen if task.name.startswith("bbh_"))
    mmlu = tuple(mmlu_task(subject).alias for subject in MMLU_SUBJECTS)
    named = (
        *core_suites(tuple(CORE_NINE)),
        Suite(name="mmlu:rc::olmes", rule="macro", members=mmlu),
        Suite(name="bbh:cot-v1::tulu", rule="micro", members=bbh),
    )
    known = {task.alias for task in chosen}
    found = []
    for suite in named:
        if suite.members and known.issuperset(suite.members):
            known.add(suite.name)
            found.append(suite)
    return tuple(found)
