"""The command that makes a run again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.settings import in_words
from evalhouse.views.annotation.words import KnownSetting, known_settings

_ALWAYS = ("model", "provider")


def command_of(record: RunRecord) -> str:
    """Return a command line with every setting that is not the default; empty without a task."""
    place = record.config.get("task_path")
    if not place:
        return ""
    options = [part for each in known_settings().values() for part in _told(each, record.config)]
    return shlex.join(["evalhouse", "annotate", str(place), *options])


def _told(known: KnownSetting, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a setting as options, unless it is the default or the command line lacks it."""
    if not known.option or known.key not in config:
        return
    value = config[known.key]
    is_default = in_words(value) == in_words(known.default)
    if is_default and not (known.key in _ALWAYS and value):
        return
    yes, _, no = known.option.partition("/")
    if isinstance(value, bool) and (no or known.key == "stream"):
        yield yes if value else no
    elif isinstance(value, list | tuple):
        for each in value:
            yield from (yes, str(each))
    else:
        yield from (yes, "none" if value is None else in_words(value))
