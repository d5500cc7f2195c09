"""A machine as it is found now. Nothing here fails or asks for more rights: unknown is None."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from evalhouse.machine.amd import find_by_amd_tools
from evalhouse.machine.apple import find_by_system_profiler
from evalhouse.machine.commands import Ask, ask
from evalhouse.machine.facts import Engine, Gpu, Link, Machine, Software
from evalhouse.machine.gpus import Gpus
from evalhouse.machine.hardware import ROOT, find_container
from evalhouse.machine.host import host_id
from evalhouse.machine.load import busy_gpus
from evalhouse.machine.memory import find_memory, find_motherboard
from evalhouse.machine.nvidia_smi import find_by_nvidia_smi
from evalhouse.machine.nvml import find_by_nvml
from evalhouse.machine.pci import completed, find_by_bus, link_of
from evalhouse.machine.processor import find_processor
from evalhouse.machine.programs import find_engines
from evalhouse.machine.rapl import POWERCAP
from evalhouse.machine.readings import text
from evalhouse.machine.software import describe_python, describe_system

_LOOKS, _PAUSE_SECONDS = 5, 0.2  # under load: a link needs some moments to speed up
_NO_LOAD = (
    "the links were read idle, and an idle link slows down: to read them under load, install "
    "PyTorch or CuPy for these GPUs"
)


@dataclass(frozen=True)
class Sources:
    """Where facts come from: the real machine, or what a test makes of one."""

    ask: Ask = ask
    root: Path = ROOT
    host_file: Path | None = None
    open_gpus: Callable[[], Gpus] = Gpus
    system: str = platform.system()
    load: Callable[[], AbstractContextManager[bool]] = busy_gpus
    pause: Callable[[float], None] = time.sleep
    powercap: Path = POWERCAP


@dataclass(frozen=True)
class _Boards:
    """The GPUs that tools tell of, and the software that drives them."""

    gpus: tuple[Gpu, ...] = ()
    driver: str | None = None
    cuda: str | None = None
    rocm: str | None = None
    notes: tuple[str, ...] = ()


def find_machine(sources: Sources | None = None, *, under_load: bool = False) -> Machine:
    """Return what this machine is; `under_load` keeps its GPUs busy while links are read."""
    given = sources or Sources()
    boards = _all_boards(given)
    notes = list(boards.notes)
    if under_load and boards.gpus:
        boards, is_busy = _looked_at_under_load(given, boards)
        notes += [] if is_busy else [_NO_LOAD]
    host = host_id(given.host_file)
    if host is None:
        notes.append("this machine has no id: none can be kept with the user's settings")
    described = describe_system()
    return Machine(
        host_id=host,
        architecture=text(described["machine"]),
        processor=find_processor(given.ask, given.root),
        memory=find_memory(given.ask, given.root),
        motherboard=find_motherboard(given.root),
        gpus=boards.gpus,
        software=Software(
            os=text(described["os"]),
            kernel=text(described["kernel"]),
            python=text(describe_python()["version"]),
            gpu_driver=boards.driver,
            cuda=boards.cuda,
            rocm=boards.rocm,
            engines=tuple(Engine(*each) for each in find_engines(given.ask).items()),
            container=find_container(given.root),
        ),
        notes=tuple(notes),
    )


def _all_boards(sources: Sources) -> _Boards:
    """Return the GPUs of every maker, numbered as one list; what no tool tells, the bus may."""
    found = [_nvidia(sources), _amd(sources)]
    if sources.system == "Darwin":
        found.append(_Boards(tuple(find_by_system_profiler(sources.ask))))
    told = [gpu for boards in found for gpu in boards.gpus]
    known = {gpu.bus_id for gpu in told}
    others = find_by_bus(sources.root, known=known)
    gpus = [_with_link_of_bus(gpu, sources.root) for gpu in (*told, *others)]
    drivers = [boards.driver for boards in found if boards.driver]
    return _Boards(
        gpus=tuple(replace(gpu, slot=slot) for slot, gpu in enumerate(gpus)),
        driver="; ".join(drivers) or _kernel_driver(sources.root, others),
        cuda=found[0].cuda,
        rocm=found[1].rocm or _rocm(sources.root),
        notes=tuple(note for boards in found for note in boards.notes),
    )


def _nvidia(sources: Sources) -> _Boards:
    with sources.open_gpus() as gpus:
        found = tuple(find_by_nvml(gpus))
        if found:
            return _Boards(found, gpus.driver(), gpus.cuda(), notes=tuple(gpus.notes))
        notes = tuple(gpus.notes)
    told = find_by_nvidia_smi(sources.ask)
    # That the library is not there is worth a word only where nobody else answers for it.
    return _Boards(told.gpus, told.driver, told.cuda, notes=() if told.gpus else notes)


def _amd(sources: Sources) -> _Boards:
    told = find_by_amd_tools(sources.ask)
    return _Boards(told.gpus, told.driver, rocm=told.rocm)


def _with_link_of_bus(gpu: Gpu, root: Path) -> Gpu:
    """Complete a link by what Linux tells, and say that it was read as it was."""
    by_bus = link_of(gpu.bus_id, root)
    # A slot is what Linux says it is: NVML and nvidia-smi give lanes that card and slot share.
    own = replace(gpu.link, slot_lanes=by_bus.slot_lanes or gpu.link.slot_lanes)
    link = completed(own, by_bus)
    return replace(gpu, link=_as_read(link, under_load=False))


def _as_read(link: Link, *, under_load: bool) -> Link:
    is_read = link.generation is not None or link.lanes is not None
    return replace(link, is_under_load=under_load if is_read else None)


def _looked_at_under_load(sources: Sources, idle: _Boards) -> tuple[_Boards, bool]:
    """Return the GPUs with the fastest link of several looks while they work, if they do."""
    fastest = idle
    with sources.load() as is_busy:
        if not is_busy:
            return idle, False
        for _ in range(_LOOKS):
            now = {gpu.bus_id: gpu.link for gpu in _all_boards(sources).gpus}
            faster = (
                replace(gpu, link=_faster(gpu.link, now.get(gpu.bus_id))) for gpu in fastest.gpus
            )
            fastest = replace(fastest, gpus=tuple(faster))
            sources.pause(_PAUSE_SECONDS)
    return fastest, True


def _faster(link: Link, other: Link | None) -> Link:
    if other is None:
        return link
    best = max(link, other, key=lambda each: (each.generation or 0, each.lanes or 0))
    return _as_read(best, under_load=True)


def _kernel_driver(root: Path, gpus: list[Gpu]) -> str | None:
    """Return the version of AMD's driver where no tool told it."""
    return _first_line(root / "sys/module/amdgpu/version") if gpus else None


def _rocm(root: Path) -> str | None:
    return _first_line(root / "opt/rocm/.info/version")


def _first_line(file: Path) -> str | None:
    try:
        return text(file.read_text("utf-8", "replace").partition("\n")[0])
    except OSError:
        return None
