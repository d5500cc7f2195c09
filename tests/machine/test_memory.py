from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.machine.facts import Memory
from evalhouse.machine.memory import find_memory, find_motherboard
from tests.machine.tools import Tools, make_files, output


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_files(tmp_path, {"proc/meminfo": output("meminfo.txt")})


@pytest.mark.parametrize(
    ("printed", "speed", "channels"),
    [
        ("dmidecode_epyc.txt", 4800, 3),
        ("dmidecode_desktop.txt", 5600, 2),
        ("dmidecode_virtual.txt", None, None),
    ],
)
def test_the_superuser_learns_speed_and_channels(
    root: Path, printed: str, speed: int | None, channels: int | None
) -> None:
    found = find_memory(Tools({"dmidecode -t memory": printed}), root, is_root=True)
    assert found == Memory(131819544 * 1024, speed, channels)


def test_nobody_else_is_asked_for_more_rights(root: Path) -> None:
    tools = Tools({"dmidecode": "dmidecode_epyc.txt"})
    assert find_memory(tools, root, is_root=False) == Memory(131819544 * 1024)
    assert tools.asked == []


def test_a_superuser_without_the_tool_learns_less(root: Path) -> None:
    assert find_memory(Tools(), root, is_root=True) == Memory(131819544 * 1024)


def test_macos_tells_its_memory(tmp_path: Path) -> None:
    assert find_memory(lambda *_, **__: "68719476736\n", tmp_path, is_root=False) == Memory(2**36)


@pytest.mark.parametrize("content", ["", "MemTotal: none", "MemTotal: 0 kB"])
def test_nonsense_is_no_memory(tmp_path: Path, content: str) -> None:
    root = make_files(tmp_path, {"proc/meminfo": content})
    assert find_memory(Tools(), root, is_root=False) == Memory()


@pytest.mark.parametrize(
    ("maker", "name", "board"),
    [
        (
            "ASUSTeK COMPUTER INC.\n",
            "ProArt X670E-CREATOR WIFI\n",
            "ASUSTeK COMPUTER INC. ProArt X670E-CREATOR WIFI",
        ),
        ("To Be Filled By O.E.M.", "X570 Taichi", "X570 Taichi"),
        ("Default string", "Not Applicable", None),
    ],
)
def test_placeholders_of_the_firmware_name_no_board(
    tmp_path: Path, maker: str, name: str, board: str | None
) -> None:
    folder = "sys/class/dmi/id"
    root = make_files(tmp_path, {f"{folder}/board_vendor": maker, f"{folder}/board_name": name})
    assert find_motherboard(root) == board


def test_a_machine_without_firmware_tables_has_no_board(tmp_path: Path) -> None:
    assert find_motherboard(tmp_path) is None


def test_a_virtual_machine_is_known_by_its_own_file(tmp_path: Path) -> None:
    root = make_files(tmp_path, {"proc/meminfo": output("meminfo_virtual.txt")})
    assert find_memory(Tools(), root, is_root=False) == Memory(24_683_652 * 1024)
