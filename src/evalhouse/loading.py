"""What a process of our own loads, and what it does without."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec


class _Refusal(MetaPathFinder):
    """Makes the import of some packages fail as if they were not installed."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname in self._names:
            raise ModuleNotFoundError(f"`{fullname}` is not loaded in this process", name=fullname)
        return None


def do_without_pandas() -> None:
    """Keep pyarrow from loading pandas: at its first conversion it would, if it is installed.

    That takes 0.2 s and 40 MB in every process, and no command or worker has a use for it.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _Refusal("pandas"))
