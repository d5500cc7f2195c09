"""What names say: files of a task, and folders of a run. Content always wins over a name."""

from __future__ import annotations

import re
from dataclasses import dataclass

FAMILIES = ("verbose-metrics", "recorded-inputs", "predictions", "requests", "metrics", "config")

_STEM = re.compile(
    r"^(?P<stem>(?:task-(?P<index>\d{3,})-)?(?P<name>.+?))-"
    r"(?P<family>verbose-metrics|recorded-inputs|predictions|requests|metrics|config)"
    r"\.jsonl?(?:\.gz|\.zst)?$"
)
_SNAPSHOT = re.compile(r"^(?P<date>\d{4}-\d{2}-\d{2})(?:_(?P<stage>.+))?$")
_KIND = re.compile(r"^_eval_results(?:_cf(?P<chat_template>.+?))?(?:limit(?P<limit>.+))?$")


@dataclass(frozen=True)
class Stem:
    """The name that the files of one task share."""

    text: str
    name: str
    index: int | None

    @classmethod
    def of(cls, file_name: str) -> tuple[Stem, str] | None:
        """Return stem and family of a file name; None if it is not the name of a task's file."""
        match = _STEM.match(file_name)
        if match is None:
            return None
        index = match["index"]
        return cls(match["stem"], match["name"], None if index is None else int(index)), match[
            "family"
        ]


@dataclass(frozen=True)
class Coordinates:
    """What the folders above a dump say, where they have the known form."""

    snapshot: str | None = None
    date: str | None = None
    stage: str | None = None
    results_kind: str | None = None
    chat_template: str | None = None
    limit: str | None = None
    model_folder: str | None = None
    model: str | None = None
    revision: str | None = None

    @classmethod
    def of(cls, folder: str) -> Coordinates:
        """Read `<date>_<stage>/_eval_results…/<org>_<model>__<revision>` out of a path.

        The folder above the results names the snapshot, also where it is not a date.
        """
        parts = folder.replace("\\", "/").split("/")
        for place in range(len(parts) - 1, 0, -1):
            kind = _KIND.match(parts[place])
            if kind is None:
                continue
            snapshot = _SNAPSHOT.match(parts[place - 1])
            below = parts[place + 1] if place + 1 < len(parts) else None
            model, revision = _model(below)
            return cls(
                snapshot=parts[place - 1] or None,
                date=snapshot["date"] if snapshot else None,
                stage=snapshot["stage"] if snapshot else None,
                results_kind=parts[place],
                chat_template=kind["chat_template"],
                limit=kind["limit"],
                model_folder=below,
                model=model,
                revision=revision,
            )
        return cls()

    @property
    def tail(self) -> str | None:
        """Return the folder from the snapshot on: the same wherever the dump lies."""
        if self.results_kind is None or self.model_folder is None:
            return None
        return "/".join(
            part for part in (self.snapshot, self.results_kind, self.model_folder) if part
        )

    def settings(self) -> dict[str, str]:
        """Return what is known, for the run's configuration."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def disagreement(self, model: str | None, revision: str | None) -> str | None:
        """Say how the folder's name contradicts the model that the records name, if it does."""
        if self.model is not None and model is not None and _flat(model) != self.model:
            return f"the folder names the model `{self.model}` and the records `{model}`"
        if self.revision is not None and revision is not None and revision != self.revision:
            return f"the folder names the revision `{self.revision}` and the records `{revision}`"
        return None


def _model(folder: str | None) -> tuple[str | None, str | None]:
    if folder is None or "__" not in folder:
        return folder, None
    model, _, revision = folder.rpartition("__")
    return model, revision


def _flat(model: str) -> str:
    return model.replace("/", "_")
