"""Categories of tasks: which ability a task asks for, by the rules of `data/lookups`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from typing import Any

from evalhouse.errors import HouseError
from evalhouse.lookups.files import read_file
from evalhouse.lookups.seeds import named_rows
from evalhouse.records import TaskCategory

RULES = "task_category_rules"
_KEYS = frozenset({"category", "names", "kinds", "basis"})


@dataclass(frozen=True)
class CategoryRule:
    """Tasks that are of a category, and who says so."""

    category: TaskCategory
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    basis: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return what a name must be, one of the names with `*` for any text."""
        return re.compile("|".join(translate(name) for name in self.names) or r"(?!)")


@cache
def category_of(
    task_name: str, dataset: str | None = None, kind: str | None = None
) -> TaskCategory | None:
    """Return the category of a task by its name, else by its data set; None where no rule has it.

    Args:
        task_name: as its runner spells it, with or without a variant.
        dataset: where its items are from, `owner/name/subset`; an owner alone tells nothing.
        kind: what the catalog calls it: codebook, prompts or benchmark.

    Example:
        >>> category_of("arc_easy:mc::olmes").name
        'reasoning'
        >>> category_of("math", dataset="HuggingFaceH4/MATH-500").name
        'mathematics'
        >>> category_of("a task of mine") is None
        True
    """
    for rule in category_rules():
        if kind in rule.kinds:
            return rule.category
    for name in _names(task_name, dataset):
        for rule, pattern in _patterns():
            if pattern.fullmatch(name):
                return rule.category
    return None


@cache
def category_rules() -> tuple[CategoryRule, ...]:
    """Return the rules in their order; the first that fits counts.

    Raises:
        HouseError: where a rule is incomplete or names a category that is not there.
    """
    categories = {row.name: row for row in named_rows(TaskCategory)}
    return tuple(_rule(entry, categories) for entry in read_file(RULES).get("rules", []))


def _rule(entry: dict[str, Any], categories: dict[str, TaskCategory]) -> CategoryRule:
    unknown = set(entry) - _KEYS
    if unknown:
        raise HouseError(f"`data/lookups/{RULES}.toml` has the unknown key `{min(unknown)}`")
    category = categories.get(entry.get("category", ""))
    if category is None:
        raise HouseError(
            f"`data/lookups/{RULES}.toml` names the category `{entry.get('category')}`, which "
            "`task_categories.toml` does not have"
        )
    names, kinds = tuple(entry.get("names", ())), tuple(entry.get("kinds", ()))
    if not entry.get("basis") or not names + kinds:
        raise HouseError(
            f"a rule of `data/lookups/{RULES}.toml` for `{category.name}` lacks its `basis`, or "
            "`names` or `kinds` that it is for"
        )
    return CategoryRule(category, names, kinds, entry["basis"])


@cache
def _patterns() -> tuple[tuple[CategoryRule, re.Pattern[str]], ...]:
    return tuple((rule, rule.pattern) for rule in category_rules())


def _names(task_name: str, dataset: str | None) -> Iterator[str]:
    """Yield what a task may be known by: its own name, then the parts of its data set."""
    yield _plain(task_name)
    parts = [part for part in (dataset or "").split("/") if part]
    yield from map(_plain, parts[1:] if len(parts) > 1 else parts)


def _plain(name: str) -> str:
    return name.partition(":")[0].rpartition("/")[2].strip().lower().replace("-", "_")
