from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalhouse.errors import WeightsError
from evalhouse.weights.gguf import read_header
from tests.weights.made import (
    ARRAY,
    BOOL,
    FLOAT,
    FLOAT32,
    Q4_0,
    Q4_K,
    TEXT,
    UINT32,
    UINT64,
    Gguf,
    gguf,
)

KEYS: dict[str, tuple[int, Any]] = {
    "general.architecture": (TEXT, "llama"),
    "llama.context_length": (UINT32, 4096),
    "llama.rope.freq_base": (FLOAT, 0.5),
    "llama.causal": (BOOL, True),
    "llama.parts": (ARRAY, (UINT32, [1, 2, 3])),
    "tokenizer.ggml.tokens": (ARRAY, (TEXT, ["<s>", "a" * 70_000, ""])),
    "tokenizer.chat_template": (TEXT, "x" * 70_000),
    "long.numbers": (ARRAY, (UINT64, [7] * 1025)),
    "nested": (ARRAY, (ARRAY, [(UINT32, [1]), (TEXT, ["a"])])),
    "after": (UINT32, 5),
}
TENSORS = {"blk.0.attn_q.weight": (Q4_0, (64, 3)), "norm": (FLOAT32, (64,)), "one": (FLOAT32, ())}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_and_order_of_bytes_reads_alike(
    tmp_path: Path, version: int, order: str
) -> None:
    header = read_header(gguf(tmp_path / "a.gguf", KEYS, TENSORS, version, order))
    assert header.version == version
    assert header.values == {
        "general.architecture": b"llama",
        "llama.context_length": 4096,
        "llama.rope.freq_base": 0.5,
        "llama.causal": True,
        "llama.parts": [1, 2, 3],
        "after": 5,
    }
    first, norm, one = header.tensors
    assert (first.name, first.type, first.shape, first.size) == (
        *("blk.0.attn_q.weight", "Q4_0", (3, 64)),
        3 * 2 * 18,
    )
    assert (norm.elements, norm.size, one.elements, one.size) == (64, 256, 1, 4)
    assert header.data_size == 128 + 256 + 32


def test_values_are_asked_for_by_what_they_should_be(tmp_path: Path) -> None:
    keys = {"t": (TEXT, " a "), "e": (TEXT, ""), "n": (5, -1), "b": (BOOL, True), "f": (FLOAT, 2.0)}
    header = read_header(gguf(tmp_path / "a.gguf", keys, {}))
    assert (header.text("t"), header.text("e"), header.text("n")) == ("a", None, None)
    assert (header.whole("n"), header.whole("b"), header.whole("f")) == (None, None, None)
    assert (header.number("f"), header.number("n"), header.number("b")) == (2.0, -1.0, None)


def test_weights_may_be_aligned_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    keys = {"general.alignment": (UINT32, 64)}
    path.write_bytes(Gguf().file(keys, {"a": (FLOAT32, (1,)), "b": (FLOAT32, (1,))}, 64))
    assert read_header(path).data_size == 128


def test_a_type_that_is_not_known_has_a_shape_and_no_size(tmp_path: Path) -> None:
    made = Gguf()
    data = made.start(1, 0) + made.tensor("a", 97, (256, 2), 0) + bytes(64)
    path = tmp_path / "a.gguf"
    path.write_bytes(data)
    (tensor,) = read_header(path).tensors
    assert (tensor.type, tensor.elements, tensor.size) == ("type 97", 512, None)


