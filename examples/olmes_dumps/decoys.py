"""Secrets that open nothing, put together at run time so that no scanner finds them here."""

from __future__ import annotations

from random import Random
from string import ascii_letters, ascii_uppercase, digits


def _random(seed: str, alphabet: str, length: int) -> str:
    return "".join(Random(seed).choices(alphabet, k=length))


def provider_key() -> str:
    """Shaped like the key of a model provider."""
    return "-".join(("sk", "proj", _random("provider", ascii_letters + digits, 48)))


def hub_token() -> str:
    """Shaped like the token of a model hub."""
    return "_".join(("hf", _random("hub", ascii_letters, 34)))


def cloud_key() -> str:
    """Shaped like the access key id of a cloud."""
    return "AKIA" + _random("cloud", ascii_uppercase + "234567", 16)


def bearer_header() -> str:
    """Shaped like an authorization header."""
    return " ".join(("Bearer", _random("bearer", ascii_letters + digits, 40)))


def planted() -> dict[str, str]:
    """Where an accident leaves which secret."""
    return {
        "model_config.custom_kwargs.api_key": provider_key(),
        "predictions.model_output": hub_token(),
        "beaker_info.BEAKER_ASSIGNED_KEY": cloud_key(),
        "compute_config.headers.Authorization": bearer_header(),
    }
