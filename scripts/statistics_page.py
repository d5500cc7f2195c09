"""The reference page of every statistic, from the docstrings of `evalhouse.stats`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

HEAD = """# Statistics reference

<!-- Written by `make docs` from evalhouse.stats; edit there. -->

Every function is pure: arrays in, a small frozen result out, with the method, the number of
independent units and a note. What is undefined is NaN and the note says why. Where chance is used
the seed is an argument and stands in the result. [Which to take](../statistics.md), and
[how often intervals cover and tests err](../simulations.md).
"""
SECTIONS = {
    "Intervals": ("proportions", "means", "resampling", "jackknife", "sample"),
    "Two runs on the same items": (
        "pairing",
        "paired",
        "mcnemar",
        "tango",
        "permutation",
        "paired_bootstrap",
        "signed_rank",
    ),
    "Two runs on different items": ("unpaired",),
    "Effect sizes": ("effects",),
    "Many runs": ("families", "pairwise", "ranks", "groups"),
    "Repeats and seeds": ("repeats", "components"),
    "Margins": ("equivalence",),
    "Planning": ("power", "designs"),
    "Ratings": ("judgements", "ratings"),
    "Corrected estimates": (
        "corrected.means",
        "corrected.regression",
        "corrected.design",
        "corrected.planner",
    ),
    "A model in the place of a coder": ("alternative_annotator",),
    "Looking as the items come": ("sequential",),
}
"""What is shown, by module; a function is shown if its docstring has an example."""


def statistics_page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(line for title in SECTIONS for line in _section(title))])


def _section(title: str) -> Iterator[str]:
    yield from (f"## {title}", "")
    held = [
        (name, one)
        for name in SECTIONS[title]
        for one in _shown(import_module(f"evalhouse.stats.{name}"))
    ]
    for name, one in held:
        first = (inspect.getdoc(one) or "").splitlines()[0]
        place = f"{name}.{one.__name__}"
        yield f"- [`{place}`](#{place.replace('.', '').lower()}): {first}"
    yield ""
    for name, one in held:
        kind = "" if inspect.isclass(one) else str(inspect.signature(one)).partition(" -> ")[0]
        shown = one.__name__ + re.sub(r": '([^']*)'", r": \1", kind)
        yield from (f"### {name}.{one.__name__}", "", "```text")
        yield from (_wrapped(shown), "", inspect.getdoc(one) or "", "```", "")


def _shown(module: ModuleType) -> Iterator[Callable[..., Any]]:
    for name, one in vars(module).items():
        is_own = getattr(one, "__module__", "") == module.__name__ and not name.startswith("_")
        if is_own and callable(one) and "Example" in (inspect.getdoc(one) or ""):
            yield one


def _wrapped(signature: str) -> str:
    """Break a signature after commas where it is longer than a line."""
    parts, lines = signature.split(", "), [""]
    for part in parts:
        if len(lines[-1]) + len(part) > 94 and lines[-1]:
            lines.append("    ")
        lines[-1] += f"{part}, "
    return "\n".join(line.rstrip() for line in lines).removesuffix(",")
