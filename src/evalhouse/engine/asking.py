"""How a task is asked: settings that shape requests, and with them every answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.providers import Sampling

RequestUnit = Literal["text", "field", "batch"]
ChatMode = Literal["per_text", "per_query", "continuous"]
RetryStrategy = Literal["reprompt", "identical", "temperature"]

REQUEST_UNITS: tuple[RequestUnit, ...] = get_args(RequestUnit)
CHAT_MODES: tuple[ChatMode, ...] = get_args(ChatMode)
RETRY_STRATEGIES: tuple[RetryStrategy, ...] = get_args(RetryStrategy)
PROMPT_TYPES = ("standard", "persona", "CoT")

_CHAT_ALIASES: dict[str, ChatMode] = {
    "text": "per_text",
    "row": "per_text",
    "per_row": "per_text",
    "query": "per_query",
    "fresh": "per_query",
    "stateless": "per_query",
    "one_chat": "continuous",
    "single_chat": "continuous",
}


@dataclass(frozen=True)
class Asking:
    """How questions become requests.

    Attributes:
        request_unit: `text` asks all fields of a text at once, `field` one after the other,
            `batch` all fields of several texts.
        chat_mode: what a request brings with it: earlier fields of the same text (`per_text`),
            nothing (`per_query`), or what went before, whatever text it was about (`continuous`).
        history_window: at most so many earlier exchanges are brought along.
        batch_size: texts in one request of the unit `batch`.
        prompt_type: `standard`, `persona` or `CoT` (which thinks in words before it answers).
        template: a file with a prompt of one's own in place of these.
        use_examples: whether the codebook's examples are shown; its notes always are.
        process_textbox: whether fields of free text are asked.
        process_span: whether spans are asked for.
        sampling: how tokens are drawn; a seed is raised by one with each repeat.
        repeats: how often every question is asked.
        logprobs: alternatives per token whose log-probabilities are wanted; None asks for none.
        structured: whether the server gets a JSON schema; `CoT` does without, to think first.
        retries: further requests for an answer that is not allowed.
        retry_strategy: `reprompt` says what was wrong, `identical` asks the same again,
            `temperature` asks the same with `retry_temperature`.
        retry_temperature: for that strategy.

    Raises:
        UnknownNameError: for a name that is none.
        UsageError: for a number out of its range.
    """

    request_unit: RequestUnit = "text"
    chat_mode: ChatMode = "per_text"
    history_window: int = 20
    batch_size: int = 5
    prompt_type: str = "standard"
    template: Path | None = None
    use_examples: bool = True
    process_textbox: bool = True
    process_span: bool = True
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=0.0))
    repeats: int = 1
    logprobs: int | None = None
    structured: bool = True
    retries: int = 1
    retry_strategy: RetryStrategy = "reprompt"
    retry_temperature: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what is not known, and numbers that make no sense."""
        _known("request unit", self.request_unit, REQUEST_UNITS)
        _known("chat mode", self.chat_mode, CHAT_MODES)
        _known("retry strategy", self.retry_strategy, RETRY_STRATEGIES)
        if self.template is None:
            _known("prompt type", self.prompt_type, PROMPT_TYPES)
        for name, least in (
            ("history_window", 0),
            ("batch_size", 1),
            ("repeats", 1),
            ("retries", 0),
        ):
            if getattr(self, name) < least:
                raise UsageError(f"`{name}` is {getattr(self, name)} and must be at least {least}")
        if self.logprobs is not None and not 0 <= self.logprobs <= 20:
            raise UsageError(f"`logprobs` is {self.logprobs}; servers give 0 to 20 alternatives")

    @property
    def thinks_aloud(self) -> bool:
        """Whether words may stand before the answer."""
        return self.template is None and self.prompt_type == "CoT"

    @property
    def is_sequential(self) -> bool:
        """Whether a request needs the answers to all before it."""
        return self.chat_mode == "continuous"


def chat_mode(word: str) -> ChatMode:
    """Return the chat mode of a word, also by the other names that codebook-lab takes.

    Example:
        >>> chat_mode("Per-Text"), chat_mode("fresh")
        ('per_text', 'per_query')
    """
    name = word.strip().lower().replace("-", "_")
    mode = _CHAT_ALIASES.get(name) or next((mode for mode in CHAT_MODES if mode == name), None)
    if mode is None:
        raise UnknownNameError("chat mode", word, CHAT_MODES)
    return mode


def prompt_type(word: str) -> str:
    """Return the prompt type of a word, whatever its case."""
    return next((known for known in PROMPT_TYPES if known.lower() == word.lower()), word)


def _known(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UnknownNameError(what, name, known)
