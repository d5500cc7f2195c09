from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

from evalhouse.machine.software import (
    describe_frameworks,
    describe_packages,
    describe_python,
    describe_system,
)


def test_packages_are_evalhouse_and_all_it_needs_in_order() -> None:
    found = describe_packages()
    assert list(found) == sorted(found)
    for name in ("evalhouse", "msgspec", "pyarrow", "numpy"):
        assert found[name] == metadata.version(name)
    assert "yarl" in found  # aiohttp needs it
    assert "pip" not in found


def test_optional_parts_of_others_do_not_count() -> None:
    optional = [text for text in metadata.requires("aiohttp") or () if "extra ==" in text]
    if not optional:
        pytest.skip("this aiohttp has no optional parts")
    assert set(describe_packages("aiohttp")) >= {"aiohttp", "multidict"}
    assert "aiodns" not in describe_packages("aiohttp")


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert describe_packages("no-such-distribution") == {}


def test_frameworks_are_told_without_loading_them() -> None:
    program = (
        "import sys; from evalhouse.machine.software import describe_frameworks\n"
        "describe_frameworks(); print({'torch', 'transformers', 'vllm'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
    assert all(metadata.version(name) == found for name, found in describe_frameworks().items())


def test_python_and_system_are_named() -> None:
    assert describe_python()["version"] == ".".join(map(str, sys.version_info[:3]))
    assert all(describe_system().values())
