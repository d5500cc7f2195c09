"""Which of our metrics codebook-lab means by a name, and what stands first for a type of field.

The values under these names are ours: the definitions of `evalhouse.metrics`, not those of
codebook-lab 1.4.0, which `definition="codebook-lab"` gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from evalhouse.metrics.codebook_lab import METRICS_BY_TYPE
from evalhouse.scoring.field import Kind


@dataclass(frozen=True)
class Meaning:
    """One of our metrics under another name.

    With `is_lowered` it is taken of texts in lower case without surrounding space. `note` says
    what a reader of the name may not expect.
    """

    metric: str
    note: str = ""
    is_lowered: bool = False


_CHOICE = {
    "percentage_agreement": Meaning("percentage_agreement", "of rows with a valid answer"),
    "accuracy": Meaning("accuracy"),
    "precision": Meaning("precision_macro"),
    "recall": Meaning("recall_macro"),
    "f1": Meaning("f1_macro"),
    "cohen_kappa": Meaning("cohen_kappa"),
    "krippendorff_alpha": Meaning("krippendorff_alpha_nominal", "level: nominal"),
}
_LOWERED = "of texts in lower case without surrounding space"
MEANINGS: dict[Kind, dict[str, Meaning]] = {
    "checkbox": _CHOICE,
    "dropdown": _CHOICE,
    "likert": {
        **_CHOICE,
        "krippendorff_alpha": Meaning("krippendorff_alpha_ordinal", "level: ordinal"),
        "spearman_corr": Meaning("spearman"),
        "quadratic_kappa": Meaning("weighted_kappa_quadratic"),
    },
    "textbox": {
        "percentage_agreement": Meaning("exact_match", "share of equal texts"),
        "norm_levenshtein": Meaning("levenshtein", _LOWERED, is_lowered=True),
        "bleu": Meaning("sentence_bleu", _LOWERED, is_lowered=True),
        "rouge1_f": Meaning("rouge1_f"),
        "rouge2_f": Meaning("rouge2_f"),
        "rougeL_f": Meaning("rougeL_f"),
        "cosine_similarity": Meaning("embedding_cosine"),
        "bertscore_precision": Meaning("bertscore_precision"),
        "bertscore_recall": Meaning("bertscore_recall"),
        "bertscore_f1": Meaning("bertscore_f1"),
    },
    "span": {
        "token_f1": Meaning("token_f1_macro"),
        "exact_match_f1": Meaning("strict_f1"),
        "char_iou": Meaning("char_iou"),
    },
    "multiselect": {},
}
"""By type of field: codebook-lab's names, in its order, and what is meant."""

HEADLINES: dict[Kind, tuple[str, ...]] = {
    "checkbox": ("f1_macro", "percentage_agreement"),
    "dropdown": ("f1_macro", "percentage_agreement"),
    "multiselect": ("f1_macro", "jaccard_samples", "subset_accuracy"),
    "likert": ("quadratic_kappa", "spearman_corr", "percentage_agreement"),
    "textbox": (),
    "span": ("token_f1", "exact_match_f1", "char_iou"),
}
"""What stands first in every table and report. Text has none: its metrics are diagnostics."""

MACRO = {"f1_macro": "f1", "precision_macro": "precision", "recall_macro": "recall"}
"""Our names of what codebook-lab calls otherwise, where both definitions are written down."""


def known_names(kind: Kind) -> tuple[str, ...]:
    """Return the names that a field of a type always has, also where nothing could be scored."""
    return tuple(dict.fromkeys((*HEADLINES[kind], *METRICS_BY_TYPE.get(kind, ()))))
