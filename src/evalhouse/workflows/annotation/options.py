"""Settings by their names, as a command line or a grid gives them, and what they become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evalhouse.engine.asking import Asking, chat_mode, prompt_type
from evalhouse.engine.slots import Limits
from evalhouse.engine.transport import Persistence
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.providers import ProviderSettings, Sampling
from evalhouse.scoring import Scoring
from evalhouse.workflows.annotation.settings import BASELINE, RunSettings, Spending

_YES = frozenset({"true", "1", "yes", "y", "t", "on"})
_NO = frozenset({"false", "0", "no", "n", "f", "off"})
_NOTHING = frozenset({"", "none", "null", "~"})


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise _wrong(name, value, "text")
    return str(value)


def _flag(name: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise _wrong(name, value, "yes or no")
    return word in _YES


def _whole(name: str, value: Any) -> int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _wrong(name, value, "a whole number") from None
    if isinstance(value, bool) or number != number // 1:
        raise _wrong(name, value, "a whole number")
    return int(number)


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _wrong(name, value, "a number") from None
    if isinstance(value, bool):
        raise _wrong(name, value, "a number")
    return number


def _texts(name: str, value: Any) -> tuple[str, ...]:
    return tuple(
        _text(name, each) for each in (value if isinstance(value, list | tuple) else [value])
    )


def _path(name: str, value: Any) -> Path:
    return Path(value if isinstance(value, Path) else _text(name, value)).expanduser()


def _effort(name: str, value: Any) -> str | bool:
    word = str(value).strip().lower()
    if word in _YES | _NO:
        return word in _YES
    return _text(name, value)


def _mode(name: str, value: Any) -> str:
    return chat_mode(_text(name, value))


def _prompt(name: str, value: Any) -> str:
    return prompt_type(_text(name, value))


def _wrong(name: str, value: Any, expected: str) -> UsageError:
    return UsageError(f"the setting `{name}` is `{value}`; expected {expected}")


Converter = Callable[[str, Any], Any]
_PROVIDER: dict[str, Converter] = {
    "provider": _text,
    "model": _text,
    "base_url": _text,
    "revision": _text,
    "key_variable": _text,
    "timeout": _number,
    "stream": _flag,
    "dialect": _text,
    "omit": _texts,
    "context_length": _whole,
    "keep_alive": _text,
    "use_proxy": _flag,
}
_SAMPLING: dict[str, Converter] = {
    "temperature": _number,
    "top_p": _number,
    "seed": _whole,
    "max_tokens": _whole,
    "stop": _texts,
    "reasoning": _effort,
    "thinking_tokens": _whole,
}
_ASKING: dict[str, Converter] = {
    "request_unit": _text,
    "chat_mode": _mode,
    "history_window": _whole,
    "batch_size": _whole,
    "prompt_type": _prompt,
    "template": _path,
    "use_examples": _flag,
    "process_textbox": _flag,
    "process_span": _flag,
    "repeats": _whole,
    "logprobs": _whole,
    "structured": _flag,
    "retries": _whole,
    "retry_strategy": _text,
    "retry_temperature": _number,
}
_LIMITS: dict[str, Converter] = {
    "concurrency": _whole,
    "requests_per_minute": _number,
    "tokens_per_minute": _number,
}
_SPENDING: dict[str, Converter] = {
    "max_requests": _whole,
    "max_total_tokens": _whole,
    "max_cost": _number,
}
_SCORING: dict[str, Converter] = {"level": _number, "resamples": _whole, "scoring_seed": _whole}
_RUN: dict[str, Converter] = {
    "transport_retries": _whole,
    "limit": _whole,
    "outputs": _path,
    "cache": _path,
    "record": _path,
    "country": _text,
    "energy": _flag,
    "new": _flag,
    "quantization": _text,
    "label": _text,
}
SETTINGS: dict[str, Converter] = {
    **_PROVIDER,
    **_SAMPLING,
    **_ASKING,
    **_LIMITS,
    **_SPENDING,
    **_SCORING,
    **_RUN,
}
"""Every setting by its name."""

_OF_BASELINES = ("request_unit", "process_textbox", "process_span", "repeats")
LISTS = frozenset({"omit", "stop"})
"""Settings whose value is a list."""

_THEIRS = {
    "effort": "reasoning",
    "max_tokens_total": "max_total_tokens",
    "country_iso_code": "country",
    "quantization_type": "quantization",
    "max_concurrency": "concurrency",
}
_RENAMED = {"reasoning": "effort", "max_total_tokens": "max_tokens", "scoring_seed": "seed"}


def settings_of(values: Mapping[str, Any]) -> RunSettings:
    """Return the settings of a run from values by name; what is None or `none` keeps its default.

    Only `temperature` can be switched off by `none`: then it is not sent at all.

    Raises:
        UnknownNameError: for a name that no setting has.
        UsageError: for a value that the setting cannot have, and where no model is named.
    """
    found = _converted(values)
    if not found.get("model"):
        raise UsageError("no model is named; name one with `--model`, as its server calls it")
    run = _part(found, _RUN)
    asking = _part(found, _ASKING)
    sampling = _part(found, _SAMPLING)
    if "temperature" in values and _is_nothing(values["temperature"], "temperature"):
        sampling["temperature"] = None
    if found.get("provider") == BASELINE:  # nothing else shapes its answers
        sampling = {name: sampling[name] for name in ("seed",) if name in sampling}
        asking = {name: asking[name] for name in _OF_BASELINES if name in asking}
    return RunSettings(
        provider=ProviderSettings(**{"provider": "ollama", **_part(found, _PROVIDER)}),
        asking=Asking(sampling=Sampling(**{"temperature": 0.0, **sampling}), **asking),
        limits=Limits(**_part(found, _LIMITS)),
        persistence=Persistence(retries=run.pop("transport_retries", Persistence().retries)),
        spending=Spending(**_part(found, _SPENDING)),
        scoring=Scoring(**_part(found, _SCORING)),
        is_metered=run.pop("energy", True),
        is_new=run.pop("new", False),
        country=str(run.pop("country", "USA")).upper(),
        **run,
    )


def known_name(name: str) -> str:
    """Return the name of a setting by any of its spellings.

    Raises:
        UnknownNameError: for a name that no setting has.
    """
    plain = name.strip().lower().replace("-", "_")
    plain = _THEIRS.get(plain, plain)
    if plain not in SETTINGS:
        raise UnknownNameError("setting", name, SETTINGS)
    return plain


def _converted(values: Mapping[str, Any]) -> dict[str, Any]:
    named = {known_name(name): value for name, value in values.items()}
    return {
        name: SETTINGS[name](name, value)
        for name, value in named.items()
        if not _is_nothing(value, name)
    }


def _is_nothing(value: Any, name: str) -> bool:
    if value is None:
        return True
    return name not in LISTS and isinstance(value, str) and value.strip().lower() in _NOTHING


def _part(found: Mapping[str, Any], names: Mapping[str, Converter]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): found[name] for name in names if name in found}
