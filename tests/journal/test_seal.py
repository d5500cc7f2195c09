from __future__ import annotations

import zlib

import pytest

from evalhouse.journal.seal import crc32, is_sealed, seal


@pytest.mark.parametrize("size", [0, 1, 5_119, 5_120, 5_121, 10_240, 20_001])
@pytest.mark.parametrize("seed", [0, 0x89ABCDEF])
def test_a_sum_in_pieces_is_that_of_the_whole(size: int, seed: int) -> None:
    data = bytes(number * 7 % 256 for number in range(size))
    assert crc32(data, seed) == zlib.crc32(data, seed)


def test_a_long_line_is_sealed_to_its_last_byte() -> None:
    line = seal(b'{"n":1,"payload":"' + b"x" * 9_000 + b'"', 7)
    assert is_sealed(line, 7)
    assert not is_sealed(line.replace(b'xx"', b'xy"'), 7)
