from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.machine.facts import Processor
from evalhouse.machine.processor import find_processor
from tests.machine.tools import Tools, make_files, output

CPUS = "sys/devices/system/cpu"


def test_cores_are_counted_by_socket_and_number(tmp_path: Path) -> None:
    root = make_files(
        tmp_path,
        {
            "proc/cpuinfo": output("cpuinfo_xeon.txt"),
            f"{CPUS}/cpu0/cpufreq/cpuinfo_max_freq": "3900000\n",
            f"{CPUS}/cpu1/cpufreq/cpuinfo_max_freq": "3700000\n",
            f"{CPUS}/cpufreq/boost": "1\n",
        },
    )
    assert find_processor(Tools(), root) == Processor(
        model="Intel(R) Xeon(R) Gold 5218 CPU @ 2.30GHz",
        cores=3,
        threads=4,
        base_clock_mhz=2300,
        peak_clock_mhz=3900,
    )


@pytest.mark.parametrize(
    ("file", "content", "base"),
    [
        ("cpufreq/base_frequency", "2400000", 2400),
        ("acpi_cppc/nominal_freq", "2450", 2450),
        ("cpufreq/base_frequency", "<unknown>", 2300),
        ("acpi_cppc/nominal_freq", "0", 2300),
    ],
)
def test_the_base_clock_is_the_drivers_else_the_firmwares_else_in_the_name(
    tmp_path: Path, file: str, content: str, base: int
) -> None:
    root = make_files(
        tmp_path,
        {"proc/cpuinfo": output("cpuinfo_xeon.txt"), f"{CPUS}/cpu0/{file}": content},
    )
    assert find_processor(Tools(), root).base_clock_mhz == base


def test_a_processor_that_does_not_number_its_cores_leaves_them_open(tmp_path: Path) -> None:
    root = make_files(tmp_path, {"proc/cpuinfo": output("cpuinfo_arm.txt")})
    found = find_processor(Tools(), root)
    assert found == Processor(model="Raspberry Pi 5 Model B Rev 1.0", threads=2)


def test_macos_is_asked_by_sysctl(tmp_path: Path) -> None:
    said = {
        "hw.cpufrequency_max": "2600000000",
        "hw.cpufrequency": "2400000000",
        "machdep.cpu.brand_string": "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz\n",
        "hw.physicalcpu": "6\n",
        "hw.logicalcpu": "12\n",
    }
    found = find_processor(lambda *words, **_: said.get(words[-1]), tmp_path)
    assert found == Processor("Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz", 6, 12, 2400, 2600)


def test_a_chip_of_apple_tells_no_clock(tmp_path: Path) -> None:
    said = {"machdep.cpu.brand_string": "Apple M3 Max", "hw.physicalcpu": "16"}
    found = find_processor(lambda *words, **_: said.get(words[-1]), tmp_path)
    assert (found.model, found.cores) == ("Apple M3 Max", 16)
    assert found.base_clock_mhz is found.peak_clock_mhz is None


def test_a_clock_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    root = make_files(
        tmp_path,
        {
            "proc/cpuinfo": output("cpuinfo_arm.txt"),
            f"{CPUS}/cpu0/cpufreq/cpuinfo_max_freq/not-a-file": "",
        },
    )
    assert find_processor(Tools(), root).peak_clock_mhz is None


def test_a_virtual_machine_is_known_by_its_own_file(tmp_path: Path) -> None:
    root = make_files(tmp_path, {"proc/cpuinfo": output("cpuinfo_epyc_virtual.txt")})
    assert find_processor(Tools(), root) == Processor(model="AMD EPYC", cores=2, threads=2)
