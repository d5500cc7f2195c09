"""Ask one model endpoint, whoever serves it, behind one small protocol.

`open_provider(settings)` gives a `Provider`. It asks once: who asks again, how often and when, is
decided above, by what a failure is (`failures`).
"""

from __future__ import annotations

from collections.abc import Callable

from evalhouse.errors import UnknownNameError
from evalhouse.providers.anthropic import Anthropic
from evalhouse.providers.ollama import Ollama
from evalhouse.providers.openai import OpenAI
from evalhouse.providers.protocol import Endpoint, Provider
from evalhouse.providers.replay import Recorder, Replay
from evalhouse.providers.reply import Reply, TokenLogprob, Usage
from evalhouse.providers.request import Message, Request, Sampling
from evalhouse.providers.settings import ProviderSettings

PROVIDERS: dict[str, Callable[[ProviderSettings, int], Provider]] = {
    "anthropic": Anthropic,
    "ollama": Ollama,
    "openai": OpenAI,
    "replay": Replay,
}


def open_provider(settings: ProviderSettings, *, connections: int = 64) -> Provider:
    """Open a provider for at most so many requests at once; connects when first asked."""
    if settings.provider not in PROVIDERS:
        raise UnknownNameError("provider", settings.provider, PROVIDERS)
    return PROVIDERS[settings.provider](settings, connections)


__all__ = [
    "PROVIDERS",
    "Endpoint",
    "Message",
    "Provider",
    "ProviderSettings",
    "Recorder",
    "Reply",
    "Request",
    "Sampling",
    "TokenLogprob",
    "Usage",
    "open_provider",
]
