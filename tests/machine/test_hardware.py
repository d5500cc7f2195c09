from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.machine.hardware import cpu_model, describe_hardware, find_container


def write(root: Path, name: str, text: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("file", "variable", "groups", "kind"),
    [
        (".dockerenv", "", "", "docker"),
        ("run/.containerenv", "", "", "podman"),
        ("", "KUBERNETES_SERVICE_HOST", "", "kubernetes"),
        (".dockerenv", "KUBERNETES_SERVICE_HOST", "", "kubernetes"),
        ("", "APPTAINER_CONTAINER", "", "apptainer"),
        ("", "", "0::/kubepods/besteffort/pod1", "kubernetes"),
        ("", "", "12:cpu:/docker/3f2a", "docker"),
        ("", "", "0::/system.slice/containerd.service", "containerd"),
        ("", "", "0::/lxc.payload.box", "lxc"),
        ("", "", "0::/init.scope", None),
        ("", "HOME", "", None),
    ],
)
def test_containers_are_known_from_inside(
    tmp_path: Path, *, file: str, variable: str, groups: str, kind: str | None
) -> None:
    if file:
        write(tmp_path, file)
    write(tmp_path, "proc/1/cgroup", groups)
    assert find_container(tmp_path, {variable: "x"} if variable else {}) == kind


def test_a_system_without_control_groups_is_no_container(tmp_path: Path) -> None:
    assert find_container(tmp_path, {}) is None


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("processor\t: 0\nmodel\t\t: 85\nmodel name\t: AMD EPYC 9B14\n", "AMD EPYC 9B14"),
        ("Processor\t: ARMv7 rev 4\nHardware\t: BCM\n", "ARMv7 rev 4"),
        ("processor\t: 0\nModel\t\t: Raspberry Pi 5\n", "Raspberry Pi 5"),
    ],
)
def test_the_processor_is_named_as_the_system_names_it(
    tmp_path: Path, text: str, model: str
) -> None:
    write(tmp_path, "proc/cpuinfo", text)
    assert cpu_model(tmp_path) == model


def test_a_system_that_does_not_name_its_processor_leaves_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.processor", lambda: "")
    assert cpu_model(tmp_path) is None


def test_this_machine_has_memory_and_cores() -> None:
    found = describe_hardware()
    assert found["memory_bytes"] > 2**28
    assert 1 <= found["cpu"]["usable_threads"] <= found["cpu"]["threads"]
    assert isinstance(found["gpus"], list)
