from __future__ import annotations

import pytest

from evalhouse.machine.apple import find_by_system_profiler
from evalhouse.machine.facts import Gpu, Link
from tests.machine.tools import Tools


def test_a_chip_of_apple_shares_its_memory() -> None:
    found = find_by_system_profiler(Tools({"system_profiler": "system_profiler_m3_max.json"}))
    assert found == [
        Gpu(
            slot=0,
            told_by="system_profiler",
            name="Apple M3 Max",
            memory_type="unified",
            link=Link(interface="unified"),
        )
    ]


def test_an_intel_mac_has_cards_of_others() -> None:
    built_in, card = find_by_system_profiler(
        Tools({"system_profiler": "system_profiler_intel_mac.json"})
    )
    assert (built_in.name, built_in.device_id) == ("Intel UHD Graphics 630", "3e9b")
    assert built_in.link == Link(interface="integrated")
    assert built_in.memory_mb is None
    assert (card.vendor_id, card.device_id, card.memory_mb) == ("1002", "7340", 8192)
    assert card.link == Link(lanes=16)


@pytest.mark.parametrize("printed", [None, "", "{}", "[]", "null", '{"SPDisplaysDataType": null}'])
def test_no_answer_is_no_gpu(printed: str | None) -> None:
    assert find_by_system_profiler(lambda *_, **__: printed) == []
