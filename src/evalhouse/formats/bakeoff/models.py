"""The models of a result: what its lists state of each, as one row each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evalhouse import ids
from evalhouse.formats.bakeoff.manifest import Manifest
from evalhouse.formats.bakeoff.names import Names
from evalhouse.formats.bakeoff.numbers import whole
from evalhouse.formats.bakeoff.outline import Outline, as_list, text_of
from evalhouse.lookups import figures
from evalhouse.lookups import models as lookups
from evalhouse.lookups.model_sizes import bound, contradictions, is_possible
from evalhouse.records import Creator, Model, ModelConflict, ModelSource

PROVIDER = "local"

_SHOWN = 60  # characters of a value in a message
_HUB = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_GGUF = re.compile(r"(?P<repository>[^/\s]+/[^/\s]+)/(?P<file>\S+)")
_ABSENT = ("none", "unknown", "n/a", "")
"""What is written where nothing is known."""

_METADATA = (
    *("hf_sha", "hf_tags", "hf_pipeline_tag", "hf_private", "downloads", "likes"),
    *("ollama_tag", "ollama_digest", "pulls"),
)


@dataclass(frozen=True)
class Stated:
    """What a result states of one model, all its lists together."""

    name: str
    values: Mapping[str, Any]

    def text(self, *keys: str) -> str | None:
        """Return the first text that says something."""
        found = (text_of(self.values.get(key)) for key in keys)
        return next((each for each in found if each and each.lower() not in _ABSENT), None)


def stated_models(outline: Outline | None, manifest: Manifest | None) -> list[Stated]:
    """Return the models that a result and its manifest name, in the order of their naming."""
    merged: dict[str, dict[str, Any]] = {}
    for name, values in _mentions(outline, manifest):
        known = merged.setdefault(name, {})
        known.update((key, value) for key, value in values.items() if known.get(key) is None)
    return [Stated(name, values) for name, values in merged.items()]


def _mentions(
    outline: Outline | None, manifest: Manifest | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    listed: list[Any] = []
    if outline is not None:
        config = outline.part("config").get("models")
        listed += outline.listed("model_metadata")
        listed += outline.listed("models")
        listed += as_list(config)
        listed += as_list(outline.members.get("model_ids"))
        listed += [{"id": each.get("model_id")} for each in outline.listed("model_scores")]
    if manifest is not None:
        listed += manifest.model_ids or []
    for each in listed:
        values = each if isinstance(each, dict) else {"id": each}
        name = text_of(values.get("id"))
        if name is not None:
            yield name, values


def model_id_of(stated: Stated) -> str:
    """Return the id of a model: its name in the run, its weights file, how that is quantised."""
    return ids.model_id(
        PROVIDER,
        stated.name,
        _version(stated),
        quantization=_quantization_key(stated),
    )


def add_model(stated: Stated, names: Names, now: datetime, origin: str) -> str:
    """Collect a model with where it is had and what no lookup knows of it; return its id."""
    model_id = model_id_of(stated)
    unknown: dict[str, str] = {}
    creator = stated.name.partition("/")[0] if _HUB.fullmatch(stated.name) else None
    if creator:
        names.add(Creator(creator_id=ids.creator_id(creator), name=names.clean(creator)))
    names.add(
        Model(
            model_id=model_id,
            provider=PROVIDER,
            model_name=names.address(stated.name),
            model_version=_cleaned(names, _version(stated)),
            model_family=_cleaned(names, stated.text("model_family", "family")),
            revision=_cleaned(names, stated.text("hf_sha", "revision")),
            creator_id=ids.creator_id(creator) if creator else None,
            model_hash=_weights(stated),
            architecture_id=_looked_up(stated, "architecture", unknown),
            file_format_id=_file_format(stated, unknown),
            quantization_id=_looked_up(stated, "quantization", unknown),
            **sizes_of(stated)[0],
            stated=names.settings(dict(stated.values)),
        )
    )
    _add_source(stated, model_id, names)
    for column, text in unknown.items():
        names.add(_waiting(model_id, column, names.address(text), now, names.address(origin)))
    return model_id


def sizes_of(stated: Stated) -> tuple[dict[str, Any], list[str]]:
    """Return the sizes of a model by field, and what is said of those that it cannot have."""
    values = stated.values
    words = {
        "parameter_count": ("num_params", "parameters"),
        "active_parameter_count": ("num_active_params", "active_parameters"),
        "context_length": ("context_length",),
        "weights_bytes": ("model_source_size",),
    }
    sizes = {
        "parameter_count": parameters(values.get("num_params"), stated.text("parameters")),
        "active_parameter_count": parameters(
            values.get("num_active_params"), stated.text("active_parameters")
        ),
        "context_length": context(values.get("context_length")),
        "weights_bytes": whole(values.get("model_source_size")),
    }
    odd: dict[str, str] = {}
    for name, size in sizes.items():
        if size is not None and not is_possible(name, size):
            odd[name] = f"{_quoted(values, words[name])}, not below {bound(name)}"
    left: dict[str, int | None] = {**sizes, **dict.fromkeys(odd)}
    for low, high in contradictions(left):
        told = f"{_quoted(values, words[low])}, more than {_quoted(values, words[high])}"
        odd.setdefault(low, told)
    return {**left, **dict.fromkeys(odd)}, list(odd.values())


def parameters(number: Any, text: str | None) -> int | None:
    """Return a number of parameters, given as such or as text with its unit.

    Example:
        >>> parameters(None, "3.8B"), parameters(None, "46.7b"), parameters(8030261248, "8B")
        (3800000000, 46700000000, 8030261248)
        >>> parameters(None, "unknown") is parameters(-1, None) is None
        True
    """
    stated = whole(number)
    if stated:
        return stated
    return (figures.parameters(text) if text else None) or None


def context(value: Any) -> int | None:
    """Return a context length in tokens; `K` is 1024, as makers of models mean it.

    Example:
        >>> context("128K"), context("32k"), context(4096), context("unknown")
        (131072, 32768, 4096, None)
    """
    if not isinstance(value, str):
        return whole(value) or None
    return figures.tokens(value) or None


def _quoted(values: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return the first of some words of a source that says a size, with its value."""
    key = next((key for key in keys if values.get(key) is not None), keys[0])
    return f"`{key}` of a model is `{str(values.get(key))[:_SHOWN]}`"


