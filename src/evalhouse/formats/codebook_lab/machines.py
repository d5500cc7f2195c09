"""Where a run took place: its own `environment.json`, else what CodeCarbon or a table says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from evalhouse.formats.codebook_lab.layout import PROVIDER
from evalhouse.formats.machines import (
    MEBIBYTE,
    StatedGpu,
    StatedMachine,
    amount,
    count,
    found_machine,
    stated_machine,
)
from evalhouse.machine.facts import Gpu, Machine
from evalhouse.providers.address import Address
from evalhouse.records import Entity

_BOARDS = re.compile(r"(\d+) x (.+?)(?=, \d+ x |$)")
_MOST_GPUS = 1024  # a number beyond is a mistake
_GIBIBYTE = 1 << 30


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answers of a run came from: the machine of the client, and that of the model.

    `client` and `server` are ids of software. Where the model ran on the client's machine both are
    the same, and `is_local`.
    """

    hardware: str | None = None
    client: str | None = None
    server: str | None = None
    is_local: bool = False


def whereabouts(
    config: Mapping[str, Any],
    environment: Mapping[str, Any] | None,
    sessions: Sequence[Mapping[str, str]],
) -> tuple[Whereabouts, list[Entity]]:
    """Return where a run took place, and the rows that say it."""
    local = _is_local(config)
    engine = {
        "engine": _text(config.get("server")) or (None if config.get("run_uuid") else PROVIDER),
        "engine_version": _text(config.get("server_version")),
    }
    beside = engine if local else {}
    machine = (
        _described(environment, beside)
        if environment
        else _metered(sessions[-1] if sessions else config, beside)
    )
    server = machine if local else stated_machine(hardware={}, software=engine)
    entities = [*machine.entities(), *(server.entities() if server is not machine else ())]
    return Whereabouts(
        hardware=machine.hardware_id,
        client=machine.software_id,
        server=server.software_id,
        is_local=local,
    ), entities


def gpus_of(
    environment: Mapping[str, Any] | None, session: Mapping[str, Any]
) -> tuple[StatedGpu, ...]:
    """Return the GPUs of the machine, by slot."""
    if environment:
        boards, host = environment.get("gpus"), _host(environment)
        told = tuple(_board(each) for each in (boards if isinstance(boards, list) else ()))
        return told or tuple(map(_detected, host.gpus if host else ()))
    return tuple(_named(_text(session.get("gpu_model")) or ""))


def _board(board: Any) -> StatedGpu:
    told = board if isinstance(board, dict) else {}
    return StatedGpu(_text(told.get("name")), count(told.get("memory_bytes")))


def _detected(gpu: Gpu) -> StatedGpu:
    return StatedGpu(gpu.name, gpu.memory_mb and gpu.memory_mb * MEBIBYTE)


def _named(text: str) -> Iterator[StatedGpu]:
    """Yield the GPUs that CodeCarbon names, such as `2 x NVIDIA A100`."""
    for number, name in _BOARDS.findall(text):
        if int(number) <= _MOST_GPUS:
            yield from (StatedGpu(name),) * int(number)


def _described(environment: Mapping[str, Any], engine: Mapping[str, Any]) -> StatedMachine:
    """Return what `environment.json` says; `host` in it has more of the machine than the rest."""
    host, software = _host(environment), _software(environment, engine)
    if host is not None:
        return found_machine(host, software)
    cpu = environment.get("cpu")
    processor = cpu if isinstance(cpu, dict) else {}
    return stated_machine(
        hardware={
            "cpu_model": _text(processor.get("model")),
            "cpu_cores": count(processor.get("cores")),
            "cpu_threads": count(processor.get("threads")),
            "ram_total_bytes": count(environment.get("memory_bytes")),
            "machine": _text(environment.get("machine")),
        },
        software=software,
        gpus=gpus_of(environment, {}),
    )


def _software(environment: Mapping[str, Any], engine: Mapping[str, Any]) -> dict[str, Any]:
    python, version = environment.get("python"), _text(environment.get("evalhouse"))
    host = _host(environment)
    return {
        **{name: _text(environment.get(name)) for name in ("os", "kernel", "container")},
        "python": _text(python.get("version") if isinstance(python, dict) else python),
        "gpu_driver_version": _text(environment.get("gpu_driver"))
        or (host.software.gpu_driver if host else None),
        "cuda_version": _text(environment.get("cuda")),
        "rocm_version": host.software.rocm if host else None,
        "runner_version": version and f"evalhouse {version}",
        **engine,
    }


def _host(environment: Mapping[str, Any]) -> Machine | None:
    """Return the machine as it was detected; None where that was not, or is no such thing."""
    try:
        return msgspec.convert(environment.get("host"), Machine)
    except msgspec.ValidationError:
        return None


def _metered(session: Mapping[str, Any], engine: Mapping[str, Any]) -> StatedMachine:
    """Return what a row of CodeCarbon, or of the table of runs, says."""
    gibibytes = amount(session.get("ram_total_size"))
    return stated_machine(
        hardware={
            "cpu_model": _text(session.get("cpu_model")),
            "cpu_threads": count(session.get("cpu_count")),
            "ram_total_bytes": count(round(gibibytes * _GIBIBYTE)) if gibibytes else None,
        },
        software={
            "os": _text(session.get("os")),
            "python": _text(session.get("python_version")),
            **engine,
        },
        gpus=gpus_of(None, session),
    )


def _is_local(config: Mapping[str, Any]) -> bool:
    """Tell whether the model ran on the client's machine, as far as the run says."""
    scope = config.get("energy_scope")
    if scope in ("local", "client_only"):
        return bool(scope == "local")
    address = config.get("base_url")
    if not isinstance(address, str):
        return False
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return not address or Address(address, host).is_local  # a baseline has no address


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
