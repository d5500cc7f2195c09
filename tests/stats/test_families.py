from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.families import Adjustment, adjusted

THEIRS = {
    "holm": "holm",
    "bonferroni": "bonferroni",
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
}


@pytest.mark.parametrize("method", get_args(Adjustment))
def test_adjusted_p_values_are_statsmodels(method: Adjustment) -> None:
    chance = np.random.default_rng(0)
    for size in (1, 2, 7, 200):
        p_values = np.round(chance.beta(0.5, 2, size), 3)  # with ties
        expected = multipletests(p_values, method=THEIRS[method])[1]
        assert adjusted(p_values, method) == pytest.approx(expected, rel=1e-12)


def test_holms_steps_reject_as_he_describes() -> None:
    # Holm (1979): the smallest of m is compared with alpha / m, the next with alpha / (m - 1).
    found = adjusted([0.01, 0.04, 0.03, 0.005])
    assert found.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("method", get_args(Adjustment))
def test_what_was_not_tested_is_not_counted(method: Adjustment) -> None:
    with_gaps = adjusted([0.01, math.nan, 0.04, math.nan], method)
    assert np.isnan(with_gaps).tolist() == [False, True, False, True]
    assert with_gaps[[0, 2]].tolist() == adjusted([0.01, 0.04], method).tolist()


@pytest.mark.parametrize("method", get_args(Adjustment))
def test_a_family_of_none_stays_empty(method: Adjustment) -> None:
    assert adjusted([], method).shape == (0,)
    assert np.isnan(adjusted([math.nan], method)).all()


def test_a_table_is_one_family() -> None:
    table = np.array([[0.01, 0.2], [0.03, 0.04]])
    assert adjusted(table).ravel().tolist() == adjusted(table.ravel()).tolist()


def test_adjusting_never_lowers_or_reorders() -> None:
    p_values = np.random.default_rng(1).random(50)
    for method in get_args(Adjustment):
        found = adjusted(p_values, method)
        assert (found >= p_values).all()
        assert (np.diff(found[np.argsort(p_values)]) >= 0).all()


def test_what_is_no_p_value_is_refused() -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        adjusted([0.5, 1.5])
    with pytest.raises(UnknownNameError, match="holm"):
        adjusted([0.5], "Holm")  # type: ignore[arg-type]  # on purpose
