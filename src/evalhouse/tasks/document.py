"""A JSON or YAML file as a tree that knows the line of each of its parts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from evalhouse.tasks.encoding import hashed
from evalhouse.tasks.faults import Faults, Place, listed, nearest, shortened

Steps = tuple[str | int, ...]
_WHOLE = re.compile(r"[+-]?\d{1,9}(?:\.0*)?", re.ASCII)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_NULL = {"", "~", "null", "Null", "NULL"}
_DEEPEST, _MOST_PARTS = 40, 200_000  # aliases of YAML can make a small file endless


@dataclass(frozen=True)
class Document:
    """One file: where its parts stand, and where its faults go."""

    file: str
    faults: Faults
    lines: dict[Steps, int] = field(default_factory=dict)

    def line(self, path: Steps) -> int | None:
        """Return the line of a part, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def mark(self, path: Steps, line: int) -> None:
        """Take down where a part stands; what stands twice in one object is a fault."""
        before = self.lines.get(path)
        if before is not None:
            for part in [part for part in self.lines if part[: len(path)] == path]:
                del self.lines[part]  # what counts is the last one, and what stands in it
        self.lines[path] = line
        if before is not None:
            Node(None, path, self).fault(
                "key_twice",
                f"the key stands here and on line {before}",
                expected="every key of an object once",
                advice="rename or remove one of them",
            )


@dataclass(frozen=True)
class Node:
    """A part of a document; reading it as a type takes down a fault where it is of another."""

    value: Any
    path: Steps
    document: Document

    @property
    def where(self) -> str:
        """Return the path as text, as `section_1.annotations.annotation_2.options[0]`."""
        parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return "".join(parts).removeprefix(".")

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return Place(self.document.file, self.where, self.document.line(self.path))

    def fault(self, kind: str, found: str, *, expected: str, advice: str) -> None:
        """Take down a fault at this place."""
        self.document.faults.add(kind, self.place, found, expected=expected, advice=advice)

    def get(self, key: str) -> Node | None:
        """Return what stands under a key; None where nothing does, or null."""
        if not isinstance(self.value, Mapping) or self.value.get(key) is None:
            return None
        return Node(self.value[key], (*self.path, key), self.document)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield keys with what stands under them, in the order of the file."""
        if self.is_a(dict, "an object"):
            for key, value in self.value.items():
                yield key, Node(value, (*self.path, key), self.document)

    def elements(self) -> list[Node]:
        """Return the members of a list."""
        if not self.is_a(list, "a list"):
            return []
        return [
            Node(value, (*self.path, place), self.document)
            for place, value in enumerate(self.value)
        ]

    def is_a(self, kind: type, name: str) -> bool:
        """Return whether this is of a type, called `name` in the fault where it is not."""
        if not isinstance(self.value, kind):
            self._mistyped(name)
        return isinstance(self.value, kind)

    def text(self) -> str:
        """Return text; a number is the text that says it."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, int | float) and not isinstance(self.value, bool):
            return str(self.value)
        self._mistyped("text")
        return ""

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(node.text() for node in self.elements())

    def whole(self) -> int | None:
        """Return a whole number, also from the text that says it."""
        is_number = isinstance(self.value, str | int | float) and not isinstance(self.value, bool)
        if is_number and _WHOLE.fullmatch(shortened(str(self.value)).strip()):
            return int(float(self.value))
        self._mistyped("a whole number")
        return None

    def unknown(self, known: Collection[str]) -> dict[str, Any]:
        """Return what stands under other keys than the known ones; a slip of one is a fault.

        JSON may hold what other programs keep there; in YAML every unknown key is a fault.
        """
        found = {key: value for key, value in self.value.items() if key not in known}
        for key in found:
            near = nearest(key, known)
            if near or not self.document.file.endswith(".json"):
                Node(None, (*self.path, key), self.document).fault(
                    "unknown_key",
                    f"the key `{shortened(key)}` is not known here",
                    expected=f"`{near}`" if near else f"one of {listed(sorted(known), 20)}",
                    advice="correct it, or remove it if it is of no use",
                )
        return found

    def _mistyped(self, expected: str) -> None:
        shown = shortened(json.dumps(self.value, ensure_ascii=False))
        self.fault("wrong_type", f"found `{shown}`", expected=expected, advice="correct the value")


