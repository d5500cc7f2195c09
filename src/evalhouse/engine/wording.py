"""The sentences and templates that prompts are made of; `data/prompts` holds them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from evalhouse.errors import UsageError

PLACES = ("questions", "format", "examples", "metadata", "text")
_PLACE = re.compile(r"\{\{\s*([A-Za-z_]+)\s*\}\}")


@cache
def wording() -> dict[str, dict[str, str]]:
    """Return the sentences, by group and name."""
    text = resources.files("evalhouse").joinpath("data/prompts/wording.toml").read_text("utf-8")
    return tomllib.loads(text)


def sentence(group: str, name: str, /, **values: object) -> str:
    """Return a sentence with its places filled in."""
    return wording()[group][name].format(**values)


@dataclass(frozen=True)
class Template:
    """A prompt with places; `pieces` are texts, each with the name of the place behind it."""

    name: str
    pieces: tuple[tuple[str, str], ...]
    source: str

    def fill(self, values: dict[str, str]) -> str:
        """Return the prompt; what is filled in stays as it is, and an empty place leaves no gap."""
        parts: list[str] = []
        is_gap = True  # nothing stands before, so that no line has to be left
        for before, place in self.pieces:
            piece = before.lstrip("\n") if is_gap else before
            value = values.get(place, "")
            parts += (piece, value)
            is_gap = not value and (piece.endswith("\n") or (is_gap and not piece))
        return "".join(parts)


def load_template(name: str) -> Template:
    """Return a template that ships with the package."""
    place = resources.files("evalhouse").joinpath(f"data/prompts/{name}.txt")
    return parse_template(name, place.read_text("utf-8"))


def read_template(path: Path) -> Template:
    """Read a template from a file.

    Raises:
        UsageError: where it cannot be read, has no place for the text, or one that is not known.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise UsageError(f"the template `{path}` cannot be read: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the template `{path}` is not UTF-8; save it as UTF-8") from None
    try:
        return parse_template(path.stem, text)
    except UsageError as fault:
        raise UsageError(f"the template `{path}` {fault}") from None


def parse_template(name: str, text: str) -> Template:
    """Split a template at its places."""
    pieces, start = [], 0
    text = text.strip()
    for found in _PLACE.finditer(text):
        if found[1] not in PLACES:
            known = ", ".join(f"`{{{{{place}}}}}`" for place in PLACES)
            raise UsageError(f"has the place `{found[0]}`, which is not known; known: {known}")
        pieces.append((text[start : found.start()], found[1]))
        start = found.end()
    if "text" not in [place for _, place in pieces]:
        raise UsageError("has no `{{text}}`, so that the model would not see the text; add it")
    return Template(name, (*pieces, (text[start:], "")), text)
