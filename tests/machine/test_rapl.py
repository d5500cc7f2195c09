from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.machine.rapl import RaplMeter

RANGE = 262_143_328_850  # microjoules, as processors of servers have it
KWH = 3.6e12


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Tree:
    """A folder like `/sys/class/powercap`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock()

    def add(self, zone: str, name: str, value: int, highest: int | None = RANGE) -> None:
        folder = self.root / zone
        folder.mkdir(exist_ok=True)
        (folder / "name").write_text(f"{name}\n")
        self.turn(zone, value)
        if highest is not None:
            (folder / "max_energy_range_uj").write_text(f"{highest}\n")

    def turn(self, zone: str, value: int) -> None:
        (self.root / zone / "energy_uj").write_text(f"{value}\n")

    def meter(self, highest_watts: float = 3000) -> RaplMeter:
        return RaplMeter(highest_watts, self.root, self.clock)

    def later(self, seconds: float = 1000) -> None:
        self.clock.now += seconds


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_each_part_of_the_machine_is_summed_on_its_own(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 100)
    tree.add("intel-rapl:1", "package-1", 5_000_000)
    tree.add("intel-rapl:0:0", "core", 50)
    tree.add("intel-rapl:0:1", "dram", 70)
    tree.add("intel-rapl:2", "psys", 900)
    tree.add("intel-rapl-mmio:0", "package-0", 100)
    meter = tree.meter()
    tree.turn("intel-rapl:0", 100 + 36_000_000)
    tree.turn("intel-rapl:1", 5_000_000 + 72_000_000)
    tree.turn("intel-rapl:0:1", 70 + 3_600_000)
    tree.turn("intel-rapl:2", 900 + 360_000_000)
    tree.turn("intel-rapl-mmio:0", 100 + 36_000_000)
    tree.later()
    meter.sample()
    assert meter.kwh("package") == pytest.approx(108e6 / KWH)
    assert meter.kwh("dram") == pytest.approx(3.6e6 / KWH)
    assert meter.kwh("psys") == pytest.approx(360e6 / KWH)
    assert meter.notes == []


@given(
    start=st.integers(0, RANGE - 1),
    steps=st.lists(st.integers(0, RANGE - 1), min_size=1, max_size=8),
)
def test_a_counter_may_begin_anew_between_any_two_looks(
    tmp_path_factory: pytest.TempPathFactory, start: int, steps: list[int]
) -> None:
    tree = Tree(tmp_path_factory.mktemp("powercap"))
    tree.add("intel-rapl:0", "package-0", start)
    meter = tree.meter()
    value = start
    for step in steps:
        value = (value + step) % RANGE
        tree.turn("intel-rapl:0", value)
        tree.later()
        meter.sample()
    assert meter.kwh("package") == pytest.approx(sum(steps) / KWH)


def test_a_counter_set_back_is_told_from_one_that_ran_over(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 1000)
    meter = tree.meter()
    tree.turn("intel-rapl:0", 10)  # 262 kJ within a second would be 262 kW
    tree.later(1)
    meter.sample()
    assert meter.kwh("package") is None
    assert meter.notes == ["an energy counter of the processor began anew, so it tells no sum"]


def test_without_its_range_a_counter_that_ran_over_tells_no_sum(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 1000, highest=None)
    meter = tree.meter()
    tree.turn("intel-rapl:0", 2000)
    meter.sample()
    assert meter.kwh("package") == pytest.approx(1000 / KWH)
    tree.turn("intel-rapl:0", 10)
    meter.sample()
    assert meter.kwh("package") is None


def test_dies_that_show_one_counter_twice_count_once(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0-die-0", 9_000_000_000)
    tree.add("intel-rapl:1", "package-0-die-1", 9_000_400_000)
    meter = tree.meter()
    tree.turn("intel-rapl:0", 9_050_000_000)
    tree.turn("intel-rapl:1", 9_050_500_000)
    meter.sample()
    assert meter.kwh("package") == pytest.approx(50e6 / KWH)


def test_counters_that_may_not_be_read_are_noted_once(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.add("intel-rapl:0", "package-0", 1)
    tree.add("intel-rapl:1", "package-1", 2)
    reading = Path.read_text

    def refusing(path: Path, *arguments: Any) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return reading(path, *arguments)

    monkeypatch.setattr(Path, "read_text", refusing)
    meter = tree.meter()
    meter.sample()
    assert meter.kwh("package") is None
    assert len(meter.notes) == 1
    assert f"give this user read access to `{tree.root}/intel-rapl:*/energy_uj`" in meter.notes[0]


def test_one_processor_that_cannot_be_read_leaves_the_sum_open(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 1)
    tree.add("intel-rapl:1", "package-1", 2)
    (tree.root / "intel-rapl:1" / "energy_uj").write_text("much\n")
    meter = tree.meter()
    tree.turn("intel-rapl:0", 500)
    meter.sample()
    assert meter.kwh("package") is None
    assert meter.notes == ["`intel-rapl:1/energy_uj` of RAPL cannot be read: it holds no number"]


def test_a_counter_that_goes_away_leaves_the_sum_open(tree: Tree) -> None:
    tree.add("intel-rapl:0", "package-0", 1)
    meter = tree.meter()
    (tree.root / "intel-rapl:0" / "energy_uj").unlink()
    meter.sample()
    assert meter.kwh("package") is None
    assert "No such file or directory" in meter.notes[0]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_machine_without_counters_needs_no_note(tmp_path: Path, is_there: bool) -> None:  # noqa: FBT001
    meter = RaplMeter(3000, tmp_path if is_there else tmp_path / "none")
    meter.sample()
    assert (meter.kwh("package"), meter.kwh("dram"), meter.notes) == (None, None, [])
