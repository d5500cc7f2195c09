"""Reading a codebook from a task's folder: `codebook.json` or `codebook.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalhouse.tasks.annotations import Draft, read_annotation, read_name
from evalhouse.tasks.codebook import Annotation, Codebook, Section
from evalhouse.tasks.document import Node, read_document
from evalhouse.tasks.faults import Faults, Place, listed, shortened
from evalhouse.tasks.references import resolve
from evalhouse.tasks.settings import KEYS, check_prompts, read_settings

FILES = ("codebook.yaml", "codebook.json")
"""The files that hold a codebook; of several, the first is read, as it can say more."""

_PREFIX = "section_"
_NUMBER = re.compile(r"_(\d{1,9})$", re.ASCII)
_JSON_SECTION = ("section_name", "section_instruction", "annotations")
_YAML_SECTION = ("name", "instruction", "annotations")


@dataclass(frozen=True)
class _Draft:
    """A section as it stands in a file."""

    key: str
    node: Node
    keys: tuple[str, str, str]  # of its name, instruction and annotations
    questions: list[tuple[str, Node]]


def codebook_file(folder: Path, faults: Faults) -> str | None:
    """Return the name of the file that holds the codebook of a folder."""
    present = [name for name in FILES if (folder / name).exists()]
    if not present:
        others = sorted(path.name for path in folder.iterdir() if "codebook" in path.name.lower())
        but = f", but {listed(others)}" if others else ""
        faults.add(
            "no_codebook",
            Place("."),
            f"there is no codebook{but}",
            expected=" or ".join(f"`{name}`" for name in reversed(FILES)),
            advice="rename it" if others else "add one; CodeBook Studio exports `codebook.json`",
        )
        return None
    for other in present[1:]:
        faults.add(
            "two_codebooks",
            Place(other),
            f"there is also `{present[0]}`, which is read in its place",
            expected="one codebook",
            advice="keep both only for programs that cannot read the other",
        )
    return present[0]


def read_codebook(path: Path, file: str, faults: Faults) -> tuple[Codebook, Node] | None:
    """Read a codebook, and return it with the document that it was read from.

    What of it can be read stays, so that other files can be looked at too.
    """
    root = read_document(path, file, faults)
    if root is None or not root.is_a(dict, "an object with sections"):
        return None
    return _codebook(root, is_json=path.suffix == ".json"), root


def _codebook(root: Node, *, is_json: bool) -> Codebook:
    sections = list(_json_sections(root) if is_json else _yaml_sections(root))
    names = {
        section.key: read_name(section.node, section.keys[0]) or section.key for section in sections
    }
    drafts = [
        draft
        for section in sections
        for key, node in section.questions
        if (draft := read_annotation(node, (section.key, key), names[section.key]))
    ]
    _check_columns(drafts)
    if not drafts:
        root.fault(
            "no_sections",
            "the codebook asks nothing",
            expected="sections with annotations",
            advice=f"add them; in JSON their keys begin with `{_PREFIX}`",
        )
    annotations = resolve(drafts)
    asked: dict[str, list[Annotation]] = {section.key: [] for section in sections}
    for place, annotation in annotations.items():
        asked[drafts[place].section_key].append(annotation)
    columns = {annotation.column: None for annotation in annotations.values()}
    settings = read_settings(root, columns, _extra(root, sections, is_json=is_json))
    codebook = Codebook(settings, tuple(_section(each, names, asked) for each in sections))
    check_prompts(codebook, root)
    return codebook


def _extra(root: Node, sections: list[_Draft], *, is_json: bool) -> dict[str, Any]:
    known = [section.key for section in sections] if is_json else ["sections"]
    ignored = {key for key, node in root.items() if _is_ignored(key, node)} if is_json else set()
    found = root.unknown((*KEYS, *known, *ignored))
    return {**found, **{key: root.value[key] for key in ignored}}


def _json_sections(root: Node) -> Iterator[_Draft]:
    for key, node in root.items():
        if _is_ignored(key, node):
            node.fault(
                "section_ignored",
                f"`{shortened(key)}` looks like a section, and its key does not say so",
                expected=f"a key that begins with `{_PREFIX}`",
                advice="rename the key; as it is, nothing of it is asked",
            )
        elif key.startswith(_PREFIX) and node.is_a(dict, "an object: a section"):
            parts = node.get("annotations")
            questions = sorted(parts.items(), key=_order) if parts else []
            yield _checked(_Draft(key, node, _JSON_SECTION, questions))


def _is_ignored(key: str, node: Node) -> bool:
    is_section = isinstance(node.value, dict) and not node.value.keys().isdisjoint(_JSON_SECTION)
    return is_section and not key.startswith(_PREFIX)


def _order(item: tuple[str, Node]) -> tuple[bool, int, str]:
    """Return where a question of a section stands: by the number at the end of its key."""
    # Other programs that read these files ask in this order, and conditions depend on it.
    number = _NUMBER.search(item[0])
    return (False, int(number[1]), "") if number else (True, 0, item[0])


def _yaml_sections(root: Node) -> Iterator[_Draft]:
    sections = root.get("sections")
    for place, node in enumerate(sections.elements() if sections else [], 1):
        if node.is_a(dict, "an object: a section"):
            parts = node.get("annotations")
            numbered = enumerate(parts.elements() if parts else [], 1)
            questions = [(f"annotation_{number}", part) for number, part in numbered]
            yield _checked(_Draft(f"{_PREFIX}{place}", node, _YAML_SECTION, questions))


def _checked(section: _Draft) -> _Draft:
    if not section.questions:
        section.node.fault(
            "empty_section",
            "the section has no annotations",
            expected="at least one",
            advice="add it, or remove the section",
        )
    return section


def _section(draft: _Draft, names: dict[str, str], asked: dict[str, list[Annotation]]) -> Section:
    instruction = draft.node.get(draft.keys[1])
    return Section(
        draft.key,
        names[draft.key],
        instruction.text() if instruction else "",
        tuple(asked[draft.key]),
        draft.node.unknown(draft.keys),
    )


def _check_columns(drafts: Iterable[Draft]) -> None:
    first: dict[str, Draft] = {}
    for draft in drafts:
        before = first.setdefault(draft.column, draft)
        if before is not draft:
            draft.node.fault(
                "column_twice",
                f"its column `{shortened(draft.column)}` is also that of {before.node.place}",
                expected="a column of its own, as the answers of one would overwrite the other's",
                advice="rename one of them",
            )
