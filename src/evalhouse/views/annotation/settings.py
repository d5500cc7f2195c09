"""Settings of runs in words, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from evalhouse.views.annotation.words import KnownSetting, identity_keys, known_settings

NOTHING = "not set"


@dataclass(frozen=True)
class Setting:
    """One setting of a run in words; `default` is what holds where nobody says otherwise."""

    key: str
    title: str
    value: str
    default: str

    @property
    def is_changed(self) -> bool:
        """Whether it is not the default."""
        return self.value != self.default


@dataclass(frozen=True)
class Difference:
    """A setting that runs do not share, with the value of each."""

    title: str
    values: tuple[str, ...]


def settings_of(config: Mapping[str, Any]) -> tuple[Setting, ...]:
    """Return the settings of a configuration: those that reports know in their order, then others.

    Example:
        >>> found = settings_of({"model": "m", "temperature": 0, "use_examples": False})
        >>> [(each.title, each.value) for each in found if each.is_changed]
        [('model', 'm'), ('examples in the prompt', 'no')]
    """
    identity, known = identity_keys(), known_settings()
    keys = [key for key in known if key in config]
    keys += [key for key in config if key not in known and key not in identity]
    return tuple(_setting(known.get(key) or KnownSetting(key, key), config[key]) for key in keys)


def differences(configs: Sequence[Mapping[str, Any]]) -> tuple[Difference, ...]:
    """Return the settings in which configurations differ; a key that one lacks is not set in it.

    Example:
        >>> differences([{"model": "a", "seed": 1}, {"model": "b", "seed": 1}])
        (Difference(title='model', values=('a', 'b')),)
    """
    told = [{each.key: each for each in settings_of(config)} for config in configs]
    order = [key for key in known_settings() if any(key in each for each in told)]
    keys = dict.fromkeys([*order, *(key for each in told for key in each)])
    found = []
    for key in keys:
        values = tuple(each[key].value if key in each else NOTHING for each in told)
        if len(set(values)) > 1:
            title = next(each[key].title for each in told if key in each)
            found.append(Difference(title, values))
    return tuple(found)


def in_words(value: Any) -> str:
    """Return a value of a configuration as people read it.

    Example:
        >>> in_words(True), in_words(None), in_words(1.0), in_words(["a", "b"])
        ('yes', 'not set', '1', '["a","b"]')
    """
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, str | int):
        return str(value)
    return msgspec.json.encode(value).decode()


def _setting(known: KnownSetting, value: Any) -> Setting:
    return Setting(known.key, known.title, in_words(value), in_words(known.default))
