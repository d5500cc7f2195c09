"""From a model's choices to its document metrics, by the formulas of OLMES.

Only sums, products and quotients of random numbers are used: the same bits on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from examples.olmes_dumps.plans import Era

Json = dict[str, Any]
BITS_PER_NAT = 1.44269504089
"""The truncated constant that OLMES uses."""
SENTINEL = -999
"""What a single-token scorer reports for a choice that it did not get."""
_CHARS_PER_TOKEN = 4.3


def byte_key(era: Era) -> str | None:
    """How the bits per byte are spelled: not at all, under a misleading name, or well."""
    return {"2024-06": None, "2024-12": "logits_per_byte", "2025": "bits_per_byte"}[era]


def choice_output(said: str, total: float, uncond: float | None, era: Era) -> Json:
    """The scored continuation, its derived values included; log-likelihoods in nats."""
    tokens = max(1, round(len(said) / _CHARS_PER_TOKEN))
    output: Json = {
        "sum_logits": total,
        "num_tokens": tokens,
        "num_tokens_all": 150 + tokens,
        "is_greedy": total > -0.5,
    }
    if uncond is not None:
        output["sum_logits_uncond"] = uncond
    output["logits_per_token"] = total / tokens
    output["logits_per_char"] = total / len(said)
    spelled = byte_key(era)
    if spelled:
        output[spelled] = -BITS_PER_NAT * (total / len(said.encode()))
    output["num_chars"] = len(said)
    return output


def likelihoods(rng: Random, said: Sequence[str], gold: int, skill: float) -> list[float]:
    """A log-likelihood for each continuation; skill makes the gold one more likely."""
    values = []
    for place, text in enumerate(said):
        per_char = 0.05 + 0.9 * rng.random() * rng.random()
        if place == gold:
            per_char *= 1.0 - skill * rng.random()
        values.append(-per_char * len(text))
    return values


def _first_best(outputs: Sequence[Json], value: Callable[[Json], float]) -> int:
    return max(range(len(outputs)), key=lambda place: value(outputs[place]))


def predictions(outputs: Sequence[Json], era: Era) -> dict[str, int | None]:
    """Index of the choice that each normalisation prefers; ties go to the first."""
    picks: dict[str, int | None] = {
        "raw": _first_best(outputs, lambda output: output["sum_logits"]),
        "per_token": _first_best(outputs, lambda output: output["logits_per_token"]),
        "per_char": _first_best(outputs, lambda output: output["logits_per_char"]),
    }
    if era == "2025":
        picks["per_byte"] = _first_best(outputs, lambda output: -output["bits_per_byte"])
    picks["uncond"] = (
        _first_best(outputs, lambda output: output["sum_logits"] - output["sum_logits_uncond"])
        if "sum_logits_uncond" in outputs[0]
        else None
    )
    return picks


def choice_metrics(
    outputs: Sequence[Json], label: int, era: Era, *, stored: Sequence[Json] | None = None
) -> Json:
    """The document metrics of a choice question.

    `stored` are the outputs in the order of the file, where that is another: what is taken by
    position (`*_corr`) is taken from them.
    """
    picks = predictions(outputs, era)
    metrics: Json = {f"predicted_index_{name}": pick for name, pick in picks.items()}
    metrics["correct_choice"] = label
    for name, pick in picks.items():
        metrics[f"acc_{name}"] = None if pick is None else int(pick == label)
    if era == "2025":
        best = max(output["sum_logits"] for output in outputs)
        gold = (stored or outputs)[label]
        metrics["no_answer"] = int(best == SENTINEL)
        for key in ("sum_logits", "logits_per_token", "logits_per_char", "bits_per_byte"):
            metrics[f"{key}_corr"] = gold[key]
    return metrics


def rolling_output(text: str, total: float) -> Json:
    """The output of a perplexity task: the likelihood of the whole text."""
    size, words = len(text.encode()), text.count(" ") + 1
    return {
        "sum_logits": total,
        "num_tokens": size // 4,
        "num_tokens_all": size // 4,
        "num_chars": len(text),
        "num_words": words,
        "num_bytes": size,
        "bits_per_byte": -BITS_PER_NAT * (total / size),
    }


def pass_at(k: int, *, tries: int, right: int) -> float:
    """Unbiased estimate of the chance that one of k tries is right (0 to 1)."""
    if tries - right < k:
        return 1.0
    missed = 1.0
    for place in range(tries - right + 1, tries + 1):
        missed *= 1.0 - k / place
    return 1.0 - missed
