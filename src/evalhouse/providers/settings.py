"""What a provider is told when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalhouse.errors import UsageError
from evalhouse.providers.request import check_omitted
from evalhouse.providers.thinking import TAGS


@dataclass(frozen=True)
class ProviderSettings:
    """Which endpoint, and how it is spoken to; never a key itself.

    `base_url` has a default for each provider; for `replay` it is a folder or file of recordings.
    `revision` is stated by who runs the server, where it does not tell. `key_variable` names the
    environment variable with the key, `header_variables` maps further headers to variables.
    `timeout` is for a whole reply, in seconds. `dialect` is the variety of the API, `omit` names
    parameters that are left out even if they are asked. `think_tags` are the tags that separate
    thinking from the answer in its text; none leaves them there. `context_length` asks Ollama for
    that many tokens, and `keep_alive` for keeping the model that long. `use_proxy` takes the
    environment's proxies, which are ignored otherwise.
    """

    provider: str
    model: str
    base_url: str | None = None
    revision: str | None = None
    key_variable: str | None = None
    header_variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    timeout: float = 600.0
    stream: bool = False
    dialect: str | None = None
    omit: tuple[str, ...] = ()
    think_tags: tuple[str, ...] = TAGS
    context_length: int | None = None
    keep_alive: str | None = None
    use_proxy: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_omitted(self.omit)
        if not self.timeout > 0:
            raise UsageError(f"`timeout` is {self.timeout:g} s and must be more than 0")
        if not self.model:
            raise UsageError("`model` is empty; name the model as its server does")
