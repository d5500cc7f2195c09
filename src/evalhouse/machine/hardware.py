"""The machine itself: processor, memory, GPUs, and whether it is a container."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from evalhouse.machine.gpus import Gpus
from evalhouse.machine.settings import Container, load_settings

ROOT = Path("/")
_MODEL = re.compile(r"^(?:model name|Model|cpu model|Processor)\s*: *(\S.*)$", re.MULTILINE)


def describe_hardware(root: Path = ROOT) -> dict[str, Any]:
    """Return processor, memory in bytes, and GPUs with their driver."""
    # It counts cores on every system; it is loaded only where a machine is described.
    psutil: Any = import_module("psutil")
    with Gpus() as gpus:
        return {
            "cpu": {
                "model": cpu_model(root),
                "cores": psutil.cpu_count(logical=False),
                "threads": os.cpu_count(),
                "usable_threads": _usable_threads(),
            },
            "memory_bytes": psutil.virtual_memory().total,
            "gpus": gpus.boards(),
            "gpu_driver": gpus.driver(),
            "cuda": gpus.cuda(),
        }


def cpu_model(root: Path = ROOT) -> str | None:
    """Return the name of the processor; None where the system does not tell."""
    try:
        text = (root / "proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        text = ""
    found = _MODEL.search(text)
    return found[1].strip() if found else platform.processor() or None


def find_container(root: Path = ROOT, variables: Mapping[str, str] | None = None) -> str | None:
    """Return the kind of container that this process runs in; None for none that is known."""
    names = os.environ if variables is None else variables
    try:
        groups = (root / "proc/1/cgroup").read_text("utf-8", "replace")
    except OSError:
        groups = ""
    for container in load_settings().containers:
        if _is_inside(container, root, names, groups):
            return container.kind
    return None


def _is_inside(container: Container, root: Path, names: Mapping[str, str], groups: str) -> bool:
    return (
        any((root / name).exists() for name in container.files)
        or any(name in names for name in container.variables)
        or any(word in groups for word in container.words)
    )


def _usable_threads() -> int | None:
    """Return how many threads of the processor this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count()
