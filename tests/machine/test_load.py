"""Work for GPUs, with libraries that only count how often they are asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evalhouse.machine import load

TORCH = """
class _Matrix:
    def matmul(self, other):
        assert other is self
        return self
    def cpu(self):
        return self
class cuda:
    @staticmethod
    def device_count():
        return {count}
def ones(shape, device):
    assert device.startswith("cuda:")
    return _Matrix()
"""
CUPY = """
class _Device:
    def __init__(self, index): self.index = index
    def __enter__(self): return self
    def __exit__(self, *_): return None
class cuda:
    Device = _Device
    class runtime:
        @staticmethod
        def getDeviceCount():
            return {count}
class _Matrix:
    def __matmul__(self, other): return self
def ones(shape, dtype): return _Matrix()
def asnumpy(matrix): return matrix
"""


@pytest.fixture
def libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder whose modules are found before all others, here and in a process begun here."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name in load.LIBRARIES:
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / f"{name}.py").write_text("raise ImportError", "utf-8")
    return tmp_path


@pytest.mark.parametrize(("name", "content"), [("torch", TORCH), ("cupy", CUPY)])
def test_each_library_keeps_the_gpus_busy(libraries: Path, name: str, content: str) -> None:
    (libraries / f"{name}.py").write_text(content.format(count=2), "utf-8")
    work = load.work_of(name)
    assert work is not None
    work()
    with load.busy_gpus() as is_busy:
        assert is_busy


@pytest.mark.parametrize("content", [TORCH.format(count=0), "raise OSError('no driver')"])
def test_a_library_without_gpus_keeps_nothing_busy(libraries: Path, content: str) -> None:
    (libraries / "torch.py").write_text(content, "utf-8")
    assert load.work_of("torch") is None
    with load.busy_gpus() as is_busy:
        assert not is_busy


def test_cupy_without_gpus_has_no_work(libraries: Path) -> None:
    (libraries / "cupy.py").write_text(CUPY.format(count=0), "utf-8")
    assert load.work_of("cupy") is None


def test_a_library_that_hangs_is_not_waited_for(libraries: Path) -> None:
    (libraries / "torch.py").write_text("import time; time.sleep(60)", "utf-8")
    with load.busy_gpus(begin_seconds=0.2) as is_busy:
        assert not is_busy


def test_work_ends_by_itself(libraries: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (libraries / "torch.py").write_text(TORCH.format(count=1), "utf-8")
    assert load.main(seconds=0.01) == 0
    assert capsys.readouterr().out == "busy\n"


def test_without_a_library_it_ends_at_once(libraries: Path) -> None:
    assert libraries.is_dir()
    assert load.main() == 1


def test_what_dies_after_it_has_begun_is_not_busy(libraries: Path) -> None:
    (libraries / "torch.py").write_text(TORCH.format(count=1), "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", "print('busy')"], stdout=subprocess.PIPE, text=True
    )
    assert not load._has_begun(process, 10.0)
    process.communicate()