MADE = Gguf()
ONE = MADE.start(0, 1)
FAULTS = {
    "begins with b'PK": b"PK\3\4" + bytes(40),
    "its header is cut off: 4 bytes are expected and the file ends (at byte 0)": b"",
    "its header is cut off: 4 bytes are expected and the file ends (at byte 4)": b"GGUF\3\0",
    "is of version 4 and versions 1 to 3": b"GGUF\4\0\0\0" + bytes(16),
    "is of version 0 ": b"GGUF\0\0\0\0" + bytes(16),
    "a length of 18,446,744,073,709,551,615": MADE.start(2**64 - 1, 0),
    "says that it has 262,145 tensors": MADE.start(2**18 + 1, 0),
    "says that it has 16,385 keys": MADE.start(0, 2**14 + 1),
    "8 bytes are expected and the file ends": MADE.start(0, 3),
    "a key has a name of 65,536 bytes": ONE + MADE.pack("Q", 2**16) + bytes(2**16),
    r"a key has the name b'\xff', which is no UTF-8": ONE + MADE.key(b"\xff", UINT32, 1),
    "its key `a` is of the type 13": ONE + MADE.text("a") + MADE.pack("I", 13),
    "it has the key `a` twice": MADE.start(0, 2) + MADE.key("a", UINT32, 1) * 2,
    "1,000,000 bytes are expected": ONE + MADE.text("a") + MADE.pack("IQ", TEXT, 10**6),
    "header is cut off: 4,000 bytes": ONE + MADE.text("a") + MADE.pack("IIQ", ARRAY, 4, 1000),
    "4,194,305 texts and arrays": ONE + MADE.text("a") + MADE.pack("IIQ", ARRAY, TEXT, 2**22 + 1),
    "header is cut off: 98 bytes": (
        ONE + MADE.text("a") + MADE.pack("IIQ", ARRAY, TEXT, 2) + MADE.pack("Q", 90)
    ),
    "an array of arrays of arrays": (
        ONE + MADE.text("a") + MADE.pack("I", ARRAY) + MADE.pack("IQ", ARRAY, 1) * 5
    ),
    "its `general.alignment` is 24": ONE + MADE.key("general.alignment", UINT32, 24),
    "its `general.alignment` is 0 ": ONE + MADE.key("general.alignment", UINT32, 0),
    "its `general.alignment` is b'32'": ONE + MADE.key("general.alignment", TEXT, "32"),
    "its tensor `a` has 9 dimensions": MADE.start(1, 0) + MADE.tensor("a", 0, [1] * 9, 0),
    "has a length of 9,223,372,036,854,775,808": (
        MADE.start(1, 0) + MADE.tensor("a", 0, [2**63], 0)
    ),
    "impossible shape [4294967296, 4294967296]": (
        MADE.start(1, 0) + MADE.tensor("a", 0, [2**32, 2**32], 0)
    ),
    "its tensor `a` is not aligned to 32 bytes": MADE.start(1, 0) + MADE.tensor("a", 0, [1], 4),
    "rows of 100 and Q4_K has blocks of 256": (
        MADE.start(1, 0) + MADE.tensor("a", Q4_K, [100, 256], 0)
    ),
    "its tensor `a` ends at byte 4,160": MADE.start(1, 0) + MADE.tensor("a", 0, [1024], 0),
    "it has the tensor `a` twice": (
        MADE.start(2, 0) + MADE.tensor("a", 0, [8], 0) + MADE.tensor("a", 0, [8], 32) + bytes(64)
    ),
    "overlap, since the file has fewer": (
        MADE.start(2, 0) + MADE.tensor("a", 0, [8], 0) + MADE.tensor("b", 0, [8], 0) + bytes(40)
    ),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_header_that_is_not_right_gives_a_sentence(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(FAULTS[sentence])
    with pytest.raises(WeightsError) as failure:
        read_header(path)
    text = str(failure.value)
    assert sentence in text
    assert text.startswith(f"the weights `{path}` cannot be read: ")
    assert text.endswith("; download or convert it again, or name another")
    assert "\n" not in text


def test_a_header_may_not_be_longer_than_any_model_needs(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    with path.open("wb") as file:
        file.write(ONE + MADE.text("a") + MADE.pack("IQ", TEXT, 2**27))
        file.truncate(2**28)  # a hole, which takes no room on the disk
    with pytest.raises(WeightsError, match="its header is longer than 134,217,728 bytes"):
        read_header(path)


def test_a_text_that_is_no_utf_8_matters_only_where_it_is_asked_for(tmp_path: Path) -> None:
    header = read_header(gguf(tmp_path / "a.gguf", {"general.name": (TEXT, b"\xff")}, {}))
    with pytest.raises(WeightsError, match=r"its key `general\.name` is no UTF-8"):
        header.text("general.name")


def test_a_file_that_shrinks_while_it_is_read_gives_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gguf(tmp_path / "a.gguf", KEYS, TENSORS)
    monkeypatch.setattr("evalhouse.weights.gguf._Walk._check", lambda *_: None)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(WeightsError, match="was cut off while it was read"):
        read_header(path)
