from __future__ import annotations

import numpy as np
import pytest

from evalhouse.metrics.text import TEXT_METRICS, mean_of_sums, text_metrics
from tests.metrics.text.samples import pairs

GOLD = [*pairs(60)[0], None, "a cat sat on a mat"]
MODEL = [*pairs(60)[1], "x", None]
LOCAL = tuple(name for name in TEXT_METRICS if name[:4] not in {"embe", "bert"})


@pytest.mark.parametrize("name", LOCAL)
def test_the_kernel_of_the_sums_is_the_score(name: str) -> None:
    found = text_metrics(GOLD, MODEL, metrics=[name])[name]
    assert found.kernel(found.rows.sum(axis=0)) == pytest.approx(found.value.value, rel=1e-12)
    assert found.value.n == len(found.rows) == len(GOLD) - 1
    assert found.scores[-1] == 0


@pytest.mark.parametrize("name", LOCAL)
def test_the_order_of_units_does_not_matter(name: str) -> None:
    found = text_metrics(GOLD, MODEL, metrics=[name])[name]
    back = text_metrics(GOLD[::-1], MODEL[::-1], metrics=[name])[name]
    np.testing.assert_array_equal(found.scores[::-1], back.scores)
    assert back.value.value == pytest.approx(found.value.value, rel=1e-12)


def test_the_mean_of_nothing_is_undefined() -> None:
    assert np.isnan(mean_of_sums(np.zeros((2, 2)))).all()
