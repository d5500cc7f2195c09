from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.raters import (
    FORMS,
    Form,
    intraclass_correlation,
    intraclass_kernel,
    intraclass_units,
    mean_squares,
)

# Shrout and Fleiss (1979), table 2: six targets, four judges.
SIX_TARGETS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def ratings(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return ratings of units that differ, by coders that differ."""
    n, k = int(rng.integers(2, 25)), int(rng.integers(2, 6))
    units, coders = 2 * rng.normal(size=(n, 1)), rng.normal(size=k)
    rounded: NDArray[np.float64] = np.round(units + coders + rng.normal(size=(n, k)), 2)
    return rounded


@pytest.mark.parametrize(
    ("form", "published"),
    [("1,1", 0.17), ("2,1", 0.29), ("3,1", 0.71), ("1,k", 0.44), ("2,k", 0.62), ("3,k", 0.91)],
)
def test_shrout_and_fleiss_six_targets_have_the_published_values(
    form: Form, published: float
) -> None:
    # Table 4 there.
    assert intraclass_correlation(SIX_TARGETS, form).value == pytest.approx(published, abs=5e-3)


def test_mean_squares_of_six_targets_are_the_published_ones() -> None:
    # Table 3 there: between targets, within target, between judges, residual.
    found = mean_squares(intraclass_units(SIX_TARGETS).sums)
    published = [11.24, 6.26, 32.49, 1.02]
    ours = [found.units, found.within, found.coders, found.error]
    np.testing.assert_allclose(ours, published, atol=5e-3)


def test_mean_squares_are_those_of_an_analysis_of_variance() -> None:
    rng = np.random.default_rng(10)
    for _ in range(8):
        table = ratings(rng)
        units, coders = (axis.ravel() for axis in np.indices(table.shape))
        data = pd.DataFrame({"value": table.ravel(), "unit": units, "coder": coders})
        theirs = anova_lm(ols("value ~ C(unit) + C(coder)", data).fit())["mean_sq"]
        found = mean_squares(intraclass_units(table).sums)
        np.testing.assert_allclose([found.units, found.coders, found.error], theirs, rtol=1e-10)


def test_random_tables_have_the_values_of_their_definition() -> None:
    rng = np.random.default_rng(11)
    for _ in range(50):
        table = ratings(rng)
        n, k = table.shape
        rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0)
        u = k * np.var(rows, ddof=1)
        c = n * np.var(columns, ddof=1)
        e = np.sum((table - rows - columns + table.mean()) ** 2) / ((n - 1) * (k - 1))
        w = np.sum((table - rows) ** 2) / (n * (k - 1))
        expected = [
            (u - w) / (u + (k - 1) * w),
            (u - e) / (u + (k - 1) * e + k * (c - e) / n),
            (u - e) / (u + (k - 1) * e),
            (u - w) / u,
            (u - e) / (u + (c - e) / n) if u + (c - e) / n > 0 else np.nan,
            (u - e) / u,
        ]
        found = [intraclass_correlation(table, form).value for form in FORMS]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_resampled_units_have_the_value_of_their_table(form: Form) -> None:
    rng = np.random.default_rng(12)
    table = ratings(rng)
    rows = intraclass_units(table).rows()
    draws = rng.integers(0, len(rows), (50, len(rows)))
    found = intraclass_kernel(form)(rows[draws].sum(axis=1))
    expected = [intraclass_correlation(table[draw], form).value for draw in draws]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_coders_who_never_differ_have_one_exactly(form: Form) -> None:
    assert intraclass_correlation([[0.1, 0.1], [0.7, 0.7], [0.2, 0.2]], form).value == 1.0


@pytest.mark.parametrize("form", FORMS)
def test_a_distant_origin_changes_nothing(form: Form) -> None:
    found = intraclass_correlation(SIX_TARGETS + 10**9, form).value
    assert found == intraclass_correlation(SIX_TARGETS, form).value


def test_consistency_ignores_a_constant_between_coders() -> None:
    table = [[1, 3], [2, 4], [5, 7]]
    assert intraclass_correlation(table, "3,1").value == pytest.approx(1.0, abs=1e-15)
    assert intraclass_correlation(table, "2,1").value < 1.0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("table", [[], [[]], [[1, 2]], [[1], [2]], [[1, None], [None, 2]]])
def test_too_few_units_or_coders_have_no_value(form: Form, table: Any) -> None:
    found = intraclass_correlation(table, form)
    assert not found.is_defined
    assert found.note.startswith("it needs two units and two coders")


@pytest.mark.parametrize("form", FORMS)
def test_equal_ratings_have_no_value(form: Form) -> None:
    found = intraclass_correlation([[0.1, 0.1, 0.1]] * 7, form)
    assert (str(found.value), found.note) == ("nan", "the variance is not above zero")


@pytest.mark.parametrize("form", FORMS)
def test_one_unit_drawn_again_and_again_has_no_value(form: Form) -> None:
    rows = intraclass_units([[0.1, 0.3], [0.7, 0.7], [0.2, 0.9]]).rows()
    assert np.isnan(intraclass_kernel(form)(rows[[1, 1, 1]].sum(axis=0)))


def test_units_that_miss_a_coder_are_left_out_and_counted() -> None:
    table = np.vstack([SIX_TARGETS, [[3, 4, np.nan, 5]]])
    found = intraclass_correlation(table, "2,1")
    assert (found.value, found.n) == (intraclass_correlation(SIX_TARGETS, "2,1").value, 6)
    assert found.note == "1 units without a rating of every coder are left out"


def test_text_has_no_variance() -> None:
    with pytest.raises(UsageError, match="found `a`"):
        intraclass_correlation([["a", "b"], ["b", "a"]], "1,1")


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="form of the intraclass correlation"):
        intraclass_correlation(SIX_TARGETS, "4,1")  # type: ignore[arg-type] # the point


def test_sums_of_too_few_coders_or_units_have_no_mean_squares() -> None:
    one_coder, one_unit = np.array([[5.0, 9.0, 3.0, 3.0]]), np.array([[1.0, 9.0, 5.0, 2.0, 1.0]])
    for sums in (one_coder, one_unit):
        assert np.isnan([intraclass_kernel(form)(sums) for form in FORMS]).all()
