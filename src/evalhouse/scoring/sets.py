"""Fields whose answers are sets of labels: several boxes to tick."""

from __future__ import annotations

from evalhouse.metrics import multilabel
from evalhouse.metrics.label_sets import SetPairs
from evalhouse.metrics.value import Kernel
from evalhouse.scoring.basis import Basis, Clusters, Key, shares_of
from evalhouse.scoring.validity import VALID_SHARE
from evalhouse.stats.sample import sample_of_rows


def set_basis(pairs: SetPairs, *, clusters: Clusters | None = None) -> Basis:
    """Score sets; `clusters` name those of the units with a gold answer."""
    found = multilabel.multilabel_metrics(pairs)
    scores = tuple(score for score in found if score.metric != VALID_SHARE)
    kernels: dict[Key, Kernel] = {
        (name, None): kernel for name, kernel in multilabel.KERNELS.items()
    }
    for metric in multilabel.SET_METRICS:
        for place, label in enumerate(pairs.names):
            kernels[metric, label] = multilabel.label_kernel(metric, place)
    marks = pairs.gold.sum(axis=0)
    rarest = int(marks[marks > 0].min(initial=len(pairs)))
    shares = {} if clusters is not None else shares_of(scores, ("subset_accuracy",))
    return Basis(scores, sample_of_rows(pairs.units(), clusters), kernels, shares, rarest)