def _version(stated: Stated) -> str | None:
    """Return the weights file: it tells models apart that a configuration calls alike."""
    whole = stated.text("gguf")
    repository, file = stated.text("repo_id"), stated.text("filename")
    return whole or (f"{repository}/{file}" if repository and file else file)


def _quantization_text(stated: Stated) -> str | None:
    told = stated.text("quantization")
    version = _version(stated)
    if told or not version:
        return told
    return lookups.parse_name(version.rpartition("/")[2]).quantization_text


def _quantization_key(stated: Stated) -> str | None:
    text = _quantization_text(stated)
    found = lookups.quantization(text) if text else None
    return found.name if found else text


def _looked_up(stated: Stated, what: str, unknown: dict[str, str]) -> str | None:
    """Return the id of a lookup's row; a text that none has waits for a person."""
    column = f"{what}_id"
    if what == "quantization":
        text = _quantization_text(stated)
        row = lookups.quantization(text) if text else None
    else:
        text = stated.text(what)
        row = lookups.architecture(text) if text else None  # type: ignore[assignment]
    if text and row is None:
        unknown[column] = text
    return getattr(row, column, None)


def _file_format(stated: Stated, unknown: dict[str, str]) -> str | None:
    told, version = stated.text("file_format"), _version(stated)
    text = told or ("GGUF" if version and version.lower().endswith(".gguf") else None)
    row = lookups.file_format(text) if text else None
    if told and row is None:
        unknown["file_format_id"] = told
    return row.file_format_id if row else None


def _weights(stated: Stated) -> str | None:
    text = stated.text("model_hash", "weights_sha256")
    match = _SHA256.fullmatch(text) if text else None
    return match[1].lower() if match else None


def _add_source(stated: Stated, model_id: str, names: Names) -> None:
    """Say where the weights are had: `org/repo/file.gguf` is a file of the hub's layout."""
    version = _version(stated)
    is_hub = version is not None and _GGUF.fullmatch(version) is not None
    kind = lookups.source_type("huggingface" if is_hub else "local_file")
    if version is None or kind is None:
        return
    told = {key: stated.values[key] for key in _METADATA if stated.values.get(key) is not None}
    url = names.address(version)
    names.add(
        ModelSource(
            model_source_id=ids.derive("model_sources", model_id, url),
            model_id=model_id,
            source_type_id=kind.source_type_id,
            url=url,
            source_metadata=names.settings(told) if told else None,
        )
    )


def _waiting(model_id: str, column: str, text: str, now: datetime, origin: str) -> ModelConflict:
    return ModelConflict(
        conflict_id=ids.derive(
            "model_conflicts", "unknown_value", model_id, f"{column}={text}", ""
        ),
        kind="unknown_value",
        model_id=model_id,
        difference=ids.canonical_json({column: {"stored": None, "arrived": text}}),
        seen_at=now,
        origin=origin,
    )


def _cleaned(names: Names, text: str | None) -> str | None:
    return None if text is None else names.address(text)
