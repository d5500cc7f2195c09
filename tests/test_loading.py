from __future__ import annotations

import gc
import subprocess
import sys
from contextlib import suppress

import pytest

from evalhouse.loading import seldom_tidied


def _said(program: str) -> str:
    """Run a program in a process of its own, since what is loaded stays."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_pyarrow_converts_without_pandas() -> None:
    pytest.importorskip("pandas")
    program = (
        "import sys; from evalhouse.loading import do_without_pandas; do_without_pandas();"
        "import pyarrow as pa; print(pa.array([1, None]).to_pylist(), pa.array(['a']).to_pylist(),"
        " 'pandas' in sys.modules)"
    )
    assert _said(program) == "[1, None] ['a'] False"


def test_the_refusal_names_the_package_and_spares_all_others() -> None:
    program = (
        "from evalhouse.loading import do_without_pandas; do_without_pandas(); import json\n"
        "try: import pandas\n"
        "except ModuleNotFoundError as failure: print(failure.name, failure)"
    )
    assert _said(program) == "pandas `pandas` is not loaded in this process"


def test_pandas_that_is_loaded_already_stays_usable() -> None:
    pytest.importorskip("pandas")
    program = (
        "import sys, pandas; before = list(sys.meta_path)\n"
        "from evalhouse.loading import do_without_pandas; do_without_pandas()\n"
        "import pandas.api; print(sys.meta_path == before, pandas.Series([1]).sum())"
    )
    assert _said(program) == "True 1"


@pytest.mark.parametrize("name", ["pandas_", "panda", "numpy"])
def test_other_names_are_left_to_other_finders(name: str) -> None:
    program = (
        "import sys; from evalhouse.loading import do_without_pandas; do_without_pandas();"
        f"print(sys.meta_path[0].find_spec({name!r}))"
    )
    assert _said(program) == "None"


def test_dead_rings_are_looked_for_seldom_for_a_while() -> None:
    before = gc.get_threshold()
    with seldom_tidied():
        assert gc.get_threshold()[0] > 10 * before[0]
        assert gc.get_threshold()[1:] == before[1:]
    assert gc.get_threshold() == before


def test_usual_tidying_returns_after_a_failure() -> None:
    before = gc.get_threshold()
    with suppress(RuntimeError), seldom_tidied():
        raise RuntimeError
    assert gc.get_threshold() == before
