from __future__ import annotations

import csv
import io
import random
import warnings
from collections.abc import Sequence

import pandas as pd
import pytest

from evalhouse.metrics.codebook_lab.columns import MISSING, inferred, number, rows_at_once

# Numbers of more than 17 digits, and text that codecs see as missing, are read as pandas 3 does.
needs_pandas_3 = pytest.mark.skipif(
    int(pd.__version__.split(".")[0]) < 3, reason="the rules are those of pandas 3"
)
SMALL = ["0", "1", "2", "007", "+3", "-4", " 5", "6 ", "-0", "\t7"]
DECIMALS = ["1.0", ".5", "2.", "1e3", "1E+3", "-0.0", "0.1", "1e400", "1e-400", "1e16", "3e-5"]
WORDS = ["yes", "a", "A ", " ", "x,y", 'say "so"', "line\nbreak", "é", "1_000", "0x1A", "1e"]
BOOLEANS = ["true", "False", "TRUE", "tRue"]
INFINITE = ["inf", "-Infinity", "+INF", " inf"]
LARGE = [str(2**63 - 1), str(2**63), str(2**64 - 1), str(2**64), str(-(2**63)), str(-(2**63) - 1)]
ODD = ["--1", "+", ".", "e5", "1 2", "1d3", "+nan", "1e5.5", "9" * 30, "0" * 40 + "1", "NAN"]
POOLS = (SMALL, DECIMALS, WORDS, BOOLEANS, INFINITE, LARGE, ODD, sorted(MISSING))


def read_by_pandas(cells: Sequence[str], columns: int = 2) -> list[str]:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([f"c{place}" for place in range(columns)])
    writer.writerows([cell, *["1"] * (columns - 1)] for cell in cells)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that types are mixed, and that filling will change
        return list(pd.read_csv(file)["c0"].fillna("").astype(str))


def made(chance: random.Random) -> list[str]:
    """Make a column of a few kinds of cells, often of one kind with some missing."""
    pools = chance.sample(POOLS, chance.choice([1, 1, 2, 3]))
    kept = [cell for pool in pools for cell in chance.sample(pool, chance.randint(1, 4))]
    gaps = [""] * chance.choice([0, 0, 1])
    return chance.choices([*kept, *gaps], k=chance.randint(1, 8))


@needs_pandas_3
@pytest.mark.parametrize("seed", range(12))
def test_columns_come_out_as_pandas_and_codebook_lab_make_them(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        cells = made(chance)
        assert inferred(cells, width=2).rows == read_by_pandas(cells), cells


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["1", "0", ""], ["1.0", "0.0", ""]),
        (["1", "0"], ["1", "0"]),
        (["007", "+3"], ["7", "3"]),
        (["true", "FALSE"], ["True", "False"]),
        (["true", "", "no"], ["true", "", "no"]),
        (["None", "NA", "yes"], ["", "", "yes"]),
        (["None", "NA"], ["", ""]),
        (["18446744073709551616", "01"], ["18446744073709551616", "1"]),
        (["9223372036854775808", ""], ["9223372036854775808", ""]),
        (["18446744073709551616", "1.5"], ["18446744073709551616", "1.5"]),
        (["1.5", "18446744073709551616"], ["1.5", "1.8446744073709552e+19"]),
    ],
)
def test_the_traps_of_inference(cells: list[str], read: list[str]) -> None:
    assert inferred(cells).rows == read


@needs_pandas_3
@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_read_to_the_last_digit(seed: int) -> None:
    chance = random.Random(seed)
    cells = [
        f"{chance.randint(0, 10 ** chance.randint(1, 19))}.{chance.randint(0, 10**18)}"
        f"e{chance.randint(-330, 310)}"
        for _ in range(200)
    ]
    assert inferred(cells).rows == read_by_pandas(cells)


@needs_pandas_3
@pytest.mark.parametrize("last", [["x"], ["1.5"], ["true"], [str(2**63)], ["", "x"]])
def test_wide_files_have_their_types_settled_block_by_block(last: list[str]) -> None:
    columns = 2**14
    size = rows_at_once(columns)
    cells = [*["007"] * size, *[cell for cell in last for _ in range(size)]]
    assert inferred(cells, width=columns).rows == read_by_pandas(cells, columns)


@pytest.mark.parametrize(("columns", "rows"), [(1, 2**19), (14, 65536), (300, 2048), (2**20, 1)])
def test_how_many_rows_pandas_takes_at_once(columns: int, rows: int) -> None:
    assert rows_at_once(columns) == rows


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["1", "2"], ["1.0", "2.0"]),
        (["true"], ["True"]),
        (["a"], ["a"]),
        ([str(2**64)], [str(2**64)]),
    ],
)
def test_a_shorter_file_is_filled_up_and_its_numbers_become_decimals(
    cells: list[str], read: list[str]
) -> None:
    assert inferred(cells, length=len(cells) + 1).rows == [*read, ""]


def test_words_for_missing_are_labels_where_nothing_is_missing() -> None:
    assert inferred(["NA", "", "1"], has_missing=False).rows == ["NA", "", "1"]


def test_a_column_without_rows_is_empty() -> None:
    assert inferred([]).rows == []
    assert inferred([], length=2).rows == ["", ""]


@pytest.mark.parametrize("text", sorted({cell for pool in POOLS for cell in pool}))
def test_numbers_are_those_that_pandas_converts(text: str) -> None:
    expected = pd.to_numeric(pd.Series([text, "1.5"], dtype=object), errors="coerce")[0]
    found = number(text)
    assert (found is None and bool(pd.isna(expected))) or found == expected
