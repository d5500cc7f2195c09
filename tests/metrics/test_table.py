from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import ABSENT, Absent
from evalhouse.metrics.table import (
    ABSENT_LABEL,
    Confusion,
    confusion,
    flat_kernel,
    margins,
    ratio,
    table_of_counts,
)
from tests.metrics.answers import ALL_SIDES, Side, both, quiet

GOLD = ["a", "a", "b", "b", None, Absent.FAILED]
MODEL = ["a", "b", None, Absent.INVALID, "a", Absent.FAILED]


@pytest.mark.parametrize(("gold", "model"), ALL_SIDES)
def test_every_pair_is_counted_once_with_absence_behind_the_labels(gold: Side, model: Side) -> None:
    table = confusion(gold, model)
    places = [*table.names, *ABSENT]
    seen = Counter(
        (Absent.MISSING if first is None else first, Absent.MISSING if second is None else second)
        for first, second in zip(gold, model, strict=True)
    )
    for row, first in enumerate(places):
        for column, second in enumerate(places):
            assert table.counts[row, column] == seen[first, second]


@pytest.mark.parametrize(("gold", "model"), [sides for sides in ALL_SIDES if both(*sides)[0]])
def test_the_square_is_the_confusion_matrix_of_scikit_learn(gold: Side, model: Side) -> None:
    table = confusion(gold, model)
    with quiet():
        wanted = confusion_matrix(*both(gold, model), labels=list(table.names))
    assert table.square.tolist() == wanted.tolist()
    assert table.n_pairs == wanted.sum()


def test_units_without_an_answer_are_counted_by_kind() -> None:
    table = confusion(GOLD, MODEL)
    assert (table.n_gold, table.n_pairs) == (4, 2)
    assert list(table.unanswered().values()) == [1, 0, 1, 0]


def test_absence_is_an_error_or_left_out_or_a_label_as_asked() -> None:
    table = confusion(GOLD, MODEL)
    assert table.cells().tolist() == [[1, 1, 0], [0, 0, 2]]
    assert table.cells("exclude").tolist() == [[1, 1, 0], [0, 0, 0]]
    assert table.cells("class").tolist() == [[1, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
    assert table.cell_names("class") == ("a", "b", ABSENT_LABEL)


def test_an_unknown_rule_for_absence_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `exclude`"):
        confusion(GOLD, MODEL).cells("excluded")  # type: ignore[arg-type]  # what is tested


def test_declared_labels_that_never_occur_have_their_row() -> None:
    assert confusion(["a"], ["a"], ["c", "a"]).cells().tolist() == [[0, 0, 0], [0, 1, 0]]


def test_a_scale_puts_labels_in_its_order() -> None:
    table = confusion(["low", "high", "low"], ["low", "low", None])
    ordered, values = table.on_scale([9, 2])
    assert (ordered.names, values.tolist()) == (("low", "high"), [2, 9])
    assert ordered.cells().tolist() == [[1, 0, 1], [1, 0, 0]]


def test_numeric_labels_are_their_own_scale() -> None:
    ordered, values = confusion([1, 10], [2, 10], [10, 2, 1]).on_scale()
    assert (ordered.names, values.tolist()) == ((1, 2, 10), [1, 2, 10])


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (None, "`a` is no number"),
        ([1], "1 numbers for 2 labels"),
        ([1, 1], "differ"),
        ([1, float("inf")], "finite"),
        ([float("nan"), 1], "finite"),
    ],
)
def test_a_scale_gives_each_label_a_number_of_its_own(scale: list[float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        confusion(["a"], ["b"]).on_scale(scale)


def test_counts_of_others_become_a_table() -> None:
    table = table_of_counts([[2, 1, 1], [0, 3, 0]], ["a", "b"])
    assert (table.n_gold, table.n_pairs) == (7, 6)
    assert table.unanswered()[Absent.MISSING] == 1
    assert table_of_counts([[1]]).names == (0,)


@pytest.mark.parametrize("cells", [[1, 2], [[1, 2, 3]], [[-1]], [[[1]]]])
def test_counts_of_another_shape_or_below_0_are_refused(cells: list[object]) -> None:
    with pytest.raises(UsageError, match="a table has k rows"):
        table_of_counts(cells)  # type: ignore[arg-type]  # what is tested


def test_a_table_has_one_name_a_row() -> None:
    with pytest.raises(UsageError, match="2 rows and 1 names"):
        table_of_counts([[1, 0], [0, 1]], ["a"])


def test_margins_take_any_number_of_leading_axes() -> None:
    cells = np.arange(24.0).reshape(2, 2, 2, 3)
    sums = margins(cells)
    assert sums.hits[1, 1].tolist() == [18.0, 22.0]
    assert sums.gold[1, 1].tolist() == [57.0, 66.0]
    assert sums.answered[1, 1].tolist() == [37.0, 43.0]
    assert sums.chosen[1, 1].tolist() == [39.0, 41.0]
    assert (sums.total[1, 1], sums.pairs[1, 1], sums.agreed[1, 1]) == (123, 80, 40)


@pytest.mark.parametrize("shape", [(3,), (2, 2), (4, 2, 4)])
def test_margins_refuse_tables_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="one column more than rows"):
        margins(np.zeros(shape))


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_flat_cells_find_their_shape(size: int) -> None:
    cells = np.random.default_rng(size).random((3, size, size + 1))
    found = flat_kernel(lambda table: table[..., -1, -1])(cells.reshape(3, -1))
    assert found.tolist() == cells[:, -1, -1].tolist()


def test_division_by_0_is_nan_without_a_warning() -> None:
    assert np.isnan(ratio([1, 0], 0)).all()
    assert ratio([[1], [2]], [4, 8]).tolist() == [[0.25, 0.125], [0.5, 0.25]]


def test_tables_of_numbers_may_be_made_by_hand() -> None:
    assert Confusion((1,), np.eye(5, dtype=np.int64)).cells("exclude").tolist() == [[1, 0]]


@pytest.mark.parametrize("count", [1.5, float("nan"), 2**60])
def test_a_count_that_is_none_is_refused_and_not_rounded(count: float) -> None:
    with pytest.raises(UsageError, match="counts that are whole numbers"):
        table_of_counts([[count]])


def test_names_of_a_counted_table_differ() -> None:
    with pytest.raises(UsageError, match="2 rows and 1 names"):
        table_of_counts([[1, 2], [3, 4]], ["a", "a"])
