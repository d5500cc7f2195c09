from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import pyarrow as pa
from evalhouse.parallel import memory
memory.keep_pages()
memory.keep_pages()
print(pa.default_memory_pool().backend_name, len(bytes(300 << 20)) >> 20)
"""


def test_all_buffers_come_from_one_allocator() -> None:
    done = subprocess.run(  # a process of its own: the setting lasts as long as its process
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["system", "300"]
