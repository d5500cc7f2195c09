from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhouse.scoring.field import Field
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.conditions import AllOf, AnyOf, Is
from evalhouse.tasks.examples import Example, FewShot
from evalhouse.tasks.faults import Faults
from evalhouse.tasks.reading import read_codebook
from tests.tasks.made import YAML

JSON: dict[str, Any] = {
    "text_column": "text",
    "id_column": "id",
    "section_1": {
        "section_name": "S",
        "annotations": {
            "annotation_10": {"name": "Why", "type": "textbox"},
            "annotation_1": {"name": "About", "type": "checkbox"},
            "annotation_2": {
                "name": "Side",
                "type": "dropdown",
                "options": ["for", "against"],
                "condition": {
                    "section_key": "section_1",
                    "annotation_key": "annotation_1",
                    "value": True,
                },
            },
            "annotation_3": {"name": "Force", "type": "likert", "min_value": 1, "max_value": 5},
            "annotation_4": {"name": "Parts", "type": "span", "label_options": ["who", "what"]},
        },
    },
}


def _read(folder: Path, book: str | dict[str, Any]) -> tuple[Codebook, Faults]:
    name = "codebook.yaml" if isinstance(book, str) else "codebook.json"
    text = book if isinstance(book, str) else json.dumps(book)
    (folder / name).write_text(text, encoding="utf-8")
    faults = Faults()
    read = read_codebook(folder / name, name, faults)
    assert read
    return read[0], faults


SECTION_T = "  - name: T\n    annotations:\n"


def _asks(condition: str) -> str:
    return f"      - {{name: Q, type: textbox, condition: {condition}}}\n"


def _with(**changes: object) -> dict[str, Any]:
    """Give the codebook with changes of its dropdown."""
    book: dict[str, Any] = json.loads(json.dumps(JSON))
    book["section_1"]["annotations"]["annotation_2"].update(changes)
    return book


def test_annotations_are_asked_by_number_and_sections_as_they_stand(tmp_path: Path) -> None:
    book, faults = _read(tmp_path, JSON)
    assert [each.name for each in book.annotations] == ["About", "Side", "Force", "Parts", "Why"]
    assert not faults.kept


def test_annotations_without_a_number_come_last_by_name(tmp_path: Path) -> None:
    part = {"type": "textbox"}
    keys = ("zeta", "annotation_3", "alpha", "annotation_x")
    questions = {key: {"name": key, **part} for key in keys}
    section = {"section_name": "S", "annotations": questions}
    book, _ = _read(tmp_path, {"text_column": "t", "section_1": section})
    names = [each.name for each in book.annotations]
    assert names == ["annotation_3", "alpha", "annotation_x", "zeta"]


def test_a_column_is_named_after_section_and_field(tmp_path: Path) -> None:
    book, _ = _read(tmp_path, JSON)
    assert book.by_column["S_Side"].field == Field("S_Side", "dropdown", ("for", "against"))
    assert book.by_column["S_Force"].field.scale == (1, 5)
    assert book.by_column["S_Parts"].field.labels == ("who", "what")


def test_json_and_yaml_that_ask_the_same_have_one_hash(tmp_path: Path) -> None:
    one, _ = _read(tmp_path, JSON)
    other, _ = _read(tmp_path, YAML)
    assert one.codebook_hash == other.codebook_hash
    assert len(one.codebook_hash) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"tooltip": "Which side?"},
        {"name": "Party"},
        {"options": ["against", "for"]},
        {"type": "multiselect"},
        {"example": "x"},
        {"condition": None},
    ],
)
def test_the_hash_depends_on_what_is_asked(tmp_path: Path, change: dict[str, Any]) -> None:
    before, _ = _read(tmp_path, JSON)
    after, _ = _read(tmp_path, _with(**change))
    assert before.codebook_hash != after.codebook_hash


@pytest.mark.parametrize("value", ["Yes", "yes", "TRUE", 1, "1", "1.0", True])
def test_the_hash_does_not_depend_on_spelling(tmp_path: Path, value: object) -> None:
    condition = {"section_key": "section_1", "annotation_key": "annotation_1", "value": value}
    before, _ = _read(tmp_path, JSON)
    after, faults = _read(tmp_path, _with(condition=condition, color="red"))
    assert before.codebook_hash == after.codebook_hash
    assert not faults.kept


