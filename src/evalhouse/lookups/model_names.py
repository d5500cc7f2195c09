"""Names of models, taken apart: where it is had, its name there, version, quantization, creator."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from evalhouse.errors import UsageError
from evalhouse.lookups.providers import Provider, provider_before, providers, version_forms
from evalhouse.lookups.quantizations import quantization_in

_SCHEME = re.compile(r"(?:https?://(?:www\.)?|hf://(?:models/)?|ollama://)", re.IGNORECASE)
_HUB = re.compile(
    r"(?:(?P<owner>[\w.-]+)/)?(?P<name>[\w.-]+)"
    r"(?:@(?P<at>[^:/]+))?(?::(?P<tag>[^/]+))?"
    r"(?:/(?:tree|blob|resolve|raw)/(?P<revision>[^/]+))?(?:/(?P<file>.*))?"
)
_ENDING = re.compile(r"\.(?:gguf|ggml|safetensors|bin|pth?|onnx|npz)$", re.IGNORECASE)
_PART = re.compile(r"[-.]\d{5}-of-\d{5}$")
_PLACE = re.compile(r"[/~\\]|\.{1,2}[/\\]|[a-zA-Z]:[/\\]|file:")
_DIGEST = re.compile(r"@(?P<digest>sha256:[0-9a-f]{64})$")
_HUB_NAME, _LOCAL = "huggingface", "local"


@dataclass(frozen=True)
class ModelName:
    """What the name of a model says, and no more; what it does not say is None.

    Attributes:
        stated: the whole text, as it was given.
        name: name at the provider; on the hub `owner/name`, of a file its name without ending,
            part and quantization.
        provider: where it is had: openai, huggingface, ollama, local, …
        version: that a service gives, or the tag of Ollama.
        revision: branch, tag or commit on the hub, or digest.
        quantization_text: as the name spells it.
        creator: who made it, as the name spells it.
    """

    stated: str
    name: str
    provider: str | None = None
    version: str | None = None
    revision: str | None = None
    quantization_text: str | None = None
    creator: str | None = None


def parse_name(text: str, provider: str | None = None) -> ModelName:
    """Take the name of a model apart.

    Args:
        text: a name as results, dumps and people write it: with a provider before it, an address,
            the name of a file, or a bare name.
        provider: where it is had, if that is known apart from the name.

    Raises:
        UsageError: where the text is empty.

    Example:
        >>> parse_name("openai/gpt-4o-2024-11-20").version
        '2024-11-20'
        >>> parse_name("Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf").quantization_text
        'Q4_K_M'
    """
    plain = _SCHEME.sub("", text.strip())
    if not plain:
        raise UsageError("a model needs a name; found an empty text")
    found = _parsed(plain, provider.strip().lower() if provider else None)
    return replace(found, stated=text)


def _parsed(text: str, provider: str | None) -> ModelName:
    if provider is not None:
        return _at_provider(text, provider)
    before = provider_before(text)
    if before and not _PLACE.match(text):
        return _READERS[before[0].kind](before[1], before[0])
    if _is_place(text):
        return _at_place(text, providers()[_LOCAL])
    of_hub = _HUB.fullmatch(text)
    if of_hub and of_hub["owner"]:
        return _on_hub(text, providers()[_HUB_NAME])
    return ModelName(stated=text, name=text, quantization_text=_quantization(text))


def _at_provider(text: str, name: str) -> ModelName:
    """Read a name whose provider is known; it may stand before the name all the same."""
    provider, before = providers().get(name), provider_before(text)
    if provider is None:
        return ModelName(stated=text, name=text, provider=name)
    rest = before[1] if before and before[0] is provider else text
    return _READERS[provider.kind](rest, provider)


def _is_place(text: str) -> bool:
    """Tell whether a text is a path: of this machine, or a file in no repository of the hub."""
    is_file = _ENDING.search(text) is not None and text.count("/") < 2
    return _PLACE.match(text) is not None or text.endswith(("/", "\\")) or is_file


def _at_service(text: str, provider: Provider) -> ModelName:
    """Read the name of a model at a service, where what is left of its version is its name."""
    creator = text.partition("/")[0] if provider.creators and "/" in text else provider.creator
    for form in version_forms():
        found = form.search(text)
        if found and found.start():
            return ModelName(
                stated=text,
                name=text[: found.start()],
                provider=provider.name,
                version=found["version"],
                creator=creator,
            )
    return ModelName(stated=text, name=text, provider=provider.name, creator=creator)


def _of_ollama(text: str, provider: Provider) -> ModelName:
    """Read `name:tag`; a name that is of the hub is read as such."""
    before = provider_before(text)
    if before and before[0].kind == "hub":
        return _on_hub(before[1], before[0])
    digest = _DIGEST.search(text)
    name, _, tag = (text[: digest.start()] if digest else text).partition(":")
    owner = name.rpartition("/")[0]
    return ModelName(
        stated=text,
        name=name,
        provider=provider.name,
        version=tag or None,
        revision=digest["digest"] if digest else None,
        quantization_text=_quantization(tag),
        creator=None if owner in {"", "library"} else owner,
    )


def _on_hub(text: str, provider: Provider) -> ModelName:
    """Read `owner/name`, with what may follow: a revision, a quantization, a file."""
    path = re.split(r"[?#]", text, maxsplit=1)[0].strip("/")
    found = _HUB.fullmatch(path)
    if not found or (found["file"] and not found["owner"]):
        return ModelName(stated=text, name=path or text, provider=provider.name)
    tag, owner = found["tag"], found["owner"]
    repository = f"{owner}/{found['name']}" if owner else found["name"]
    told = _quantization(_stem(found["file"] or "")) or _quantization(tag or "")
    # What follows `:` is a quantization, or a service that answers, which is part of the name.
    is_quantization = not tag or bool(told) or tag == "latest"
    return ModelName(
        stated=text,
        name=repository if is_quantization else f"{repository}:{tag}",
        provider=provider.name,
        revision=found["at"] or found["revision"],
        quantization_text=told or _of_repository(owner or "", found["name"]),
        creator=owner,
    )


def _by_engine(text: str, _: Provider) -> ModelName:
    """Read what a program of one's own serves: a place, or a repository of the hub."""
    if _is_place(text):
        return _at_place(text, providers()[_LOCAL])
    return _on_hub(text, providers()[_HUB_NAME])


def _at_place(text: str, provider: Provider) -> ModelName:
    """Read the name of a file or folder."""
    stem = _stem(text)
    found = quantization_in(stem)
    is_last = found is not None and found.end() == len(stem) and found.start() > 0
    name = stem[: found.start()].rstrip("-_. ") if found and is_last else stem
    return ModelName(
        stated=text,
        name=name or stem or text,
        provider=provider.name,
        quantization_text=found[0] if found else None,
    )


_READERS: dict[str, Callable[[str, Provider], ModelName]] = {
    "api": _at_service,
    "ollama": _of_ollama,
    "hub": _on_hub,
    "engine": _by_engine,
    "local": _at_place,
}


def _stem(path: str) -> str:
    """Return the name of a file without its ending and its part."""
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return _PART.sub("", _ENDING.sub("", name))


def _quantization(text: str) -> str | None:
    found = quantization_in(text)
    return found[0] if found else None


def _of_repository(owner: str, name: str) -> str | None:
    """Return what a repository is named after; a number of bits is of MLX where its owner is."""
    told = _quantization(name)
    is_mlx = owner.lower().startswith("mlx") and told is not None and told[0].isdigit()
    return f"mlx {told}" if is_mlx else told
