from __future__ import annotations

import subprocess
import sys

import pytest


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
