"""Settings of the memory allocator that suit work on large buffers."""

from __future__ import annotations

import ctypes
from functools import cache

import pyarrow as pa

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # names of glibc's malloc.h
_KEEP_BYTES = 32 << 20


@cache
def keep_pages() -> None:
    """Reuse the memory of large buffers instead of giving it back each time.

    Reading in chunks of megabytes otherwise spends a tenth of its time on fresh pages. One
    allocator for all keeps the peak low. Elsewhere than on glibc only the second holds.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)
    except (OSError, AttributeError):
        return
