from __future__ import annotations

from typing import Any

import pytest

from evalhouse.machine import readings


@pytest.mark.parametrize(
    "nonsense",
    [
        *("", " ", "[N/A]", "N/A", "n/a", "[Not Supported]", "[Unknown Error]", "ERR!", "Unknown"),
        *("None", "To Be Filled By O.E.M.", "Default string", "Not Specified", "\x00", None, 7),
    ],
)
def test_placeholders_are_no_text(nonsense: Any) -> None:
    assert readings.text(nonsense) is None


def test_text_is_kept_without_space_around_it() -> None:
    assert readings.text(b" NVIDIA  A30\x00 ") == "NVIDIA A30"
    assert readings.text("NA-3000") == "NA-3000"


@pytest.mark.parametrize(
    "nonsense",
    [
        *("[N/A]", "ERR!", "Unknown", "", "0", "-3", "watts", "nan", None, True, 0, -1, 0xFFFF),
        *(4294967295, "4294967295", 2**64 - 1, float("nan"), float("inf"), "1e999", []),
        *({"value": "N/A", "unit": "W"}, {"unit": "W"}),
    ],
)
def test_nonsense_is_no_number(nonsense: Any) -> None:
    assert readings.number(nonsense) is None
    assert readings.whole(nonsense) is None


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("450.00 W", 450.0),
        ("24564 MiB", 24564.0),
        (12, 12.0),
        ({"value": 32, "unit": "GT/s"}, 32.0),
    ],
)
def test_numbers_are_read_with_their_unit(said: Any, number: float) -> None:
    assert readings.number(said) == number


def test_less_than_half_is_no_whole_number() -> None:
    assert readings.whole(0.4) is None


@pytest.mark.parametrize("nonsense", ["N/A", "", None, 0, True, "0xffff", "0xFFFFFFFF", "-0x1"])
def test_nonsense_is_no_id(nonsense: Any) -> None:
    assert readings.hex_id(nonsense) is None


@pytest.mark.parametrize("nonsense", ["[N/A]", "0xFFFFFFFF", 0, None, True, "x"])
def test_nonsense_is_no_pair_of_ids(nonsense: Any) -> None:
    assert readings.id_pair(nonsense) == (None, None)


def test_a_pair_of_ids_may_lack_one() -> None:
    assert readings.id_pair("0x000010DE") == ("10de", None)


@pytest.mark.parametrize("nonsense", ["N/A", "1:2", None, 5, "0000:01:00.9"])
def test_nonsense_is_no_place_on_the_bus(nonsense: Any) -> None:
    assert readings.bus_id(nonsense) is None


@pytest.mark.parametrize(
    ("speed", "generation"),
    [
        ("2.5 GT/s PCIe", 1),
        ("5.0 GT/s PCIe", 2),
        ("8 GT/s", 3),
        ("16.0 GT/s PCIe", 4),
        ("32.0 GT/s PCIe", 5),
        ("64.0 GT/s PCIe", 6),
        ("Unknown", None),
        ("7 GT/s", None),
        (None, None),
    ],
)
def test_the_rate_of_a_lane_tells_its_generation(speed: str | None, generation: int | None) -> None:
    assert readings.generation_of_speed(speed) == generation


@pytest.mark.parametrize("nonsense", [0, 255, 65535, "0", "x0", "N/A", None, -1])
def test_nonsense_is_no_number_of_lanes(nonsense: Any) -> None:
    assert readings.lanes(nonsense) is None


def test_lanes_are_read_in_both_spellings() -> None:
    assert readings.lanes("x8") == readings.lanes(8) == 8