def read_document(path: Path, file: str, faults: Faults) -> Node | None:
    """Read a file that ends in `.json` or else is YAML; None where it cannot be read at all.

    In YAML every scalar is the text that is written (`yes`, `no` and `007` are no surprises);
    unquoted `null`, `~` and nothing are no value.
    """
    if hashed(path, file, faults) is None:
        return None
    document = Document(file, faults)
    parse = _json if path.suffix == ".json" else _yaml
    return parse(path.read_text(encoding="utf-8-sig"), document)


def _json(text: str, document: Document) -> Node | None:
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # halves of characters cannot be written
    except json.JSONDecodeError as failure:
        _unreadable(document, failure.lineno, f"column {failure.colno}: {failure.msg}")
    except RecursionError:
        _unreadable(document, None, "it is nested too deeply")
    except ValueError as failure:
        _unreadable(document, None, str(failure))
    else:
        _locate(text, document)
        return Node(value, (), document)
    return None


def _locate(text: str, document: Document) -> None:
    """Find the line of every part of valid JSON.

    The module that parses tells the lines of faults alone, so the text is walked once more; that
    it is valid makes the walk short.
    """
    holders: list[tuple[Steps, bool]] = []  # the path of each open holder; whether an object
    here: Steps = ()
    line, before, is_key = 1, 0, False
    for token in _TOKEN.finditer(text):
        line += text.count("\n", before, token.start())
        before = token.start()
        sign = token[0]
        if sign in "}]":
            here = holders.pop()[0]
        elif sign == ",":
            holder, is_key = holders[-1]
            here = holder if is_key else (*holder, _next(here))
        elif sign == ":":
            is_key = False
        elif is_key:
            here = (*holders[-1][0], json.loads(sign))
            document.mark(here, line)
        else:
            document.lines.setdefault(here, line)
            if sign in "{[":
                is_key = sign == "{"
                holders.append((here, is_key))
                here = here if is_key else (*here, 0)


def _next(path: Steps) -> int:
    last = path[-1]
    assert isinstance(last, int)
    return last + 1


def _yaml(text: str, document: Document) -> Node | None:
    # The parser in Python, not in C: text that is nested without end must raise, not crash.
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = None if root is None else _plain(root, (), document)
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        reason = " ".join(part for part in (failure.context, failure.problem) if part)
        _unreadable(document, mark.line + 1 if mark else None, reason)
    except RecursionError:
        _unreadable(document, None, "it is nested too deeply, or refers to itself")
    except (yaml.YAMLError, ValueError, OverflowError) as failure:
        _unreadable(document, None, str(failure).partition("\n")[0])
    else:
        return Node(value, (), document)
    return None


def _plain(node: yaml.Node, path: Steps, document: Document) -> Any:
    """Return a node as dicts, lists and text, and take down where its parts stand."""
    if len(path) > _DEEPEST or len(document.lines) > _MOST_PARTS:
        raise RecursionError
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        document.lines.setdefault(path, line)
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = _joined(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            document.mark((*path, name), key.start_mark.line + 1)
            found[name] = _plain(value, (*path, name), document)
        return found
    document.lines.setdefault(path, line)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, (*path, at), document) for at, each in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return None if node.style is None and node.value in _NULL else _joined(node.value)


def _joined(text: str) -> str:
    """Return text with the halves of characters joined, as JSON writes them in escapes."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16")


def _unreadable(document: Document, line: int | None, reason: str) -> None:
    language, advice = "YAML", "correct the file here; text with signs in it needs quotes"
    if document.file.endswith(".json"):
        language, advice = "JSON", "correct the file here, or export it anew"
    document.faults.add(
        "unreadable_codebook",
        Place(document.file, line=line),
        f"this is no {language}: {reason}",
        expected=f"a codebook in {language}",
        advice=advice,
    )
