"""Whatever bytes are in the files of an adapter, it is read or told about in a sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from evalhouse.errors import EvalhouseError
from evalhouse.lora.floats import decoded_blocks
from evalhouse.workflows.lora.audit import AuditOptions, audit_adapters
from evalhouse.workflows.lora.compress import CompressOptions, compress_adapters
from tests.lora.made import layers, peft

_PIECES = b'0123456789-.eE[]{},":naN'


def _changed(data: bytes, most: int, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5])):
        place, way = chance.randrange(min(most, len(found))), chance.random()
        if way < 0.5:
            found[place] = chance.randrange(256)
        elif way < 0.7:
            del found[place : place + chance.randrange(1, 8)]
        elif way < 0.9:
            found[place:place] = bytes(
                chance.choice(_PIECES) for _ in range(chance.randrange(1, 5))
            )
        else:
            return bytes(found[:place])
        found = found or bytearray(b"\0")
    return bytes(found)


@pytest.mark.parametrize("seed", range(120))
def test_changed_bytes_are_read_or_told(tmp_path: Path, seed: int) -> None:
    folder, chance = peft(tmp_path / "a", layers(4), r=4), random.Random(seed)
    name = ("adapter_model.safetensors", "adapter_config.json")[seed % 2]
    path = folder / name
    data = path.read_bytes()
    most = 8 + int.from_bytes(data[:8], "little") if seed % 4 == 0 else len(data)
    path.write_bytes(_changed(data, most, chance))
    plan = chance.choice(["uniform:2", "per-layer:0.9", "budget:0.2", "budget:params=0.5"])
    try:
        pages = audit_adapters(AuditOptions(folder))
        compress_adapters(CompressOptions((folder,), plan, tmp_path / "b"))
    except EvalhouseError:
        return
    assert not any(page.faults for page in pages)
    assert json.loads((tmp_path / "b" / "compression.json").read_text())


def test_every_kind_of_nan_is_one() -> None:
    signalling = np.array([0x7F800001], "<u4").view("<f4").reshape(1, 1)
    [block] = list(decoded_blocks(signalling, "F32", 1))
    assert np.isnan(block).all()
