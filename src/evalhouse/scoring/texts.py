"""Fields with a text a unit."""

from __future__ import annotations

import numpy as np

from evalhouse.metrics.text import TextScore, mean_of_sums
from evalhouse.scoring.basis import Clusters
from evalhouse.scoring.score import Scoring
from evalhouse.stats.jackknife import jackknife
from evalhouse.stats.means import mean
from evalhouse.stats.proportions import proportion
from evalhouse.stats.results import Interval
from evalhouse.stats.sample import sample_of_rows


def text_interval(
    score: TextScore, *, clusters: Clusters | None, options: Scoring
) -> Interval | None:
    """Return the interval of a text metric: Wilson's of a share, t of a mean, else a jackknife.

    `clusters` (m,) name those of all units.
    """
    enters = ~np.isnan(score.scores)
    if not enters.any():
        return None
    held = None if clusters is None else clusters[enters]
    values = score.scores[enters]
    if score.kernel is not mean_of_sums:
        return jackknife(sample_of_rows(score.rows, held), score.kernel, level=options.level)
    if held is None and np.isin(values, (0.0, 1.0)).all():
        return proportion(int(values.sum()), len(values), level=options.level)
    return mean(values, held, level=options.level)
