"""From what is said of a model to what the catalog is told: ids, rows of lookups, places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.catalog.registry import Claim
from evalhouse.errors import UsageError
from evalhouse.lookups import models as lookups
from evalhouse.lookups.models import ModelName
from evalhouse.lookups.providers import providers
from evalhouse.records import Creator, Entity, Model, ModelSource
from evalhouse.redact import Redactor, holds_login, markers_in
from evalhouse.workflows.models.said import Place, Said, cleaned

LOCAL = "local"
LOGIN = (
    "the name of the model is an address that holds a user or password; write it without what "
    "stands before `@`, as `https://huggingface.co/org/model`"
)
_WHOLE = frozenset({"fp32", "fp16", "bf16"})
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HOSTS = {"huggingface.co": "huggingface", "hf.co": "huggingface", "ollama.com": "ollama"}
_WEB = re.compile(r"https?://(?:[^/@]*@)?(?:www\.)?(?P<host>[^/:]+)", re.IGNORECASE)
_LOOKUPS: tuple[tuple[str, str, Callable[[str], Entity | None]], ...] = (
    ("architecture", "architecture_id", lookups.architecture),
    ("file_format", "file_format_id", lookups.file_format),
    ("quantization", "quantization_id", lookups.quantization),
)
_STATED = ("name", "version", "creator", "architecture", "file_format", "quantization")


def claim_of(said: Said, redactor: Redactor) -> Claim:
    """Return the claim that something said makes, without secrets.

    Raises UsageError where it names no model, no provider, or holds what cannot be.
    """
    said = cleaned(said, redactor)
    name = _name_of(said)
    model_hash = _hash(said.model_hash, "the weights")
    known: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for field, column, find in _LOOKUPS:
        text = getattr(said, field) or (name.quantization_text if column[0] == "q" else None)
        row = find(text) if text else None
        if row is not None:
            known[column] = getattr(row, column)
        elif text:
            unknown[column] = text
    creator = said.creator or name.creator
    model = Model(
        model_id=_id_of(said, name, model_hash),
        provider=name.provider or LOCAL,
        model_name=name.name,
        model_version=said.version or name.version,
        model_family=said.family,
        revision=said.revision or name.revision,
        creator_id=ids.creator_id(creator) if creator else None,
        model_hash=model_hash,
        adapter_hash=_hash(said.adapter_hash, "the adapter"),
        parameter_count=said.parameter_count,
        active_parameter_count=_active(said),
        context_length=said.context_length,
        context_length_min=said.context_length_min,
        context_length_max=said.context_length_max,
        weights_bytes=said.weights_bytes,
        release_date=_day(said.release_date),
        description=said.description,
        predecessor_model_id=said.predecessor,
        base_model_id=None,
        provisional=not (_is_service(name.provider) or said.adapter_hash),
        stated=_stated(said, name, redactor),
        **known,
    )
    return Claim(
        model=model,
        named=said.named or said.adapter_hash is not None,
        creator=_creator(said, creator, redactor),
        sources=tuple(_sources(said, name, redactor)),
        spellings=_spellings(said, name, model.model_id),
        other_ids=said.other_ids,
        creator_ids=said.creator_ids,
        unknown=unknown,
        base=_base(said),
    )


def claim_about(stored: Model, said: Said, redactor: Redactor) -> Claim:
    """Return the claim that what a person says makes about a model that is there already."""
    told = msgspec.structs.asdict(stored)
    names = ("provider", "model_name", "model_version", "revision", "adapter_hash")
    named = replace(said, name=stored.model_name, provider=stored.provider, named=True)
    claim = claim_of(named, redactor)
    model = msgspec.structs.replace(
        claim.model, model_id=stored.model_id, stated=None, **{name: told[name] for name in names}
    )
    return replace(claim, model=model, named=True, spellings={})


def named_id(text: str, provider: str | None = None) -> str:
    """Return the id that a name of a model gives; UsageError where it names no provider."""
    name = _placed(text, provider)
    return _natural(name, name.version or name.revision)


def _name_of(said: Said) -> ModelName:
    if said.name is None:
        raise UsageError("a model needs a name; give one with `--as`")
    if not said.named:
        return ModelName(stated=said.name, name=said.name, provider=said.provider or LOCAL)
    return _placed(said.name, said.provider)


def _placed(text: str, provider: str | None) -> ModelName:
    if holds_login(text):
        raise UsageError(LOGIN)
    found = _parsed(text, provider)
    if found.provider is None:
        raise UsageError(
            f"`{text}` does not say where the model is had; write it with its provider, as "
            f"`openai/{found.name}`"
        )
    return found


def _parsed(text: str, provider: str | None = None) -> ModelName:
    """Take a name apart, but not a marker in it: one word stands for it meanwhile."""
    words = {marker: re.sub(r"\W+", "_", marker.strip("⟦⟧")) for marker in markers_in(text)}
    for marker, word in words.items():
        text = text.replace(marker, word)
    found = lookups.parse_name(text, provider)
    parts = {each.name: getattr(found, each.name) for each in fields(ModelName)}
    for marker, word in words.items():
        parts = {name: part and part.replace(word, marker) for name, part in parts.items()}
    return ModelName(**parts)


def _id_of(said: Said, name: ModelName, model_hash: str | None) -> str:
    if said.named or said.adapter_hash:
        version = said.version or name.version or said.revision or name.revision
        return _natural(name, version, said.quantization, said.adapter_hash)
    if model_hash is not None:
        return ids.weights_ids(model_hash)[0][0]
    # Weights without a name or hash are known by their place alone.
    return ids.model_id(LOCAL, said.places[0].url if said.places else name.name)


def _natural(
    name: ModelName,
    version: str | None,
    quantization: str | None = None,
    adapter: str | None = None,
) -> str:
    """Return the id of the parts that a name has; what the name holds is not a part beside it."""
    text = name.quantization_text or quantization
    within = f"{name.name} {name.version or ''}".casefold()
    part = None if text is None or text.casefold() in within else text
    row = lookups.quantization(part) if part else None
    key = row.name if row else part
    if key in _WHOLE and name.quantization_text is None:
        key = None  # a name alone means the weights as they were published
    return ids.model_id(
        name.provider or LOCAL, name.name, version, quantization=key, adapter=adapter
    )


def _spellings(said: Said, name: ModelName, model_id: str) -> dict[str, str]:
    """Return ids that the same name gives where a program did not take it apart."""
    if not said.named or said.adapter_hash or name.provider is None or said.quantization:
        return {}
    _, _, bare = name.stated.rpartition(f"{name.provider}/")
    found = {ids.model_id(name.provider, bare): bare}
    if name.stated != bare:
        found[ids.model_id(name.provider, name.stated)] = name.stated
    if said.version or said.revision:  # that a bare name means this version is not known
        found = {}
    return {other: text for other, text in found.items() if other != model_id}


def _active(said: Said) -> int | None:
    """Return the parameters that one token passes through: all of them where a model is dense."""
    if said.active_parameter_count is not None or said.architecture is None:
        return said.active_parameter_count
    row = lookups.architecture(said.architecture)
    return said.parameter_count if row is not None and row.name == "Dense" else None


def _creator(said: Said, name: str | None, redactor: Redactor) -> Creator | None:
    if name is None:
        return None
    identifiers = said.creator_identifiers
    return Creator(
        creator_id=ids.creator_id(name),
        name=name,
        display_name=said.creator_display_name,
        homepage=said.creator_homepage,
        service_identifiers=clean_json(identifiers, redactor) if identifiers else None,
        provisional=said.creator_homepage is None,
    )


def _base(said: Said) -> Model | None:
    if said.base_model is None:
        return None
    name = _parsed(said.base_model)
    return Model(
        model_id=_natural(name, name.version or name.revision),
        provider=name.provider or LOCAL,
        model_name=name.name,
        model_version=name.version,
        revision=name.revision,
    )


def _sources(said: Said, name: ModelName, redactor: Redactor) -> Iterator[ModelSource]:
    for place in said.places:
        kind = place.kind or _kind_of(place, name)
        row = lookups.source_type(kind)
        if row is None:
            raise UsageError(
                f"`{kind}` is no kind of source; expected huggingface, ollama, api, direct_url or "
                f"local_file"
            )
        yield ModelSource(
            model_source_id="",
            model_id="",
            source_type_id=row.source_type_id,
            url=place.url,
            source_metadata=clean_json(place.metadata, redactor) if place.metadata else None,
            updated=place.updated,
        )


def _kind_of(place: Place, name: ModelName) -> str:
    web = _WEB.match(place.url)
    if web is None:
        return "local_file"
    known = _HOSTS.get(web["host"].lower())
    return known or ("api" if _is_service(name.provider) else "direct_url")


def clean_json(value: Mapping[str, Any], redactor: Redactor) -> str:
    """Return an object as JSON without secrets."""
    text = ids.canonical_json(msgspec.to_builtins(value)).encode("utf-8", "backslashreplace")
    return redactor.settings(text)[0].decode("utf-8", "replace")


def _stated(said: Said, name: ModelName, redactor: Redactor) -> str | None:
    told = {field: value for field in _STATED if (value := getattr(said, field)) is not None}
    if name.quantization_text is not None:
        told.setdefault("quantization", name.quantization_text)
    return clean_json({**told, **said.stated}, redactor)


def _hash(text: str | None, of: str) -> str | None:
    if text is None:
        return None
    bare = ids.bare_sha256(text)
    if not _SHA256.fullmatch(bare):
        raise UsageError(
            f"the hash of {of} is `{text}`; expected a SHA-256 of 64 hexadecimal digits, with or "
            f"without `sha256:` before it"
        )
    return bare


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"the release date is `{text}`; expected a day as 2025-11-03") from None


def _is_service(provider: str | None) -> bool:
    """Tell whether a provider keeps the weights, so that nobody else can ever hash them."""
    known = providers().get(provider or "")
    return known is not None and known.kind == "api"
