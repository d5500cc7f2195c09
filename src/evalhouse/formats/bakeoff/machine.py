"""Where a result says that it was made: machine, software, environment."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from evalhouse import ids
from evalhouse.formats.bakeoff.layout import FORMAT
from evalhouse.formats.bakeoff.names import Names
from evalhouse.formats.bakeoff.outline import Outline, text_of
from evalhouse.formats.machines import (
    MEBIBYTE,
    StatedGpu,
    StatedMachine,
    amount,
    count,
    stated_machine,
)
from evalhouse.records import Environment

_GIBIBYTE = 1 << 30
_KNOWN = (
    *("gpu_model", "device_name", "vram_mb", "vram_gb", "power_limit_w", "driver_version"),
    *("cpu_model", "cpu_cores", "cpu_threads", "ram_gb", "os_name", "os_version"),
    *("motherboard", "machine"),
)
_PROVENANCE = ("git", "python", "packages", "platform", "server_image", "seed")


def machine_of(outline: Outline, names: Names) -> StatedMachine:
    """Return the machine that a result states, by either set of names."""
    told = _without_secrets(outline.part("hardware"), names)
    text = _text(names, outline.members.get("hardware"))
    name = text_of(told.get("gpu_model")) or text_of(told.get("device_name"))
    memory = _memory(told)
    rest = {key: value for key, value in told.items() if key not in _KNOWN and value is not None}
    ram = amount(told.get("ram_gb"))
    return stated_machine(
        hardware={
            "cpu_model": text_of(told.get("cpu_model")),
            "cpu_cores": count(told.get("cpu_cores")) or None,
            "cpu_threads": count(told.get("cpu_threads")) or None,
            "ram_total_bytes": round(ram * _GIBIBYTE) if ram else None,
            "motherboard": text_of(told.get("motherboard")),
            "machine": text_of(told.get("machine")),
            "description": text or (ids.canonical_json(rest) if rest else None),
        },
        software=_software(_without_secrets(outline.part("provenance"), names), told),
        gpus=[StatedGpu(name, memory)] if name or memory else [],
    )


def power_limit(outline: Outline) -> float | None:
    """Return the limit of the GPU's power in W; 0 is how a failed look-up is written."""
    return amount(outline.part("hardware").get("power_limit_w")) or None


def _memory(told: dict[str, Any]) -> int | None:
    """Return GPU memory in bytes; 0 is how a failed look-up is written."""
    mebibytes, gibibytes = amount(told.get("vram_mb")), amount(told.get("vram_gb"))
    if mebibytes:
        return round(mebibytes * MEBIBYTE)
    return round(gibibytes * _GIBIBYTE) if gibibytes else None


def _software(provenance: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    image, podman = text_of(provenance.get("server_image")), provenance.get("podman_version")
    git = provenance.get("git")
    return {
        "os": text_of(told.get("os_name")),
        "kernel": text_of(told.get("os_version")),
        "python": text_of(provenance.get("python")),
        "gpu_driver_version": text_of(told.get("driver_version")),
        "engine": "llama.cpp" if image and "llama.cpp" in image else None,
        "engine_version": image,
        "runner_version": text_of(git.get("sha")) if isinstance(git, dict) else None,
        "container": f"podman {podman}" if text_of(podman) else None,
    }


def environment_of(outline: Outline, names: Names) -> str | None:
    """Collect the environment that a result states; return its id, None where it states none."""
    provenance = outline.part("provenance")
    told = outline.part("hardware")
    if not provenance:
        return None
    git = provenance.get("git")
    commit = git if isinstance(git, dict) else {}
    dirty, packages = commit.get("dirty"), provenance.get("packages")
    rest = {key: value for key, value in provenance.items() if key not in _PROVENANCE}
    branch = {"branch": commit["branch"]} if commit.get("branch") is not None else {}
    tools = {
        name: provenance[f"{name}_version"]
        for name in ("podman", "llama_swap")
        if provenance.get(f"{name}_version") is not None
    }
    found = Environment(
        environment_id="",
        python=_text(names, provenance.get("python")),
        packages=names.settings(packages) if isinstance(packages, dict) else None,
        git_commit=_text(names, commit.get("sha") or provenance.get("commit")),
        git_dirty=dirty if isinstance(dirty, bool) else None,
        os=_text(names, told.get("os_name") or provenance.get("platform")),
        kernel=_text(names, told.get("os_version")),
        container=_text(names, provenance.get("server_image")),
        frameworks=names.settings(tools) if tools else None,
        variables=names.settings({**rest, **branch}) if rest or branch else None,
    )
    content = ids.canonical_json([getattr(found, name) for name in found.__struct_fields__])
    environment_id = ids.derive("environments", FORMAT, content)
    names.add(replace(found, environment_id=environment_id))
    return environment_id


def _without_secrets(part: dict[str, Any], names: Names) -> dict[str, Any]:
    cleaned = json.loads(names.settings(part))
    return cleaned if isinstance(cleaned, dict) else {}


def _text(names: Names, value: Any) -> str | None:
    text = text_of(value)
    return None if text is None else names.clean(text)
