from __future__ import annotations

import getpass
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from evalhouse.machine.environment import describe_environment
from evalhouse.version import __version__

HEAVY = ("codecarbon", "pandas", "psutil", "pynvml", "pycountry", "torch", "aiohttp", "pyarrow")


def test_everything_of_a_run_has_its_place() -> None:
    found = describe_environment(Path(__file__).parent)
    assert found["evalhouse"] == __version__
    assert found["packages"]["evalhouse"] == __version__
    assert set(found) == {
        *("evalhouse", "python", "packages", "frameworks", "git", "os", "kernel", "machine"),
        *("container", "cpu", "memory_bytes", "gpus", "gpu_driver", "cuda", "variables"),
    }
    assert json.loads(json.dumps(found)) == found


def test_without_a_folder_there_is_no_repository() -> None:
    assert describe_environment()["git"] is None


def test_only_listed_variables_are_told_and_no_secret_in_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "sk-" + "Ab1" * 10
    monkeypatch.setenv("OPENAI_API_KEY", "canary-of-a-key")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("OLLAMA_KEEP_ALIVE", secret)
    found = describe_environment()
    assert found["variables"]["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert found["variables"]["OLLAMA_KEEP_ALIVE"].startswith("⟦redacted:openai:")
    assert "canary" not in json.dumps(found)
    assert secret not in json.dumps(found)


def test_nobody_is_in_it() -> None:
    text = json.dumps(describe_environment(Path(__file__).parent))
    texts = [str(Path.home()), str(Path(__file__).parent)]
    texts += [name for name in (socket.gethostname(), getpass.getuser()) if len(name) > 5]
    assert not [each for each in texts if each in text and each != "/"]


def test_the_package_loads_nothing_heavy() -> None:
    modules = ("environment", "meter", "tracker", "ledger", "carbon", "countries")
    program = (
        f"import sys\nfor name in {modules!r}: __import__('evalhouse.machine.' + name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
