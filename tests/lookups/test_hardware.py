"""GPU models, their links and their peak rates: what the files say, and who is found by what."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from evalhouse.errors import HouseError
from evalhouse.lookups import hardware, rows, seeds
from evalhouse.lookups.files import read_file
from evalhouse.lookups.hardware import (
    find_gpu,
    interface_type,
    interface_types,
    listed_gpus,
    peak_tflops,
    plain_name,
)
from evalhouse.records import ComputeFormat, GpuModel, GpuTflops, InterfaceType, TflopsSource


def named(name: str) -> GpuModel:
    match = find_gpu(name)
    assert match is not None
    return match.model


def found(**known: Any) -> tuple[str, str | None] | None:
    match = find_gpu(**known)
    return (match.model.name, match.note) if match else None


# -- links -----------------------------------------------------------------------------------------


def test_every_generation_of_pcie_is_there_with_every_number_of_lanes() -> None:
    there = {each.description for each in interface_types() if each.interface_family == "PCIe"}
    expected = {
        f"PCIe {generation}.0 x{lanes}"
        for generation, lanes in itertools.product(range(1, 7), (1, 2, 4, 8, 16))
    }
    assert there == expected


@pytest.mark.parametrize(
    ("description", "rate", "bandwidth"),
    [
        # One direction of x16 is 4, 8, 15.754, 31.508, 63.015 and 128 GB/s, says PCI-SIG's FAQ.
        ("PCIe 1.0 x16", 2.5, 8.0),
        ("PCIe 2.0 x16", 5.0, 16.0),
        ("PCIe 3.0 x16", 8.0, 31.508),
        ("PCIe 4.0 x16", 16.0, 63.015),
        ("PCIe 5.0 x16", 32.0, 126.031),
        ("PCIe 6.0 x16", 64.0, 256.0),
        ("PCIe 1.0 x1", 2.5, 0.5),
        ("PCIe 3.0 x4", 8.0, 7.877),
    ],
)
def test_bandwidth_is_what_line_coding_leaves_in_both_directions(
    description: str, rate: float, bandwidth: float
) -> None:
    link = interface_type(description)
    assert link is not None
    assert (link.lane_transfer_rate, link.bandwidth_peak_gb_s) == (rate, bandwidth)


@pytest.mark.parametrize(
    "description",
    [
        *("SXM2", "SXM3", "SXM4", "SXM5", "SXM6", "NVLink 2", "NVLink 3", "NVLink 4", "NVLink 5"),
        *("Thunderbolt 3", "Thunderbolt 4", "Thunderbolt 5", "USB4", "OCuLink 2.0"),
        *("integrated", "unified"),
    ],
)
def test_other_links_are_there(description: str) -> None:
    assert interface_type(description) is not None


def test_a_socket_has_no_bandwidth_of_its_own() -> None:
    assert {
        each.bandwidth_peak_gb_s for each in interface_types() if each.interface_family == "SXM"
    } == {None}


def test_a_link_that_is_not_there_is_none() -> None:
    assert interface_type("PCIe 7.0 x16") is None


# -- who is found --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "tesla-m40",
        "M40",
        "m4",
        "4090",
        "RTX 4090 Laptop GP",
        "NVIDIA",
        "",
        "Instinct",
        "B20",
        "L4 S",
    ],
)
def test_a_part_of_a_name_or_more_than_it_is_not_enough(name: str) -> None:
    assert find_gpu(name) is None


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090"),
        ("GeForce RTX 4090", "NVIDIA GeForce RTX 4090"),
        ("nvidia-geforce-rtx-4090", "NVIDIA GeForce RTX 4090"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA GeForce RTX 4090 Laptop GPU"),
        ("Apple M4", "Apple M4"),
        ("apple m4 max", "Apple M4 Max"),
        ("Intel(R) Arc(TM) A770 Graphics", "Intel Arc A770"),
        ("AMD Instinct MI300X OAM", "AMD Instinct MI300X"),
        ("NVIDIA H100 80GB HBM3", "NVIDIA H100 80GB HBM3"),
    ],
)
def test_a_name_is_known_in_its_exact_spellings(spelled: str, name: str) -> None:
    assert found(name=spelled) == (name, None)


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("2204", "NVIDIA GeForce RTX 3090"),  # no Ada, as an index once had it
        ("2684", "NVIDIA GeForce RTX 4090"),
        ("2717", "NVIDIA GeForce RTX 4090 Laptop GPU"),
        ("2757", "NVIDIA GeForce RTX 4090 Laptop GPU"),
        ("2330", "NVIDIA H100 80GB HBM3"),
        ("2331", "NVIDIA H100 PCIe"),
        ("2335", "NVIDIA H200"),
        ("2901", "NVIDIA B200"),
        ("2b85", "NVIDIA GeForce RTX 5090"),
        ("20B2", "NVIDIA A100-SXM4-80GB"),
    ],
)
def test_an_id_alone_is_enough_where_it_is_of_one_model(device: str, name: str) -> None:
    assert found(vendor_id="10de", device_id=device) == (name, None)


def test_the_id_wins_over_the_name_and_says_so() -> None:
    match = found(name="NVIDIA GeForce RTX 5090", vendor_id="10de", device_id="2684")
    note = "calls it `NVIDIA GeForce RTX 5090`, its PCI id is that of `NVIDIA GeForce RTX 4090`"
    assert match == ("NVIDIA GeForce RTX 4090", f"its driver {note}")


def test_an_id_of_several_models_needs_the_name() -> None:
    shared = {"vendor_id": "1002", "device_id": "744c"}
    assert found(name="Radeon RX 7900 XTX", **shared) == ("AMD Radeon RX 7900 XTX", None)
    assert found(name="AMD Radeon RX 7900 XT", **shared) == ("AMD Radeon RX 7900 XT", None)
    assert found(name="Navi 31 [Radeon RX 7900 XT/7900 XTX]", memory_mb=24560, **shared) is None
    assert found(**shared) is None


def test_an_id_that_models_share_which_are_not_here_needs_the_name() -> None:
    assert found(vendor_id="1002", device_id="73ef") is None
    mobile = {"name": "AMD Radeon RX 6700S", "vendor_id": "1002", "device_id": "73ef"}
    assert found(**mobile) is None


@pytest.mark.parametrize(
    ("name", "memory", "model"),
    [
        ("NVIDIA GeForce RTX 3080", 10240, "NVIDIA GeForce RTX 3080"),
        ("NVIDIA GeForce RTX 3080", 12288, "NVIDIA GeForce RTX 3080 12GB"),
        ("NVIDIA GeForce RTX 4060 Ti", 16380, "NVIDIA GeForce RTX 4060 Ti 16GB"),
        ("NVIDIA GeForce RTX 5060 Ti", 8151, "NVIDIA GeForce RTX 5060 Ti 8GB"),
    ],
)
def test_memory_decides_between_models_of_one_name(name: str, memory: int, model: str) -> None:
    assert found(name=name, memory_mb=memory) == (model, None)
    assert found(name=name) is None
    assert found(name=name, memory_mb=4096) is None


def test_a_dies_id_of_two_modules_needs_the_name() -> None:
    shared = {"vendor_id": "1002", "device_id": "740c"}
    assert found(name="AMD Instinct MI250X", **shared) == ("AMD Instinct MI250X", None)
    assert found(name="AMD Instinct MI200", **shared) is None


def test_another_id_of_a_known_name_counts_where_the_memory_fits() -> None:
    other = {"name": "NVIDIA GeForce RTX 3060", "vendor_id": "10de", "device_id": "2509"}
    note = "known by its name, for its PCI id 2509 is not listed"
    assert found(memory_mb=12288, **other) == ("NVIDIA GeForce RTX 3060", note)
    assert found(memory_mb=8192, **other) is None
    assert found(**other) is None


def test_a_known_name_of_another_maker_is_nobody() -> None:
    forged = {"name": "NVIDIA GeForce RTX 4090", "vendor_id": "1002", "device_id": "15bf"}
    assert found(memory_mb=24564, **forged) is None


def test_an_unknown_gpu_is_nobody() -> None:
    # 1002:15bf is the GPU in Phoenix processors; an index once called it Strix Halo.
    assert found(name="AMD Radeon 780M", vendor_id="1002", device_id="15bf") is None


@pytest.mark.parametrize(
    "shown",
    [
        ("2684", 24564),  # RTX 4090
        ("2330", 81559),  # H100 SXM5
        ("2335", 143771),  # H200
        ("2236", 23028),  # A10 with error correction
        ("1eb8", 15360),  # T4 with error correction
        ("2901", 183359),  # B200
    ],
)
def test_drivers_show_a_little_less_than_is_on_the_card(shown: tuple[str, int]) -> None:
    device, memory = shown
    match = find_gpu(vendor_id="10de", device_id=device)
    assert match is not None
    total = match.model.vram_total_mb or 0
    assert hardware.SHOWN_SHARE * total <= memory <= total


# -- what the list says --------------------------------------------------------------------------


def test_names_differ_in_more_than_spelling() -> None:
    plain = [plain_name(listed.model.name) for listed in listed_gpus()]
    assert len(plain) == len(set(plain))


def test_ids_are_of_a_known_maker_and_four_digits() -> None:
    for listed in listed_gpus():
        assert (listed.model.pci_vendor_id is None) == (not listed.device_ids)
        for device in listed.device_ids:
            assert re.fullmatch(r"(10de|1002|8086):[0-9a-f]{4}", device)


def test_an_id_of_several_models_is_told_apart_by_name_or_memory() -> None:
    known: dict[tuple[str, str, int | None], str] = {}
    for listed in listed_gpus():
        for device, name in itertools.product(listed.device_ids, listed.names):
            place = (device, name, listed.model.vram_total_mb)
            assert place not in known
            known[place] = listed.model.name


CLOCKS = {  # of memory, in MHz, as drivers show them
    "NVIDIA GeForce RTX 4090": 10501,
    "NVIDIA A100-SXM4-40GB": 1215,
    "NVIDIA A100-SXM4-80GB": 1593,
    "Tesla T4": 5001,
    "NVIDIA GeForce RTX 5090": 14001,
}


@pytest.mark.parametrize(("name", "clock"), CLOCKS.items())
def test_bandwidth_fits_clock_and_width(name: str, clock: int) -> None:
    model = named(name)
    computed = clock * 2 * (model.memory_bus_width_bits or 0) / 8 / 1000
    assert model.memory_bandwidth_peak_gb_s == pytest.approx(computed, rel=0.005)


@pytest.mark.parametrize(
    ("name", "spelled", "value"),
    [
        ("NVIDIA A100-SXM4-80GB", "bf16", 312.0),
        ("NVIDIA H100 80GB HBM3", "bf16", 989.4),
        ("NVIDIA H100 80GB HBM3", "FP8", 1978.9),
        ("NVIDIA H200", "bf16", 989.5),
        ("NVIDIA L4", "fp8", 242.5),
        ("Tesla V100-SXM2-16GB", "fp16", 125.0),
        ("NVIDIA GeForce RTX 4090", "fp16", 165.2),
        ("NVIDIA B200", "fp8", 4500.0),
        ("AMD Instinct MI300X", "fp8", 2614.9),
        ("AMD Instinct MI250X", "fp16", 191.5),
    ],
)
def test_peaks_are_dense_rates_of_tensor_units(name: str, spelled: str, value: float) -> None:
    rate = peak_tflops(name, spelled)
    assert rate is not None
    assert rate.value == value
    assert rate == peak_tflops(named(name), spelled)
    assert not rate.source.is_measured
    assert (rate.source.url or "").startswith("https://")


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("tesla-m40", "fp16"),
        ("Apple M4", "fp16"),
        ("NVIDIA A100-SXM4-80GB", "fp8"),
        ("NVIDIA A100-SXM4-80GB", "fp3"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "fp16"),
    ],
)
def test_what_no_source_states_is_no_rate(name: str, spelled: str) -> None:
    assert peak_tflops(name, spelled) is None


def test_a_gpu_that_is_not_listed_has_no_rate() -> None:
    assert peak_tflops(GpuModel(gpu_hardware_id="x", name="Apple M4"), "fp16") is None


def test_narrower_numbers_are_never_slower_where_units_are_the_same() -> None:
    for listed in listed_gpus():
        order = ("tf32", "fp16", "fp8", "fp4")
        known = [peak_tflops(listed.model, spelled) for spelled in order]
        values = [rate.value for rate in known if rate]
        assert values == sorted(values), listed.model.name


def test_half_of_a_rate_with_sparsity_is_called_so() -> None:
    rate = peak_tflops("NVIDIA L4", "fp16")
    assert rate is not None
    assert "half of the rate with sparsity" in rate.source.name


# -- rows ------------------------------------------------------------------------------------------


def test_rows_come_after_what_they_refer_to() -> None:
    kinds = [kind for kind, _ in itertools.groupby(seeds(), key=type)]
    ours = [InterfaceType, ComputeFormat, TflopsSource, GpuModel, GpuTflops]
    assert kinds[-len(ours) :] == ours


def test_compute_formats_are_nine() -> None:
    formats = {row.name: row.bits for row in rows.named_rows(ComputeFormat)}
    assert formats == {
        "fp64": 64,
        "fp32": 32,
        "tf32": 19,
        "fp16": 16,
        "bf16": 16,
        "fp8": 8,
        "int8": 8,
        "fp4": 4,
        "int4": 4,
    }


def test_every_source_states_something() -> None:
    used = {row.tflops_source_id for row in hardware.gpu_tflops()}
    assert used == {row.tflops_source_id for row in rows.named_rows(TflopsSource)}


# -- damaged files ---------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, dict[str, Any]]]:
    """Give the files that the test writes; others are as they ship."""
    files: dict[str, dict[str, Any]] = {}
    real = read_file
    for module in (hardware, rows):
        monkeypatch.setattr(module, "read_file", lambda name: files.get(name) or real(name))
    forget()
    yield files
    forget()


def forget() -> None:
    for function in (hardware.interface_types, hardware.interface_type, hardware.listed_gpus):
        function.cache_clear()
    for other in (hardware.gpu_tflops, hardware._by_id, hardware._by_name, hardware._rates):
        other.cache_clear()


GPU = {"name": "Z1", "pci_vendor_id": "10de", "pci_device_ids": ["0001"], "document": "d"}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"document": "x"}, "names no document for `Z1`"),
        ({"native_interface": "rope"}, "connects `Z1` by `rope`, which"),
        ({"tdp_watts": "hot"}, "the row `Z1` of .* does not fit"),
        ({"colour": "green"}, "the unknown key `colour`"),
    ],
)
def test_a_damaged_gpu_is_refused(
    written: dict[str, dict[str, Any]], row: dict[str, Any], complaint: str
) -> None:
    written["gpu_hardware"] = {"documents": {"d": "data sheet"}, "rows": [{**GPU, **row}]}
    with pytest.raises(HouseError, match=complaint):
        listed_gpus()


def test_a_repeated_name_is_refused(written: dict[str, dict[str, Any]]) -> None:
    written["gpu_hardware"] = {"documents": {"d": "data sheet"}, "rows": [GPU, GPU]}
    with pytest.raises(HouseError, match="has `Z1` twice"):
        listed_gpus()


RATE = {"gpus": ["Tesla T4"], "source": "NVIDIA T4 Tensor Core GPU data sheet"}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"source": "hearsay", "peak": {"fp16": 1}}, "the source `hearsay`, which is not there"),
        ({"gpus": ["T800"], "peak": {"fp16": 1}}, "the GPU `T800`, which is not there"),
        ({"peak": {"fp3": 1}}, "the format `fp3`, which is not there"),
        ({"peak": {"fp16": 0}}, "has 0 for `Tesla T4` in `fp16`; expected one number above 0"),
        ({"peak": {"fp16": True}}, "has True for `Tesla T4`"),
        ({"gpus": ["Tesla T4", "Tesla T4"], "peak": {"fp16": 1}}, "expected one number"),
    ],
)
def test_a_damaged_rate_is_refused(
    written: dict[str, dict[str, Any]], row: dict[str, Any], complaint: str
) -> None:
    written["gpu_tflops"] = {"rows": [{**RATE, **row}]}
    with pytest.raises(HouseError, match=complaint):
        hardware.gpu_tflops()


@pytest.mark.parametrize(
    "file",
    [
        {"lanes": [1], "pcie": [{"generation": 1}]},
        {"lanes": [1], "pcie": [{"generation": 1, "lane_transfer_rate": 1, "coded_share": [1]}]},
        {"rows": [{"interface_family": "SXM"}]},
    ],
)
def test_a_damaged_link_is_refused(
    written: dict[str, dict[str, Any]], file: dict[str, Any]
) -> None:
    written["interface_types"] = file
    with pytest.raises(HouseError, match=r"`data/lookups/interface_types.toml` lacks or misspells"):
        interface_types()
