"""What tools print and how Linux shows a machine, from the files of `outputs`.

`cpuinfo_epyc_virtual.txt` and `meminfo_virtual.txt` are as a machine showed them; the others were
written after the formats of their tools.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

OUTPUTS = Path(__file__).parent / "outputs"


@dataclass
class Tools:
    """Answers commands by the first line of `answers` that they begin with."""

    answers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, *words: str, seconds: float = 0.0) -> str | None:  # noqa: ARG002 - as asked
        command = " ".join(words)
        self.asked.append(command)
        for begin, file in self.answers.items():
            if command.startswith(begin):
                return output(file)
        return None


def output(name: str) -> str:
    """Return what a tool printed."""
    return (OUTPUTS / name).read_text("utf-8")


def make_files(root: Path, files: dict[str, str]) -> Path:
    """Write files below a folder that stands for the root of a system."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, "utf-8")
    return root


def make_bus(root: Path, tree: str) -> Path:
    """Write the devices of a bus below `sys`, and the links by which they are listed."""
    listed = root / "sys/bus/pci/devices"
    listed.mkdir(parents=True)
    for line in output(tree).splitlines():
        if line.startswith("#"):
            continue
        name, _, content = line.partition(": ")
        make_files(root / "sys", {name: content + "\n"})
        for folder in (root / "sys" / name).parents:
            link = listed / folder.name
            if folder.name.count(":") == 2 and not os.path.lexists(link):
                link.symlink_to(folder)
    return root
