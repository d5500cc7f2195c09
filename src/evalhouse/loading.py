"""What a process of our own loads, what it does without, and how often it tidies up."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType


class _Refusal(MetaPathFinder):
    """Makes the import of some packages fail as if they were not installed."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname in self._names:
            raise ModuleNotFoundError(f"`{fullname}` is not loaded in this process", name=fullname)
        return None


def when_needed(name: str) -> ModuleType:
    """Return a module that is loaded when something of it is first asked for."""
    if name in sys.modules:
        return sys.modules[name]
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"`{name}` is not installed", name=name)
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def do_without_pandas() -> None:
    """Keep pyarrow from loading pandas: at its first conversion it would, if it is installed.

    That takes 0.2 s and 40 MB in every process, and no command or worker has a use for it.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _Refusal("pandas"))


_ALLOCATIONS = 20_000  # between two looks for rings of dead objects; the default is 700


@contextmanager
def seldom_tidied() -> Iterator[None]:
    """Look for rings of dead objects less often, where thousands of short tasks leave few behind.

    With the default, requests that are under way are looked at again and again: a tenth of the
    time that a request takes this process.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
