"""A model on the server of the tests: what it answers depends on the request, and on nothing else.

Whatever order requests come in, and however often one of them fails on its way, two runs that send
the same must end with the same answers. It knows the questions from the request alone: from the
JSON schema, or, where there is none, from the words of the prompt.

    with serving(Model(Troubles(busy=0.1, dropped_before=0.1))) as server: ...
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.providers import shapes
from tests.providers.server import Answer, Seen

COMPLAINT = "That cannot be used:"
QUESTION = re.compile(r"^Question(?: `(.+?)`)?: ", re.MULTILINE)
TEXT = re.compile(r'^Text(?: (\d+))?: "(.*?)"$', re.MULTILINE | re.DOTALL)
KEYS = re.compile(r"exactly these keys: (.+)\.(?: |$)", re.MULTILINE)
NAME = re.compile(r'"(.+?)"')
WORD = re.compile(r"\w+")

Schema = dict[str, Any]


@dataclass(frozen=True)
class Troubles:
    """Of how many requests (0 to 1) what goes wrong.

    The first group goes wrong when a request comes for the first time, and well when it comes
    again. The second is how the model is: it would answer the same each time. What is `not_allowed`
    is allowed when it is asked for once more.
    """

    slow: float = 0.0
    busy: float = 0.0
    busy_for_milliseconds: float = 0.0
    unavailable: float = 0.0
    broken: float = 0.0
    dropped_before: float = 0.0
    dropped_inside: float = 0.0
    malformed: float = 0.0
    no_reply: float = 0.0

    truncated: float = 0.0
    refused: float = 0.0
    refused_in_words: float = 0.0
    filtered: float = 0.0
    thinking: float = 0.0
    wrong_offsets: float = 0.0
    not_allowed: float = 0.0


ON_THE_WAY = (
    *("slow", "busy", "busy_for_milliseconds", "unavailable", "broken"),
    *("dropped_before", "dropped_inside", "malformed", "no_reply"),
)
EVERYTHING_ON_THE_WAY = Troubles(**{**dict.fromkeys(ON_THE_WAY, 0.08), "slow": 0.03})
EVERYTHING_IN_THE_MODEL = Troubles(
    truncated=0.05, refused=0.05, refused_in_words=0.05, filtered=0.05, thinking=0.2,
    wrong_offsets=0.2, not_allowed=0.2,
)  # fmt: skip


@dataclass
class Model:
    """Answers requests; `wait` is the seconds that each takes."""

    troubles: Troubles = field(default_factory=Troubles)
    wait: float = 0.0
    times: Counter[bytes] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)

    def __call__(self, seen: Seen) -> Answer | None:
        speak = _APIS.get(seen.path.rpartition("/v1")[2])
        if speak is None:
            return None
        self.times[seen.body] += 1
        if self.times[seen.body] == 1:
            trouble = self._trouble(seen.body, ON_THE_WAY)
            if trouble:
                return self._on_the_way(trouble, speak("cut, as nobody reads it"))
        return self._answered(seen, speak)

    def _trouble(self, body: bytes, names: tuple[str, ...]) -> str | None:
        left = chance_of(body, "trouble", *names).random()
        for name in names:
            left -= getattr(self.troubles, name)
            if left < 0:
                self.met[name] += 1
                return name
        return None

    def _on_the_way(self, trouble: str, body: Any) -> Answer:
        error = {"error": {"message": "try again", "type": "server_error"}}
        return {
            "slow": Answer(body=body, wait=9.0),  # longer than the client waits
            "busy": Answer(429, error, {"Retry-After": "0.01"}),
            "busy_for_milliseconds": Answer(429, error, {"Retry-After-Ms": "10"}),
            "unavailable": Answer(503, error),
            "broken": Answer(500, error),
            "dropped_before": Answer(drop="before"),
            "dropped_inside": Answer(body=body, drop="inside"),
            "malformed": Answer(body=b'{"choices": [{"message": {"content": "{'),
            "no_reply": Answer(body={"choices": [], "done": True}),
        }[trouble]

    def _answered(self, seen: Seen, speak: Callable[..., Any]) -> Answer:
        asked = Asked(seen.content)
        chance = chance_of(seen.body, "reply")
        text = json.dumps(asked.reply(self.troubles, seen.body), ensure_ascii=False)
        if asked.schema is None:
            text = f"{THOUGHTS}\n```json\n{text}\n```"
        endings = ("truncated", "refused", "refused_in_words", "filtered", "thinking")
        ending = None if asked.is_again else self._trouble(seen.body, endings)
        content = {
            "truncated": lambda: speak(text[: chance.randrange(len(text) - 4)], finish="length"),
            "refused": lambda: speak("I cannot help with that.", refusal=True),
            "refused_in_words": lambda: speak("I’m sorry, but I can’t help with that."),
            "thinking": lambda: speak(f"<think>{THOUGHTS}</think>\n{text}"),
        }.get(ending or "", lambda: speak(text))()
        if ending == "filtered":
            error = {"message": "the prompt was flagged", "code": "content_filter"}
            return Answer(400, {"error": error}, wait=self.wait)
        return Answer(body=content, wait=self.wait)


THOUGHTS = 'Let me {think}: maybe {"response": "decoy", "S_Side": "decoy", "1": 2}, or [1] of them.'


class Asked:
    """What a request asks."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.messages = [message["content"] for message in content["messages"]]
        self.is_again = self.messages[-1].startswith(COMPLAINT)
        self.prompt = next(text for text in reversed(self.messages) if QUESTION.search(text))
        self.texts = dict(TEXT.findall(self.prompt.rpartition("\n---\n")[2]))
        self.schema = _schema_of(content)

    def reply(self, troubles: Troubles, body: bytes) -> dict[str, Any]:
        """Return what is answered to all questions."""
        schema = self.schema or self._schema_of_words()
        if "$defs" in schema:  # several texts
            inner = schema["$defs"]["answers"]
            return {
                number: self._values(inner, self.texts[number], troubles, (body, number))
                for number in schema["properties"]
            }
        return self._values(schema, self.texts[""], troubles, (body, ""))

    def _values(
        self, schema: Schema, text: str, troubles: Troubles, seed: tuple[bytes, str]
    ) -> dict[str, Any]:
        assert schema["required"] == list(schema["properties"])
        values = {}
        for key, each in schema["properties"].items():
            chance = chance_of(seed[0], seed[1], key)
            values[key] = _value(each, text, chance, may_be_null=not self.is_again)
            if each.get("type") == "array" and chance.random() < troubles.wrong_offsets:
                values[key] = [_moved(span, chance) for span in values[key]]
            if not self.is_again and chance.random() < troubles.not_allowed:
                values[key] = "certainly not this"
        return values

    def _schema_of_words(self) -> Schema:
        """Return what a prompt says in words as the schema that it would be."""
        prompt = self.prompt.partition("\nExamples")[0]
        parts = QUESTION.split(prompt)[1:]
        questions = zip(parts[::2], parts[1::2], strict=True)
        found = {column or "response": _worded(words) for column, words in questions}
        keys = KEYS.search(self.messages[-1])
        names = NAME.findall(keys[1]) if keys else list(found)
        schema = {"properties": {name: found[name] for name in names}, "required": names}
        numbers = [number for number in self.texts if number]
        if not numbers:
            return schema
        return {"$defs": {"answers": schema}, "properties": dict.fromkeys(numbers)}


