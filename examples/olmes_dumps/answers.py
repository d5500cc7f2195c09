"""Documents with what the model answered, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from examples.olmes_dumps import decoys
from examples.olmes_dumps.questions import NAMES, SUBJECTS, passage
from examples.olmes_dumps.scoring import (
    SENTINEL,
    choice_metrics,
    choice_output,
    likelihoods,
    pass_at,
    rolling_output,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from examples.olmes_dumps.plans import Kind, RunPlan, Task
    from examples.olmes_dumps.questions import Question

Json = dict[str, Any]
NAN = float("nan")


@dataclass(frozen=True)
class Answered:
    """A document, its few-shot turns, and the model's outputs with their metrics."""

    doc_id: int
    native_id: str | int | None
    doc: Json
    label: Any
    shots: tuple[tuple[str, str], ...]
    outputs: list[Json]
    metrics: Json
    continuations: tuple[str, ...] = ()
    """What was scored; empty where the model wrote freely."""


@dataclass
class Sitting:
    """One task of one run, asked from the first document to the last."""

    task: Task
    plan: RunPlan
    bank: Random = field(init=False)
    """Decides about the documents: the same for every model and form of the task."""
    rng: Random = field(init=False)
    """Decides about the answers."""
    shots: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Seed by run and task: no task's text depends on another's."""
        plan, task = self.plan, self.task
        self.bank = Random(f"{plan.seed}/{task.core}/shots")
        self.shots = tuple(self._shot() for _ in range(task.shots))
        self.bank = Random(f"{plan.seed}/{task.core}")
        self.rng = Random(f"{plan.seed}/{plan.model}/{plan.revision}/{task.alias}")

    def answered(self) -> Iterator[Answered]:
        """Every document in order."""
        answer = _ANSWER[self.task.kind]
        count = self.plan.docs if self.task.docs is None else self.task.docs
        for doc_id in range(count):
            yield answer(self, doc_id)

    def question(self) -> tuple[Question, str]:
        """The next question, and its text after a scene."""
        question = SUBJECTS[self.task.subject](self.bank)
        scene = passage(self.bank, self.plan.scene_sentences)
        return question, f"{scene} {question.prompt}".lstrip()

    def native_id(self, doc_id: int) -> str | int:
        """The id in the data set, of the type that the data set has."""
        if self.task.id_field == "index":
            return doc_id
        if self.task.id_field == "task_id":
            return f"HumanEval/{doc_id}"
        return f"{self.task.core.title().replace('_', '')}_{1000 + 7 * doc_id}"

    def is_right(self) -> bool:
        """Whether the model finds an answer that it has to write."""
        return self.rng.random() < 0.2 + 0.7 * self.plan.skill

    def _shot(self) -> tuple[str, str]:
        question, text = self.question()
        if self.task.kind == "mc":
            choices, gold = _shuffled(self.bank, question, self.task.choices)
            return _lettered(text, choices), _letter(gold)
        return text, question.why if self.task.kind == "word_problem" else question.answer


def _shuffled(bank: Random, question: Question, count: int) -> tuple[tuple[str, ...], int]:
    choices = list(question.wrong[: count - 1])
    gold = bank.randrange(count)
    choices.insert(gold, question.answer)
    return tuple(choices), gold


def _letter(place: int) -> str:
    return "ABCDEFGH"[place]


def _lettered(text: str, choices: tuple[str, ...]) -> str:
    return text + "".join(f"\n {_letter(place)}. {said}" for place, said in enumerate(choices))


def _choice_outputs(
    sitting: Sitting, doc_id: int, said: tuple[str, ...], gold: int
) -> tuple[list[Json], list[Json]]:
    """The outputs in the order of the choices, and in the order of the file."""
    task, plan, rng = sitting.task, sitting.plan, sitting.rng
    totals: list[float] = likelihoods(rng, said, gold, plan.skill)
    unconds = [total * (1.05 + rng.random()) for total in totals]
    if "nan" in plan.accidents and doc_id == 0:
        totals = [NAN] * len(said)
    if "sentinels" in plan.accidents and task.kind == "mc" and doc_id % 5 == 3:
        totals = [SENTINEL] * len(said)
    outputs = [
        choice_output(text, total, uncond if task.has_twins else None, plan.era)
        for text, total, uncond in zip(said, totals, unconds, strict=True)
    ]
    permuted = "permuted" in plan.accidents and not task.has_twins and doc_id % 3 == 1
    return outputs, outputs[::-1] if permuted else outputs


def _choose(sitting: Sitting, doc_id: int) -> Answered:
    question, text = sitting.question()
    choices, gold = _shuffled(sitting.bank, question, sitting.task.choices)
    lettered = sitting.task.kind == "mc"
    said = tuple(f" {_letter(n) if lettered else text}" for n, text in enumerate(choices))
    outputs, stored = _choice_outputs(sitting, doc_id, said, gold)
    label = -1 if "unknown_gold" in sitting.plan.accidents and doc_id % 4 == 2 else gold
    native_id = sitting.native_id(doc_id)
    return Answered(
        doc_id,
        native_id,
        {
            "index": doc_id,
            "id": native_id,
            "query": _query(_lettered(text, choices) if lettered else text),
            "choices": list(choices),
            "gold": label,
        },
        label,
        sitting.shots,
        stored,
        choice_metrics(outputs, label, sitting.plan.era, stored=stored),
        said,
    )


def _query(text: str) -> str:
    return f"Question: {text}\nAnswer:"


def _written(sitting: Sitting, doc_id: int, text: str, **extra: Any) -> Json:
    native_id = sitting.native_id(doc_id)
    return {"index": doc_id, "id": native_id, "query": _query(text), **extra}


def _flags(outputs: list[Json]) -> Json:
    return {
        "num_tokens": outputs[0]["num_tokens"],
        "max_tokens_reached": False,
        "answer_format_correct": 1.0,
    }


def _worked(sitting: Sitting, doc_id: int) -> Answered:
    """A worked answer whose last number counts."""
    question, text = sitting.question()
    right = sitting.is_right()
    said = question.answer if right else question.wrong[sitting.rng.randrange(3)]
    why = question.why if right else f"{passage(sitting.rng, 1)} That should make {said}."
    body = f" {why} So the answer is {said}."
    if "secrets" in sitting.plan.accidents and doc_id == 1:
        body += f" I looked it up with {decoys.hub_token()} by the way."
    outputs = [{"continuation": body, "num_tokens": len(body) // 4, "model_answer": said}]
    metrics = {"exact_match": int(right), "exact_match_flex": int(right), **_flags(outputs)}
    return Answered(
        doc_id,
        sitting.native_id(doc_id),
        _written(sitting, doc_id, text, short_answer=question.answer),
        question.answer,
        sitting.shots,
        outputs,
        metrics,
    )


def _reasoned(sitting: Sitting, doc_id: int) -> Answered:
    """An answer after long thought, split by an output processor."""
    plain = _worked(sitting, doc_id)
    thought = passage(sitting.rng, 12)
    said = plain.outputs[0]["continuation"].strip()
    output = {
        "continuation": said,
        "num_tokens": len(thought + said) // 4,
        "reasoning_content": thought,
        "original_output": f"<think>{thought}</think>{said}",
        "model_answer": [plain.outputs[0]["model_answer"]],
        "answer_format_correct": 1.0,
        "max_tokens_reached": False,
    }
    metrics = {**plain.metrics, "num_tokens": output["num_tokens"]}
    return Answered(doc_id, plain.native_id, plain.doc, plain.label, plain.shots, [output], metrics)


def _passage(sitting: Sitting, doc_id: int) -> Answered:
    """A question about a text, with a list of accepted answers."""
    bank = sitting.bank
    name, other = bank.sample(NAMES, 2)
    text = f"{passage(bank, 6)} In the end {name} won against {other}. Who won?"
    right = sitting.is_right()
    said = name if right else other
    outputs = [{"continuation": f" {said}", "num_tokens": 2, "model_answer": said}]
    return Answered(
        doc_id,
        sitting.native_id(doc_id),
        _written(sitting, doc_id, text, answers=[name, f"{name} won"]),
        [name, f"{name} won"],
        sitting.shots,
        outputs,
        {"exact_match": right, "f1": float(right), "num_tokens": 2},
    )


def _coded(sitting: Sitting, doc_id: int) -> Answered:
    """A function written several times, each tested."""
    step = sitting.bank.randrange(2, 100)
    head = f"def plus_{step}(values: list[int]) -> list[int]:\n"
    text = f'{head}    """Add {step} to each value."""\n'
    outputs: list[Json] = []
    for _ in range(sitting.task.repeats):
        right = sitting.is_right()
        added = step if right else step + 1
        body = f"    return [value + {added} for value in values]\n"
        outputs.append(
            {
                "continuation": body,
                "num_tokens": len(body) // 4,
                "model_answer": body,
                "passed": right,
                "tested_completion": head + body,
            }
        )
    passed = sum(output["passed"] for output in outputs)
    metrics = {
        f"pass_at_{k}": pass_at(k, tries=len(outputs), right=passed)
        for k in (1, 5, 10)
        if k <= len(outputs)
    }
    return Answered(
        doc_id,
        sitting.native_id(doc_id),
        {"index": doc_id, "task_id": sitting.native_id(doc_id), "query": text},
        f"assert plus_{step}([1]) == [{1 + step}]",
        (),
        outputs,
        metrics,
    )


def _puzzled(sitting: Sitting, doc_id: int) -> Answered:
    """A small logic puzzle whose label is a table."""
    people = sitting.bank.sample(NAMES, 3)
    solution = {f"House {place + 1}": name for place, name in enumerate(people)}
    text = (
        f"Three houses stand in a row. {people[0]} lives left of {people[1]}, and {people[2]} "
        f"lives in the last house. {passage(sitting.bank, 1)} Who lives where?"
    )
    right = sitting.is_right()
    told = solution if right else dict(zip(solution, reversed(people), strict=True))
    body = " ".join(f"{house}: {name}." for house, name in told.items())
    cells = sum(told[house] == name for house, name in solution.items()) / len(solution)
    return Answered(
        doc_id,
        sitting.native_id(doc_id),
        _written(sitting, doc_id, text),
        solution,
        (),
        [{"continuation": body, "num_tokens": len(body) // 4, "model_answer": None}],
        {"puzzle_accuracy": int(right), "cell_accuracy": cells, "parsed": True},
    )


def _essay(sitting: Sitting, doc_id: int) -> Answered:
    """An open request, judged; there is no gold answer."""
    text = f"{passage(sitting.bank, 2)} Write a short story that begins like this."
    body = passage(sitting.rng, 8)
    wins = sitting.is_right()
    rate = 50.0 + 50.0 * sitting.rng.random() if wins else 50.0 * sitting.rng.random()
    return Answered(
        doc_id,
        sitting.native_id(doc_id),
        {"index": doc_id, "id": doc_id, "instruction": text, "query": text},
        None,
        (),
        [{"continuation": body, "num_tokens": len(body) // 4, "price": 0.0125}],
        {
            "length_controlled_winrate": rate,
            "n_wins": int(wins),
            "judge_raw_output": "m" if wins else "M",
            "price": 0.0125,
        },
    )


def _rolled(sitting: Sitting, doc_id: int) -> Answered:
    """A text whose perplexity is measured."""
    text = passage(sitting.bank, 16)
    total = -len(text) * (0.5 + sitting.rng.random() * (1.0 - 0.5 * sitting.plan.skill))
    if "nan" in sitting.plan.accidents and doc_id == 0:
        total = NAN
    outputs = [rolling_output(text, total)]
    return Answered(
        doc_id,
        None,
        {"index": doc_id, "text": text},
        None,
        (),
        outputs,
        {"bits_per_byte": outputs[0]["bits_per_byte"]},
    )


_ANSWER: dict[Kind, Callable[[Sitting, int], Answered]] = {
    "rc": _choose,
    "mc": _choose,
    "word_problem": _worked,
    "passage": _passage,
    "code": _coded,
    "puzzle": _puzzled,
    "reasoning": _reasoned,
    "essay": _essay,
    "perplexity": _rolled,
}
