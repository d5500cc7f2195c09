"""An audit of a large adapter, beside a bare pass over its factors in the same kind of process.

python -m benchmarks.lora

The adapter has 32 layers of 7 modules (width 4,096, 11,008 between), rank 64, BF16: 320 MB, made
here. The floor reads the same file, converts it and multiplies each factor with itself in double
precision with numpy, and does nothing else. Both are whole processes, one thread, with the lowest
priority, in turn.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.peers import versions

LAYERS, WIDTH, BETWEEN, RANK, ROUNDS = 32, 4096, 11008, 64, 5
_ATTENTION = tuple(f"self_attn.{name}_proj" for name in "qkvo")
SIZES = {
    **dict.fromkeys(_ATTENTION, (WIDTH, WIDTH)),
    "mlp.gate_proj": (WIDTH, BETWEEN),
    "mlp.up_proj": (WIDTH, BETWEEN),
    "mlp.down_proj": (BETWEEN, WIDTH),
}
GOAL = "1.6 s and 419 MB (400 MiB)"
FLOOR = """
import json, sys
import numpy as np
path = sys.argv[1]
with open(path, "rb") as file:
    length = int.from_bytes(file.read(8), "little")
    header = json.loads(file.read(length))
grams = {}
data = np.memmap(path, np.uint8, "r", 8 + length)
for name, entry in header.items():
    first, last = entry["data_offsets"]
    raw = data[first:last].view(np.uint16).reshape(entry["shape"])
    tensor = (raw.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    grams[name] = tensor @ tensor.T if "lora_A" in name else tensor.T @ tensor
for name in [name for name in grams if "lora_A" in name]:
    lower = np.linalg.cholesky(grams[name])
    core = lower.T @ grams[name.replace("lora_A", "lora_B")] @ lower
    np.sqrt(np.linalg.eigvalsh(core))
"""


@dataclass(frozen=True)
class Took:
    """One process: seconds and bytes."""

    cpu: float
    wall: float
    peak: int


def make(folder: Path) -> Path:
    """Write the adapter; its factors fall off, as trained ones do."""
    chance = np.random.default_rng(0)
    header: dict[str, object] = {}
    tensors = []
    start = 0
    for layer in range(LAYERS):
        for module, (inputs, outputs) in SIZES.items():
            for name, shape in (("lora_A", (RANK, inputs)), ("lora_B", (outputs, RANK))):
                size = 2 * shape[0] * shape[1]
                key = f"base_model.model.model.layers.{layer}.{module}.{name}.weight"
                header[key] = {
                    "dtype": "BF16", "shape": shape, "data_offsets": [start, start + size]
                }  # fmt: skip
                tensors.append(shape)
                start += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    falling = (0.95 ** np.arange(RANK)).astype(np.float32)
    with (folder / "adapter_model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for rows, columns in tensors:
            values = chance.standard_normal((rows, columns), np.float32)
            values *= falling[:, None] if rows == RANK else falling
            file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    config = {
        "peft_type": "LORA",
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "target_modules": "all-linear",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def measured(argv: Sequence[str]) -> Took:
    """Run a process with the lowest priority, and return what it took."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    started = time.perf_counter()
    with subprocess.Popen(["nice", *argv], stdout=subprocess.DEVNULL, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, argv
    wall = time.perf_counter() - started
    return Took(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)


def row(name: str, took: Sequence[Took]) -> str:
    """Return a row of the table: medians, with the range of the seconds, and the highest peak."""
    cpu = [each.cpu for each in took]
    wall = statistics.median(each.wall for each in took)
    peak = max(each.peak for each in took)
    spread = f"{statistics.median(cpu):.2f} ({min(cpu):.2f} to {max(cpu):.2f})"
    return f"| {name} | {spread} | {wall:.2f} | {peak / 1e6:.0f} |"


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as place:
        folder = make(Path(place))
        path = folder / "adapter_model.safetensors"
        commands = {
            "evalhouse lora audit": [sys.executable, "-m", "evalhouse", "lora", "audit", place],
            "evalhouse lora audit --json": [
                sys.executable, "-m", "evalhouse", "lora", "audit", place, "--json"
            ],
            "one pass of Gram in numpy": [sys.executable, "-c", FLOOR, str(path)],
            "evalhouse lora --help": [sys.executable, "-m", "evalhouse", "lora", "--help"],
        }  # fmt: skip
        took: dict[str, list[Took]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, argv in commands.items():
                took[name].append(measured(argv))
        print(f"{path.stat().st_size / 1e6:.0f} MB, {versions('numpy')}; goal: {GOAL}")
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print("| what | CPU s | wall s | MB |\n|---|---|---|---|")
        for name, each in took.items():
            print(row(name, each))


if __name__ == "__main__":
    main()