def test_unknown_keys_are_kept(tmp_path: Path) -> None:
    book, faults = _read(tmp_path, {**_with(color="red"), "studio_version": {"major": 2}})
    assert book.settings.extra == {"studio_version": {"major": 2}}
    assert book.by_column["S_Side"].extra == {"color": "red"}
    assert not faults.kept


def test_backticks_and_case_of_a_trigger_do_not_count(tmp_path: Path) -> None:
    book, _ = _read(
        tmp_path,
        YAML.replace(
            "type: textbox", "type: textbox\n        condition: {field: Side, value: '`FOR`'}"
        ),
    )
    assert book.by_column["S_Why"].condition == Is("S_Side", ("for",))


def test_conditions_join_with_all_and_any(tmp_path: Path) -> None:
    parts = "{any: [{field: Side, not: for}, {field: Force, values: [4, 5]}]}"
    condition = f"{{all: [{{field: S_About, value: 1}}, {parts}]}}"
    text = YAML.replace("type: textbox", f"type: textbox\n        condition: {condition}")
    book, faults = _read(tmp_path, text)
    either = AnyOf((Is("S_Side", ("for",), True), Is("S_Force", ("4", "5"))))
    assert book.by_column["S_Why"].condition == AllOf((Is("S_About", ("1",)), either))
    assert not faults.kept


def test_the_hash_depends_on_how_conditions_are_joined(tmp_path: Path) -> None:
    parts = "[{field: About, value: 1}, {field: Side, value: for}]"
    books = [
        _read(tmp_path, YAML + SECTION_T + _asks(f"{{{word}: {parts}}}"))[0]
        for word in ("all", "any")
    ]
    assert books[0].codebook_hash != books[1].codebook_hash


def test_conditions_reach_across_sections(tmp_path: Path) -> None:
    book, faults = _read(tmp_path, YAML + SECTION_T + _asks("{field: Side, value: for}"))
    assert book.by_column["T_Q"].condition == Is("S_Side", ("for",))
    assert not faults.kept


def test_a_field_of_the_same_section_comes_before_its_namesakes(tmp_path: Path) -> None:
    about = "      - {name: About, type: checkbox}\n"
    book, _ = _read(tmp_path, YAML + SECTION_T + about + _asks("{field: About, value: 1}"))
    assert book.by_column["T_Q"].condition == Is("T_About", ("1",))


def test_an_empty_condition_is_none(tmp_path: Path) -> None:
    assert _read(tmp_path, _with(condition={}))[0].by_column["S_Side"].condition is None


def test_settings_say_what_json_of_the_studio_cannot(tmp_path: Path) -> None:
    settings = """\
system_message: Answer briefly.
few_shot: {selection: balanced, count: 4, seed: 7}
coders: {ann: ann.csv, bob: "{column} (bob)"}
output_order: [S_Why, S_About]
metadata_columns: [channel]
"""
    book, faults = _read(tmp_path, settings + YAML)
    assert book.settings.system_message == "Answer briefly."
    assert book.settings.few_shot == FewShot("codebook", "balanced", 4, 7)
    assert book.output_columns == ("S_Why", "S_About", "S_Side", "S_Force", "S_Parts")
    assert book.coder_patterns == {"bob": "{column} (bob)"}
    assert {"S_Why", "S_Why (bob)"} <= book.label_columns
    assert not faults.kept


def test_examples_of_yaml_become_those_of_the_studio(tmp_path: Path) -> None:
    part = "examples: [{text: Stop!, answer: against}, {text: Go, answer: for}]"
    book, faults = _read(tmp_path, YAML.replace("options: [for", f"{part}\n        options: [for"))
    side = book.by_column["S_Side"]
    assert side.examples == (Example("Stop!", "against"), Example("Go", "for"))
    assert side.example.startswith('Text: \n"Stop!"\n\nResponse: \n{"response": "against"}\n\n---')
    again, _ = _read(tmp_path, _with(example=side.example))
    assert again.by_column["S_Side"].examples == side.examples
    assert not faults.kept


def test_spans_in_examples_of_yaml_find_their_words(tmp_path: Path) -> None:
    part = "examples: [{text: Ann runs, answer: [{text: Ann, label: who}]}]"
    book, faults = _read(
        tmp_path, YAML.replace("label_options:", f"{part}\n        label_options:")
    )
    answer = json.loads(book.by_column["S_Parts"].examples[0].answer)
    assert answer == [{"start": 0, "end": 3, "text": "Ann", "label": "who"}]
    assert not faults.kept