def _worded(words: str) -> Schema:
    """Return the schema that the words about one question describe."""
    (line,) = re.findall(r"^Answer (?:true|with) .*$", words, re.MULTILINE)
    names = NAME.findall(line.partition(" Only where")[0])
    if "true or false" in line:
        found: Schema = {"type": "boolean"}
    elif "exactly one of" in line:
        found = {"type": "string", "enum": names}
    elif "all that apply" in line:
        found = {"type": "array", "items": {"type": "string", "enum": names}}
    elif ends := re.search(r"from (-?\d+) \(lowest\) to (-?\d+)", line):
        found = {"type": "integer", "enum": list(range(int(ends[1]), int(ends[2]) + 1))}
    elif "whole number" in line:
        found = {"type": "integer"}
    elif "list of short names" in line:
        found = {"type": "array", "items": {"type": "string"}}
    elif "passages" in line:
        label = {"label": {"type": "string", "enum": names}} if names else {}
        found = {"type": "array", "items": {"properties": {"text": {}, **label}}}
    else:
        found = {"type": "string"}
    return {"anyOf": [found, {"type": "null"}]} if " Only where" in line else found


def _schema_of(content: dict[str, Any]) -> Schema | None:
    if "format" in content:
        return dict(content["format"])
    wanted = content.get("response_format")
    return dict(wanted["json_schema"]["schema"]) if wanted else None


def _value(schema: Schema, text: str, chance: random.Random, *, may_be_null: bool) -> Any:
    if "anyOf" in schema:
        if may_be_null and chance.random() < 0.2:
            return None
        schema = schema["anyOf"][0]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema["type"] == "array":
        return _values_of(schema["items"], text, chance)
    return {
        "boolean": chance.random() < 0.7,
        "integer": schema.get("minimum", 0) + chance.randrange(3),
        "string": f"some {{words}} “{chance.randrange(1000)}” \N{PILE OF POO}",
    }[schema["type"]]


def _values_of(items: Schema, text: str, chance: random.Random) -> list[Any]:
    if items.get("type") == "string":
        options = items.get("enum", ["one name", "other name"])
        return [option for option in options if chance.random() < 0.5]
    words = list(WORD.finditer(text))
    labels = items["properties"].get("label", {}).get("enum")
    return [
        {
            "text": word[0],
            **({"label": chance.choice(labels)} if labels else {}),
            "start": word.start(),
            "end": word.end(),
        }
        for word in chance.sample(words, min(len(words), chance.randrange(3)))
    ]


def _moved(span: Any, chance: random.Random) -> Any:
    if not isinstance(span, dict):
        return span
    by = chance.randrange(-9, 9)
    return {**span, "start": span["start"] + by, "end": span["end"] + by}


def chance_of(*parts: bytes | str) -> random.Random:
    """Return chance that is the same wherever the parts are."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return random.Random(digest.digest())


def _openai(text: str, finish: str = "stop", *, refusal: bool = False) -> Any:
    if refusal:
        return shapes.openai(None, message={"refusal": text})
    return shapes.openai(text, finish=finish)


def _ollama(text: str, finish: str = "stop", *, refusal: bool = False) -> Any:
    return shapes.ollama(f"As an AI, {text}" if refusal else text, done_reason=finish)


_APIS = {"/chat/completions": _openai, "/api/chat": _ollama}
