from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.tasks.document import Node, read_document
from evalhouse.tasks.faults import Faults

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def _read(tmp_path: Path, name: str, text: str) -> tuple[Node | None, Faults]:
    faults = Faults()
    (tmp_path / name).write_bytes(text.encode())
    return read_document(tmp_path / name, name, faults), faults


def _walk(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    parts = list(value.items()) if isinstance(value, dict) else []
    parts += list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(below for key, part in parts for below in _walk(part, (*path, key)))]


@given(JSON)
def test_every_part_of_json_has_the_line_it_stands_on(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    root, faults = _read(tmp_path_factory.mktemp("json"), "codebook.json", text)
    assert root
    assert root.value == value
    assert not faults.kept
    paths = [path for path in _walk(value) if path]
    lines = [root.document.lines[path] for path in paths]
    assert lines == sorted(lines)
    assert all(_is_on(text, line, path[-1]) for path, line in zip(paths, lines, strict=True))


def _is_on(text: str, line: int, step: str | int) -> bool:
    written = text.split("\n")[line - 1]
    is_key = isinstance(step, str)
    return not is_key or written.lstrip().startswith(json.dumps(step, ensure_ascii=False))


def test_keys_keep_their_order(tmp_path: Path) -> None:
    root, _ = _read(tmp_path, "codebook.json", '{"b": 1, "a": 2, "c": 3}')
    assert root
    assert [key for key, _ in root.items()] == ["b", "a", "c"]


def test_yaml_scalars_are_the_text_that_is_written(tmp_path: Path) -> None:
    text = "[yes, No, 007, 1.0, 1e3, 2001-01-01, null, 'null', ~, None]"
    root, _ = _read(tmp_path, "codebook.yaml", text)
    assert root
    assert root.value == [
        *("yes", "No", "007", "1.0", "1e3", "2001-01-01"),
        *(None, "null", None, "None"),
    ]


def test_halves_of_characters_are_joined_in_yaml(tmp_path: Path) -> None:
    root, _ = _read(tmp_path, "codebook.yaml", '["\\ud83d\\ude42"]')
    assert root
    assert root.value == ["🙂"]


@pytest.mark.parametrize(
    "text",
    [
        "&a [*a]",
        "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 10}]" for n in range(1, 9))]),
    ],
)
def test_yaml_that_refers_to_itself_or_explodes_is_refused(tmp_path: Path, text: str) -> None:
    root, faults = _read(tmp_path, "codebook.yaml", text)
    assert root is None
    assert faults.counts["unreadable_codebook"] == 1


def test_a_mark_at_the_beginning_is_no_part_of_the_text(tmp_path: Path) -> None:
    root, faults = _read(tmp_path, "codebook.json", '\ufeff{"a": 1}')
    assert root
    assert not faults.kept


def test_the_last_of_two_equal_keys_counts(tmp_path: Path) -> None:
    root, faults = _read(tmp_path, "codebook.json", '{"a": {"b": 1},\n"a": {"b": 2}}')
    assert root
    assert root.value == {"a": {"b": 2}}
    assert faults.counts["key_twice"] == 1


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), ("3", 3), (3.0, 3), ("-2", -2), (True, None), ("x", None)]
)
def test_whole_numbers_are_read_from_what_says_them(value: object, number: int | None) -> None:
    faults = Faults()
    document = Node(None, (), _empty(faults)).document
    assert Node(value, (), document).whole() == number
    assert faults.counts["wrong_type"] == (number is None)


def _empty(faults: Faults) -> Any:
    from evalhouse.tasks.document import Document

    return Document("codebook.json", faults)
